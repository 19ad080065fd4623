"""Errors that mean later: waited for as 429 is, whatever their status; a plain one is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.config.settings import Settings
from billql.definitions.model import ErrorBody, Later
from billql.errors import ApiError, CredentialRefused
from support.api_client import connection, get, send, tracker
from support.mock import OK, Api, api_client, refused
from support.server import Asked, Serve, in_turn
from support.shop import opened, resource, select

WORDS = ErrorBody(
    message="message",
    code="id",
    later=Later(
        codes=("ThrottlingException", "Throttling"),
        messages=("secondary rate limit", "Rate exceeded"),
    ),
)

LATER: list[tuple[int, dict[str, str], Any]] = [
    (403, {"retry-after": "2"}, {}),
    (400, {"retry-after": "2"}, {}),
    (403, {"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, {}),
    (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, {"message": "API rate limit"}),
    (400, {"ratelimit-remaining": "0", "ratelimit-reset": "5"}, {}),
    (403, {"ratelimit": '"default";r=0;t=5'}, {}),
    (403, {}, {"message": "You have exceeded a secondary rate limit. Please wait."}),
    (400, {}, {"__type": "ThrottlingException", "message": "Slow down"}),
    (400, {}, {"__type": "com.amazonaws.ce#ThrottlingException"}),
    (400, {"x-amzn-errortype": "ThrottlingException:http://internal"}, {}),
    (400, {}, "<Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"),
    (409, {}, {"id": "Throttling"}),
    (400, {}, {"errors": [{"detail": "rate EXCEEDED"}]}),
    (400, {}, "Rate exceeded"),
]

PLAIN: list[tuple[int, dict[str, str], Any]] = [
    (403, {}, {"message": "You may not"}),
    (403, {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "30"}, {}),
    (403, {"retry-after": "soon"}, {}),
    (400, {}, {"message": "Bad value", "id": "ValidationException"}),
    (401, {"retry-after": "2", "x-ratelimit-remaining": "0"}, {}),
    (404, {"retry-after": "2", "x-ratelimit-remaining": "0"}, {}),
    (400, {}, {"id": "ThrottlingExceptions"}),
]


def reply(status: int, headers: dict[str, str], body: Any) -> httpx.Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return httpx.Response(status, text=text, headers=headers)


@pytest.mark.parametrize(("status", "headers", "body"), LATER)
def test_what_means_later_is_waited_for(status: int, headers: dict[str, str], body: Any) -> None:
    api = Api(*[reply(status, headers, body)] * 7, OK)
    with api_client(api, patience=1000) as transport:
        followed = tracker()
        answer = transport.send(get(), connection(errors=WORDS), followed).result(5)
    assert answer.body == b'{"things":[]}'
    assert followed.sent == 8, "more often than a request that failed is tried again"
    named = headers.get("retry-after") or headers.get("x-ratelimit-reset") or "0"
    assert followed.waited >= (30 if len(named) > 3 else int(named))


@pytest.mark.parametrize(("status", "headers", "body"), PLAIN)
def test_a_plain_error_is_one_at_once(status: int, headers: dict[str, str], body: Any) -> None:
    api = Api(reply(status, headers, body), OK)
    with api_client(api) as transport, pytest.raises(ApiError) as caught:
        send(transport, connection(errors=WORDS))
    assert caught.value.status == status
    assert len(api.asked) == 1
    assert isinstance(caught.value, CredentialRefused) == (status in (401, 403))


def test_without_words_of_the_definition_they_mean_nothing() -> None:
    body = {"message": "You have exceeded a secondary rate limit."}
    assert refused(Api(httpx.Response(403, json=body)), CredentialRefused).status == 403


def test_patience_ends_and_the_error_speaks_of_the_limit() -> None:
    api = Api(reply(403, {"retry-after": "3600"}, {"message": "Slow down"}))
    error = refused(api)
    assert not isinstance(error, CredentialRefused)
    assert error.status == 403
    assert "Slow down" in str(error)
    assert error.hint == "Wait, or ask for less: fewer days, fewer keys, a LIMIT."


def test_others_with_the_same_credential_wait_too() -> None:
    api = Api(reply(403, {"retry-after": "40"}, {}), OK)
    with api_client(api, patience=100) as transport:
        send(transport, connection())
        assert api.moments[1] - api.moments[0] >= 40


def test_a_statement_waits_over_http(tmp_path: Path, serve: Serve) -> None:
    def early(asked: Asked) -> None:
        asked.answer({"message": "Rate exceeded"}, 400, {"content-type": "application/json"})

    def throttled(asked: Asked) -> None:
        asked.answer("<p>Try again later</p>", 403, {"retry-after": "0"})

    def fine(asked: Asked) -> None:
        asked.answer({"items": [{"id": "a"}]})

    server = serve(in_turn(early, throttled, early, fine))
    tables = {"t": resource({"id": "text"}, "GET /t", rows="items[]")}
    changes = {"errors": {"later": {"messages": ["rate exceeded"]}}}
    settings = Settings(attempts=1)
    with opened(server, tmp_path, changes, tables, settings=settings) as session:
        assert select(session, "SELECT id FROM @t") == [("a",)]
    assert len(server.asked) == 4
