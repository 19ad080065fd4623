"""The cursors of the statement itself: they fetch what is read, and coming keys ahead."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain
from typing import Any

from billql.errors import ApiError
from billql.fetching.dry_run import JoinSide, WouldSendRequest
from billql.fetching.key_family import Key, KeyFamily, WholeList
from billql.fetching.left_out import LeftOut
from billql.fetching.needed_keys import FamilyKeys, ListedValues
from billql.fetching.row_decoder import TableRow
from billql.fetching.row_index import RowIndex, kinds_of
from billql.fetching.scan import Scan
from billql.fetching.scan_stats import ScanStats
from billql.fetching.unmatched_texts import Compared, watch, watched
from billql.fetching.whole_lists import FEW_KEYS, Keys, read_whole
from billql.http.credentials import ApiConnection
from billql.planning.binder import BoundPlan
from billql.planning.plan import Plan
from billql.planning.time_check import text_calls, text_comparisons
from billql.planning.whole_list import lists_have_all, whole_list_plan
from billql.sqlite._cursor import Cursor, hashable

_FORBIDDEN = frozenset((401, 403, 404, 405))
"""The statuses by which an API refuses a list to a token, or has none at its address."""


class ResourceCursor(Cursor):
    """A cursor of the statement itself: it fetches what it reads, and coming keys ahead."""

    _stats: ScanStats | None = None
    """One for all its scans, begun with the first; a cursor that reads nothing shows none."""
    _compared: Compared = ()
    """The columns whose texts are watched."""
    _read_now: Scan | None = None
    """The scan that is being read, if it is not one of a key."""

    def _scan(
        self, number: int, plan: Plan, arguments: Sequence[Any]
    ) -> Iterator[Sequence[TableRow]]:
        if self._stats is None:
            self._stats = self._running.statement.start_scan(self._table.name)
            calls = self._running.compared_calls
            for text in (*text_comparisons(self._table, plan), *text_calls(self._table, calls)):
                self._stats.warn(text)
            connections = self._source.connections(self._table)
            self._compared = self._running.compared_columns(self._table, plan, connections)
        rows = super()._scan(number, plan, arguments)
        return watched(rows, self._compared) if self._compared else rows

    def _watch(self, rows: Sequence[TableRow]) -> None:
        watch(rows, self._compared)

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
            recognizes_rows=lambda: running.recognizes_rows,
        )

    def _read_lists(
        self, side: JoinSide, plan: Plan, arguments: Sequence[Any], bound: BoundPlan, scan: Scan
    ) -> Iterator[Sequence[TableRow]]:
        self._running.begin_scan(side, hashable(arguments), self)
        self._read_now = scan
        if self._running.stops_early:
            return scan.batches()
        if len(bound.lists) > 1:
            batches = self._of_list_of_values(plan, arguments, len(bound.lists))
            if batches is not None:
                return batches
        if (wider := self._wider_scan(plan, arguments)) is not None:
            self._read_now = scan = wider
        if not scan.counts:
            self._running.statement.read_to_the_end.update(scan.first_requests())
        return scan.batches()

    @property
    def has_row(self) -> bool:
        """Whether there is a current row."""
        return not self._end

    def coming_rows(self) -> Iterator[Sequence[TableRow]]:
        """Yield the rows from the current one on, as far as they have arrived.

        Raises WouldSendRequest if more follow.
        """
        yield self._rows[self._at :]
        if self._read_now is not None:
            yield from self._read_now.arrived()
            if self._read_now.is_all_arrived:
                return
        raise WouldSendRequest

    def rest_of_page(self, most: int) -> Sequence[TableRow]:
        """Return the rows of the page that follow the current one, at most so many, and go to the
        last of these.
        """
        rest = self._rows[self._at + 1 : self._at + 1 + most]
        if rest:
            self._at += len(rest)
            self.Column = self._reader(rest[-1])
        return rest

    def _wider_scan(self, plan: Plan, arguments: Sequence[Any]) -> Scan | None:
        """Return the scan of a list that has all the rows of another, and which the statement reads
        anyway; None if there is none.
        """
        if not (plan.pushed and self._running.statement.read_to_the_end):
            return None
        table, pushed = self._table, [one.number for one in plan.pushed]
        whole = whole_list_plan(table, plan, pushed, len(self._source.connections(table)))
        if whole is None:
            return None
        by_number = plan.by_number(arguments)
        _, scan = self._open(whole, [by_number[number] for number in whole.arguments])
        return scan if self._reads_anyway(scan) else None

    def _list_read_anyway(self, plan: Plan, family: KeyFamily, key: Key) -> WholeList | None:
        """Return the list that has all keys if the statement reads it anyway, or else None."""
        whole = family.widest_list(plan, key) if self._running.statement.read_to_the_end else None
        if whole is None:
            return None
        _, scan = self._open(whole.plan, whole.arguments)
        return whole if self._reads_anyway(scan) else None

    def _reads_anyway(self, scan: Scan) -> bool:
        """Return whether the statement reads all the lists of a scan."""
        firsts = scan.first_requests()
        return bool(firsts) and self._running.statement.read_to_the_end.issuperset(firsts)

    def _of_list_of_values(
        self, plan: Plan, arguments: Sequence[Any], requests: int
    ) -> Iterator[Sequence[TableRow]] | None:
        """Return the rows of IN lists, some at a time, from a whole list, if it is worth reading.

        The values of a key that it lacks, or of which it was given up, are requested.
        """
        table = self._table
        values = ListedValues(table, plan, arguments, requests)
        connections = len(self._source.connections(table))
        if not values.numbers:
            return None
        single = values.are_known_singles
        whole = whole_list_plan(table, plan, values.numbers, connections, may_lack_rows=single)
        if whole is None:
            return None
        by_number = plan.by_number(arguments)
        index, is_read = self._read_whole(whole, [by_number[at] for at in whole.arguments], values)
        if is_read and lists_have_all(self._method(plan)):
            return iter((index.rows,))
        if not single:
            return None
        found, rest = values.split(index.rows, arguments)
        _, scan = self._open(plan, rest)
        return chain((found,), scan.batches())

    def _read_key(
        self,
        key: Hashable,
        side: JoinSide,
        plan: Plan,
        family: KeyFamily,
        arguments: Key,
        scan: Scan,
    ) -> Iterator[Sequence[TableRow]]:
        first, *_ = scan.first_requests()
        running = self._running
        single = self._method(plan).single
        reads_all = not running.stops_early
        # Any key shows whether the list of all is read anyway; the first one does.
        whole = None if family.read else self._list_read_anyway(plan, family, arguments)
        if whole is None:
            whole = family.whole_list(plan, arguments, for_ranges=reads_all)
            if whole is None:
                scan.begin()
            elif single or not running.may_skip_keys(side):
                running.prefetcher.learn(self._table.name, side, first, scan)
                whole = family.whole_list(plan, arguments, for_ranges=reads_all)
        if whole is not None and (rows := self._of_whole(side, plan, family, arguments, whole)):
            return iter((rows[0],))
        scan.begin()
        running.prefetcher.prefetch(self._table.name, side, first, scan, stops_early=not reads_all)
        scan.wait_with(running.prefetcher.meanwhile)
        family.note_read(arguments)
        return running.statement.row_memo.memoize(key, scan.batches())

    def _of_whole(
        self, side: JoinSide, plan: Plan, family: KeyFamily, key: Key, whole: WholeList
    ) -> tuple[Sequence[TableRow]] | None:
        """Return the rows of a key in a whole list, if it is worth reading."""
        single = self._method(plan).single
        keys = FamilyKeys(self._running, side, family, are_single=single)
        tried = family.abandoned.get(whole)
        if tried is not None and keys.count <= 4 * tried:
            return None
        index, is_read = self._read_whole(whole.plan, whole.arguments, keys, holds_all=True)
        if not is_read:
            family.abandoned[whole] = keys.count
        if not (is_read or (single and index.rows)):
            return None
        family.hold(whole, index, is_complete=is_read)
        if not (is_read and whole.has_all):
            self._running.prefetcher.forget(self._table.name, side)
        rows = family.held_rows(plan, key)
        return None if rows is None else (rows,)

    def _read_whole(
        self, plan: Plan, arguments: Sequence[Any], keys: Keys, *, holds_all: bool = False
    ) -> tuple[RowIndex, bool]:
        """Return the rows of a list, and whether it was read to its end; it is read as long as it
        is worth it for some keys.
        """
        index = RowIndex(kinds_of(self._table))
        statement, table = self._running.statement, self._table
        _, scan = self._open(plan, arguments)
        firsts = scan.first_requests()
        is_free = all(map(statement.reads_to_the_end, firsts))
        paginator = table.reading(self._method(plan))
        most = len(firsts) if paginator is None else FEW_KEYS * len(firsts)
        if not is_free and keys.count <= min(most, plan.description.requests):
            return index, False
        cells = statement.shared.memo_cells
        for_keys = None if is_free and holds_all else keys
        try:
            is_read = read_whole(scan, index, cells, for_keys, is_free=is_free, holds_all=holds_all)
        except ApiError as error:
            if is_free or scan.pages_read or error.status not in _FORBIDDEN:
                raise
            # What the API forbids is the list, which nobody has asked for; a key may be allowed.
            scan.abandon()
            return index, False
        if is_read:
            statement.read_to_the_end.update(firsts)
        return index, is_read
