"""A cursor of a resource: SQLite begins scans and reads their rows one by one.

There are two kinds, which SQLite treats alike: those of the statement itself (see
`_resource_cursor`), and those of a dry run of it (see `_dry_run_cursor`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Any, Protocol

from billql.definitions.catalog import Table
from billql.definitions.methods import Method
from billql.definitions.model import CONNECTION
from billql.errors import BadResponse, CredentialMissing, RequestLimit
from billql.fetching.dry_run import JoinSide
from billql.fetching.key_family import Key, KeyFamily
from billql.fetching.left_out import LeftOut
from billql.fetching.row_decoder import TableRow
from billql.fetching.row_index import RowIndex, kinds_of
from billql.fetching.running_statement import RunningStatement
from billql.fetching.scan import Scan
from billql.fetching.whole_lists import read_whole
from billql.http.credentials import ApiConnection
from billql.planning.binder import BoundPlan, bind, selected_connections
from billql.planning.plan import Plan, each_value
from billql.planning.planner import widened
from billql.planning.time_check import check_arguments
from billql.planning.whole_list import whole_list_plan


class ConnectionSource(Protocol):
    """Where a scan finds the API connections of a resource."""

    def connections(self, table: Table) -> Sequence[str]:
        """Return the names of the connections that a resource is read from."""

    def connection(self, table: Table, name: str) -> ApiConnection:
        """Return a connection with its credential; raise CredentialMissing."""


ValueOfRow = Callable[[TableRow], Any]
"""Computes a value from a row."""


class Cursor:
    """One place in a statement that reads a resource, once or many times."""

    _is_dry = False

    def __init__(
        self,
        source: ConnectionSource,
        table: Table,
        running: RunningStatement,
        computed: Sequence[ValueOfRow] = (),
    ) -> None:
        self._computed = computed
        """The values of the columns behind those of the table."""
        self._source = source
        self._table = table
        self._running = running
        self._batches: Iterator[Sequence[TableRow]] = iter(())
        self._rows: Sequence[TableRow] = ()
        self._at = 0
        self._end = True
        self._plan: Plan | None = None
        self._shown: tuple[int, ...] = ()
        """The positions in a row of the columns that the statement reads."""
        self._numbered: Counter[str] = Counter()
        self._rowid = (-1, 0)
        self._position = 0
        self.Column: Callable[[int], Any] = ().__getitem__
        """Returns a column of the current row. It is the row's own method, bound again for each
        row, because that is the fastest way to answer from Python."""

    def Filter(self, number: int, summary: str, arguments: tuple[Any, ...]) -> None:  # noqa: N802
        """Begin a scan with the values of its constraints."""
        self._check_fault()
        self._numbered.clear()
        self._position = 0
        self._rowid = (-1, 0)
        plan = self._running.plans[number]
        if plan is not self._plan:
            self._plan = plan
            names = enumerate(self._table.columns)
            self._shown = tuple(place for place, name in names if name in plan.used)
        self._batches = self._scan(number, plan, arguments)
        if self._running.without_null:
            known = self._running.without_null
            read = {name for name in plan.used if (self._table.name, name) in known}
            self._batches = _without_null(self._batches, self._table, read)
        self._fill()

    def _scan(
        self, number: int, plan: Plan, arguments: Sequence[Any]
    ) -> Iterator[Sequence[TableRow]]:
        """Return the rows of a scan, some at a time."""
        table = self._table
        check_arguments(table, plan, arguments, self._running)
        side = self._running.sides[number]
        family = self._family(side, plan)
        whole_key = hashable(arguments)
        if family is not None:
            if (rows := family.held_rows(plan, whole_key, dry=self._is_dry)) is not None:
                return iter((rows,))
            self._note(family, whole_key)
        own, values = widened(table, plan, arguments, len(self._source.connections(table)))
        if family is not None and (family.is_look_up or own is not plan):
            rows = self._looked_up(side, plan, family, whole_key)
            if rows is not None:
                return iter((rows,))
        key = None if family is None else (own, table.name, hashable(values[: own.wanted]))
        if key is not None and (rows := self._memoized_rows(key)) is not None:
            if not self._is_dry:
                self._running.prefetcher.note_used(table.name, key)
            return iter((rows,))
        bound, scan = self._open(own, values)
        if not bound.lists:
            return scan.batches()
        if family is None or key is None or own is not plan:
            return self._read_lists(side, own, values, bound, scan)
        return self._read_key(key, side, plan, family, whole_key, scan)

    def _method(self, plan: Plan) -> Method:
        """Return the method whose requests a plan sends."""
        return self._table.resource.methods[plan.method]

    def _family(self, side: JoinSide, plan: Plan) -> KeyFamily | None:
        """Return the keys of a plan, if it may be read by more than one of them."""
        families = self._running.families
        family = families.get(side)
        if family is None:
            connections = len(self._source.connections(self._table))
            families[side] = family = KeyFamily(self._table, plan, connections)
        family.scans += not self._is_dry
        return family if plan.correlated or family.is_look_up or family.scans > 1 else None

    def _note(self, family: KeyFamily, key: Key) -> None:
        """Note a key that will be needed."""
        family.note(key)

    def _open(self, plan: Plan, arguments: Sequence[Any]) -> tuple[BoundPlan, Scan]:
        """Return the requests of a plan, and the scan that reads them, not begun yet."""
        names = selected_connections(plan, arguments, self._source.connections(self._table))
        connections = self._connections(names)
        now = self._running.statement.now
        try:
            bound = bind(self._table, plan, arguments, connections, now)
        except RequestLimit:
            if (whole := self._without_lists(plan, arguments)) is None:
                raise
            return self._open(*whole)
        return bound, self._new_scan(plan, bound)

    def _without_lists(
        self, plan: Plan, arguments: Sequence[Any]
    ) -> tuple[Plan, Sequence[Any]] | None:
        """Return the plan, with its arguments, that has the rows of all values of IN lists."""
        lists = [
            one.number
            for one, value in zip(plan.pushed, arguments, strict=False)
            if len(each_value(value)) > 1 and one.constraint.column != CONNECTION
        ]
        connections = len(self._source.connections(self._table))
        whole = whole_list_plan(self._table, plan, lists, connections) if lists else None
        if whole is None:
            return None
        by_number = plan.by_number(arguments)
        return whole, [by_number[number] for number in whole.arguments]

    def _looked_up(
        self, side: JoinSide, plan: Plan, family: KeyFamily, key: Key
    ) -> Sequence[TableRow] | None:
        """Return the rows of a key in the list that is read for it anyway, which is then held for
        other keys; None if it cannot be.
        """
        whole = family.own_list(plan, key)
        if whole is None or whole in family.abandoned or self._may_stop(side):
            return None
        _, scan = self._open(whole.plan, whole.arguments)
        index = RowIndex(kinds_of(self._table))
        most = self._running.statement.shared.memo_cells
        if not read_whole(scan, index, most, None, is_free=True, holds_all=True):
            family.abandoned[whole] = 0
            return None
        self._watch(index.rows)
        family.hold(whole, index, dry=self._is_dry)
        return family.held_rows(plan, key, dry=self._is_dry)

    def _watch(self, rows: Sequence[TableRow]) -> None:
        """Look at the rows of a list that has been read whole, of which some are wanted."""

    def _may_stop(self, side: JoinSide) -> bool:
        """Return whether the statement may not need all rows of a plan's first scan."""
        return self._running.stops_early and self._running.families[side].scans < 2

    def _connections(self, names: Sequence[str]) -> list[ApiConnection]:
        """Return the connections of some names but for those that are left out; raise if all are.

        Raise CredentialMissing.
        """
        provider, left_out = self._table.provider_name, self._left_out
        found = []
        for name in names:
            try:
                if (provider, name) not in left_out:
                    found.append(self._source.connection(self._table, name))
            except CredentialMissing as error:
                if not left_out.leave_out((provider, name), error):
                    raise
        left_out.check_rest([(provider, name) for name in names])
        return found

    @property
    def _left_out(self) -> LeftOut:
        """Return the connections that the statement goes on without."""
        raise NotImplementedError

    def _memoized_rows(self, key: Hashable) -> list[TableRow] | None:
        """Return the rows of a key that have been read already; None if they are not memoized."""
        raise NotImplementedError

    def _new_scan(self, plan: Plan, bound: BoundPlan) -> Scan:
        """Return the scan of a plan, not begun yet."""
        raise NotImplementedError

    def _read_lists(
        self, side: JoinSide, plan: Plan, arguments: Sequence[Any], bound: BoundPlan, scan: Scan
    ) -> Iterator[Sequence[TableRow]]:
        """Return the rows of lists that are not read by a key."""
        raise NotImplementedError

    def _read_key(
        self,
        key: Hashable,
        side: JoinSide,
        plan: Plan,
        family: KeyFamily,
        arguments: Key,
        scan: Scan,
    ) -> Iterator[Sequence[TableRow]]:
        """Return the rows of one key of a join, and memoize them."""
        raise NotImplementedError

    def _check_fault(self) -> None:
        """Raise what is wrong with the statement, if anything is."""
        if self._running.fault is not None:
            raise self._running.fault

    def _fill(self) -> None:
        self._check_fault()
        for rows in self._batches:
            if rows:
                self._rows = rows
                self._at = 0
                self._end = False
                self.Column = self._reader(rows[0])
                return
        self._rows = ()
        self._end = True

    def _reader(self, row: TableRow) -> Callable[[int], Any]:
        """Return a function that returns a column of a row."""
        if not self._computed:
            return row.__getitem__
        count = len(self._table.columns)

        def column(number: int) -> Any:
            return row[number] if number < count else self._computed[number - count](row)

        return column

    def Eof(self) -> bool:  # noqa: N802
        """Return whether there is no current row."""
        return self._end

    def Next(self) -> None:  # noqa: N802
        """Go on to the next row."""
        self._at = at = self._at + 1
        rows = self._rows
        if at < len(rows):
            row = rows[at]
            self.Column = self._reader(row) if self._computed else row.__getitem__
        else:
            self._position += at
            self._fill()

    def Rowid(self) -> int:  # noqa: N802
        """Return a number that the same row has in every scan of the statement, by any method.

        SQLite recognizes rows by it when it reads a table in several ways: for an OR, and for the
        rows of a RIGHT or FULL JOIN that matched nothing. A row is known by its key columns; where
        it has none, by the columns that the statement reads, and equal rows are distinguished by
        counting them, for to the statement they are all one.
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


def _without_null(
    batches: Iterator[Sequence[TableRow]], table: Table, columns: Collection[str]
) -> Iterator[Sequence[TableRow]]:
    """Yield rows; raise BadResponse for a NULL in one of some columns, which were read."""
    places = {name: place for place, name in enumerate(table.columns) if name in columns}
    for rows in batches:
        for name, place in places.items():
            if any(row[place] is None for row in rows):
                raise BadResponse(
                    f"A row of {table.name} has no {name}, which is `nullable: false`, "
                    "so NULLS FIRST or NULLS LAST would put it in a wrong place",
                    hint=f"Sort by an expression instead, such as ORDER BY +{name}.",
                )
        yield rows


def hashable(arguments: Sequence[Any]) -> Key:
    """Return the values of constraints so that they can be a key."""
    return tuple(frozenset(one) if isinstance(one, set) else one for one in arguments)
