"""Rate limits: two sliding windows, and what the headers say of them."""

from __future__ import annotations

from billql.sandbox import Limits, Sandbox
from billql.sandbox.limits import Limiter, Quota

from .client import Client
from .conftest import UNTIL


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_minute_slides() -> None:
    clock = Clock()
    limiter = Limiter(Limits(per_hour=100, per_minute=2), clock)
    assert limiter.acquire("a") == Quota(100, 99, 4600)
    clock.now = 1030.5
    assert limiter.acquire("a") == Quota(100, 98, 4600)
    assert limiter.acquire("a") == Quota(100, 98, 4600, refused=True, retry_after=30)
    clock.now = 1059.0
    assert limiter.acquire("a").retry_after == 2
    clock.now = 1060.0
    assert not limiter.acquire("a").refused
    assert limiter.acquire("a").retry_after == 31


def test_waiting_for_retry_after_is_enough() -> None:
    clock = Clock()
    limiter = Limiter(Limits(per_hour=100, per_minute=1), clock)
    clock.now = 1000.9
    limiter.acquire("a")
    clock.now = 1013.25
    wait = limiter.acquire("a").retry_after
    assert wait is not None
    clock.now += wait
    assert not limiter.acquire("a").refused


def test_the_hour_slides_and_tells_no_wait() -> None:
    clock = Clock()
    limiter = Limiter(Limits(per_hour=2, per_minute=100), clock)
    limiter.acquire("a")
    clock.now = 2000.0
    limiter.acquire("a")
    assert limiter.acquire("a") == Quota(2, 0, 4600, refused=True)
    clock.now = 4599.0
    assert limiter.acquire("a").refused
    clock.now = 4600.0
    assert limiter.acquire("a") == Quota(2, 0, 5600)


def test_the_hour_comes_first() -> None:
    limiter = Limiter(Limits(per_hour=1, per_minute=1), Clock())
    limiter.acquire("a")
    assert limiter.acquire("a").retry_after is None


def test_each_credential_has_its_own() -> None:
    limiter = Limiter(Limits(per_hour=1, per_minute=1), Clock())
    assert not limiter.acquire("a").refused
    assert not limiter.acquire("b").refused
    assert limiter.acquire("a").refused


def test_nothing_allowed() -> None:
    limiter = Limiter(Limits(per_hour=5, per_minute=0), Clock())
    assert limiter.acquire("a").refused


def test_the_second_slides() -> None:
    clock = Clock()
    limiter = Limiter(Limits(per_hour=1, per_minute=1, per_second=2), clock, by_second=True)
    assert limiter.fresh() == Quota(2, 2, 1001)
    assert limiter.acquire("a") == Quota(2, 1, 1001)
    clock.now = 1000.5
    assert not limiter.acquire("a").refused
    assert limiter.acquire("a") == Quota(2, 0, 1001, refused=True)
    assert not limiter.acquire("b").refused
    clock.now = 1001.0
    assert not limiter.acquire("a").refused
    assert limiter.acquire("a").refused
    assert not Limiter(None, clock, by_second=True).acquire("a").refused


def test_the_documented_limits() -> None:
    limiter = Limiter(Limits(), Clock())
    assert not any(limiter.acquire("a").refused for _ in range(250))
    quota = limiter.acquire("a")
    assert quota == Quota(5000, 4750, 4600, refused=True, retry_after=61)


def test_without_limits_nothing_is_refused() -> None:
    limiter = Limiter(None, Clock())
    assert {limiter.acquire("a") for _ in range(6000)} == {Quota(5000, 5000, 4600)}


def test_burst_over_http() -> None:
    sandbox = Sandbox(size="small", until=UNTIL, limits=Limits(per_hour=50, per_minute=3))
    with sandbox, Client(sandbox) as api:
        left = [api.get("/v2/account").headers["ratelimit-remaining"] for _ in range(3)]
        refused = api.get("/v2/account")
        unknown = api.http.get("/v2/account", headers={"authorization": "Bearer other"})
    assert left == ["49", "48", "47"]
    assert refused.status_code == 429
    assert refused.json()["id"] == "too_many_requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert refused.headers["ratelimit-limit"] == "50"
    assert refused.headers["ratelimit-remaining"] == "47"
    assert unknown.status_code == 401, "who has no token is not counted"
    assert [entry.status for entry in sandbox.requests] == [200, 200, 200, 429, 401]


def test_used_up_hour_over_http() -> None:
    sandbox = Sandbox(size="small", until=UNTIL, limits=Limits(per_hour=2, per_minute=100))
    with sandbox, Client(sandbox) as api:
        responses = [api.get("/v2/account") for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert "retry-after" not in responses[2].headers
    assert responses[2].headers["ratelimit-remaining"] == "0"
