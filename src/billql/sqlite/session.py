"""A session runs statements of SQL and returns their rows; the Python API stands on it.

It rewrites the names of resources, lets SQLite run the statements and translates what goes wrong
into billql's errors, with offsets in the text that the user wrote. What resources need is loaded
when a statement first names one.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from threading import get_ident
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw

from billql import errors
from billql.sql.rewriter import Rewritten
from billql.sql.statement_kind import has_in_subquery
from billql.sql.statements import Bindings, ParsedStatement, Row, parse
from billql.sqlite._amount_rewriter import AmountRewriter
from billql.sqlite._connection_guard import ConnectionGuard, busy_error
from billql.sqlite._functions import CurrencyNotes, register
from billql.sqlite._lifetime import Lifetime
from billql.sqlite._name_resolver import NameResolver
from billql.sqlite._sqlite_errors import is_settled, translated, translating
from billql.sqlite._statement_log import Log, StatementLog
from billql.sqlite._time_collation import TimeCollation

if TYPE_CHECKING:
    from billql.fetching.running_statement import RunningStatement
    from billql.fetching.scan_stats import ScanStats
    from billql.sql.amounts import Amount
    from billql.sqlite._stored_types import Target
    from billql.sqlite.engine import Engine, Options
    from billql.sqlite.later_functions import LaterFunctions
    from billql.sqlite.result_amounts import Origin

_SAVEPOINT = '"billql statement"'
"""A user's savepoint of the same name does no harm: SQLite uses the one that was set last."""

_SIGNAL_STEPS = 100_000
"""How many steps of SQLite's machine pass between checks of Python's signals."""


class Session:
    """One SQLite connection in which resources are tables.

    `options` is called when a statement first names a resource, and `note` with what people should
    know of a statement that is no error. Raise ProgrammingError if two threads use it at once, and
    InterfaceError in a process that has inherited it by a fork; `interrupt()` may be called in any
    thread.
    """

    def __init__(
        self,
        database: str,
        options: Callable[[], Options],
        note: Callable[[str], object] = lambda text: None,
        log: Log | None = None,
    ) -> None:
        with translating():
            self.database = apsw.Connection(database)
        self.guard = ConnectionGuard(self.database)
        self.lifetime = Lifetime(self.guard)
        self.database.set_busy_timeout(5000)
        # 0.1 + 0.2 reads 0.3 as a text too (https://sqlite.org/c3ref/c_dbconfig_defensive.html).
        self.database.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, 15)
        # A misspelt name in double quotes would be a text (https://sqlite.org/quirks.html#dblquote).
        for switch in (apsw.SQLITE_DBCONFIG_DQS_DML, apsw.SQLITE_DBCONFIG_DQS_DDL):
            self.database.config(switch, 0)
        # A signal such as Ctrl-C is only noticed when Python runs, and SQLite alone does not.
        self.database.set_progress_handler(lambda: False, _SIGNAL_STEPS)
        self._currency_notes = CurrencyNotes(note)
        register(self.database, self._currency_notes)
        self._collation = TimeCollation()
        self.database.collation_needed(self._collation.add)
        self._later_functions: LaterFunctions | None = None
        self._options = options
        self._log = log
        self._engine: Engine | None = None
        self.names = NameResolver(self.database, lambda: self.engine)
        self.amounts = AmountRewriter(self.database, lambda: self._engine)
        self.scans: list[ScanStats] = []
        """The statistics of the statement that was begun last, even if it has failed."""
        self.under_way: weakref.WeakSet[Execution] = weakref.WeakSet()
        """Statements that have more rows to return."""

    @property
    def engine(self) -> Engine:
        """Return what reads resources; it is made when it is first needed."""
        if self._engine is None:
            from billql.sqlite.engine import Engine

            with self.guard:
                self._engine = Engine(self.database, self._options())
            self._collation.current = self._engine.current
            self.lifetime.own(self, self._engine)
        return self._engine

    def execute(self, sql: str | ParsedStatement, bindings: Bindings = ()) -> Execution:
        """Run one statement up to its first row; raise one of billql's errors."""
        statement = parse(sql) if isinstance(sql, str) else sql
        with self.guard:
            self.lifetime.end_orphans()
            self.end_interrupted()
            log = StatementLog(self._log, statement.text)
            try:
                try:
                    return self._execute(statement, bindings, log)
                except _FunctionsAddedError:
                    return self._execute(statement, bindings, log)
            except errors.Error as error:
                log.failed(error)
                raise

    def add_functions(self, statement: ParsedStatement) -> bool:
        """Add the functions that a statement may have lacked; return whether there are any."""
        if self._later_functions is None:
            from billql.sqlite.later_functions import LaterFunctions

            self._later_functions = LaterFunctions(self.database)
        with translating():
            stored = [sql for (sql,) in self.names.stored("sql", "sql IS NOT NULL")]
            return self._later_functions.add_named((statement.text, *stored))

    def _execute(
        self, statement: ParsedStatement, bindings: Bindings, log: StatementLog
    ) -> Execution:
        if self.scans:
            self.engine.last_scans = self.scans
        self.scans = []
        self._currency_notes.begin()
        with translating():
            rewritten = self.names.rewrite(statement)
            has_stored_sql = bool(rewritten.tables) and self.names.register_stored_sql()
        running, run = None, rewritten
        if rewritten.resources or has_stored_sql:
            with translating():
                if has_stored_sql or any(map(self.engine.view, rewritten.resources)):
                    run = self._without_views(rewritten)
            # A view may have lists that the statement's text does not show.
            whole_lists = not (has_in_subquery(run.parsed) or has_stored_sql)
            self._collation.watch(run.parsed, bindings)
            running = self.engine.begin(run.parsed, bindings, whole_lists)
            self.scans = running.statement.scans
        described = None
        try:
            with translating():
                has_views = run is not rewritten
                rewritten, types = self._of_amounts(statement, rewritten)
                run = rewritten
                if has_views:
                    described = self.amounts.describe(rewritten.sql)
                    run = self._without_views(rewritten)
        except BaseException:
            if running is not None:
                running.close()
            raise
        texts = Texts(statement, rewritten, run, described)
        execution = Execution(self, texts, bindings, running, log)
        if types is not None:
            from billql.sqlite._stored_types import declare

            with translating():
                declare(self.database, *types)
        return execution

    def _without_views(self, rewritten: Rewritten) -> Rewritten:
        """Return a statement with the SELECTs of definitions' views in their place."""
        return self.engine.expander().expand(rewritten, self.amounts.known_tables())

    def _of_amounts(
        self, statement: ParsedStatement, rewritten: Rewritten
    ) -> tuple[Rewritten, tuple[Target, Sequence[str | None]] | None]:
        """Return what SQLite is to run, and a new table with the types that it declares."""
        if rewritten.tables and any(token.keyword == "SELECT" for token in statement.tokens):
            rewritten = self.amounts.rewrite(statement, rewritten)
        return rewritten, (
            self.amounts.types_of_table(rewritten) if statement.keyword == "CREATE" else None
        )

    def end_interrupted(self) -> None:
        """End the statements that were under way when the connection was interrupted.

        SQLite would interrupt each new statement too, until the last of the old ones is gone.
        """
        if self.database.is_interrupted:
            for execution in list(self.under_way):
                execution.interrupted()

    def interrupt(self) -> None:
        """End the statements under way; may be called in any thread."""
        self.guard.check()
        with translating():
            self.database.interrupt()

    def close(self) -> None:
        """Close the connection; one that was inherited by a fork is left to its own process."""
        if self.guard.is_forked_copy:
            return
        with self.guard:
            with translating():
                self.database.close()
            self.lifetime.close()


class Texts(NamedTuple):
    """A statement as it was written, as its names mean it, and as SQLite runs it."""

    statement: ParsedStatement
    rewritten: Rewritten
    run: Rewritten
    """The same without views of definitions."""
    described: Sequence[Origin] | None = None
    """Where the columns of its result come from, if they come from such views."""


class _FunctionsAddedError(Exception):
    """SQLite has refused a statement, and may accept it now."""


class Execution:
    """One statement under way: an iterator of its rows.

    `description` has a name and a declared type for each column, and is None for a statement that
    returns no rows. A statement that writes is run to its end before its first row is returned:
    SQLite has made all its changes by then, and could not commit as long as rows are left.
    """

    def __init__(
        self,
        session: Session,
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
        self._closed = False
        self._interrupted = False
        self._has_savepoint = False
        self.description: tuple[tuple[str, str | None], ...] | None = None
        self._origins: tuple[Origin, ...] = ()
        self._is_readonly = True
        self._cursor = session.database.cursor()
        self._cursor.exec_trace = self._prepared
        # For the virtual tables, to which SQLite does not pass the statement that it is running.
        self._current = None if running is None else session.engine.current
        # A plan is known to one run only, so a statement with plans is prepared for each run.
        cached = running is None
        row = self._step(lambda: self._cursor.execute(texts.run.sql, bindings, can_cache=cached))
        if row is not None:
            log.has_row()
        # Without a cycle of references, an unread statement ends when it is collected.
        if not self._closed:
            self._cursor.exec_trace = None
        self._rows: deque[Row] = deque(() if row is None else (row,))
        while not (self._is_readonly or self._closed):
            if (row := self._step()) is not None:
                self._rows.append(row)
        if not self._closed:
            session.under_way.add(self)

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
        if self._rows:
            return self._rows.popleft()
        row = None if self._closed else self._step()
        if row is None:
            raise StopIteration
        return row

    def _step(self, start: Callable[[], object] | None = None) -> Row | None:
        """Run SQLite up to the next row and return it; after the last one, end and return None."""
        current = self._current
        if current is not None:
            thread = get_ident()
            before = current.get(thread)
            current[thread] = self._running
        try:
            if start is not None:
                start()
            row: Row | None = next(self._cursor, None)
            self._check_fault()
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
                raise _FunctionsAddedError from None
            self._check_fault()
            raise self._error(error) from error
        except BaseException as error:
            self._log.failed(error)
            self._end(undoes=True)
            if isinstance(error, errors.ParameterMissing):
                _advise(error, self._rewritten)
            raise
        finally:
            if current is not None:
                current[thread] = before
        if row is None:
            self._end(undoes=False)
        return row

    def _check_fault(self) -> None:
        """Raise what a comparison has found to be wrong, for which SQLite does not stop."""
        if self._running is not None and self._running.fault is not None:
            raise self._running.fault

    def _error(self, error: apsw.Error) -> errors.Error:
        """Return one of billql's errors for one of SQLite's, with its place in the script."""
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
        self._rows.clear()
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
            self._session.under_way.discard(self)
            if self._running is not None:
                self._running.close()
            self._settle(undoes)

    def _prepared(self, cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        """Read from SQLite what it is about to run; true lets it run."""
        self._log.planned()
        self._origins = tuple(self._texts.described or cursor.description_full)
        columns = tuple((name, kind) for name, kind, *_ in self._origins)
        for text in self._rewritten.unnamed:  # SQLite names an expression by its text
            columns = tuple((name.replace(text, ""), kind) for name, kind in columns)
        self.description = columns or None
        self._is_readonly = cursor.is_readonly
        database = self._session.database
        if self._running is not None and not self._is_readonly and database.in_transaction:
            # When a virtual table fails, SQLite undoes what the statement has changed only if
            # constraints might have failed too. Outside of a transaction it undoes everything.
            database.execute(f"SAVEPOINT {_SAVEPOINT}")
            self._has_savepoint = True
        return True

    def _settle(self, undoes: bool) -> None:
        """Commit the changes of a statement, or undo them all."""
        database = self._session.database
        has_savepoint, self._has_savepoint = self._has_savepoint, False
        # SQLite itself may have ended the transaction: ON CONFLICT ROLLBACK, a full disk.
        if not (has_savepoint and database.in_transaction):
            return
        self._session.end_interrupted()
        if undoes:
            database.execute(f"ROLLBACK TO {_SAVEPOINT}")
        database.execute(f"RELEASE {_SAVEPOINT}")


def _advise(error: errors.ParameterMissing, rewritten: Rewritten) -> None:
    """Replace the hint where a condition cannot help, because an outer join reads all rows."""
    from billql.sql.joins import advice

    error.hint = advice(rewritten.parsed, error.resource, error.column) or error.hint
