"""One statement under way: its snapshot of answers, its figures, its limits and its end."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import apsw

from billql.config.settings import Settings
from billql.errors import Interrupted, RequestLimit, RowLimit, StatementTimeout
from billql.fetching.disk_cache import Key
from billql.fetching.response_cache import ResponseCache, cache_key
from billql.fetching.row_memo import RowMemo
from billql.fetching.scan_stats import ScanStats
from billql.http.client import ApiClient, RequestTracker
from billql.http.credentials import ApiConnection
from billql.messages import Request, Response
from billql.util.lock import Lock

TICK = 0.1
"""Seconds between looks at whether the statement was interrupted, while waiting."""

MEMO_CELLS = 500_000
"""How many cells of rows that were read by key a statement remembers, if nobody says."""


class WouldSendRequest(Exception):  # noqa: N818 - it is a signal, not an error
    """Going on would take a request, and the statement may not send any: a scout turns back."""


class FirstRequest(NamedTuple):
    """The request that opens a list, and on whose behalf it is sent."""

    request: Request
    connection: ApiConnection


class _UnderWay(NamedTuple):
    """A request that is on its way, and the answer to come."""

    trip: RequestTracker
    future: Future[Response]


@dataclass(frozen=True)
class SharedServices:
    """What all statements of a session share."""

    transport: ApiClient
    answers: ResponseCache
    clock: Callable[[], datetime.datetime]
    keep: float
    """Seconds for which answers are kept, where a definition does not say otherwise; 0 keeps none
    at all."""
    settings: Settings
    """What bounds a statement."""
    memo_cells: int = MEMO_CELLS
    """How many cells a statement's row memo holds."""


@dataclass
class Statement:
    """What the scans of one statement share.

    Within a statement an identical request is sent once: who asks for it while it is under way, or
    later, gets the same answer, so that every scan sees one snapshot.
    """

    shared: SharedServices
    interrupted: Callable[[], bool] = lambda: False
    scans: list[ScanStats] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    sent: int = 0
    arrived: int = 0
    rows: int = 0
    offline: bool = False
    """Whether requests are refused with NotAtHand, because a scout is running."""
    stop: threading.Event = field(default_factory=threading.Event)
    _under_way: dict[Key, _UnderWay] = field(default_factory=dict)
    _unclaimed: set[Key] = field(default_factory=set)
    """What was asked for ahead: whoever asks next is the first to want it."""
    _published: set[Key] = field(default_factory=set)
    _asked_by: dict[Key, set[int]] = field(default_factory=dict)
    _pinned: dict[Key, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def start_scan(self, resource: str) -> ScanStats:
        """Open the figures of a new scan."""
        figures = ScanStats(resource)
        self.scans.append(figures)
        return figures

    @cached_property
    def row_memo(self) -> RowMemo:
        """The rows that were read by key."""
        return RowMemo(self.shared.memo_cells)

    @cached_property
    def now(self) -> datetime.datetime:
        """The moment of the statement: one and the same for all its scans."""
        return self.shared.clock()

    # Answers.

    def is_ready(self, request: Request, connection: ApiConnection) -> bool:
        """Tell whether an answer is at hand, so that asking for it would not wait."""
        key = cache_key(request, connection)
        with self._lock:
            under_way = self._under_way.get(key)
            return key in self._pinned or (under_way is not None and under_way.future.done())

    def fetch(
        self,
        request: Request,
        connection: ApiConnection,
        figures: ScanStats,
        *,
        opens: bool = False,
        ahead: bool = False,
    ) -> Future[Response]:
        """Give the future answer to a request, sending it only if nobody has.

        `opens` says that it is the first request of a list, for which a whole earlier reading may
        serve; `ahead`, that nobody wants its answer yet.
        """
        key = cache_key(request, connection)
        if not self.offline:
            self._asked_by.setdefault(key, set()).add(id(figures))
        with self._lock:
            if opens and key not in self._pinned and key not in self._under_way:
                self._recall(key)
            if key in self._under_way or key in self._pinned:
                if key not in self._unclaimed:
                    figures.cache_hits += not ahead
                elif not self.offline:
                    self._unclaimed.discard(key)
                if key in self._under_way:
                    return self._under_way[key].future
                return _done(self.shared.answers.get(self._pinned[key]))
            if self.offline:
                raise WouldSendRequest
            trip = RequestTracker(
                lambda: self.charge_request(figures),
                self.stop,
                lambda answer: self._on_response(key, trip, figures, answer),
            )
            figures.trips.add(trip)
            future = self.shared.transport.send(request, connection, trip)
            self._under_way[key] = _UnderWay(trip, future)
            if ahead:
                self._unclaimed.add(key)
        return future

    def _recall(self, first: Key) -> None:
        """Use an earlier reading of a list, unless a page of it has been read anew already."""
        if self.shared.keep == 0:
            return
        found = self.shared.answers.lookup(first, self.shared.keep)
        if not found:
            return
        if found.keys().isdisjoint(self._pinned) and found.keys().isdisjoint(self._under_way):
            self._pinned.update(found)
            self._published.add(first)
        else:
            self.shared.answers.unpin(found.values())

    def publish(
        self, requests: Sequence[Request], connection: ApiConnection, keep: float | None
    ) -> None:
        """Let other statements use a list that has been read to its end.

        `keep` is for how many seconds its definition says that it stays true, if it says so.
        """
        keys = [cache_key(request, connection) for request in requests]
        with self._lock:
            numbers = [self._pinned[key] for key in keys if key in self._pinned]
        if self.shared.keep == 0 or len(numbers) < len(keys) or keys[0] in self._published:
            return
        self._published.add(keys[0])
        self.shared.answers.commit(
            keys[0],
            numbers,
            self.shared.keep if keep is None else keep,
            stated=keep is not None,
            secrets=connection.redact.forms,
        )

    def invalidate_if_private(
        self, requests: Sequence[Request], connection: ApiConnection, figures: ScanStats
    ) -> bool:
        """Drop the answers of a list that moved while it was read, so that it is read anew.

        Nothing is dropped, and False is given, if another scan has read one of them: the two would
        see different lists.
        """
        asked_by = (self._asked_by.get(cache_key(request, connection)) for request in requests)
        if any(scans != {id(figures)} for scans in asked_by):
            return False
        self.invalidate(requests, connection)
        return True

    def invalidate(self, requests: Iterable[Request], connection: ApiConnection) -> None:
        """Drop answers that turned out untrue, so that no statement sees them again."""
        for request in requests:
            key = cache_key(request, connection)
            self._published.discard(key)
            with self._lock:
                self._under_way.pop(key, None)
                number = self._pinned.pop(key, None)
            if number is not None:
                self.shared.answers.invalidate(number)

    def check(self) -> None:
        """Before waiting: raise Interrupted if the statement was asked to end."""
        if self.offline:
            raise WouldSendRequest
        if self.stop.is_set() or self.interrupted():
            self.stop.set()
            raise Interrupted
        self._check_time()

    def charge_rows(self, rows: int) -> None:
        """Count rows that a scan has read, but not those of a dry run; raises RowLimit."""
        if self.offline:
            return
        self.rows += rows
        if self.rows > self.shared.settings.max_rows:
            raise RowLimit(
                f"The statement reads more than the {self.shared.settings.max_rows:,} rows "
                "that it may read",
                hint="Narrow it down, or raise max_rows under [settings] in the config file.",
            )

    def note(self, figures: ScanStats, text: str) -> None:
        """Note what is odd in an answer, once for each scan."""
        if text not in figures.notes:
            figures.notes.append(text)
            self.shared.transport.note(text)

    def _check_time(self) -> None:
        limit = self.shared.settings.statement_timeout
        if time.monotonic() - self.began > limit:
            raise StatementTimeout(
                f"The statement has asked for longer than the {limit:g} seconds that it may take",
                hint="Narrow it down, or raise statement_timeout under [settings] in the config "
                "file.",
            )

    def close(self) -> None:
        """End the statement: nothing more is sent, and its snapshot is let go."""
        with self._lock:
            self.stop.set()
            for under_way in self._under_way.values():
                under_way.future.cancel()
            pinned, self._pinned = self._pinned, {}
        self.row_memo.clear()
        self.shared.answers.unpin(pinned.values())

    def charge_request(self, figures: ScanStats) -> None:
        """Count a request before it is sent; raises RequestLimit, StatementTimeout, Interrupted."""
        with self._lock:
            if self.stop.is_set():
                raise Interrupted
            self._check_time()
            most = self.shared.settings.max_requests
            if self.sent >= most:
                raise RequestLimit(
                    f"The statement needs more than the {most} requests that it may send",
                    hint="Narrow it down, or raise --max-requests (max_requests in Python).",
                )
            self.sent += 1
            figures.requests += 1

    def _on_response(
        self, key: Key, trip: RequestTracker, figures: ScanStats, answer: Response | None
    ) -> None:
        """Take what became of a request, before anybody else learns of it."""
        with self._lock:
            self.arrived += 1
            figures.arrived += 1
            figures.trips.discard(trip)
            figures.waited += trip.waited
            figures.retries += max(0, trip.sent - 1)
        if answer is None or self.stop.is_set():
            return
        try:
            number = self.shared.answers.put(key, answer)
        except apsw.Error:
            return  # The disk is full, perhaps; the future still has the answer.
        with self._lock:
            # A list that has moved may have been asked for anew.
            under_way = self._under_way.get(key)
            if under_way is not None and under_way.trip is trip and not self.stop.is_set():
                self._pinned[key] = number
                del self._under_way[key]
                return
        self.shared.answers.unpin([number])


def _done(answer: Response) -> Future[Response]:
    future: Future[Response] = Future()
    future.set_result(answer)
    return future
