"""One reading of a list: its requests are sent one by one, and its pages are read in their order.

A page source never waits. `_scheduler` decides when its next request is sent, `_list_reader` what
becomes of a list that changes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Protocol

from billql.definitions.pagination.base import MOST_PAGES, Paginator
from billql.errors import ApiError, BadResponse, Error, ListChanged
from billql.fetching._snapshot import Responses
from billql.fetching.row_decoder import TableRow
from billql.fetching.scan_stats import ScanStats
from billql.http.credentials import ApiConnection
from billql.messages import Page, Request, Response


class DecodedPage(NamedTuple):
    """The rows of a page, and what its paginator needs to see."""

    rows: list[TableRow]
    page: Page


class Decoder(Protocol):
    """What a page source needs to decode the responses of its list; see `ListDecoder`."""

    @property
    def recognizes_rows(self) -> bool:
        """Whether equal keys mean that two rows of the list are one."""

    def decode(self, request: Request, response: Response) -> DecodedPage:
        """Return the page of a response; raises BadResponse."""

    def decode_error(self, error: ApiError, *, is_first: bool) -> DecodedPage | None:
        """Return the page that an error stands for, None if there is no list; or raise it."""

    def are_alike(self, rows: Sequence[TableRow]) -> bool:
        """Return whether rows are alike in all that the statement sees of them."""

    def ttl(self) -> float | None:
        """Return for how many seconds the list stays true by its definition, if it states it."""


class ListResponses:
    """The responses of one list: those in a snapshot, by one connection, for one scan."""

    def __init__(self, snapshot: Responses, connection: ApiConnection, stats: ScanStats) -> None:
        self._snapshot = snapshot
        self.connection = connection
        self.stats = stats

    def fetch(self, request: Request, *, opens: bool = False) -> Future[Response]:
        """Return the future response to a request; `opens` means that it is the list's first."""
        return self._snapshot.fetch(request, self.connection, self.stats, opens=opens)

    def commit(self, requests: Sequence[Request], ttl: float | None) -> None:
        """Let other statements use the list, which has been read to its end."""
        self._snapshot.commit(requests, self.connection, ttl)

    def invalidate(self, requests: Sequence[Request]) -> None:
        """Drop responses that turned out wrong."""
        self._snapshot.invalidate(requests, self.connection)

    def invalidate_if_private(self, requests: Sequence[Request]) -> bool:
        """Drop responses unless another scan has read them; returns whether they are dropped."""
        return self._snapshot.invalidate_if_private(requests, self.connection, self.stats)


class PageSource:
    """Reads a list once, from its `first` request to its last page.

    `skipped` is how many of its rows lie before that request; without a `paginator` the list has
    one page. `counts` means that its rows are alike to the statement, so that no page is read
    behind one that has their number.
    """

    def __init__(
        self,
        first: Request,
        skipped: int,
        paginator: Paginator | None,
        responses: ListResponses,
        decoder: Decoder,
        *,
        counts: bool = False,
    ) -> None:
        self.first = first
        self.skipped = skipped
        self._counts = counts and skipped == 0
        self.counted = 0
        """How many rows follow the pages that are read, and are known by their number alone."""
        self._paginator = paginator
        self._responses = responses
        self._decoder = decoder
        self._requests_to_come = None if paginator is None else paginator.pages(first)
        known = [first] if self._requests_to_come is None else next(self._requests_to_come)
        self._unsent = deque(known)
        self._sent: deque[tuple[Request, Future[Response]]] = deque()
        self._decoded: deque[list[TableRow] | Exception] = deque()
        self._requests: list[Request] = []
        """What has been sent, in the order of the pages."""
        self.pages_read = 0
        self._expected_pages = 0
        self._keys_before: frozenset[object] = frozenset()
        """The keys of the rows of the page that was decoded last."""

    @property
    def connection(self) -> ApiConnection:
        """The connection that it is read from."""
        return self._responses.connection

    @property
    def pending(self) -> int:
        """How many pages are on their way, or wait to be read."""
        return len(self._sent) + len(self._decoded)

    @property
    def coming(self) -> Future[Response] | None:
        """The response that is needed next, if its request has been sent."""
        return self._sent[0][1] if self._sent else None

    @property
    def has_unsent(self) -> bool:
        """Whether a request is known that has not been sent."""
        return bool(self._unsent)

    @property
    def page_count(self) -> int | None:
        """How many pages it has, as far as its first one announces or ends it; None if open."""
        if self._expected_pages:
            return self._expected_pages
        return None if self._unsent or self._sent else max(1, self.pages_read)

    def send_next(self) -> bool:
        """Send the next request that is known; returns whether there was one."""
        if not self._unsent:
            return False
        request = self._unsent.popleft()
        future = self._responses.fetch(request, opens=not self._requests)
        self._requests.append(request)
        self._sent.append((request, future))
        return True

    def drop_unsent(self) -> None:
        """Send nothing more: what follows is read by other means."""
        self._unsent.clear()

    def decode_arrived(self) -> None:
        """Decode the pages that have arrived, in their order, and learn what follows them."""
        while self._sent and self._sent[0][1].done():
            request, future = self._sent.popleft()
            try:
                page = self._decode(request, future)
                if page is None:
                    continue
                self._refuse_repetition(request, page.rows)
                self._learn(request, page)
            except Exception as error:
                if isinstance(error, BadResponse):
                    self._responses.invalidate(self._requests)
                if isinstance(error, Error):
                    error.redact(self._responses.connection.redact)
                self._decoded.append(error)
                self._sent.clear()
                self._unsent.clear()
            else:
                self._decoded.append(page.rows)

    def arrived_pages(self) -> Iterator[list[TableRow]]:
        """Yield the pages that have arrived and are not read yet; they stay to be read."""
        self.decode_arrived()
        for page in tuple(self._decoded):
            if isinstance(page, Exception):
                return
            yield page

    @property
    def is_exhausted(self) -> bool:
        """Whether all its pages have arrived, without an error."""
        has_failed = any(isinstance(page, Exception) for page in self._decoded)
        return not (self._sent or self._unsent or has_failed)

    def pages(self) -> Iterator[list[TableRow] | None]:
        """Yield the rows of each page; None whenever `coming` must be waited for.

        Raises what was wrong with a page once those before it have been read: ListChanged if the
        pages do not fit together.
        """
        while True:
            self.decode_arrived()
            if self._decoded:
                page = self._decoded.popleft()
                if isinstance(page, Exception):
                    raise page
                self.pages_read += 1
                yield page
            elif self._sent or self.send_next():
                yield None
            else:
                return

    def read_again(self) -> Iterator[list[TableRow]]:
        """Yield the rows of the pages that have been read, from the responses in the snapshot."""
        for request in self._requests[: self.pages_read]:
            page = self._decode(request, self._responses.fetch(request))
            yield [] if page is None else page.rows

    def discard(self) -> bool:
        """Drop the responses, so that the list can be read anew.

        Returns False, and drops nothing, if another scan has read one of them.
        """
        if not self._responses.invalidate_if_private(self._requests):
            return False
        self.expect_no_more()
        return True

    def expect_no_more(self) -> None:
        """Expect no more pages than have been read."""
        if self._expected_pages:
            self._responses.stats.expect_pages(self.pages_read - self._expected_pages)
        self._expected_pages = 0

    def _decode(self, request: Request, future: Future[Response]) -> DecodedPage | None:
        try:
            response = future.result()
        except ApiError as error:
            return self._decoder.decode_error(error, is_first=request is self.first)
        return self._decoder.decode(request, response)

    def _refuse_repetition(self, request: Request, rows: Sequence[TableRow]) -> None:
        """Raise ListChanged if rows have moved to the next page, so that two pages have them."""
        if self._requests_to_come is None or not self._decoder.recognizes_rows:
            return
        keys = frozenset(row[-1] for row in rows if row[-1] is not None)
        if not keys.isdisjoint(self._keys_before):
            raise ListChanged.at(request.url, "a row is on two pages")
        self._keys_before = keys

    def _learn(self, request: Request, decoded: DecodedPage) -> None:
        """Learn from a page what follows it."""
        page = decoded.page
        if request is self.first:
            if self._counts and (counted := self._count_rest(decoded)):
                # The list is not read to its end, so no other statement may use it.
                self.counted, self._requests_to_come = counted, None
                return
            self._expect(page)
        if self._requests_to_come is not None:
            try:
                self._unsent.extend(self._requests_to_come.send(page))
            except StopIteration:
                self._requests_to_come = None
        if self._requests_to_come is None:
            self._responses.commit(self._requests, self._decoder.ttl())

    def _count_rest(self, decoded: DecodedPage) -> int:
        """Return how many rows follow the first page, if it has the number of all; 0 if not."""
        first, rows = decoded.page, decoded.rows
        if len(rows) != first.count or not self._decoder.are_alike(rows):
            return 0
        total = None if self._paginator is None else self._paginator.total_of(self.first, first)
        is_sane = total is not None and first.count < total <= MOST_PAGES * first.count
        return total - first.count if total is not None and is_sane else 0

    def _expect(self, first: Page) -> None:
        """Count the pages that the first one announces, but for those that are skipped."""
        pages = None if self._paginator is None else self._paginator.page_count_hint(first)
        if pages is not None:
            self._expected_pages = pages - (self.skipped // first.count if first.count else 0)
            self._responses.stats.expect_pages(self._expected_pages)
