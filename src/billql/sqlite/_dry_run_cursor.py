"""The cursors of a dry run (see `billql.fetching.dry_run`): they read what has arrived."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from billql.definitions.catalog import Table
from billql.fetching.dry_run import DryRun, JoinSide, KeyLists
from billql.fetching.key_family import Key, KeyFamily
from billql.fetching.left_out import LeftOut
from billql.fetching.row_decoder import TableRow
from billql.fetching.running_statement import RunningStatement
from billql.fetching.scan import Scan
from billql.fetching.scan_stats import ScanStats
from billql.planning.binder import BoundPlan
from billql.planning.plan import Plan
from billql.sqlite._cursor import ConnectionSource, Cursor, ValueOfRow, hashable


class DryRunCursor(Cursor):
    """A cursor of a dry run: it reads what has arrived, and records the keys that have not."""

    _is_dry = True

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
        self._is_first = True
        self._places: dict[int, int | None] = {}
        """Where in the program it begins the scan of each plan."""
        self._current: tuple[int, Key] = (0, ())
        """The plan and the arguments of the current scan."""
        dry_run.open(table.name)

    def _scan(
        self, number: int, plan: Plan, arguments: Sequence[Any]
    ) -> Iterator[Sequence[TableRow]]:
        self._dry_run.visit(number, self._places)
        self._current = (number, hashable(arguments))
        family = self._running.families.get(self._running.sides[number])
        if family is not None and not family.holds_lists:
            if self._dry_run.record_again(self._current):
                return self._stand_in(plan, family, self._current[1])
            if (rows := self._dry_run.known_rows(self._current)) is not None:
                return iter((rows,))
        return super()._scan(number, plan, arguments)

    def _note(self, family: KeyFamily, key: Key) -> None:
        if self._dry_run.path.is_certain:
            family.note(key)

    @property
    def _left_out(self) -> LeftOut:
        return self._running.statement.left_out.view()

    def _memoized_rows(self, key: Hashable) -> list[TableRow] | None:
        return self._dry_run.read_rows(key, self._current)

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
            recognizes_rows=lambda: running.recognizes_rows,
        )

    def _read_lists(
        self, side: JoinSide, plan: Plan, arguments: Sequence[Any], bound: BoundPlan, scan: Scan
    ) -> Iterator[Sequence[TableRow]]:
        # The keys of rows that the statement has left behind are known. A list is read from its
        # beginning by every further scan, and where it is not the statement's current one.
        is_first, self._is_first = self._is_first, False
        current = self._running.current_scan(side, hashable(arguments)) if is_first else None
        return scan.batches() if current is None else current.coming_rows()

    def _read_key(
        self,
        key: Hashable,
        side: JoinSide,
        plan: Plan,
        family: KeyFamily,
        arguments: Key,
        scan: Scan,
    ) -> Iterator[Sequence[TableRow]]:
        lists = KeyLists(self._table.name, scan.first_requests(), key)
        self._dry_run.begin_key(lists)
        if self._dry_run.have_arrived(lists):
            family.note_arrived(arguments)
            return self._dry_run.memoize_rows(self._current, scan.batches())
        self._dry_run.record_key(lists, self._current)
        return self._stand_in(plan, family, arguments)

    def _stand_in(self, plan: Plan, family: KeyFamily, key: Key) -> Iterator[Sequence[TableRow]]:
        """Return what stands for the rows of a key that have not arrived."""
        if self._running.stops_early and self._method(plan).single:
            # Else a LIMIT would stop it nowhere, and it would come to keys that are not needed.
            return iter(([family.assumed_row(key)],))
        return iter(())
