"""How often an API is asked: sliding windows, and what answers say of them."""

from __future__ import annotations

import gc
import heapq
import threading
from itertools import pairwise
from weakref import WeakSet

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.definitions.model import Limit
from billql.http.rate_limiter import RateLimiter, leave_limiters, limiter_of, remaining, retry_after
from billql.util.clock import Clock
from support.clock import FakeClock

LIMITS = st.lists(
    st.builds(Limit, requests=st.integers(1, 6), seconds=st.floats(0.1, 50)), min_size=1, max_size=3
)
STEPS = st.lists(st.floats(0, 20), min_size=1, max_size=60)


def passed(limiter: RateLimiter, clock: FakeClock) -> float:
    """Wait as the limiter says; give the moment at which a request passes."""
    while (wait := limiter.try_acquire()) > 0:
        # A real clock never stands still while somebody waits.
        clock.turn(max(wait, 1e-6))
    return clock.monotonic()


def sent_within(moments: list[float], start: float, seconds: float) -> int:
    return sum(start <= moment < start + seconds for moment in moments)


@given(LIMITS, STEPS)
def test_no_window_ever_holds_more_than_its_limit(limits: list[Limit], steps: list[float]) -> None:
    clock = FakeClock()
    limiter = RateLimiter(limits, clock)
    moments: list[float] = []
    for step in steps:
        clock.turn(step)
        moments.append(passed(limiter, clock))
    for limit in limits:
        for start in moments:
            assert sent_within(moments, start, limit.seconds) <= limit.requests


@given(LIMITS, STEPS)
def test_nothing_waits_longer_than_it_must(limits: list[Limit], steps: list[float]) -> None:
    clock = FakeClock()
    limiter = RateLimiter(limits, clock)
    moments: list[float] = []
    for step in steps:
        clock.turn(step)
        wanted = clock.monotonic()
        moment = passed(limiter, clock)
        if moment > wanted:
            # A little earlier, some window would have been full.
            early = moment - 1e-4
            assert any(
                sum(early - limit.seconds < one <= early for one in moments) >= limit.requests
                for limit in limits
            )
        moments.append(moment)


def test_a_burst_passes_at_once_and_the_rest_in_time() -> None:
    clock = FakeClock(0)
    limiter = RateLimiter([Limit(requests=3, seconds=10)], clock)
    moments = [passed(limiter, clock) for _ in range(7)]
    assert [round(moment - moments[0], 3) for moment in moments] == [0, 0, 0, 10, 10, 10, 20]


def test_no_limit_never_waits() -> None:
    limiter = RateLimiter([], FakeClock())
    assert [limiter.try_acquire() for _ in range(1000)] == [0.0] * 1000


def test_a_limit_of_some_paths_leaves_the_others_alone() -> None:
    clock = FakeClock()
    searches = Limit(requests=1, seconds=10, path_ends="/search")
    limiter = RateLimiter([Limit(requests=3, seconds=10), searches], clock)
    assert limiter.try_acquire("/v1/invoices/search") == 0
    assert limiter.try_acquire("/v1/charges/search") == 10
    assert limiter.try_acquire("/v1/invoices") == 0
    assert limiter.try_acquire("/v1/search/invoices") == 0
    assert limiter.try_acquire("/v1/charges") == 10, "the search before counts as well"


def share(limiter: RateLimiter, clock: FakeClock, allowed: int, callers: int) -> tuple[float, int]:
    """Let callers send five requests each, one after another, to an API that states no limit.

    It serves so many in any second, 50 ms after they are sent. Return the seconds that this takes,
    and how many requests it refuses.
    """
    start = clock.monotonic()
    events = [(start, caller, 5, 0, False) for caller in range(callers)]
    served: list[float] = []
    refused = 0
    while events:
        moment, caller, left, pauses, is_sent = heapq.heappop(events)
        clock.turn(max(0.0, moment - clock.monotonic()))
        if not is_sent:
            wait = limiter.try_acquire()
            next_event = (moment + (wait or 0.05), caller, left, pauses, wait == 0)
        elif sent_within(served, moment - 1 + 1e-6, 1) < allowed:
            served.append(moment)
            limiter.served()
            left, pauses = left - 1, 0
            next_event = (moment, caller, left, pauses, False)
        else:
            refused += 1
            limiter.refused(moment - 0.05, 0.0)
            pause = min(0.5 * 2**pauses, 15.0) * (0.5 + 0.5 * caller / callers)
            next_event = (moment + pause, caller, left, pauses + 1, False)
        if left:
            heapq.heappush(events, next_event)
    return clock.monotonic() - start, refused


@pytest.mark.parametrize(
    ("allowed", "callers"), [(1, 8), (2, 30), (5, 1), (5, 6), (5, 50), (25, 50), (100, 300)]
)
def test_a_limit_that_nobody_states_is_found(allowed: int, callers: int) -> None:
    clock = FakeClock()
    took, refused = share(RateLimiter([], clock), clock, allowed, callers)
    asked = 5 * callers
    assert took < 1.6 * asked / allowed + 1
    assert refused < callers + 0.6 * asked, "few but those that were under way at first"


def test_the_pace_after_a_refusal_is_forgotten() -> None:
    clock = FakeClock()
    limiter = RateLimiter([], clock)
    assert limiter.try_acquire() == 0
    limiter.refused(clock.monotonic(), 0)
    assert limiter.try_acquire() == pytest.approx(1 / 2.1), "the first guess is 3 a second"
    clock.turn(20)
    for _ in range(100):
        assert passed(limiter, clock) < 1020.2


def test_refusals_of_one_burst_slow_down_once() -> None:
    clock = FakeClock()
    limiter = RateLimiter([], clock)
    for _ in range(50):
        assert limiter.try_acquire() == 0
    sent = clock.monotonic()
    clock.turn(0.1)
    for _ in range(10):
        limiter.served()
    for _ in range(40):
        limiter.refused(sent, 0)
    clock.turn(0.2)
    assert limiter.try_acquire() == 0
    assert 1 / 10 < limiter.try_acquire() < 1 / 7, "10 were served in a second"


def test_threads_together_keep_to_the_limit() -> None:
    limiter = RateLimiter([Limit(requests=100, seconds=3600)], Clock())
    ready = threading.Barrier(8)
    taken: list[int] = []

    def take() -> None:
        ready.wait()
        taken.append(sum(limiter.try_acquire() == 0.0 for _ in range(50)))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 100


def test_hold_lets_nothing_pass_and_never_shortens() -> None:
    clock = FakeClock()
    limiter = RateLimiter([], clock)
    limiter.refused(clock.monotonic(), 10)
    limiter.refused(clock.monotonic(), 3)
    assert limiter.try_acquire() == 10
    clock.turn(4)
    assert limiter.try_acquire() == 6
    clock.turn(6)
    assert limiter.try_acquire() == 0


@pytest.mark.parametrize("seconds", [1e9, float("inf")])
def test_an_absurd_hold_ends_after_an_hour(seconds: float) -> None:
    clock = FakeClock()
    limiter = RateLimiter([], clock)
    limiter.refused(clock.monotonic(), seconds)
    assert limiter.try_acquire() == 3600


@pytest.mark.parametrize(
    ("remaining", "reset", "wait"),
    [
        ("0", "{now+30}", 30),
        ("0", "30", 30),
        ("0", "2.5", 2.5),
        ("0", "{now-30}", 0),
        ("0", "{now+999999}", 3600),
        ("0", "9" * 400, 3600),
        ("0", "soon", 0),
        ("0", "-5", 0),
        ("0", "nan", 0),
        ("0", "", 0),
        ("0", None, 0),
        ("1", "{now+30}", 0),
        (None, "{now+30}", 0),
    ],
)
def test_none_remaining_waits_for_the_reset(
    remaining: str | None, reset: str | None, wait: float
) -> None:
    clock = FakeClock()
    now = int(clock.now())
    if reset is not None and reset.startswith("{"):
        reset = str(now + int(reset[4:-1]))
    told = {"ratelimit-remaining": remaining, "ratelimit-reset": reset}
    limiter = RateLimiter([], clock)
    limiter.update_from({name: value for name, value in told.items() if value is not None})
    assert limiter.try_acquire() == wait


@pytest.mark.parametrize(
    ("headers", "wait", "left"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, 30, "0 requests"),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "NOW"}, 30, "0 requests"),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "NOW000"}, 30, "0 requests"),
        ({"x-ratelimit-remaining": " 0 ", "x-ratelimit-reset": " 2.5"}, 2.5, None),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "30"}, 30, "0 requests"),
        ({"x-ratelimit-remaining": "4", "x-ratelimit-limit": "5000"}, 0, "4 of 5,000 requests"),
        ({"ratelimit": "limit=100, remaining=0, reset=30"}, 30, "0 of 100 requests"),
        ({"ratelimit": "limit=100, remaining=7, reset=30"}, 0, "7 of 100 requests"),
        ({"ratelimit": '"default";r=0;t=30'}, 30, "0 requests"),
        ({"ratelimit": '"burst";r=9;t=5, "daily";r=0;t=30'}, 30, "9 requests"),
        ({"ratelimit": '"default";r=50;t=30'}, 0, "50 requests"),
        ({"ratelimit-remaining": "3", "x-ratelimit-remaining": "0"}, 0, "3 requests"),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2027-01-15"}, 0, "0 requests"),
        ({"ratelimit": ";;==,"}, 0, None),
    ],
)
def test_the_headers_that_tell_of_limits(
    headers: dict[str, str], wait: float, left: str | None
) -> None:
    clock = FakeClock()
    then = str(int(clock.now()) + 30)
    headers = {name: value.replace("NOW", then) for name, value in headers.items()}
    limiter = RateLimiter([], clock)
    limiter.update_from(headers)
    assert limiter.try_acquire() == wait
    if left is not None:
        assert remaining(headers) == f"{left} are left"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("99999999", 99999999.0),
        ("9" * 400, float("inf")),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 15 Jan 2027 08:00:30", 30.0),
        ("Fri, 15 Jan 2027 10:00:30 +0200", 30.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0.0),
        ("-3", None),
        ("nan", None),
        ("inf", None),
        (".", None),
        ("٣", None),
        ("", None),
        ("later", None),
        ("Fri, 99 Jan 2027 08:00:30 GMT", None),
        ("Fri, 15 Jan 99999999999999999999 08:00:30 GMT", None),
        ("Fri, 15 Jan 2027 08:00:30 +999999", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    now = FakeClock().now()
    assert retry_after({"retry-after": value}, now) == seconds


def test_no_retry_after() -> None:
    assert retry_after({}, 0) is None


@given(st.text(max_size=40))
def test_retry_after_takes_anything(value: str) -> None:
    seconds = retry_after({"retry-after": value}, FakeClock().now())
    assert seconds is None or seconds >= 0


def test_the_clock_is_the_real_one() -> None:
    clock = Clock()
    moments = [clock.monotonic() for _ in range(3)]
    assert all(one <= other for one, other in pairwise(moments))
    assert clock.now() > 1.7e9
    assert not clock.wait(threading.Event(), 0.001)


class Client:
    """Something that uses limiters."""


def test_a_credential_has_one_limiter_in_a_process() -> None:
    clock, limits = FakeClock(), [Limit(requests=1, seconds=60)]
    first, second = Client(), Client()
    assert limiter_of(first, "anna", limits, clock).try_acquire() == 0
    assert limiter_of(second, "anna", limits, clock).try_acquire() == 60
    for others in (
        limiter_of(first, "bert", limits, clock),
        limiter_of(first, "anna", [Limit(requests=1, seconds=5)], clock),
        limiter_of(first, "anna", limits, FakeClock()),
    ):
        assert others.try_acquire() == 0


def test_a_limiter_lasts_as_long_as_its_clients() -> None:
    clock, limits = FakeClock(), [Limit(requests=1, seconds=60)]
    first, second = Client(), Client()
    used_up = limiter_of(first, "carl", limits, clock)
    assert used_up.try_acquire() == 0
    assert limiter_of(second, "carl", limits, clock) is used_up
    leave_limiters(first)
    assert limiter_of(second, "carl", limits, clock) is used_up
    del second
    # Something still refers to the limiter, and it is no client.
    assert limiter_of(first, "carl", limits, clock).try_acquire() == 0


def test_the_limiters_of_many_credentials_are_found_without_looking_at_all_of_them() -> None:
    class Counted(FakeClock):
        hashed = 0

        def __hash__(self) -> int:
            Counted.hashed += 1
            return id(self)

    clock, limits, client = Counted(), [Limit(requests=1, seconds=60)], Client()
    for number in range(2_000):
        limiter_of(client, f"account {number}", limits, clock)
    assert Counted.hashed < 8 * 2_000
    leave_limiters(client)


def test_limiters_are_dropped_when_their_last_client_leaves() -> None:
    clock, limits, stays = FakeClock(), [Limit(requests=1, seconds=60)], Client()
    limiters = WeakSet[object]()
    for number in range(100):
        client = Client()
        limiters.add(limiter_of(client, f"account {number}", limits, clock))
        if number % 10 == 0:
            limiter_of(stays, f"account {number}", limits, clock)
        leave_limiters(client)
    gc.collect()
    assert len(limiters) == 10
    leave_limiters(stays)
    gc.collect()
    assert not limiters
