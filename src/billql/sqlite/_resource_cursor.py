"""The cursors of a resource: SQLite begins scans and reads their rows one by one.

There are two kinds. A `ResourceCursor` belongs to the statement itself, a `DryRunCursor` to a dry
run of it (see `billql.fetching.dry_run`); SQLite treats them alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Any, Protocol

from billql.definitions.catalog import Table
from billql.errors import BadResponse, CredentialMissing
from billql.fetching.dry_run import DryRun, JoinSide
from billql.fetching.left_out import LeftOut
from billql.fetching.row_decoder import TableRow
from billql.fetching.running_statement import RunningStatement
from billql.fetching.scan import Scan
from billql.fetching.scan_stats import ScanStats
from billql.http.credentials import ApiConnection
from billql.planning.binder import BoundPlan, bind, selected_connections
from billql.planning.plan import Plan
from billql.planning.planner import widened
from billql.planning.time_check import check_arguments, text_calls, text_comparisons


class ConnectionSource(Protocol):
    """Where a scan finds the API connections of a resource."""

    def connections(self, table: Table) -> Sequence[str]:
        """Return the names of the connections that a resource is read from."""

    def connection(self, table: Table, name: str) -> ApiConnection:
        """Return a connection with its credential; raise CredentialMissing."""


ValueOfRow = Callable[[TableRow], Any]
"""Computes a value from a row."""


class _Cursor:
    """One place in a statement that reads a resource, once or many times."""

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
        self._numbered.clear()
        self._position = 0
        self._rowid = (-1, 0)
        plan = self._running.plans[number]
        if plan is not self._plan:
            self._plan = plan
            names = enumerate(self._table.columns)
            self._shown = tuple(place for place, name in names if name in plan.used)
        self._batches = self._scan(plan, arguments)
        if self._running.without_null:
            self._batches = _without_null(self._batches, self._table, self._running.without_null)
        self._fill()

    def _scan(self, plan: Plan, arguments: Sequence[Any]) -> Iterator[Sequence[TableRow]]:
        """Return the rows of a scan, some at a time."""
        table = self._table
        check_arguments(table, plan, arguments, self._running)
        all_names = self._source.connections(table)
        plan, arguments = widened(table, plan, arguments, len(all_names))
        key = (plan, table.name, _hashable(arguments)) if plan.correlated else None
        if key is not None and (rows := self._memoized_rows(key)) is not None:
            return iter((rows,))
        names = selected_connections(plan, arguments, all_names)
        connections = self._connections(names)
        bound = bind(table, plan, arguments, connections, self._running.statement.now)
        scan = self._new_scan(plan, bound)
        if key is None or not bound.lists:
            return scan.batches()
        return self._read_key(key, (table.name, plan.method), scan)

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

    def _read_key(self, key: Hashable, side: JoinSide, scan: Scan) -> Iterator[Sequence[TableRow]]:
        """Return the rows of one key of a join, and memoize them."""
        raise NotImplementedError

    def _fill(self) -> None:
        if self._running.fault is not None:
            raise self._running.fault
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
    batches: Iterator[Sequence[TableRow]], table: Table, columns: Collection[tuple[str, str]]
) -> Iterator[Sequence[TableRow]]:
    """Yield rows; raise BadResponse for a NULL in one of some columns, by table."""
    places = {
        name: place for place, name in enumerate(table.columns) if (table.name, name) in columns
    }
    for rows in batches:
        for name, place in places.items():
            if any(row[place] is None for row in rows):
                raise BadResponse(
                    f"A row of {table.name} has no {name}, by which its API promises to order "
                    "rows, so NULLS FIRST or NULLS LAST would put it in a wrong place",
                    hint=f"Sort by an expression instead, such as ORDER BY +{name}.",
                )
        yield rows


class ResourceCursor(_Cursor):
    """A cursor of the statement itself: it fetches what it reads, and coming keys ahead."""

    _stats: ScanStats | None = None
    """One for all its scans, begun with the first; a cursor that reads nothing shows none."""

    def _scan(self, plan: Plan, arguments: Sequence[Any]) -> Iterator[Sequence[TableRow]]:
        if self._stats is None:
            self._stats = self._running.statement.start_scan(self._table.name)
            calls = self._running.compared_calls
            for text in (*text_comparisons(self._table, plan), *text_calls(self._table, calls)):
                self._stats.warn(text)
        return super()._scan(plan, arguments)

    def _connections(self, names: Sequence[str]) -> list[ApiConnection]:
        assert self._stats is not None, "a scan was begun"
        found = super()._connections(names)
        for name in names:
            if (key := (self._table.provider_name, name)) in self._left_out:
                self._stats.left_out[name] = self._left_out.reason(key)
        return found

    @property
    def _left_out(self) -> LeftOut:
        return self._running.statement.left_out

    def _memoized_rows(self, key: Hashable) -> list[TableRow] | None:
        return self._running.statement.row_memo.get(key)

    def _new_scan(self, plan: Plan, bound: BoundPlan) -> Scan:
        assert self._stats is not None, "a scan was begun"
        running, statement = self._running, self._running.statement
        return Scan(
            statement.snapshot,
            statement.budget,
            self._table,
            plan,
            bound,
            self._stats,
            lambda: running.stops_early,
            self._left_out,
            None if statement.series is None else statement.series.amounts,
        )

    def _read_key(self, key: Hashable, side: JoinSide, scan: Scan) -> Iterator[Sequence[TableRow]]:
        first, *_ = scan.first_requests()
        scan.begin()
        running = self._running
        running.prefetcher.prefetch(side, first, scan, stops_early=running.stops_early)
        return running.statement.row_memo.memoize(key, scan.batches())


class DryRunCursor(_Cursor):
    """A cursor of a dry run: it reads what has arrived, and records the keys that have not."""

    def __init__(
        self,
        source: ConnectionSource,
        table: Table,
        running: RunningStatement,
        dry_run: DryRun,
        computed: Sequence[ValueOfRow] = (),
    ) -> None:
        super().__init__(source, table, running, computed)
        self._dry_run = dry_run

    @property
    def _left_out(self) -> LeftOut:
        return self._running.statement.left_out.view()

    def _memoized_rows(self, key: Hashable) -> list[TableRow] | None:
        return self._dry_run.memoized_rows(key)

    def _new_scan(self, plan: Plan, bound: BoundPlan) -> Scan:
        running, dry_run = self._running, self._dry_run
        stats = ScanStats(self._table.name)  # which nobody is shown
        return Scan(
            dry_run.snapshot,
            dry_run.budget,
            self._table,
            plan,
            bound,
            stats,
            lambda: running.stops_early,
            self._left_out,
        )

    def _read_key(self, key: Hashable, side: JoinSide, scan: Scan) -> Iterator[Sequence[TableRow]]:
        first_requests = scan.first_requests()
        if all(map(self._dry_run.snapshot.is_ready, first_requests)):
            return self._dry_run.memoize_rows(key, scan.batches())
        self._dry_run.record_key(side, first_requests)
        return iter(())


def _hashable(arguments: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(frozenset(one) if isinstance(one, set) else one for one in arguments)
