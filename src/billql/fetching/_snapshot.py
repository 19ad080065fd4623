"""The snapshot of one statement: every request has one response, however many scans need it.

A request is *under way* until its response has arrived. The response is put into the cache of the
session and *pinned* there until the statement ends. A request that was sent before any scan needed
it is *unclaimed* until one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Protocol

import apsw

from billql.fetching._budget import Budget
from billql.fetching.disk_cache import Key
from billql.fetching.response_cache import ResponseCache, cache_key
from billql.fetching.scan_stats import ScanStats
from billql.http.credentials import ApiConnection
from billql.http.request_tracker import RequestTracker
from billql.messages import Request, Response
from billql.util.lock import Lock

Send = Callable[[Request, ApiConnection, RequestTracker], Future[Response]]
"""Sends a request, and reports to the tracker before anybody else learns of the response."""


class FirstRequest(NamedTuple):
    """The first request of a list, and the connection that it is sent by."""

    request: Request
    connection: ApiConnection


class Responses(Protocol):
    """What a scan needs of a snapshot; a dry run has a read-only view of it."""

    @property
    def sends_requests(self) -> bool:
        """Whether `fetch` may send a request."""

    def fetch(
        self,
        request: Request,
        connection: ApiConnection,
        stats: ScanStats,
        *,
        opens: bool = False,
        ahead: bool = False,
    ) -> Future[Response]:
        """Return the future response to a request; see `Snapshot.fetch`."""

    def commit(
        self, requests: Sequence[Request], connection: ApiConnection, ttl: float | None
    ) -> None:
        """Let other statements use a list that has been read to its end."""

    def invalidate(self, requests: Iterable[Request], connection: ApiConnection) -> None:
        """Drop responses that turned out wrong."""

    def invalidate_if_private(
        self, requests: Sequence[Request], connection: ApiConnection, stats: ScanStats
    ) -> bool:
        """Drop the responses of a list that changed, unless another scan has read them."""


class _UnderWay(NamedTuple):
    """A request that has been sent, and its future response."""

    tracker: RequestTracker
    future: Future[Response]


class Snapshot:
    """Holds the responses of one statement, so that all its scans see the same ones.

    `ttl` is for how many seconds a cached list serves other statements where its definition does
    not state it; 0 means that no list does. Scans are of one thread; responses arrive in others.
    """

    sends_requests = True

    def __init__(self, cache: ResponseCache, send: Send, budget: Budget, ttl: float) -> None:
        self._cache = cache
        self._send = send
        self._budget = budget
        self._ttl = ttl
        self._lock = Lock()
        self._under_way: dict[Key, _UnderWay] = {}
        self._pinned: dict[Key, int] = {}
        """The cache's number of each response that has arrived."""
        self._unclaimed: set[Key] = set()
        self._committed: set[Key] = set()
        """The first requests of lists that the cache has whole."""
        self._requested_by: dict[Key, set[int]] = {}
        """The scans that have fetched a request, each by the id of its stats."""
        self.ended = 0
        """How many requests have ended, with a response or without one."""

    def is_ready(self, request: Request, connection: ApiConnection) -> bool:
        """Return whether the response has arrived, so that nobody would wait for it."""
        key = cache_key(request, connection)
        with self._lock:
            under_way = self._under_way.get(key)
            return key in self._pinned or (under_way is not None and under_way.future.done())

    def is_cached(self, request: Request, connection: ApiConnection) -> bool:
        """Return whether a whole list is in the snapshot, or in the cache, by its first request."""
        key = cache_key(request, connection)
        with self._lock:
            if key not in self._pinned and key not in self._under_way:
                self._pin_cached_list(key)
            return key in self._committed

    def lookup(
        self, request: Request, connection: ApiConnection, *, opens: bool = False
    ) -> Future[Response] | None:
        """Return the future response to a request that is in the snapshot already, or None.

        Nothing is sent, counted or claimed. `opens` is as in `fetch`.
        """
        key = cache_key(request, connection)
        with self._lock:
            return self._find(key, opens)

    def fetch(
        self,
        request: Request,
        connection: ApiConnection,
        stats: ScanStats,
        *,
        opens: bool = False,
        ahead: bool = False,
    ) -> Future[Response]:
        """Return the future response to a request, which is sent if it is not in the snapshot.

        `opens` means that it is the first request of a list, so that the whole list may be taken
        from the cache; `ahead`, that no scan needs its response yet.
        """
        key = cache_key(request, connection)
        with self._lock:
            self._requested_by.setdefault(key, set()).add(id(stats))
            found = self._find(key, opens)
            if found is not None:
                if key in self._unclaimed:
                    self._unclaimed.discard(key)
                else:
                    stats.cache_hits += not ahead
                return found
            tracker = RequestTracker(
                lambda: self._charge(request, connection, stats),
                self._budget.stop,
                lambda response: self._on_response(key, connection, tracker, stats, response),
            )
            stats.under_way.add(tracker)
            future = self._send(request, connection, tracker)
            self._under_way[key] = _UnderWay(tracker, future)
            if ahead:
                self._unclaimed.add(key)
        return future

    def commit(
        self, requests: Sequence[Request], connection: ApiConnection, ttl: float | None
    ) -> None:
        """Let other statements use a list that has been read to its end.

        `ttl` is for how many seconds its definition states that it stays true, if it does.
        """
        keys = [cache_key(request, connection) for request in requests]
        with self._lock:
            numbers = [self._pinned[key] for key in keys if key in self._pinned]
        if self._ttl == 0 or len(numbers) < len(keys) or keys[0] in self._committed:
            return
        self._committed.add(keys[0])
        self._cache.commit(
            keys[0],
            numbers,
            self._ttl if ttl is None else ttl,
            ttl_is_from_definition=ttl is not None,
            secrets=connection.redact.forms,
        )

    def invalidate_if_private(
        self, requests: Sequence[Request], connection: ApiConnection, stats: ScanStats
    ) -> bool:
        """Drop the responses of a list that changed while it was read, so that it is read again.

        If another scan has read one of them, nothing is dropped and False is returned: the two
        would see different lists.
        """
        scans = (self._requested_by.get(cache_key(request, connection)) for request in requests)
        if any(ids != {id(stats)} for ids in scans):
            return False
        self.invalidate(requests, connection)
        return True

    def invalidate(self, requests: Iterable[Request], connection: ApiConnection) -> None:
        """Drop responses that turned out wrong, so that no statement sees them again."""
        for request in requests:
            key = cache_key(request, connection)
            self._committed.discard(key)
            with self._lock:
                self._under_way.pop(key, None)
                number = self._pinned.pop(key, None)
            if number is not None:
                self._cache.invalidate(number)

    def close(self) -> None:
        """Cancel what is under way and unpin the rest; the budget must have been closed."""
        with self._lock:
            for under_way in self._under_way.values():
                under_way.future.cancel()
            pinned, self._pinned = self._pinned, {}
        self._cache.unpin(pinned.values())

    def _find(self, key: Key, opens: bool) -> Future[Response] | None:
        """Find a response in the snapshot, or else in the cache; called with the lock held."""
        if opens and key not in self._pinned and key not in self._under_way:
            self._pin_cached_list(key)
        if key in self._under_way:
            return self._under_way[key].future
        if key in self._pinned:
            future: Future[Response] = Future()
            future.set_result(self._cache.get(self._pinned[key]))
            return future
        return None

    def _pin_cached_list(self, first: Key) -> None:
        """Pin a cached list, unless one of its pages has been requested anew."""
        if self._ttl == 0:
            return
        found = self._cache.lookup(first, self._ttl)
        if not found:
            return
        if found.keys().isdisjoint(self._pinned) and found.keys().isdisjoint(self._under_way):
            self._pinned.update(found)
            self._committed.add(first)
        else:
            self._cache.unpin(found.values())

    def _charge(self, request: Request, connection: ApiConnection, stats: ScanStats) -> None:
        """Count an attempt that is about to be sent; raise what the budget raises."""
        self._budget.charge_request(stats, request.charge)
        with self._lock:
            stats.on(connection.key).requests += 1

    def _on_response(
        self,
        key: Key,
        connection: ApiConnection,
        tracker: RequestTracker,
        stats: ScanStats,
        response: Response | None,
    ) -> None:
        """Put a response into the cache and pin it; None means that the request failed."""
        with self._lock:
            counts = stats.on(connection.key)
            counts.waited += tracker.waited
            counts.failures += response is None
            self.ended += 1
            stats.ended += 1
            stats.under_way.discard(tracker)
            stats.waited += tracker.waited
            stats.paced += tracker.paced
            stats.retries += max(0, tracker.sent - 1)
        if response is None or self._budget.stop.is_set():
            return
        try:
            number = self._cache.put(key, response)
        except apsw.Error:
            return  # The disk is full, perhaps; the future still has the response.
        with self._lock:
            # A list that has changed may have been requested anew.
            under_way = self._under_way.get(key)
            is_current = under_way is not None and under_way.tracker is tracker
            if is_current and not self._budget.stop.is_set():
                self._pinned[key] = number
                del self._under_way[key]
                return
        self._cache.unpin([number])
