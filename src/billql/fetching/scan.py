"""Fetching: a scan's chains become rows, page after page, with the coming pages on their way.

How much is asked for ahead:

- nothing, until half of the first page has been read, so that a LIMIT which that page satisfies
  costs one request; only several chains (keys, windows of time) are begun together;
- then twice as many pages as the provider allows requests at once, where they are known: the pages
  of a list whose first page tells the others, and the chains. Half of them may wait to be read, so
  that the other half is always on its way;
- one page, where each page tells the next, or where the statement may stop early;
- never more than a LIMIT needs, where the API's rows are just the statement's.

A list that moves while it is read is read again. The rows that were given out already must be in
the new reading too; then the scan goes on with the others, so that its rows are those of one
reading.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Protocol

from billql.definitions.catalog import Table
from billql.errors import ApiError, BadAnswer, Error, ListChanged
from billql.fetching.order_check import OrderChecker
from billql.fetching.partition import PartitionFilter
from billql.fetching.row_decoder import Row, RowDecoder, items_are_rows, parse
from billql.fetching.scan_stats import ScanStats
from billql.fetching.snapshot import FirstRequest, Responses
from billql.http.reply import TICK
from billql.messages import Page, Request, Response
from billql.planning.binder import BoundPlan, narrowed_to
from billql.planning.intervals import EVERYTHING, Span, interval_where
from billql.planning.list_request import ListRequest
from billql.planning.plan import Plan
from billql.planning.time_windows import split_window

_READINGS = 3
"""How often a list that moves is read before it is an error."""


class ScanBudget(Protocol):
    """What a scan needs of a statement's budget; see `Budget`."""

    def check(self) -> None:
        """Raise if the statement must not wait any longer."""

    def charge_rows(self, rows: int) -> None:
        """Count rows that a scan has read; raises RowLimit."""


class Scan:
    """One reading of a resource under one set of values."""

    def __init__(
        self,
        snapshot: Responses,
        budget: ScanBudget,
        table: Table,
        plan: Plan,
        bound: BoundPlan,
        figures: ScanStats,
        stops_early: Callable[[], bool],
    ) -> None:
        self.snapshot = snapshot
        self._budget = budget
        self.table = table
        self.method = table.resource.methods[plan.method]
        self.paginator = table.reading(self.method)
        self.figures = figures
        self.sorted = bool(plan.order)
        self.wanted = bound.wanted
        self.several = len(bound.lists) > 1
        beside = (
            bound.reads if self.method.split_by is None else {*bound.reads, self.method.split_by}
        )
        self.maker = RowDecoder(table.columns, plan.used, table.name, table.resource.unique, beside)
        self.strays: Counter[Row] = Counter()
        """The rows that no list claims, of the lists that have been read."""
        self._plan = plan
        self._stops_early = stops_early
        self._skip = bound.skip
        self._ahead = False
        self.reached = 0
        """How many rows of the list lie before the end of the page that is being read."""
        self._chains = deque(bound.lists)
        self._readers: deque[_ListReader] = deque()
        """The chains that have been begun, of which the first is being read."""

    def openings(self) -> list[FirstRequest]:
        """Give the request that opens each chain."""
        return [FirstRequest(self.first(chain)[0], chain.connection) for chain in self._chains]

    def first(self, chain: ListRequest, skip: int | None = None) -> tuple[Request, int]:
        """Give the request that opens a chain, and how many rows it leaves out, of so many."""
        if self.paginator is None:
            return chain.first, 0
        if not items_are_rows(self.method) or chain.parts:
            return self.paginator.with_page_size(chain.first, None), 0
        sized = self.paginator.with_page_size(chain.first, self.wanted)
        skip = self._skip if skip is None else skip
        return self.paginator.skip(sized, 0 if self.several else skip)

    def leave_out(self, rows: int) -> None:
        """Take note that a list has been begun after so many rows."""
        self._skip -= rows
        self.reached += rows

    def batches(self) -> Iterator[list[Row]]:
        """Yield rows, some at a time; raises what went wrong."""
        self._ahead = self.several and self.wanted is None and not self._stops_early()
        order = [(self.maker.place(term.column), term.descending) for term in self._plan.order]
        watch = OrderChecker(order, self.table.name) if order else None
        while self._readers or self._open_next():
            reader = self._readers[0]
            for rows in reader.batches():
                left = rows[self._skip :]
                self._skip = max(0, self._skip - len(rows))
                self.figures.rows += len(left)
                self._budget.charge_rows(len(left))
                if watch is not None:
                    watch.check(left)
                yield left
                self._ahead = True
                self.look_ahead()
            self._readers.popleft()

    @property
    def concurrency(self) -> int:
        """How many requests may be under way to the provider."""
        return self.table.provider.concurrency

    def begin(self) -> None:
        """Send the first request, without waiting for its answer."""
        if self._open_next():
            self._readers[0].send_next()

    def _open_next(self) -> bool:
        if not self._chains:
            return False
        self._readers.append(_ListReader(self, self._chains.popleft()))
        return True

    def prefetch(self, opening: FirstRequest) -> None:
        """Send the first request of a coming scan, whose key is not wanted yet."""
        self.snapshot.fetch(*opening, self.figures, opens=True, ahead=True)

    def look_ahead(self) -> None:
        """Send what is known to be needed next, as far as the window has room."""
        if not (self._ahead and self.snapshot.sends_requests):
            return
        room = self._window() - sum(reader.pending for reader in self._readers)
        for reader in self._readers:
            while room > 0 and reader.send_next():
                room -= 1
        while room > 0 and self._open_next():
            self._readers[-1].send_next()
            room -= 1

    def split_by_time(self, chain: ListRequest, rows: list[Row]) -> bool:
        """Cut what follows the first page of a list into chains that are fetched at once."""
        column = self.method.split_by
        if column is None or not rows or self.several or self.wanted or self._stops_early():
            return False
        kind = self.table.columns[column].type
        moments = [str(row[self.maker.place(column)]) for row in rows]
        ends = [interval_where(kind, "=", moment) for moment in (moments[0], moments[-1])]
        newest, oldest = (end.low if end is not None else None for end in ends)
        if newest is None or oldest is None or moments != sorted(moments, reverse=True):
            return False
        asked = chain.covered.get(column, (EVERYTHING,))[0]
        parts = split_window(Span(asked.low, oldest), newest, oldest, self.concurrency)
        for number, part in enumerate(parts):
            # The first part begins within the second in which the page ends, so some of its rows
            # were given out already.
            given = [row for row, at in zip(rows, moments, strict=True) if at == moments[-1]]
            last = number == len(parts) - 1
            covered = narrowed_to(self.table, self._plan, chain, column, part, ends=last)
            self._readers.append(_ListReader(self, covered, () if number else given))
        self.several = bool(parts)
        return self.several

    def add_expected_pages(self, pages: int) -> None:
        """Take what the first page of a list tells of how many are still to come."""
        self.figures.expected = (self.figures.expected or 0) + pages

    def _window(self) -> int:
        at_once = self.paginator is not None and self.paginator.is_random_access
        window = 2 * self.concurrency if self.several or at_once else 1
        if self.wanted is None:
            return 1 if self._stops_early() else window
        left = max(0, self.wanted - self.reached)
        size = self.paginator.size if self.paginator is not None else None
        return min(window, math.ceil(left / size) if size else left)

    def wait_for(self, future: Future[Response]) -> None:
        """Wait for an answer; those that arrive meanwhile tell what else can be asked for."""
        while not future.done():
            self._budget.check()
            for reader in self._readers:
                reader.take_arrived()
            self.look_ahead()
            coming = [one for reader in self._readers if (one := reader.coming) is not None]
            wait({future, *coming}, TICK, FIRST_COMPLETED)


class _ListReader:
    """Reads one chain: drives its paginator, in the order of its pages."""

    def __init__(self, scan: Scan, chain: ListRequest, earlier: Sequence[Row] = ()) -> None:
        self._scan = scan
        self._chain = chain
        self._connection = chain.connection
        self.first, self._skipped = scan.first(chain)
        self._settled = False
        """Whether a page has been read, so that it is certain where the list was begun."""
        self._stepped_back = False
        self._already_emitted = list(earlier)
        self._expected = 0
        self._begin()

    def _begin(self) -> None:
        paginator = self._scan.paginator
        self._pages = None if paginator is None else paginator.pages(self.first)
        self._unsent = deque([self.first] if self._pages is None else next(self._pages))
        self._sent: deque[tuple[Request, Future[Response]]] = deque()
        self._arrived: deque[list[Row] | Exception] = deque()
        self._asked: list[Request] = []
        self._pages_given = 0
        self._given = 0
        self._last_seen: frozenset[object] = frozenset()

    @property
    def pending(self) -> int:
        """How many pages are on their way, or wait to be read."""
        return len(self._sent) + len(self._arrived)

    @property
    def coming(self) -> Future[Response] | None:
        """The answer that this chain needs next, if it has been asked for."""
        return self._sent[0][1] if self._sent else None

    def send_next(self) -> bool:
        """Send the next request that is known, if there is one."""
        if not self._unsent:
            return False
        request = self._unsent.popleft()
        scan = self._scan
        future = scan.snapshot.fetch(request, self._connection, scan.figures, opens=not self._asked)
        self._asked.append(request)
        self._sent.append((request, future))
        return True

    def take_arrived(self) -> None:
        """Take the pages that have arrived, in their order, and learn what follows them."""
        while self._sent and self._sent[0][1].done():
            request, future = self._sent.popleft()
            try:
                rows = self._decode_page(request, future)
            except Exception as error:
                if isinstance(error, BadAnswer):
                    self._scan.snapshot.invalidate(self._asked, self._connection)
                if isinstance(error, Error):
                    error.redact(self._connection.redact)
                self._arrived.append(error)
                self._sent.clear()
                self._unsent.clear()
            else:
                if rows is not None:
                    self._arrived.append(rows)

    def _decode_page(self, request: Request, future: Future[Response]) -> list[Row] | None:
        """Make the rows of a page, and learn what follows it; None where there is no page."""
        scan = self._scan
        where = f"{request.method} {request.url}"
        try:
            answer = future.result()
        except ApiError as error:
            if request is self.first and self._means_no_rows(error):
                return None
            if not self._is_empty(error):
                raise
            self._learn(request, Page(None, 0))
            return []
        content = parse(scan.method, answer, where)
        if content.is_broken:
            scan.figures.note(f"{where} has half a character, kept as U+FFFD in what is not read")
        rows = scan.maker.rows(content, answer, self._chain.echoed, where)
        self._check_duplicates(rows, where)
        self._learn(request, content.page)
        return rows

    def _learn(self, request: Request, page: Page) -> None:
        """Learn from a page what follows it."""
        scan = self._scan
        if scan.paginator is not None and request is self.first:
            self._expect(scan.paginator.page_count_hint(page), page.count)
        if self._pages is not None:
            try:
                self._unsent.extend(self._pages.send(page))
            except StopIteration:
                self._pages = None
        if self._pages is None:
            scan.snapshot.commit(self._asked, self._connection, self._keep())

    def _means_no_rows(self, error: ApiError) -> bool:
        """Tell whether an error says that what the statement asks for does not exist."""
        if error.status == 404:
            return self._scan.method.missing == "empty"
        return self._is_empty(error) or error.unknown_parameter in self._chain.single_value_params

    def _is_empty(self, error: ApiError) -> bool:
        """Tell whether an answer without a body is a page without rows."""
        return error.status == 204 and self._scan.method.no_content == "empty"

    def _keep(self) -> float | None:
        """Give the seconds for which the definition says that the chain stays true."""
        keep = self._scan.method.freshness
        said = {**self._chain.points, **self._chain.echoed}
        if keep is None or any(said.get(name) == value for name, value in keep.unless.items()):
            return None
        return keep.seconds

    def _expect(self, pages: int | None, items: int) -> None:
        """Take the number of a list's pages, of which some may be left out."""
        if pages is not None:
            self._expected = pages - (self._skipped // items if items else 0)
            self._scan.add_expected_pages(self._expected)

    def _expect_anew(self) -> None:
        """Take back what was expected of a reading that is given up, but for what it has read."""
        if self._expected:
            self._scan.add_expected_pages(self._pages_given - self._expected)
        self._expected = 0

    def _check_duplicates(self, rows: Sequence[Row], where: str) -> None:
        """Notice rows that moved from one page to the next: they come twice."""
        if self._pages is None or not self._scan.maker.tells_apart:
            return
        seen = frozenset(row[-1] for row in rows if row[-1] is not None)
        if not seen.isdisjoint(self._last_seen):
            raise ListChanged(
                f"The list at {where} changed while it was read: a row came twice",
                hint="Run the statement again; a list that moves has no complete answer.",
            )
        self._last_seen = seen

    def batches(self) -> Iterator[list[Row]]:
        """Yield the rows of the chain, half a page at a time."""
        readings = 0
        while True:
            readings += 1
            try:
                yield from self._reading()
                return
            except (ApiError, BadAnswer, ListChanged) as error:
                if self._skipped and not self._settled:
                    self._begin_earlier(error)
                    readings = 0
                    continue
                may_change = isinstance(error, ListChanged) and readings < _READINGS
                if not may_change or not self._restart():
                    raise

    def _begin_earlier(self, error: Error) -> None:
        """Begin with an earlier page than the OFFSET asks for, since that one did not do.

        The page before shows whether pages are as large as was asked for. If they are not, or if
        the API has an error for pages that it does not have, the list is read from its beginning.
        """
        back = isinstance(error, ListChanged) and not self._stepped_back
        self._stepped_back = True
        self._expect_anew()
        self.first, self._skipped = self._scan.first(self._chain, self._skipped - 1 if back else 0)
        self._begin()

    def _reading(self) -> Iterator[list[Row]]:
        sieve = self._sieve()
        while (page := self._next_page()) is not None:
            if not self._settled:
                self._settled = True
                self._scan.leave_out(self._skipped)
            rows = sieve.pass_on(page)
            self._scan.figures.pages += 1
            self._scan.reached += len(rows)
            self._pages_given += 1
            if (
                self._pages_given == 1
                and self._unsent
                and self._scan.split_by_time(self._chain, rows)
            ):
                self._unsent.clear()
            half = (len(rows) + 1) // 2
            for part in (rows[:half], rows[half:]):
                self._given += len(part)
                yield part
        if sieve.misses:
            raise ListChanged(
                f"The list at {self.first.url} changed while it was read: "
                "rows that were already given are gone",
                hint="Run the statement again; a list that moves has no complete answer.",
            )
        self._scan.strays |= sieve.strays

    def _sieve(self) -> PartitionFilter:
        scan = self._scan
        return PartitionFilter(scan.maker, self._chain.parts, scan.strays, self._already_emitted)

    def _next_page(self) -> list[Row] | None:
        self.take_arrived()
        while not self._arrived:
            if not self._sent and not self.send_next():
                return None
            self._scan.wait_for(self._sent[0][1])
            self.take_arrived()
        page = self._arrived.popleft()
        if isinstance(page, Exception):
            raise page
        return page

    def _restart(self) -> bool:
        """Begin a new reading, unless it could not agree with what was given out already."""
        scan = self._scan
        if self._given and scan.sorted:
            return False
        self._already_emitted += self._rows_given()
        if not scan.snapshot.invalidate_if_private(self._asked, self._connection, scan.figures):
            return False
        self._expect_anew()
        self._begin()
        return True

    def _rows_given(self) -> list[Row]:
        """Give the rows that this reading has given out: its pages are still at hand."""
        scan = self._scan
        sieve = self._sieve()
        rows: list[Row] = []
        for request in self._asked[: self._pages_given]:
            answer = scan.snapshot.fetch(request, self._connection, scan.figures).result()
            content = parse(scan.method, answer, request.url)
            page = scan.maker.rows(content, answer, self._chain.echoed, request.url)
            rows += sieve.pass_on(page)
        return rows[: self._given]
