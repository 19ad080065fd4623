"""The virtual table: SQLite's protocol (https://sqlite.org/vtab.html), as APSW speaks it.

SQLite asks what a scan would cost (`BestIndexObject`), runs one (`Filter`) and reads its rows one
by one. Everything it asks for is answered by the planner and the fetcher; nothing is decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol

import apsw

from billql.definitions.catalog import Table
from billql.definitions.types import AFFINITY
from billql.fetching.prefetch import RunningStatement
from billql.fetching.row_decoder import Row
from billql.fetching.scan import Scan
from billql.fetching.scan_stats import ScanStats
from billql.http.credentials import ApiConnection
from billql.planning.binder import bind, connections_asked
from billql.planning.planner import (
    UNKNOWN,
    Constraint,
    Order,
    Plan,
    choose_plan,
    key_columns,
    widened,
    with_points,
)

_OPERATORS: dict[int, Any] = {
    apsw.SQLITE_INDEX_CONSTRAINT_EQ: "=",
    apsw.SQLITE_INDEX_CONSTRAINT_IS: "=",
    apsw.SQLITE_INDEX_CONSTRAINT_GT: ">",
    apsw.SQLITE_INDEX_CONSTRAINT_GE: ">=",
    apsw.SQLITE_INDEX_CONSTRAINT_LT: "<",
    apsw.SQLITE_INDEX_CONSTRAINT_LE: "<=",
    apsw.SQLITE_INDEX_CONSTRAINT_ISNULL: "is null",
    apsw.SQLITE_INDEX_CONSTRAINT_LIMIT: "limit",
    apsw.SQLITE_INDEX_CONSTRAINT_OFFSET: "offset",
}


class TableHost(Protocol):
    """What a virtual table needs of the session that it lives in."""

    def table(self, name: str) -> Table:
        """Find the resource of a dotted name."""

    def running(self) -> RunningStatement:
        """Give the statement that SQLite is running now."""

    def number_of(self, plan: Plan) -> int:
        """Give the number by which the statement that SQLite prepares now will name a plan."""

    def connections(self, table: Table) -> Sequence[str]:
        """Name the connections that a resource is read from."""

    def connection(self, table: Table, name: str) -> ApiConnection:
        """Give the credential of a connection; raises CredentialMissing."""


class ResourceModule:
    """Makes the virtual table for a resource when SQLite first meets its name."""

    def __init__(self, host: TableHost) -> None:
        self._host = host

    def Create(  # noqa: N802
        self, database: apsw.Connection, module: str, schema: str, name: str, *arguments: str
    ) -> tuple[str, ResourceTable]:
        """Give a table's declaration, and the table."""
        table = self._host.table(module)
        return declaration(table), ResourceTable(self._host, table)

    Connect = Create


def declaration(table: Table) -> str:
    """Give the CREATE TABLE of a resource.

    A type's name is followed by the affinity that it shall have: `TIMESTAMP TEXT`.
    """
    columns = []
    for name, column in table.columns.items():
        affinity = AFFINITY[column.type]
        own = column.type.upper()
        kind = own if own == affinity else f"{own} {affinity}"
        columns.append(f'"{name}" {kind}{" HIDDEN" if column.hidden else ""}')
    return f"CREATE TABLE resource ({', '.join(columns)})"


class ResourceTable:
    """One resource as SQLite sees it."""

    def __init__(self, host: TableHost, table: Table) -> None:
        self.host = host
        self.table = table
        self._names = list(table.columns)
        self._keys = key_columns(table)

    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:  # noqa: N802
        """Answer what a scan under some constraints would cost."""
        constraints = with_points(
            [self._constraint(info, number) for number in range(info.nConstraint)]
        )
        order = [
            Order(self._name(info.get_aOrderBy_iColumn(i)), bool(info.get_aOrderBy_desc(i)))
            for i in range(info.nOrderBy)
        ]
        connections = len(self.host.connections(self.table))
        plan = choose_plan(self.table, constraints, self._used(info.colUsed), order, connections)
        for place, number in enumerate(plan.arguments, start=1):
            info.set_aConstraintUsage_argvIndex(number, place)
            if constraints[number].operator == "in":
                info.set_aConstraintUsage_in(number, True)
            if constraints[number].operator == "offset" and plan.skips:
                info.set_aConstraintUsage_omit(number, True)
        info.idxNum = self.host.number_of(plan)
        info.idxStr = plan.summary
        info.estimatedCost = plan.cost
        info.estimatedRows = plan.rows
        info.orderByConsumed = bool(plan.order)
        return True

    def _constraint(self, info: apsw.IndexInfo, number: int) -> Constraint:
        kind = info.get_aConstraint_op(number)
        operator = _OPERATORS.get(kind, "other")
        column = info.get_aConstraint_iColumn(number)
        compares = operator not in ("limit", "offset")
        collation = info.get_aConstraint_collation(number) if compares else "BINARY"
        if operator == "=" and info.get_aConstraintUsage_in(number):
            operator = self._list(column) if collation == "BINARY" else "="
        if compares and column < 0:
            operator = "other"
        value = info.get_aConstraint_rhs(number)
        return Constraint(
            self._name(column),
            operator,
            info.get_aConstraint_usable(number),
            UNKNOWN if value is None else value,
            literal=value is not None,
            takes_null=kind == apsw.SQLITE_INDEX_CONSTRAINT_IS and value is None,
            collation=collation,
        )

    def _list(self, column: int) -> Literal["in", "=", "other"]:
        """Tell how to take an IN list: whole, value by value, or not at all.

        Value by value SQLite compares a text column with the texts of numbers only, which an IN
        whose right side is a numeric column does not mean; so that is done only for keys.
        """
        if self.host.running().whole_lists:
            return "in"
        name = self._name(column)
        is_text = column >= 0 and self.table.columns[name].type == "text"
        return "other" if is_text and name not in self._keys else "="

    def _name(self, column: int) -> str:
        return self._names[column] if column >= 0 else "rowid"

    def _used(self, columns: set[int]) -> frozenset[str]:
        """Name the columns that a statement reads; 63 stands for all from there on."""
        return frozenset(
            name for number, name in enumerate(self._names) if min(number, 63) in columns
        )

    def places(self, plan: Plan) -> tuple[int, ...]:
        """Give the places in a row of the columns that a plan's statement reads."""
        return tuple(place for place, name in enumerate(self._names) if name in plan.used)

    def Open(self) -> ResourceCursor:  # noqa: N802
        """Begin to read the table."""
        return ResourceCursor(self)

    def Disconnect(self) -> None:  # noqa: N802
        """Nothing is held."""

    Destroy = Disconnect


class ResourceCursor:
    """One place in a statement that reads a resource, once or many times."""

    def __init__(self, parent: ResourceTable) -> None:
        self._parent = parent
        self._figures: ScanStats | None = None
        self._batches: Iterator[Sequence[Row]] = iter(())
        self._rows: Sequence[Row] = ()
        self._at = 0
        self._end = True
        self._plan: Plan | None = None
        self._shown: tuple[int, ...] = ()
        self._numbered: Counter[str] = Counter()
        self._rowid = (-1, 0)
        self._position = 0
        self.Column: Callable[[int], Any] = ().__getitem__
        """Gives a column of the current row. It is the row's own method, bound again for each row,
        because that is the fastest way to answer from Python."""

    def Filter(self, number: int, summary: str, arguments: tuple[Any, ...]) -> None:  # noqa: N802
        """Begin a scan with the values of its constraints."""
        self._numbered.clear()
        self._position = 0
        self._rowid = (-1, 0)
        plan = self._parent.host.running().plans[number]
        if plan is not self._plan:
            self._plan, self._shown = plan, self._parent.places(plan)
        self._batches = self._scan(plan, arguments)
        self._fill()

    def _scan(self, plan: Plan, arguments: Sequence[Any]) -> Iterator[Sequence[Row]]:
        host, table = self._parent.host, self._parent.table
        running = host.running()
        statement = running.statement
        figures = ScanStats(table.name)
        if not running.is_dry_run:
            if self._figures is None:
                self._figures = statement.start_scan(table.name)
            figures = self._figures
        plan, arguments = widened(table, plan, arguments, len(host.connections(table)))
        name = (plan, table.name, _hashable(arguments)) if plan.correlated else None
        if name is not None and (known := running.remembered(name)) is not None:
            return iter((known,))
        asked = connections_asked(plan, arguments, host.connections(table))
        connections = [host.connection(table, one) for one in asked]
        bound = bind(table, plan, arguments, connections, statement.now)
        scan = Scan(statement, table, plan, bound, figures, lambda: running.stops_early)
        if name is None or not bound.chains:
            return scan.batches()
        openings = scan.openings()
        place = (table.name, plan.method)
        if running.is_dry_run:
            if not all(statement.is_ready(*opening) for opening in openings):
                running.record_key(place, openings)
                return iter(())
        else:
            scan.begin()
            running.prefetch_keys(place, openings[0], scan.concurrency, figures, scan.prefetch)
        return running.remembering(name, scan.batches())

    def _fill(self) -> None:
        for rows in self._batches:
            if rows:
                self._rows = rows
                self._at = 0
                self._end = False
                self.Column = rows[0].__getitem__
                return
        self._rows = ()
        self._end = True

    def Eof(self) -> bool:  # noqa: N802
        """Tell whether there is no current row."""
        return self._end

    def Next(self) -> None:  # noqa: N802
        """Go on to the next row."""
        self._at = at = self._at + 1
        rows = self._rows
        if at < len(rows):
            self.Column = rows[at].__getitem__
        else:
            self._position += at
            self._fill()

    def Rowid(self) -> int:  # noqa: N802
        """Give a number that the same row has in every scan of the statement, by any method.

        SQLite recognizes rows by it when it reads a table in several ways: for an OR, and for the
        rows of a RIGHT or FULL JOIN that matched nothing. A row is known by its identity; where it
        has none, by what the statement sees of it, and rows that are equal are told apart by
        counting, for to the statement they are all one.
        """
        position = self._position + self._at
        if self._rowid[0] != position:
            row = self._rows[self._at]
            known = repr(row[-1] or [row[place] for place in self._shown])
            self._numbered[known] += 1
            # A text's hash, because those of numbers collide: hash(-1) == hash(-2).
            self._rowid = (position, hash(f"{self._numbered[known]} {known}"))
        return self._rowid[1]

    def Close(self) -> None:  # noqa: N802
        """End the scan."""
        self._batches = iter(())


def _hashable(arguments: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(frozenset(one) if isinstance(one, set) else one for one in arguments)
