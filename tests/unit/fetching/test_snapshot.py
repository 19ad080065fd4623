"""The snapshot, the budget and the dry run of one statement, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from billql.config.settings import Settings
from billql.errors import ConnectionFailed, Interrupted, RequestLimit, RowLimit, StatementTimeout
from billql.fetching._budget import Budget
from billql.fetching._snapshot import FirstRequest, Snapshot
from billql.fetching.dry_run import NoWaiting, SnapshotView, WouldSendRequest
from billql.fetching.response_cache import ResponseCache
from billql.fetching.scan_stats import ScanStats
from billql.http.credentials import ApiConnection
from billql.http.request_tracker import RequestTracker
from billql.messages import Request, Response
from support.api_client import connection, get
from support.clock import FakeClock

TO = connection()
FIRST, SECOND = get(page="1"), get(page="2")
LIST = [FIRST, SECOND]


class Api:
    """Takes requests, and answers each when a test lets it."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self._futures: list[tuple[RequestTracker, Future[Response]]] = []

    def send(
        self, request: Request, connection: ApiConnection, tracker: RequestTracker
    ) -> Future[Response]:
        tracker.spend()
        tracker.sent += 1
        future: Future[Response] = Future()
        self.sent.append(request)
        self._futures.append((tracker, future))
        return future

    def respond(self, body: bytes, number: int = -1) -> None:
        tracker, future = self._futures[number]
        response = Response(body, "application/json")
        tracker.ended(response)
        if not future.cancelled():
            future.set_result(response)

    def fail(self) -> None:
        tracker, future = self._futures[-1]
        tracker.ended(None)
        future.set_exception(ConnectionFailed("down"))


class Statement:
    """A snapshot and its budget, as a statement holds them."""

    def __init__(self, cache: ResponseCache, ttl: float = 300) -> None:
        self.api = Api()
        self.budget = Budget(Settings())
        self.snapshot = Snapshot(cache, self.api.send, self.budget, ttl)

    def read(self, requests: list[Request], stats: ScanStats) -> list[bytes]:
        bodies = []
        for request in requests:
            future = self.snapshot.fetch(request, TO, stats, opens=request is requests[0])
            if not future.done():
                self.api.respond(f"page {len(self.api.sent)}".encode())
            bodies.append(future.result().body)
        return bodies

    def close(self) -> None:
        self.budget.close()
        self.snapshot.close()


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[ResponseCache]:
    cache = ResponseCache(clock=clock.now)
    yield cache
    cache.close()


@pytest.fixture
def statement(cache: ResponseCache) -> Statement:
    return Statement(cache)


@pytest.fixture
def stats() -> ScanStats:
    return ScanStats("a.b.c")


# The snapshot.


def test_a_request_under_way_is_sent_once(statement: Statement, stats: ScanStats) -> None:
    other = ScanStats("a.b.c")
    future = statement.snapshot.fetch(FIRST, TO, stats)
    assert statement.snapshot.fetch(FIRST, TO, other) is future
    assert not statement.snapshot.is_ready(FIRST, TO)
    statement.api.respond(b"one")
    assert statement.snapshot.is_ready(FIRST, TO)
    assert future.result().body == b"one"
    assert statement.snapshot.fetch(FIRST, TO, other).result().body == b"one"
    assert statement.api.sent == [FIRST]
    assert (stats.requests, stats.cache_hits, stats.ended) == (1, 0, 1)
    assert (other.requests, other.cache_hits, other.ended) == (0, 2, 0)


def test_the_first_claim_of_a_prefetched_response_is_no_hit(
    statement: Statement, stats: ScanStats
) -> None:
    statement.snapshot.fetch(FIRST, TO, stats, ahead=True)
    hits = []
    for _ in range(3):
        statement.snapshot.fetch(FIRST, TO, stats)
        hits.append(stats.cache_hits)
    assert hits == [0, 1, 2]


def test_a_failed_request_counts_as_arrived_and_is_no_response(
    statement: Statement, cache: ResponseCache, stats: ScanStats
) -> None:
    future = statement.snapshot.fetch(FIRST, TO, stats)
    statement.api.fail()
    assert statement.snapshot.ended == 1
    assert stats.under_way == set()
    with pytest.raises(ConnectionFailed, match="down"):
        future.result()
    assert not cache._pins


def test_a_committed_list_serves_the_next_statement(cache: ResponseCache, stats: ScanStats) -> None:
    first, second = Statement(cache), Statement(cache)
    read = first.read(LIST, stats)
    first.snapshot.commit(LIST, TO, None)
    first.close()
    assert second.read(LIST, stats) == read == [b"page 1", b"page 2"]
    assert second.api.sent == []


def test_a_list_without_all_its_pages_is_not_committed(
    cache: ResponseCache, stats: ScanStats
) -> None:
    statement = Statement(cache)
    statement.read([FIRST], stats)
    statement.snapshot.commit(LIST, TO, None)
    assert cache.stats().lists == 0


def test_a_ttl_of_0_turns_the_cache_off(cache: ResponseCache, stats: ScanStats) -> None:
    statement = Statement(cache, ttl=0)
    statement.read(LIST, stats)
    statement.snapshot.commit(LIST, TO, 60)
    assert cache.stats().lists == 0


def test_a_definition_states_the_ttl(
    cache: ResponseCache, stats: ScanStats, clock: FakeClock
) -> None:
    first, second, third = (Statement(cache, ttl=10) for _ in range(3))
    first.read(LIST, stats)
    first.snapshot.commit(LIST, TO, 60)
    first.close()
    clock.turn(59)
    second.read(LIST, stats)
    assert second.api.sent == []
    second.close()
    clock.turn(2)
    third.read(LIST, stats)
    assert third.api.sent == LIST


def test_a_cached_list_is_not_mixed_with_pages_that_were_requested_anew(
    cache: ResponseCache, stats: ScanStats
) -> None:
    first, second = Statement(cache), Statement(cache)
    first.read(LIST, stats)
    first.snapshot.commit(LIST, TO, None)
    assert second.read([SECOND], stats) == [b"page 1"]
    second.snapshot.fetch(FIRST, TO, stats, opens=True)
    assert second.api.sent == [SECOND, FIRST]


def test_a_list_that_one_scan_has_read_is_dropped(
    statement: Statement, cache: ResponseCache, stats: ScanStats
) -> None:
    statement.read(LIST, stats)
    assert statement.snapshot.invalidate_if_private(LIST, TO, stats)
    assert not statement.snapshot.is_ready(FIRST, TO)
    assert not cache._pins
    statement.read(LIST, stats)
    assert statement.api.sent == LIST * 2


def test_a_list_that_two_scans_have_read_is_not_dropped(
    statement: Statement, stats: ScanStats
) -> None:
    statement.read(LIST, stats)
    statement.snapshot.fetch(SECOND, TO, ScanStats("another"))
    assert not statement.snapshot.invalidate_if_private(LIST, TO, stats)
    assert statement.snapshot.is_ready(FIRST, TO)


def test_a_response_that_was_invalidated_under_way_is_not_pinned(
    statement: Statement, cache: ResponseCache, stats: ScanStats
) -> None:
    statement.snapshot.fetch(FIRST, TO, stats)
    statement.snapshot.invalidate([FIRST], TO)
    again = statement.snapshot.fetch(FIRST, TO, stats)
    statement.api.respond(b"old", 0)
    assert not statement.snapshot.is_ready(FIRST, TO)
    statement.api.respond(b"new", 1)
    assert again.result().body == b"new"
    assert statement.snapshot.fetch(FIRST, TO, stats).result().body == b"new"
    assert len(cache._pins) == 1


def test_what_arrives_after_the_end_is_not_pinned(
    statement: Statement, cache: ResponseCache, stats: ScanStats
) -> None:
    future = statement.snapshot.fetch(FIRST, TO, stats)
    statement.read([SECOND], stats)
    statement.close()
    assert future.cancelled()
    statement.api.respond(b"late", 0)
    assert not cache._pins
    with pytest.raises(Interrupted):
        statement.snapshot.fetch(get(page="3"), TO, stats)


# The budget.


def test_requests_are_bounded(stats: ScanStats) -> None:
    budget = Budget(Settings(max_requests=2))
    budget.charge_request(stats)
    budget.charge_request(stats)
    with pytest.raises(RequestLimit, match="more than the 2 requests"):
        budget.charge_request(stats)
    assert (budget.requests, stats.requests) == (2, 2)


def test_rows_are_bounded() -> None:
    budget = Budget(Settings(max_rows=1000))
    budget.charge_rows(1000)
    with pytest.raises(RowLimit, match="the 1,000 rows"):
        budget.charge_rows(1)


def test_time_is_bounded(stats: ScanStats) -> None:
    seconds = [0.0]
    budget = Budget(Settings(statement_timeout=60), clock=lambda: seconds[0])
    seconds[0] = 60.0
    budget.check()
    budget.charge_request(stats)
    seconds[0] = 60.5
    with pytest.raises(StatementTimeout, match="60 seconds"):
        budget.check()
    with pytest.raises(StatementTimeout):
        budget.charge_request(stats)


def test_an_interrupt_ends_the_statement(stats: ScanStats) -> None:
    interrupted = [False]
    budget = Budget(Settings(), lambda: interrupted[0])
    budget.check()
    interrupted[0] = True
    with pytest.raises(Interrupted):
        budget.check()
    interrupted[0] = False
    with pytest.raises(Interrupted):
        budget.charge_request(stats)
    assert budget.stop.is_set()


# A dry run.


def test_a_dry_run_sends_nothing(statement: Statement, stats: ScanStats) -> None:
    view = SnapshotView(statement.snapshot)
    with pytest.raises(WouldSendRequest):
        view.fetch(FIRST, TO, stats, opens=True)
    assert statement.api.sent == []


def test_a_dry_run_sees_the_snapshot_and_claims_nothing(
    statement: Statement, cache: ResponseCache, stats: ScanStats
) -> None:
    view, unseen = SnapshotView(statement.snapshot), ScanStats("nobody's")
    for request in LIST:
        statement.snapshot.fetch(request, TO, stats, ahead=True)
        assert not view.is_ready(FirstRequest(request, TO))
        statement.api.respond(b"page")
        assert view.is_ready(FirstRequest(request, TO))
        assert view.fetch(request, TO, unseen).result().body == b"page"
    view.commit(LIST, TO, None)
    view.invalidate(LIST, TO)
    assert not view.invalidate_if_private(LIST, TO, stats)
    assert cache.stats().lists == 0
    assert unseen == ScanStats("nobody's")
    statement.read(LIST, stats)
    assert stats.cache_hits == 0
    assert statement.api.sent == LIST


def test_a_dry_run_sees_cached_lists(cache: ResponseCache, stats: ScanStats) -> None:
    first, second = Statement(cache), Statement(cache)
    first.read(LIST, stats)
    first.snapshot.commit(LIST, TO, None)
    view = SnapshotView(second.snapshot)
    assert view.fetch(FIRST, TO, stats, opens=True).result().body == b"page 1"
    assert view.fetch(SECOND, TO, stats).result().body == b"page 2"


def test_a_dry_run_does_not_wait() -> None:
    budget = NoWaiting()
    budget.charge_rows(10**12)
    with pytest.raises(WouldSendRequest):
        budget.check()
