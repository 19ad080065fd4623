"""One statement under way in a session: an iterator of its rows, with what became of its changes.

SQLite runs it step by step; what goes wrong becomes one of billql's errors, at its place in the
text that the user wrote.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from threading import get_ident
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import apsw

from billql import errors
from billql.sql.rewriter import Rewritten
from billql.sql.statements import Bindings, ParsedStatement, Row
from billql.sqlite._connection_guard import busy_error
from billql.sqlite._functions import StatementConversion
from billql.sqlite._sqlite_errors import is_settled, translated, translating
from billql.sqlite._statement_log import StatementLog
from billql.sqlite._statement_savepoint import StatementSavepoint

if TYPE_CHECKING:
    import weakref

    from billql.fetching.plain_scan import PlainScan
    from billql.fetching.running_statement import RunningStatement
    from billql.fetching.scan_stats import ScanStats
    from billql.planning.plan import Plan
    from billql.sql.amounts import Amount
    from billql.sqlite._amount_rewriter import AmountRewriter
    from billql.sqlite._connection_guard import ConnectionGuard
    from billql.sqlite._functions import Converter
    from billql.sqlite._lifetime import Lifetime
    from billql.sqlite._name_resolver import NameResolver
    from billql.sqlite._statement_notes import StatementNotes
    from billql.sqlite.engine import Engine
    from billql.sqlite.restrictions import Deadline, Restrictions
    from billql.sqlite.result_amounts import Origin


class ExecutionHost(Protocol):
    """The `Session` of an execution: what is used of it."""

    database: apsw.Connection
    guard: ConnectionGuard
    lifetime: Lifetime
    names: NameResolver
    amounts: AmountRewriter
    restrictions: Restrictions
    deadline: Deadline
    converter: Converter
    note: StatementNotes
    """Called with what people should know of a statement that is no error."""
    under_way: weakref.WeakSet[Execution]
    """Statements that have more rows to return."""

    @property
    def engine(self) -> Engine:
        """Return what reads resources."""

    def add_functions(self, statement: ParsedStatement) -> bool:
        """Add the functions that a statement may have lacked; return whether there are any."""

    def end_interrupted(self) -> None:
        """End the statements that were under way when the connection was interrupted."""


class Texts(NamedTuple):
    """A statement as it was written, as its names mean it, and as SQLite runs it."""

    statement: ParsedStatement
    rewritten: Rewritten
    run: Rewritten
    """The same without views of definitions."""
    described: Sequence[Origin] | None = None
    """Where the columns of its result come from, if they come from such views."""


class FunctionsAddedError(Exception):
    """SQLite has refused a statement, and may accept it now."""


class Execution:
    """One statement under way: an iterator of its rows.

    `description` has a name and a declared type for each column, and is None for a statement that
    returns no rows. A statement that writes is run to its end before its first row is returned:
    SQLite has made all its changes by then, and could not commit as long as rows are left.
    """

    def __init__(
        self,
        session: ExecutionHost,
        texts: Texts,
        bindings: Bindings,
        running: RunningStatement | None,
        log: StatementLog,
    ) -> None:
        self._session = session
        self._texts = texts
        self._statement = texts.statement
        self._rewritten = texts.rewritten
        self._running = running
        self._log = log
        self._conversion = StatementConversion()
        self._allowance = session.restrictions.allowance()
        self._closed = False
        self._interrupted = False
        self._has_lost_rows = False
        """Whether it was closed before all of its rows were read."""
        self._savepoint = StatementSavepoint(session.database)
        self.description: tuple[tuple[str, str | None], ...] | None = None
        self._origins: tuple[Origin, ...] = ()
        self._is_readonly = True
        self._rows: deque[Row] = deque()
        """Rows that have been read already."""
        self._failure: BaseException | None = None
        """What went wrong after them."""
        self._scan: PlainScan | None = None
        """What returns the rest of the page of SQLite's current row, if its rows are just those."""
        self._cursor = session.database.cursor()
        self._cursor.exec_trace = self._prepared
        # For the virtual tables, to which SQLite does not pass the statement that it is running.
        self._current = None if running is None else session.engine.current
        # A plan is known to one run only, so a statement with plans is prepared for each run.
        cached = running is None
        self._step(lambda: self._cursor.execute(texts.run.sql, bindings, can_cache=cached))
        if self._rows:
            log.has_row()
        # Without a cycle of references, an unread statement ends when it is collected.
        if not self._closed:
            self._cursor.exec_trace = None
        while not (self._is_readonly or self._closed):
            self._step()
        if not self._closed:
            session.under_way.add(self)
            if running is not None:
                self._scan = running.plain_scan(texts.run.sql)

    def __del__(self) -> None:
        """Let the next statement end this one: it may be collected in the middle of any code."""
        if self._running is not None and not self._closed:
            self._session.lifetime.orphan(self._running.statement)

    def __iter__(self) -> Iterator[Row]:
        """Return the iterator itself."""
        return self

    def __next__(self) -> Row:
        """Return the next row; raise one of billql's errors."""
        if self._interrupted:
            raise errors.Interrupted
        if not self._rows or self._is_interrupted:
            self._read(1)
        if self._rows:
            return self._rows.popleft()
        raise StopIteration

    def fetch(self, size: int) -> list[Row]:
        """Return some of the next rows, at most `size`; none after the last one.

        It is faster than one by one. Rows that were read before an error are returned first. Raise
        ProgrammingError if it was closed before its end: what was read would look whole.
        """
        if self._interrupted:
            raise errors.Interrupted
        if self._has_lost_rows:
            raise errors.ProgrammingError(
                "The cursor was closed or has run another statement, so the rows that were left "
                "are gone",
                hint="Read them first, or run the other statement with another cursor.",
            )
        if not self._rows or self._is_interrupted:
            self._read(size)
        if size < len(self._rows):
            return [self._rows.popleft() for _ in range(size)]
        rows = list(self._rows)
        self._rows.clear()
        return rows

    @property
    def _is_interrupted(self) -> bool:
        """Whether the connection was interrupted while it is under way, so that it must fail."""
        return not self._closed and self._session.database.is_interrupted

    def _read(self, size: int) -> None:
        """Read so many rows, unless fewer are left; an error after some of them is raised later."""
        self._rows.clear()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        if self._closed:
            return
        try:
            self._step(ahead=size - 1)
        except BaseException as error:
            if not self._rows:
                raise
            self._failure = error

    def _step(self, start: Callable[[], object] | None = None, ahead: int = 0) -> None:
        """Let SQLite run up to the next row, which is added to those that were read; after the last
        one, end.

        So many rows after it are read `ahead`; or the rest of the current row's page instead.
        """
        self._session.converter.current = self._conversion
        current = self._current
        if current is not None:
            thread = get_ident()
            before = current.get(thread)
            current[thread] = self._running
        allowance = self._allowance
        if allowance is not None:
            self._session.deadline.at = allowance.until
        try:
            if start is not None:
                start()
            has_row = self._next_rows(ahead)
        except apsw.ThreadingViolationError as error:
            # Rows are too many to take the guard for each: SQLite admits one thread, both go on.
            raise busy_error() from error
        except apsw.Error as error:
            is_refused = start is not None and isinstance(error, apsw.SQLError)
            is_run_again = is_refused and self._session.add_functions(self._statement)
            if is_run_again:
                self._log = StatementLog(None, "")
            self._log.failed(error)
            self._end(undoes=not is_settled(error))
            if is_run_again:
                raise FunctionsAddedError from None
            self._check_fault()
            raise self._error(error) from error
        except BaseException as error:
            self._log.failed(error)
            self._end(undoes=True)
            if isinstance(error, errors.ParameterMissing):
                from billql.sql.joins import advice

                # A condition cannot help where an outer join reads all rows.
                found = advice(self._rewritten.parsed, error.resource, error.column)
                error.hint = found or error.hint
            raise
        finally:
            if current is not None:
                current[thread] = before
            if allowance is not None:
                self._session.deadline.at = None
        if not has_row:
            self._end(undoes=False)
            for text in () if self._running is None else self._running.notes():
                self._session.note(text)

    def _next_rows(self, ahead: int) -> bool:
        """Read the rest of a page, or let SQLite return its next row and those after it; return
        whether there are any. Those that are allowed come before the error for too many.
        """
        left = sys.maxsize if self._allowance is None else self._allowance.rows_left
        if self._scan is not None and not self._session.database.is_interrupted:
            if self._scan.is_complete:
                return False
            self._rows += self._scan.rest_of_page(left)
            if self._rows:
                self._count(len(self._rows))
                return True
        row: Row | None = next(self._cursor, None)
        self._check_fault()
        if row is None:
            return False
        self._count(1)
        self._rows.append(row)
        if self._scan is None and ahead > 0:
            self._rows += islice(self._cursor, min(ahead, left - 1))
            self._check_fault()
            self._count(len(self._rows) - 1)
        return True

    def _count(self, rows: int) -> None:
        """Count rows; raise RowLimit or StatementTimeout if they are not allowed."""
        if self._allowance is not None:
            self._allowance.count_rows(rows)

    def _check_fault(self) -> None:
        """Raise what a comparison has found to be wrong, for which SQLite does not stop, so that
        some of the rows that were read at once may be wrong.
        """
        if self._running is not None and self._running.fault is not None:
            self._rows.clear()
            raise self._running.fault

    def _error(self, error: apsw.Error) -> errors.Error:
        """Return one of billql's errors for one of SQLite's, with its place in the script."""
        if isinstance(error, apsw.InterruptError) and self._allowance is not None:
            return self._allowance.overdue() or translated(error)
        if not isinstance(error, apsw.SQLError | apsw.BindingsError):
            return translated(error)
        statement, rewritten = self._statement, self._texts.run
        at = getattr(error, "error_offset", -1)
        offset = rewritten.original_offset_of_byte(at) if at >= 0 else None
        if str(error) == "incomplete input":  # for which SQLite has no place: it is the end
            offset = len(statement.text.rstrip())
        from billql.sqlite._advice import Adviser

        session = self._session
        adviser = Adviser(session.database, session.names, statement, rewritten)
        with translating():
            message, hint, at = adviser.advise(str(error), offset)
        return statement.error(message, at, hint=hint)

    @property
    def scans(self) -> list[ScanStats]:
        """Return the statistics of the scans so far."""
        return [] if self._running is None else self._running.statement.scans

    @property
    def plans(self) -> Mapping[int, Plan]:
        """Return the plans of its scans by the numbers by which SQLite names them."""
        return {} if self._running is None else self._running.plans

    def amounts(self) -> Sequence[Amount | None]:
        """Return for each column what makes it an amount of money; None if it is none."""
        if not self._origins or self._statement.keyword == "EXPLAIN":
            return [None] * len(self._origins)
        from billql.sqlite.result_amounts import result_amounts

        tables = self._session.amounts.known_tables()
        with translating():
            return result_amounts(self._rewritten.parsed, self._origins, tables)

    def added_places(self) -> tuple[int, ...]:
        """Return the columns in which REALs are sums and differences of amounts, with their noise.

        See `sql.float_noise`; no parser is loaded for it.
        """
        origins = enumerate(self._origins)
        places = tuple(place for place, (_, declared, *_) in origins if declared is None)
        reads = self._rewritten.tables and self._statement.keyword in ("SELECT", "WITH")
        if not (places and reads):
            return ()
        from billql.sqlite.result_amounts import reads_amounts, views_of

        statement, tables = self._rewritten.parsed, self._session.amounts.known_tables()
        with translating():
            views = list(views_of(statement, tables))
            if not any(reads_amounts(each, tables) for each in (statement, *views)):
                return ()
        from billql.sql.float_noise import added_columns

        names = [name for name, *_ in self._origins]
        added = added_columns(self._statement, views, names)
        return tuple(place for place in added if place in places)

    def close(self) -> None:
        """End the statement; nothing more is sent."""
        if self._rows or self._failure or not self._closed:
            self._has_lost_rows = True
        self._rows.clear()
        self._failure = None
        self._end(undoes=False)

    def interrupted(self) -> None:
        """End the statement; reading its next row raises Interrupted."""
        self.close()
        self._interrupted = True

    def _end(self, *, undoes: bool) -> None:
        guard = self._session.guard
        if guard.is_forked_copy:
            return
        with guard:
            try:
                self._cursor.close(force=True)
            except apsw.ThreadingViolationError as error:
                raise busy_error() from error
            self._closed = True
            self._log.ended(self.scans)
            if self._conversion.conversion is not None:
                self._conversion.conversion.end(self._session.note)
            self._session.under_way.discard(self)
            if self._running is not None:
                self._running.close()
            self._savepoint.settle(self._session.end_interrupted, undoes=undoes)

    def _prepared(self, cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        """Read from SQLite what it is about to run; true lets it run."""
        self._log.planned()
        self._origins = tuple(self._texts.described or cursor.description_full)
        columns = tuple((name, kind) for name, kind, *_ in self._origins)
        for text in self._rewritten.unnamed:  # SQLite names an expression by its text
            columns = tuple((name.replace(text, ""), kind) for name, kind in columns)
        self.description = columns or None
        self._is_readonly = cursor.is_readonly
        if self._running is not None and not self._is_readonly:
            self._savepoint.set()
        return True
