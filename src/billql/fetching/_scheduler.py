"""Which requests of a scan are on their way, across its lists.

How much is requested ahead:

- nothing, until half of the first page has been read, so that a LIMIT which that page satisfies
  costs one request; only several lists (keys, windows of time) are begun together;
- then twice as many pages as the provider allows requests at once, where they are known: the pages
  of a list whose first page announces the others, and the lists. Half of them may wait to be read,
  so that the other half is always on its way;
- one page, where each page names the next, or where the statement may stop early; none in the
  latter case, if the API charges for each request;
- never more than a LIMIT needs, where the API's rows are just the statement's.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Generic, Protocol, TypeVar

import msgspec

from billql.http.reply import TICK
from billql.messages import Response

Meanwhile = Callable[[], Collection[Future[Response]]]
"""Does something while a scan waits, and returns responses that it waits for as well."""


class ListSource(Protocol):
    """What a scheduler needs of a list that is being read; see `PageSource`."""

    @property
    def pending(self) -> int:
        """How many pages are on their way, or wait to be read."""

    @property
    def coming(self) -> Future[Response] | None:
        """The response that is needed next, if its request has been sent."""

    def send_next(self) -> bool:
        """Send the next request that is known; returns whether there was one."""

    def decode_arrived(self) -> None:
        """Learn from what has arrived which requests follow."""


class Reader(Protocol):
    """A list to read, whose source is another one once it is read again; see `ListReader`."""

    @property
    def source(self) -> ListSource:
        """The reading of the list that is under way."""


AnyReader = TypeVar("AnyReader", bound=Reader)


class Lookahead(msgspec.Struct):
    """How many pages may be on their way or wait to be read."""

    concurrency: int
    """How many requests the provider allows at once."""
    has_several_lists: bool
    is_random_access: bool
    """Whether the first page of a list announces all the others."""
    page_size: int | None
    """How many rows a page has, if that is known."""
    wanted: int | None
    """How many rows the statement reads at most, if that is known."""
    stops_early: Callable[[], bool]
    """Returns whether the statement may stop before the last row; not called without need."""
    is_charged: bool = False
    """Whether the API charges for each request."""
    is_held: bool = False
    """Whether nothing may be requested ahead, because the scan may be given up."""
    rows_known: int = 0
    """How many rows lie before the end of the page that is being read."""

    @property
    def begins_at_once(self) -> bool:
        """Whether pages may be requested ahead before any has been read."""
        several = self.has_several_lists and not self.is_held
        return several and self.wanted is None and not self.stops_early()

    @property
    def window(self) -> int:
        """How many pages it is now."""
        if self.is_held:
            return 0
        is_wide = self.has_several_lists or self.is_random_access
        most = 2 * self.concurrency if is_wide else 1
        if self.wanted is None:
            return (0 if self.is_charged else 1) if self.stops_early() else most
        left = max(0, self.wanted - self.rows_known)
        return min(most, math.ceil(left / self.page_size) if self.page_size else left)


class Scheduler(Generic[AnyReader]):
    """Sends the requests of a scan's lists: the one that is needed, and as many as may be ahead.

    `readers` are the lists in the order of their rows, made when they are begun. `check` raises if
    the statement must not wait any longer. Unless `sends_requests`, nothing is sent ahead.
    """

    def __init__(
        self,
        readers: Iterable[AnyReader],
        lookahead: Lookahead,
        check: Callable[[], None],
        *,
        sends_requests: bool = True,
    ) -> None:
        self._not_begun: Iterator[AnyReader] = iter(readers)
        self._begun: deque[AnyReader] = deque()
        """The lists that have been begun, of which the first is being read."""
        self._lookahead = lookahead
        self._check = check
        self._sends_requests = sends_requests
        self._is_ahead = False
        self.meanwhile: Meanwhile = tuple
        self.has_begun_all = False
        """Whether it is known that no list is left to begin."""

    def begun(self) -> list[AnyReader]:
        """Return the lists that have been begun and not read to the end."""
        return list(self._begun)

    def begin(self) -> None:
        """Send the first request, without waiting for its response."""
        if self._begin_next():
            self._begun[0].source.send_next()

    def readers(self) -> Iterator[AnyReader]:
        """Yield the lists in their order, each until it has been read."""
        self._is_ahead = self._lookahead.begins_at_once
        while self._begun or self._begin_next():
            yield self._begun[0]
            self._begun.popleft()

    def add(self, readers: Iterable[AnyReader]) -> None:
        """Add lists whose rows follow all the others."""
        self._not_begun = itertools.chain(self._not_begun, readers)
        self.has_begun_all = False

    def look_ahead(self) -> None:
        """Send what is known to be needed next, now that rows have been read."""
        self._is_ahead = True
        self._fill_window()

    def wait_for(self, reader: AnyReader) -> None:
        """Wait for the response that a list needs; send what becomes known meanwhile."""
        needed = reader.source.coming
        while needed is not None and not needed.done():
            self._check()
            for one in self._begun:
                one.source.decode_arrived()
            self._fill_window()
            coming = [future for one in self._begun if (future := one.source.coming) is not None]
            wait({needed, *coming, *self.meanwhile()}, TICK, FIRST_COMPLETED)

    def _begin_next(self) -> bool:
        reader = next(self._not_begun, None)
        if reader is None:
            self.has_begun_all = True
            return False
        self._begun.append(reader)
        return True

    def _fill_window(self) -> None:
        if not (self._is_ahead and self._sends_requests):
            return
        room = self._lookahead.window - sum(reader.source.pending for reader in self._begun)
        for reader in self._begun:
            while room > 0 and reader.source.send_next():
                room -= 1
        while room > 0 and self._begin_next():
            self._begun[-1].source.send_next()
            room -= 1
