"""The API's own errors, in its own words and without secrets."""

from __future__ import annotations

import httpx
import pytest

from billql.definitions.model import ErrorBody
from billql.errors import ApiError, BadResponse, CredentialRefused
from support.api_client import PROVIDER, TOKEN, connection, get, send
from support.mock import Api, api_client, refused


def test_an_error_says_what_the_api_said() -> None:
    body = {"id": "not_found", "message": "There is no such thing.", "request_id": "4d9d8375"}
    api = Api(httpx.Response(404, json=body))
    with api_client(api) as transport, pytest.raises(ApiError) as caught:
        send(transport, connection(), get(path="/v1/things/7", page="secret"))
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
        b"<html><body></body></html>",
        b"[]",
        b"{}",
        b"null",
        b"7",
        b'""',
        b'{"message": null, "id": {"a": 1}}',
        b'{"message": [], "id": ""}',
        b'{"error": {}, "errors": [{}], "ok": false}',
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


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (b"Not allowed here.\n", "Not allowed here.", None),
        (b'\xef\xbb\xbf{"message": "No"}', "No", None),
        (b'"Not allowed"', "Not allowed", None),
        (b"<html><head><title>x</title></head><h1>502 Bad</h1></html>", "502 Bad", None),
        (
            b"<html><title>Access denied</title><style>p {}</style><p>" + b"word " * 200,
            "Access denied",
            None,
        ),
        (
            b'<?xml version="1.0"?><ErrorResponse xmlns="https://x"><Error><Type>Sender</Type>'
            b"<Code>Throttling</Code><Message>Rate &amp; more</Message></Error>"
            b"<RequestId>r1</RequestId></ErrorResponse>",
            "Rate & more",
            "Throttling",
        ),
        (b"<Error><Code>AccessDenied</Code><Message>No</Message></Error>", "No", "AccessDenied"),
        (b'{"message": "first", "detail": "second", "id": "c"}', "first", "c"),
        (b'{"Message": "No"}', "No", None),
        (b'{"error": "No"}', "No", None),
        (b'{"error": "invalid_grant", "error_description": "No"}', "No", "invalid_grant"),
        (b'{"error": {"message": "No", "code": 7}}', "No", "7"),
        (b'{"error": {"message": "No", "code": 400, "type": "x"}}', "No", None),
        (b'{"error": {"type": "card_error", "message": "No"}}', "No", "card_error"),
        (b'{"errors": ["one", "two", "one"]}', "one; two", None),
        (b'{"errors": [{"message": "one", "code": "a"}, {"detail": "two"}]}', "one; two", "a"),
        (b'{"errors": ["1", "2", "3", "4", "5"]}', "1; 2; 3", None),
        (b'{"errors": {"name": ["is short", "is odd"]}}', "name: is short; is odd", None),
        (b'[{"message": "No", "errorCode": "INVALID"}]', "No", "INVALID"),
        (
            b'{"type": "https://e.example/probs/x", "title": "No credit", "detail": "It is 30."}',
            "No credit: It is 30.",
            None,
        ),
        (b'{"type": "about:blank", "title": "Not here", "status": 400}', "Not here", None),
        (
            b'{"__type": "com.amazon#ThrottlingException", "Message": "Rate exceeded"}',
            "Rate exceeded",
            "ThrottlingException",
        ),
        (b'{"fault": {"faultstring": "No", "detail": {"errorcode": "x.y"}}}', "No", None),
        (b'{"message": {"text": "No"}}', "text: No", None),
    ],
)
def test_an_errors_words_are_shown_wherever_they_stand(
    body: bytes, message: str, code: str | None
) -> None:
    error = refused(Api(httpx.Response(400, content=body)))
    assert (error.api_message, error.api_code) == (message, code)
    assert f"answered 400: {message}" in str(error)


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (b'{"errors": [{"reason": "Not found", "detail": "No", "n": 1}]}', "Not found", "1"),
        (b'{"errors": [{"reason": "a"}, {"reason": "b", "n": 2}, {"reason": "a"}]}', "a; b", "2"),
        (b'{"errors": [{"reason": "%d"}, {"reason": 7}, {}, 5, null]}', "%d; 7", None),
        (b'{"errors": {"reason": "No"}}', "No", None),
        (b'{"errors": []}', None, None),
        (b'{"errors": [], "texts": ["a", "b", "a", {}]}', "a; b", None),
    ],
)
def test_a_definition_names_the_members_of_an_array(
    body: bytes, message: str | None, code: str | None
) -> None:
    at = "texts[]" if b"texts" in body else "errors[].reason"
    errors = ErrorBody(message=at, code="errors[].n")
    api = Api(httpx.Response(400, content=body))
    with api_client(api) as client, pytest.raises(ApiError) as caught:
        send(client, connection(errors=errors))
    assert (caught.value.api_message, caught.value.api_code) == (message, code)


@pytest.mark.parametrize(
    "body",
    [
        b"%s is no token",
        b"<p>%s is no token</p>",
        b'{"errors": [{"detail": "%s"}]}',
        b'{"title": "x", "detail": "%s"}',
        b"<Error><Code>%s</Code><Message>%s</Message></Error>",
    ],
)
def test_no_form_of_an_error_repeats_the_token(body: bytes) -> None:
    error = refused(Api(httpx.Response(400, content=body.replace(b"%s", TOKEN.encode()))))
    assert TOKEN not in f"{error!r} {error} {vars(error)}"
    assert "…" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"word " * 10**5,
        b"<p>" * 10**5 + b"word",
        b"<a" * 10**5,
        b"&" * 10**6,
        b"{" * 10**5,
        b'{"errors": [' + b'"x",' * 10**5 + b'"x"]}',
        b'{"a":' * 500 + b"1" + b"}" * 500,
    ],
    ids=range(7),
)
def test_a_large_error_is_told_in_brief(body: bytes) -> None:
    assert len(str(refused(Api(httpx.Response(400, content=body))))) < 600


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
    error = refused(api, BadResponse)
    assert f"answered {status}, a redirect, which is not followed" in str(error)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "hint"),
    [
        (400, {"__type": "com.amazon#Expired"}, CredentialRefused, "was refused"),
        (400, {"__type": "Forbidden"}, CredentialRefused, "may not read this"),
        (400, {"__type": "ValidationException"}, ApiError, None),
        (404, {"__type": "Forbidden"}, ApiError, None),
        (500, {"__type": "Expired"}, ApiError, None),
    ],
)
def test_a_code_says_what_an_error_400_means(
    status: int, body: dict[str, str], kind: type[ApiError], hint: str | None
) -> None:
    words = ErrorBody(code="__type", means={"Expired": 401, "Forbidden": 403})
    api = Api(httpx.Response(status, json=body))
    with api_client(api, attempts=1) as transport, pytest.raises(ApiError) as caught:
        send(transport, connection(errors=words))
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert hint is None or hint in (caught.value.hint or "")
