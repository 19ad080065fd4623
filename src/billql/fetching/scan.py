"""A scan: the rows of a resource under one set of values, list after list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Protocol

from billql.definitions.catalog import Table
from billql.definitions.methods import Method
from billql.errors import Error
from billql.fetching._list_decoder import ListDecoder
from billql.fetching._list_opener import ListOpener
from billql.fetching._list_reader import ListReader
from billql.fetching._order_check import OrderChecker
from billql.fetching._page_source import ListResponses, PageSource
from billql.fetching._partition import PartitionFilter
from billql.fetching._response_parser import items_are_rows
from billql.fetching._scheduler import Lookahead, Meanwhile, Scheduler
from billql.fetching._snapshot import FirstRequest, Responses
from billql.fetching._tie_sorter import TieSorter
from billql.fetching.exact_amounts import ExactAmounts
from billql.fetching.left_out import LeftOut
from billql.fetching.row_decoder import RowDecoder, TableRow
from billql.fetching.scan_stats import ScanStats
from billql.messages import Response
from billql.planning.binder import BoundPlan
from billql.planning.list_request import ListRequest
from billql.planning.plan import Plan

_MOST_COPIES = 10_000
"""How many rows that are not read are passed on at a time."""


class ScanBudget(Protocol):
    """What a scan needs of a statement's budget; see `Budget`."""

    def check(self) -> None:
        """Raise if the statement must not wait any longer."""

    def charge_rows(self, rows: int) -> None:
        """Count rows that a scan has read; raises RowLimit."""


class _ReaderFactory:
    """Makes the readers of a scan's lists.

    It knows nothing of the scan, so that a scan which is abandoned leaves no reference cycle: a dry
    run makes one for each key.
    """

    def __init__(
        self,
        snapshot: Responses,
        stats: ScanStats,
        method: Method,
        opener: ListOpener,
        decoder: RowDecoder,
        is_ordered: bool,
        counts: bool,
    ) -> None:
        self._counts = counts
        self._snapshot = snapshot
        self._stats = stats
        self._method = method
        self._opener = opener
        self._decoder = decoder
        self._is_ordered = is_ordered
        self._strays: Counter[TableRow] = Counter()
        """The rows in no list's part, of the lists that have been read."""

    def reader(
        self, listed: ListRequest, earlier: Iterable[TableRow] = (), skip: int = 0
    ) -> ListReader:
        """Return the reader of a list; `earlier` are rows of it that are not to be read again."""
        responses = ListResponses(self._snapshot, listed.connection, self._stats)
        decoder = ListDecoder(self._method, self._decoder, listed, self._stats.note)

        def open_source(skip: int) -> PageSource:
            opening = self._opener.open(listed, skip)
            paginator, counts = self._opener.paginator, self._counts
            return PageSource(*opening, paginator, responses, decoder, counts=counts)

        def new_filter(earlier: Iterable[TableRow]) -> PartitionFilter:
            return PartitionFilter(self._decoder, listed.parts, self._strays, earlier)

        return ListReader(open_source, new_filter, skip, earlier, is_ordered=self._is_ordered)


class Scan:
    """One reading of a resource under one set of values.

    `left_out` are the connections that the statement goes on without. `stops_early` returns whether
    the statement may stop before the last row; it is not called without need. `amounts` records
    the amounts that are read, letter for letter. `recognizes_rows` returns whether the statement
    may want to know a row again, even one that is like others in all that it reads.
    """

    def __init__(
        self,
        snapshot: Responses,
        budget: ScanBudget,
        table: Table,
        plan: Plan,
        bound: BoundPlan,
        stats: ScanStats,
        stops_early: Callable[[], bool],
        left_out: LeftOut | None = None,
        amounts: ExactAmounts | None = None,
        *,
        recognizes_rows: Callable[[], bool] = lambda: True,
    ) -> None:
        self._left_out = LeftOut() if left_out is None else left_out
        self._snapshot = snapshot
        self._budget = budget
        self._table = table
        self._plan = plan
        self._lists = bound.lists
        self.stats = stats
        self._method = method = table.resource.methods[plan.method]
        paginator = table.reading(method)
        reads = bound.reads if method.split_by is None else {*bound.reads, method.split_by}
        self._decoder = RowDecoder(
            table.columns, plan.used, table.name, table.resource.unique, reads, amounts
        )
        self._opener = ListOpener(paginator, items_are_rows(method), bound.wanted)
        self._skip = bound.skip
        """How many of the rows to come are left out."""
        self.counts = (
            bound.are_alike
            and amounts is None
            and paginator is not None
            and items_are_rows(method)
            and not recognizes_rows()
        )
        """Whether rows may be counted by what a page has of their number, and not read."""
        skips_pages = len(bound.lists) == 1 and not self.counts
        self._first_skip = first_skip = bound.skip if skips_pages else 0
        readers = _ReaderFactory(
            snapshot, stats, method, self._opener, self._decoder, bool(plan.order), self.counts
        )
        self._readers = readers
        self._ties = TieSorter(table.columns, plan.order, plan.ties) if plan.ties else None
        self._rest: list[TableRow] = []
        """The rows of the current page that have not been passed on."""
        self.pages_read = 0
        self._announced: list[int | None] = []
        """How many pages each list has whose first page has been read."""
        self._lookahead = Lookahead(
            concurrency=self.concurrency,
            has_several_lists=len(bound.lists) > 1,
            is_random_access=paginator is not None and paginator.is_random_access,
            page_size=None if paginator is None else paginator.size,
            wanted=bound.wanted,
            stops_early=stops_early,
            is_charged=self.is_charged,
        )
        self._scheduler = Scheduler(
            (readers.reader(listed, skip=first_skip) for listed in bound.lists),
            self._lookahead,
            budget.check,
            sends_requests=snapshot.sends_requests,
        )

    @property
    def concurrency(self) -> int:
        """How many requests may be under way to the provider."""
        return self._table.provider.concurrency

    @property
    def is_charged(self) -> bool:
        """Whether the API charges for each request."""
        return self._method.price is not None

    @property
    def pages_left(self) -> int | None:
        """How many pages follow those that have been read; None if no page shows it."""
        known = [pages for pages in self._announced if pages is not None]
        if len(known) < len(self._announced) or not known:
            return None
        to_come = len(self._lists) - len(known)
        return sum(known) - self.pages_read + to_come * max(1, round(sum(known) / len(known)))

    def hold(self) -> None:
        """Request nothing ahead until `release`: the scan may be given up after any page."""
        self._lookahead.is_held = True

    def release(self) -> None:
        """Request pages ahead from now on: the scan will be read to its end."""
        self._lookahead.is_held = False

    def abandon(self) -> None:
        """Expect no more pages than have been read."""
        known = sum(pages for pages in self._announced if pages is not None)
        if self.stats.expected_pages is not None and known > self.pages_read:
            self.stats.expect_pages(self.pages_read - known)

    def first_requests(self) -> list[FirstRequest]:
        """Return the first request of each list."""
        return [
            FirstRequest(self._opener.open(listed, self._first_skip).request, listed.connection)
            for listed in self._lists
        ]

    def arrived(self) -> Iterator[list[TableRow]]:
        """Yield the rows that have arrived and have not been passed on, as far as their pages have
        been read in order.
        """
        if self._ties is not None:
            yield self._ties.held
        yield self._rest
        for reader in self._scheduler.begun():
            yield from reader.source.arrived_pages()

    @property
    def is_all_arrived(self) -> bool:
        """Whether all rows have arrived."""
        begun = self._scheduler.begun()
        return self._scheduler.has_begun_all and all(one.source.is_exhausted for one in begun)

    def begin(self) -> None:
        """Send the first request, without waiting for its response."""
        self._scheduler.begin()

    def prefetch(self, first: FirstRequest) -> Future[Response]:
        """Send the first request of a coming scan, whose key is not wanted yet."""
        return self._snapshot.fetch(*first, self.stats, opens=True, ahead=True)

    def wait_with(self, meanwhile: Meanwhile) -> None:
        """Call something while it waits, which returns for what else to wait."""
        self._scheduler.meanwhile = meanwhile

    def batches(self) -> Iterator[list[TableRow]]:
        """Yield the rows, half a page at a time; raises whatever makes them incomplete."""
        plan, ties = self._plan, self._ties
        order = [
            (self._decoder.position(term.column), term.descending)
            for term in plan.order[: len(plan.order) - plan.ties]
        ]
        checker = OrderChecker(order, self._table.name) if order else None
        for page in self._pages():
            half = (len(page) + 1) // 2
            for rows, self._rest in ((page[:half], page[half:]), (page[half:], [])):
                left = rows[self._skip :]
                self._skip = max(0, self._skip - len(rows))
                self.stats.rows += len(left)
                self._budget.charge_rows(len(left))
                if checker is not None:
                    checker.check(left)
                if ties is not None:
                    left = ties.add(left)
                yield left
                if ties is None or left or not self._rest:
                    self._scheduler.look_ahead()
        if ties is not None:
            yield ties.rest()

    def _pages(self) -> Iterator[list[TableRow]]:
        """Yield the pages of all lists, waiting for each."""
        for reader in self._scheduler.readers():
            try:
                if reader.connection not in self._left_out:
                    yield from self._pages_of(reader)
            except Error as error:
                if not self._left_out.leave_out(reader.connection, error):
                    raise
            if reader.connection in self._left_out:
                _, name = reader.connection
                self.stats.left_out[name] = self._left_out.reason(reader.connection)
        self._left_out.check_rest([listed.connection.key for listed in self._lists])

    def _pages_of(self, reader: ListReader) -> Iterator[list[TableRow]]:
        """Yield the pages of a list, waiting for each."""
        is_begun = False
        for page in reader.pages():
            if page is None:
                self._scheduler.wait_for(reader)
                continue
            if not is_begun:
                is_begun = True
                self._announced.append(reader.source.page_count)
                self._left_out.read_from(reader.connection)
                self._skip_rows(reader.skipped or 0)
            self.stats.pages += 1
            self.stats.on(reader.connection).pages += 1
            self.pages_read += 1
            self._lookahead.rows_known += len(page)
            self._split(reader, page)
            yield page
            if page:
                yield from _copies(page[-1], reader.source.counted)

    def _skip_rows(self, rows: int) -> None:
        """Count the rows before the page that the list was begun with."""
        self._skip -= rows
        self._lookahead.rows_known += rows

    def _split(self, reader: ListReader, page: list[TableRow]) -> None:
        """Split by time what follows the first page of a list, where each page names the next."""
        column, ahead, source = self._method.split_by, self._lookahead, reader.source
        # If it is read again, its parts would have the rows that the first reading has passed on.
        if column is None or not source.has_unsent or source.pages_read > 1 or reader.earlier:
            return
        if (
            ahead.is_held
            or ahead.has_several_lists
            or ahead.wanted is not None
            or ahead.stops_early()
        ):
            return
        # Few lists are split.
        from billql.fetching._time_split import TimeSplitter

        position = self._decoder.position(column)
        splitter = TimeSplitter(self._table, self._plan, column, position, self.concurrency)
        (listed,) = self._lists
        parts = splitter.split(listed, page)
        if parts:
            source.drop_unsent()
            ahead.has_several_lists = True
            self._scheduler.add(self._readers.reader(*part) for part in parts)


def _copies(row: TableRow, count: int) -> Iterator[list[TableRow]]:
    """Yield so many copies of a row, some at a time."""
    while count > 0:
        yield [row] * min(count, _MOST_COPIES)
        count -= _MOST_COPIES
