"""The API's own errors, in its own words and without secrets."""

from __future__ import annotations

import httpx
import pytest

from billql.errors import ApiError, BadAnswer, CredentialRefused
from support.asking import PROVIDER, TOKEN, ask, connection, get
from support.mock import Api, asking, refused


def test_an_error_says_what_the_api_said() -> None:
    body = {"id": "not_found", "message": "There is no such thing.", "request_id": "4d9d8375"}
    api = Api(httpx.Response(404, json=body))
    with asking(api) as transport, pytest.raises(ApiError) as caught:
        ask(transport, connection(), get(path="/v1/things/7", page="secret"))
    error = caught.value
    assert str(error) == (
        "GET https://api.example.com/v1/things/7 answered 404: There is no such thing. "
        "(not_found) [request 4d9d8375]"
    )
    assert (error.status, error.method) == (404, "GET")
    assert error.url == "https://api.example.com/v1/things/7"
    assert (error.api_code, error.api_message) == ("not_found", "There is no such thing.")
    assert error.request_id == "4d9d8375"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body><h1>502 Bad Gateway</h1></body></html>",
        b"[]",
        b"null",
        b'"message"',
        b'{"message": null, "id": {"a": 1}}',
        b'{"message": ["a"], "id": ""}',
        b'{"message": "cut',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_an_error_of_any_shape_is_told(body: bytes) -> None:
    api = Api(httpx.Response(400, content=body, headers={"x-request-id": "abc"}))
    error = refused(api)
    assert str(error) == ("GET https://api.example.com/v1/things answered 400 [request abc]")
    assert (error.api_code, error.api_message, error.request_id) == (None, None, "abc")


def test_an_error_is_one_line_of_sane_length() -> None:
    message = "a\nb\x1b[2J\x00" + "long " * 1000
    error = refused(Api(httpx.Response(400, json={"message": message})))
    assert str(error).isprintable()
    assert len(str(error)) < 600


def test_an_error_never_repeats_the_token() -> None:
    api = Api(
        httpx.Response(
            401,
            json={"message": f"Bad token {TOKEN}!", "id": TOKEN},
            headers={"x-request-id": TOKEN},
        )
    )
    error = refused(api, CredentialRefused)
    assert TOKEN not in f"{error!r} {error} {vars(error)}"
    assert error.api_message == "Bad token …!"


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, f"The token in MOCK_TOKEN was refused. {PROVIDER.auth.help}"),
        (403, f"The token in MOCK_TOKEN may not read this. {PROVIDER.auth.help}"),
        (429, "Wait, or ask for less: fewer days, fewer keys, a LIMIT."),
        (404, None),
    ],
)
def test_advice(status: int, hint: str | None) -> None:
    assert refused(Api(httpx.Response(status))).hint == hint


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    api = Api(httpx.Response(status, headers={"location": "https://evil.example.com/"}))
    error = refused(api, BadAnswer)
    assert f"answered {status}, which sends its caller elsewhere" in str(error)
    assert len(api.asked) == 1
