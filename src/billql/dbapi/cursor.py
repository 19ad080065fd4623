"""PEP 249's cursor, which runs statements one after the other and returns their rows."""

from __future__ import annotations

import os
import weakref
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar

import apsw

from billql import errors
from billql.dbapi._reading import at_their_pace, in_batches, made_by, one_by_one, watched
from billql.dbapi._statements import check, not_unicode, single_statement, unbound
from billql.dbapi.types import Parameters, adapt, described, with_decimals
from billql.sql.statement_kind import CHANGES, verb_of
from billql.sql.statements import ParsedStatement, Row, parse, split
from billql.sql.tokenizer import type_name

if TYPE_CHECKING:
    import pyarrow

    from billql.dbapi.arrow import ArrowBatches
    from billql.dbapi.rows import RowFactory
    from billql.fetching.scan_stats import ScanStats
    from billql.output import MoneyColumns
    from billql.sql.amounts import Amount
    from billql.sqlite.execution import Execution
    from billql.sqlite.session import Session

T = TypeVar("T")
BATCH_SIZE = 8192
"""How many rows a batch of Arrow's has."""
Description = tuple[tuple[str, str | None, None, None, int | None, int | None, None], ...]


class CursorConnection(Protocol):
    """The `Connection` of a cursor: PEP 249's methods, and what the cursor itself uses."""

    decimals: bool
    autocommit: bool
    row_factory: RowFactory | None

    @property
    def _session(self) -> Session:
        """Return the session, closed or not."""

    def _use(self) -> Session:
        """Return the session; raise ClosedError, or InterfaceError in a forked process."""

    @property
    def in_transaction(self) -> bool:
        """Return whether there is something to commit or to roll back."""

    def cursor(self) -> Cursor:
        """Return a new cursor."""

    def commit(self) -> None:
        """Commit the changes since the last commit."""

    def rollback(self) -> None:
        """Undo the changes since the last commit."""

    def close(self) -> None:
        """Close the connection without a commit."""


class Cursor:
    """A cursor, which runs statements and returns their rows; made by `Connection.cursor()`."""

    def __init__(self, connection: CursorConnection) -> None:
        self.connection = connection
        """The connection that made it."""
        self.arraysize = 1
        """How many rows `fetchmany()` returns."""
        self.rowcount = -1
        """How many rows the last statement changed; -1 for one that changes none."""
        self.lastrowid: int | None = None
        """The row id of the last INSERT."""
        self.description: Description | None = None
        """Seven entries for each column: its name and its type code, and for an amount a precision
        and a scale. An expression has the type of its first value, and None if that is
        NULL or missing."""
        self.row_factory = connection.row_factory
        """Makes what a fetch returns of each row; None for tuples. See `billql.Row`."""
        self._first: Iterator[Row] = iter(())
        """The first row, until it is fetched."""
        self._rows: Iterator[Row] | None = None
        """The rows that are left, as SQLite returns them but for the noise of sums."""
        self._converted: Iterator[Any] | None = None
        """The same rows as a fetch returns them, once one has begun."""
        self._stream: ArrowBatches | None = None
        """The same rows as Arrow's batches, once a stream of them has begun."""
        self._execution: Execution | None = None
        self._scans: list[list[ScanStats]] = []  # of each statement; they still grow
        self._starts = False  # whether a statement is on its way to its first row
        self._changes = False
        self._closed = False

    def execute(self, sql: str | ParsedStatement, parameters: Parameters = ()) -> Self:
        """Run one statement; one that is parsed already has its errors placed in its script."""
        self._reset()
        self._run(single_statement(sql), adapt(parameters))
        return self

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> Self:
        """Run one statement that changes data, once for each set of parameters."""
        self._reset()
        statement = single_statement(sql)
        if verb_of(statement) not in CHANGES:
            raise errors.ProgrammingError(
                "executemany() is for statements that change data",
                hint="Use execute() for anything else.",
            )
        changed = 0
        for parameters in rows:
            self._run(statement, adapt(parameters))
            self._end()
            changed += self.rowcount
        self.rowcount, self.description, self._rows = changed, None, iter(())
        return self

    def executescript(self, script: str) -> Self:
        """Run several statements, each as `execute()` would; their rows are read and dropped."""
        self._reset()
        whole = parse(script)
        check(whole)
        for statement in split(whole):
            self._run(statement, ())
            self._end()
        self.rowcount, self.description, self._rows = -1, None, iter(())
        return self

    def fetchone(self) -> Any:
        """Return the next row, or None after the last; a statement that changes data has none."""
        return next(self._made(), None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows, at most `size` or else `arraysize` of them."""
        return list(islice(self._made(), self.arraysize if size is None else size))

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return list(self._made())

    def __iter__(self) -> Iterator[Any]:
        """Return the cursor itself, an iterator of the rows that are left."""
        return self

    def __next__(self) -> Any:
        """Return the next row."""
        return next(self._made())

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns; none without a result."""
        return tuple(column[0] for column in self.description or ())

    def fetch_record_batch(self, batch_size: int = BATCH_SIZE) -> pyarrow.RecordBatchReader:
        """Return a reader of the rows that are left, as Arrow's batches of so many rows.

        Amounts are decimals, instants are timestamps in UTC; see the guide. Some thousand rows are
        read at once, for the types of expressions; then pages are fetched as batches are read, in
        any thread, but in one at a time.
        """
        return self._batches(batch_size).reader()

    def fetch_arrow_table(self) -> pyarrow.Table:
        """Return the rows that are left, as one of Arrow's tables; see `fetch_record_batch`."""
        return self.fetch_record_batch().read_all()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows that are left, for any library that reads Arrow's streams.

        https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
        """
        # Some readers ask for the schema by a stream of its own.
        if self._stream is None:
            self._stream = self._batches(BATCH_SIZE)
        found: object = self._stream.reader().__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call]
        return found

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write the rows that are left to a file, which is replaced only on success.

        Its extension selects the format, unless `format` names one of `billql query --format`.
        """
        from billql.output import FORMATS, Style, file

        path = os.fspath(path)
        name = file.format_of(path) if format is None else format
        if name not in FORMATS:
            raise errors.InterfaceError(
                f"There is no format {name}", hint=f"Use one of {', '.join(FORMATS)}."
            )
        columns, rows = self._columns(), self.rows_for(name)
        with file.open_results(path, name, Style(), several=False) as add_result:
            add_result(columns, rows, None)

    def chart(
        self,
        path: str | os.PathLike[str],
        kind: Literal["bars", "stacked", "line"] | None = None,
        title: str | None = None,
    ) -> None:
        """Draw the rows that are left in a file, as `billql chart` does: .svg, .png or .html."""
        from billql.output.chart import figure, file

        columns, rows = self._columns(), self._with_decimals(self._result())
        file.write(os.fspath(path), lambda: figure.read(columns, rows, title=title, kind=kind))

    def rows_for(self, format: str) -> Iterator[Row]:
        """Return the rows that are left as a format of `billql.output` takes them.

        They are read some at a time, which is quicker for who reads them all. Where the format has
        types, it makes decimals of the columns that `description` has as DECIMAL.
        """
        from billql.output import find

        typed = enumerate(self.description or ()) if find(format).typed else ()
        own = {place for place, column in typed if type_name(column[1]) == "DECIMAL"}
        return self._with_decimals(chain.from_iterable(self._in_batches()), own)

    @property
    def scans(self) -> list[ScanStats]:
        """Return the statistics of each scan of the last statement so far, even if it has failed.

        Another thread may read it while the statement runs.
        """
        starting = [self.connection._session.scans] if self._starts else []
        return list(chain.from_iterable([*self._scans, *starting]))

    def amounts(self) -> Sequence[Amount | None]:
        """Return for each column of the last statement what makes it an amount of money.

        It may load a parser of SQL, so call it for people alone, while the rows are read.
        """
        return () if self._execution is None else self._execution.amounts()

    def nextset(self) -> bool | None:
        """Drop the rows that are left; return None: a statement has one set of rows."""
        self._result()
        if self.description is None:
            raise errors.ProgrammingError("The statement has no set of rows, and so no next one")
        self._drop()
        self._rows = iter(())
        return None

    def callproc(self, name: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
        """Raise NotSupportedError: SQLite has no procedures."""
        raise errors.NotSupportedError("SQLite has no stored procedures")

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Do nothing: values have any size."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing: values have any size."""

    def close(self) -> None:
        """End the statement; the cursor is of no use any more."""
        self._drop()
        self._closed = True

    def __enter__(self) -> Self:
        """Return the cursor itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the cursor."""
        self.close()

    def _reset(self) -> None:
        self._use()
        self._drop()
        self.description, self._rows, self.rowcount, self._scans = None, None, -1, []

    def _use(self) -> Session:
        if self._closed:
            raise errors.ClosedError("The cursor is closed")
        return self.connection._use()

    def _drop(self) -> None:
        if self._execution is not None:
            self._execution.close()
            self._execution = None

    def _run(self, statement: ParsedStatement, parameters: Parameters) -> None:
        """Run a statement up to its first row."""
        session = self._use()
        verb = verb_of(statement)
        self._changes = verb in CHANGES
        begins = self._changes and not (
            self.connection.autocommit or session.restrictions.read_only
        )
        if begins and not session.database.in_transaction:
            session.execute("BEGIN")
        self._starts = True
        try:
            self._execution = execution = session.execute(statement, parameters)
            first = next(execution, None)
        except errors.SqlError as error:
            if isinstance(error.__cause__, apsw.BindingsError):
                raise unbound(statement, parameters) from error
            raise
        except UnicodeError as error:
            raise not_unicode(error) from error
        finally:
            self._starts = False
            self._scans.append(session.scans)
        if verb in ("INSERT", "REPLACE"):
            self.lastrowid = session.database.last_insert_rowid()
        if execution.description is None:
            self._rows = iter(())
            self._finish()
            return
        values = first or (None,) * len(execution.description)
        self.description = tuple(
            described(name, declared, value, decimals=self.connection.decimals)
            for (name, declared), value in zip(execution.description, values, strict=True)
        )
        self._first = iter(() if first is None else (first,))
        rows = self._watched(one_by_one(self._first, execution))
        # The rows of RETURNING are read at once, before another statement changes the count.
        self._rows = iter(list(rows)) if self._changes else rows
        self._converted = self._stream = None

    def _finish(self) -> None:
        """Count what a statement has changed, now that it has come to its end."""
        self.rowcount = self._use().database.changes() if self._changes else -1

    def _fail(self) -> None:
        """Have no more rows: a fetch after an error must not look like the end of the rows."""
        self._rows = None

    def _watched(self, rows: Iterator[T]) -> Iterator[T]:
        return watched(rows, weakref.WeakMethod(self._finish), weakref.WeakMethod(self._fail))

    def _end(self) -> None:
        """Run a statement to its end."""
        for _ in self._rows or ():
            pass

    def _columns(self) -> MoneyColumns:
        from billql.output import MoneyColumns

        self._result()
        if self.description is None:
            raise errors.ProgrammingError(
                "The statement has no rows to write", hint="Write those of a SELECT."
            )
        return MoneyColumns(self.description, self.amounts)

    def _result(self) -> Iterator[Row]:
        self._use()
        if self._rows is None:
            raise errors.ProgrammingError(
                "There are no rows to fetch: no statement was run, or it has failed",
                hint="Run a statement that returns rows first, such as a SELECT.",
            )
        return self._rows

    def _with_decimals(self, rows: Iterator[Row], left_out: Collection[int] = ()) -> Iterator[Row]:
        """Return rows with amounts as the connection wants them, but for the columns `left_out`."""
        execution = self._execution
        if not self.connection.decimals or execution is None:
            return rows
        codes = [code for _, code in execution.description or ()]
        convert = with_decimals(codes, left_out)
        return rows if convert is None else map(convert, rows)

    def _made(self) -> Iterator[Any]:
        """Return the rows that are left, as the row factory makes them."""
        self._result()
        if self._converted is None:
            self._converted = self._with_decimals(self._result())
            if self.row_factory is not None:
                self._converted = made_by(self.row_factory, weakref.ref(self), self._converted)
        return self._converted

    def _batches(self, size: int) -> ArrowBatches:
        """Return the rows that are left as Arrow's batches."""
        from billql.dbapi.arrow import ArrowBatches

        columns, rows = self._columns(), chain.from_iterable(self._in_batches(size))
        return ArrowBatches(columns, rows, size, decimals=self.connection.decimals)

    def _in_batches(self, size: int | None = None) -> Iterator[Sequence[Row]]:
        """Return the rows that are left, as SQLite returns them, `size` or some at a time."""
        rows, execution = self._result(), self._execution
        if self._changes or execution is None:
            return iter((list(rows),))
        if size is None:
            return self._watched(at_their_pace(self._first, execution))
        return self._watched(in_batches(self._first, execution, size))
