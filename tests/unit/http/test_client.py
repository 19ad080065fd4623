"""Retries, limits and the API's own errors, on a clock that the tests turn."""

from __future__ import annotations

import email.utils
import socket
import threading
from concurrent.futures import Future
from dataclasses import replace

import httpx
import pytest

from billql.definitions.model import Limit
from billql.errors import (
    ApiError,
    BadValue,
    ClosedError,
    ConnectionFailed,
    CredentialRefused,
    Interrupted,
    RequestLimit,
)
from billql.messages import Request, Response
from support.api_client import TOKEN, connection, get, send, tracker
from support.mock import OK, Api, Reply, api_client, refused

# What goes out.


def test_a_request_carries_its_credential_and_its_parameters() -> None:
    api = Api(OK)
    request = Request("POST", "https://api.example.com/v1/things", (("a", "x y&z"),), {"b": [1]})
    with api_client(api) as transport:
        send(transport, connection(headers={"Api-Version": "7"}), request)
    (sent,) = api.asked
    assert (sent.method, str(sent.url)) == ("POST", "https://api.example.com/v1/things?a=x+y%26z")
    assert sent.content == b'{"b":[1]}'
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["api-version"] == "7"
    assert sent.headers["user-agent"].startswith("billql/")


def test_an_answer_keeps_the_headers_that_are_needed_and_harmless() -> None:
    headers = {
        "Content-Type": "Application/JSON; charset=utf-8",
        "Content-Disposition": "attachment",
        "Link": "<https://api.example.com>; rel=next",
        "Set-Cookie": "a=b",
    }
    api = Api(httpx.Response(200, content=b"{}", headers=headers))
    request = replace(get(), keep_headers=("set-cookie", "content-disposition", "etag"))
    with api_client(api) as transport:
        assert send(transport, connection()) == Response(b"{}", "application/json")
        answer = send(transport, connection(), request)
    assert answer == Response(b"{}", "application/json", {"content-disposition": "attachment"})


def test_cookies_are_forgotten() -> None:
    api = Api(httpx.Response(200, json={}, headers={"set-cookie": "session=1; Path=/"}))
    with api_client(api) as transport:
        send(transport, connection())
        send(transport, connection())
    assert "cookie" not in api.asked[1].headers


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "https://api.example.com/v1", headers=(("x-name", "a\r\nb: c"),)),
        Request("GET", "https://api.example.com/v1", headers=(("x-name", "ß"),)),
        Request("GET", "https://api.example.com/v\n1"),
        Request("POST", "https://api.example.com/v1", (), {"a": float("nan")}),
        Request("POST", "https://api.example.com/v1", (), {"a": "\ud800"}),
    ],
    ids=["line break", "header", "address", "number", "surrogate"],
)
def test_what_cannot_be_sent_is_not_tried(request_: Request) -> None:
    # A line break in a header is refused by the connection itself, see test_wire.
    api = Api(httpx.LocalProtocolError("Illegal header value b'secret'"))
    with api_client(api) as transport, pytest.raises(BadValue, match="cannot be sent") as caught:
        send(transport, connection(), request_)
    assert "secret" not in str(caught.value)
    assert api.clock.waits == []


# What is tried again.


@pytest.mark.parametrize("status", [408, 429, 500, 501, 502, 503, 504, 529])
def test_a_passing_status_is_tried_again(status: int) -> None:
    api = Api(httpx.Response(status), OK)
    with api_client(api) as transport:
        followed = tracker()
        answer = transport.send(get(), connection(), followed).result(5)
    assert answer.body == b'{"things":[]}'
    assert followed.sent == 2
    assert followed.waited == sum(api.clock.waits) > 0


def test_a_definition_names_further_statuses() -> None:
    api = Api(httpx.Response(409), httpx.Response(404), OK)
    with api_client(api) as transport:
        send(transport, connection(retry=(409, 404)))
    assert len(api.asked) == 3


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 402, 403, 404, 409, 410, 422])
def test_another_status_is_final(status: int) -> None:
    api = Api(httpx.Response(status))
    error = refused(api)
    assert error.status == status
    assert isinstance(error, CredentialRefused) == (status in (401, 403))
    assert len(api.asked) == 1


def after(kind: type[httpx.TransportError], cause: OSError) -> httpx.TransportError:
    """Return an error of httpx's that one of the system's led to, as its own transport raises."""
    error = kind(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (after(httpx.ConnectError, OSError(111, "Connection refused")), "Connection refused"),
        (
            after(httpx.ConnectError, socket.gaierror(-2, "Name or service not known")),
            "Name or service not known",
        ),
        (
            after(httpx.ReadError, OSError(104, "Connection reset by peer")),
            "Connection reset by peer",
        ),
        (httpx.WriteError("broken pipe"), "broken pipe"),
        (httpx.RemoteProtocolError("peer closed connection"), "peer closed connection"),
        (httpx.ReadTimeout(""), "no answer in time"),
    ],
)
def test_a_broken_connection_is_tried_again(failure: Exception, words: str) -> None:
    api = Api(failure, OK)
    with api_client(api) as transport:
        assert send(transport, connection()).body
    api = Api(failure)
    error = refused(api, ConnectionFailed)
    assert str(error) == f"GET https://api.example.com/v1/things got no answer: {words}"
    assert len(api.asked) == 5
    assert error.__cause__ is None
    assert error.__context__ is None


def test_pauses_double_and_jitter() -> None:
    firsts = set()
    for _ in range(20):
        api = Api(httpx.Response(503))
        refused(api)
        assert len(api.asked) == 5
        for attempt, pause in enumerate(api.clock.waits):
            assert 0.25 * 2**attempt <= pause <= 0.5 * 2**attempt
        firsts.add(api.clock.waits[0])
    assert len(firsts) > 10


def test_the_number_of_attempts_is_a_setting() -> None:
    api = Api(httpx.Response(503))
    refused(api, attempts=2)
    assert len(api.asked) == 2


def test_no_number_of_attempts_is_too_large_for_a_pause() -> None:
    api = Api(httpx.Response(503))
    refused(api, attempts=1_100, patience=1e6)
    assert len(api.asked) == 1_100
    assert max(api.clock.waits) <= 15


@pytest.mark.parametrize("patience", [0.0, 0.3, 1.0, 3.0])
def test_patience_bounds_the_time(patience: float) -> None:
    api = Api(httpx.Response(500, json={"message": "Oh no"}))
    error = refused(api, patience=patience, attempts=100)
    assert api.clock.passed <= patience
    assert error.api_message == "Oh no"


@pytest.mark.parametrize("status", [500, 503, "refused"])
def test_patience_with_failures_counts_from_the_first(status: int | str) -> None:
    def fail(request: httpx.Request) -> Reply:
        api.clock.turn(60)
        return httpx.ConnectError("") if isinstance(status, str) else httpx.Response(status)

    error = ConnectionFailed if isinstance(status, str) else ApiError
    api = Api(fail)
    refused(api, error, failure_patience=4.0, attempts=100)
    assert len(api.asked) == 2  # the pause before the second is at most half a second
    assert sum(api.clock.waits) <= 4
    at_once = httpx.ConnectError("") if isinstance(status, str) else httpx.Response(status)
    api = Api(at_once)
    refused(api, error, failure_patience=4.0, attempts=100)
    assert len(api.asked) >= 3
    assert api.clock.passed <= 4


def test_a_429_is_no_failure_that_patience_counts() -> None:
    later = httpx.Response(429, headers={"retry-after": "30"})
    api = Api(later, later, httpx.Response(200, json={}))
    with api_client(api, failure_patience=4.0) as transport:
        send(transport, connection())
    assert len(api.asked) == 3


def test_time_that_attempts_take_counts() -> None:
    def slow(request: httpx.Request) -> Reply:
        api.clock.turn(20)
        return httpx.ReadTimeout("")

    api = Api(slow)
    refused(api, ConnectionFailed, patience=50.0)
    assert len(api.asked) == 3


def test_each_attempt_is_counted_and_may_be_forbidden() -> None:
    spent: list[int] = []

    def spend() -> None:
        if len(spent) == 2:
            raise RequestLimit("enough")
        spent.append(1)

    api = Api(httpx.Response(500))
    with api_client(api) as transport, pytest.raises(RequestLimit):
        transport.send(get(), connection(), tracker(spend)).result(5)
    assert len(api.asked) == 2


# What the API asks for.


def at(api: Api, seconds: float) -> str:
    return email.utils.formatdate(api.clock.now() + seconds, usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(status: int) -> None:
    api = Api(httpx.Response(status, headers={"retry-after": "7"}), OK)
    with api_client(api) as transport:
        send(transport, connection())
    assert api.moments == [0, 7]


def test_retry_after_may_be_a_date() -> None:
    api = Api(OK)
    api.replies = [httpx.Response(429, headers={"retry-after": at(api, 9)}), OK]
    with api_client(api) as transport:
        send(transport, connection())
    assert api.moments == [0, 9]


@pytest.mark.parametrize("told", ["0", "past", "", "never", "-4"])
def test_a_retry_after_that_says_nothing_is_a_pause_like_any(told: str) -> None:
    api = Api(OK)
    headers = {"retry-after": at(api, -3600) if told == "past" else told}
    api.replies = [httpx.Response(429, headers=headers), OK]
    with api_client(api) as transport:
        send(transport, connection())
    assert 0.25 <= api.moments[1] <= 0.5


@pytest.mark.parametrize("told", ["3600", "9" * 30, "9" * 400, "date"])
def test_an_absurd_retry_after_is_the_error_at_once(told: str) -> None:
    api = Api(OK)
    headers = {"retry-after": at(api, 1e6) if told == "date" else told}
    api.replies = [httpx.Response(429, json={"message": "Slow down"}, headers=headers)]
    error = refused(api)
    assert (error.status, error.api_message) == (429, "Slow down")
    assert api.clock.waits == []


def test_being_told_to_come_later_is_no_failed_attempt() -> None:
    slow_down, broken = httpx.Response(429), httpx.Response(500)
    api = Api(*[slow_down] * 7, broken, broken, OK)
    with api_client(api, attempts=3) as transport:
        send(transport, connection())
    assert len(api.asked) == 10


def test_being_told_to_come_later_for_ever_is_the_error_of_the_api() -> None:
    api = Api(httpx.Response(429, json={"message": "Slow down"}))
    error = refused(api)
    assert (error.status, error.api_message) == (429, "Slow down")
    assert 100 < api.moments[-1] <= 120
    assert len(api.asked) < 25


def test_nobody_passes_while_the_api_says_wait_without_a_time() -> None:
    api = Api(httpx.Response(429), OK)
    with api_client(api, concurrency=1) as transport:
        for future in [transport.send(get(), connection(), tracker()) for _ in range(3)]:
            future.result(5)
    first, *others = api.moments
    assert (first, len(others)) == (0, 3)
    assert all(moment >= 0.25 for moment in others)


def test_nobody_passes_while_the_api_says_wait() -> None:
    api = Api(httpx.Response(429, headers={"retry-after": "7"}), OK)
    with api_client(api) as transport:
        for future in [transport.send(get(), connection(), tracker()) for _ in range(3)]:
            future.result(5)
        assert all(moment >= 7 for moment in api.moments[3:])
        after = transport.send(get(), connection(token="another"), tracker())
        after.result(5)


def test_none_remaining_waits_for_the_reset() -> None:
    api = Api(OK)
    reset = str(int(api.clock.now()) + 30)
    none = {"ratelimit-remaining": "0", "ratelimit-reset": reset}
    api.replies = [httpx.Response(200, json={}, headers=none), OK]
    with api_client(api) as transport:
        send(transport, connection())
        followed = tracker()
        transport.send(get(), connection(), followed).result(5)
    assert api.moments == [0, 30]
    assert followed.waited == 30


def test_a_reset_that_is_too_far_is_the_error_of_the_api() -> None:
    """DigitalOcean's hourly limit: a 429 without retry-after, whose reset is far away."""
    api = Api(OK)
    headers = {
        "ratelimit-remaining": "0",
        "ratelimit-reset": str(int(api.clock.now()) + 1800),
    }
    body = {"id": "too_many_requests", "message": "API rate limit exceeded.", "request_id": "r-1"}
    api.replies = [httpx.Response(429, json=body, headers=headers)]
    with api_client(api) as transport:
        with pytest.raises(ApiError, match="API rate limit exceeded") as caught:
            send(transport, connection())
        assert caught.value.request_id == "r-1"
        with pytest.raises(ApiError, match="is used up for another 1800 seconds") as caught:
            send(transport, connection())
    assert caught.value.status == 429
    assert len(api.asked) == 1


def test_the_definition_limits_requests() -> None:
    api = Api(OK)
    limited = connection(limits=(Limit(requests=2, seconds=10),))
    with api_client(api) as transport:
        for _ in range(5):
            send(transport, limited)
    assert [round(moment, 3) for moment in api.moments] == [0, 0, 10, 10, 20]


def test_a_limit_may_be_for_some_paths() -> None:
    api = Api(OK)
    limited = connection(limits=(Limit(requests=1, seconds=10, path_ends="/search"),))
    with api_client(api) as transport:
        for path in ("/v1/things", "/v1/things/search", "/v1/things", "/v1/others/search"):
            send(transport, limited, get(path=path))
    assert [round(moment) for moment in api.moments] == [0, 0, 0, 10]


def test_a_limit_that_takes_longer_than_patience_is_an_error() -> None:
    api = Api(OK)
    limited = connection(limits=(Limit(requests=1, seconds=600),))
    followed = tracker()
    with api_client(api) as transport:
        send(transport, limited)
        with pytest.raises(ApiError, match=r"api\.example\.com is used up for another 600 seconds"):
            transport.send(get(), limited, followed).result(5)
    assert (followed.sent, followed.waited, len(api.asked)) == (0, 0, 1)


# Ends.


def test_a_statement_that_has_ended_sends_nothing() -> None:
    api = Api(OK)
    with api_client(api) as transport:
        ended = tracker()
        ended.stop.set()
        with pytest.raises(Interrupted):
            transport.send(get(), connection(), ended).result(5)
    assert api.asked == []


def test_a_statement_that_ends_is_not_tried_again() -> None:
    followed = tracker()

    def fail(request: httpx.Request) -> Reply:
        followed.stop.set()
        return httpx.Response(503)

    api = Api(fail)
    with api_client(api) as transport, pytest.raises(Interrupted):
        transport.send(get(), connection(), followed).result(5)
    assert len(api.asked) == 1


def test_the_statement_learns_of_an_answer_before_anybody_has_it() -> None:
    futures: list[Future[Response]] = []
    seen: list[tuple[bool, Response | None]] = []
    sent = threading.Event()

    def look(answer: Response | None) -> None:
        sent.wait(5)
        seen.append((futures[0].done(), answer))

    followed = tracker()
    followed.ended = look
    with api_client(Api(httpx.Response(500), OK)) as transport:
        futures.append(transport.send(get(), connection(), followed))
        sent.set()
        answer = futures[0].result(5)
    assert seen == [(False, answer)]


def test_the_statement_learns_of_a_failure_too() -> None:
    seen: list[Response | None] = []
    followed = tracker()
    followed.ended = seen.append
    with api_client(Api(httpx.Response(404))) as transport, pytest.raises(ApiError):
        transport.send(get(), connection(), followed).result(5)
    assert seen == [None]


def test_a_fault_of_the_statement_is_raised_and_hurts_nobody_else() -> None:
    def fail(answer: Response | None) -> None:
        raise RuntimeError("a fault")

    followed = tracker()
    followed.ended = fail
    with api_client(Api(OK), concurrency=1) as transport:
        with pytest.raises(RuntimeError, match="a fault"):
            transport.send(get(), connection(), followed).result(5)
        assert send(transport, connection()).body


def test_a_closed_transport_refuses_and_closing_again_does_nothing() -> None:
    with api_client(Api(OK)) as transport:
        send(transport, connection())
        transport.close()
        with pytest.raises(ClosedError):
            transport.send(get(), connection(), tracker())
