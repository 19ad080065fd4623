"""Access tokens that a credential is exchanged for: one for many requests, and never shown."""

from __future__ import annotations

import base64
import threading

import httpx
import pytest

from billql.definitions.auth import ClientCredentials
from billql.errors import ApiError, BadResponse, ConnectionFailed, CredentialRefused, Error
from billql.http.access_tokens import AccessTokens
from billql.http.credentials import ApiConnection
from support.api_client import connection, get, send, tracker
from support.mock import OK, Api, Reply, api_client

AUTH = ClientCredentials(
    client_id="ID", secret="SECRET", token_path="/oauth/token", help="Ask for one."
)
SECRET = "client-1:secret-8f14e45fceea167a5a36dedd4bea2543"


def to(auth: ClientCredentials = AUTH, token: str = SECRET) -> ApiConnection:
    return connection(token=token, auth=auth, headers={"Api-Version": "7"})


def granted(number: int = 1, **more: object) -> httpx.Response:
    return httpx.Response(200, json={"access_token": f"access-token-{number}", **more})


def of(request: httpx.Request) -> str:
    return request.headers["authorization"]


def test_a_token_is_requested_once_for_many_requests() -> None:
    api = Api(granted(expires_in=3600), OK)
    with api_client(api) as client:
        for _ in range(3):
            send(client, to())
    first, *others = api.asked
    assert (first.method, str(first.url)) == ("POST", "https://api.example.com/oauth/token")
    assert first.content == b"grant_type=client_credentials"
    assert first.headers["content-type"] == "application/x-www-form-urlencoded"
    assert of(first) == f"Basic {base64.b64encode(SECRET.encode()).decode()}"
    assert [of(one) for one in others] == ["Bearer access-token-1"] * 3
    assert [one.headers["api-version"] for one in others] == ["7"] * 3


def test_a_scope_is_requested_where_there_is_one() -> None:
    api = Api(granted(), OK)
    auth = ClientCredentials(
        client_id="ID", secret="SECRET", token_path="/t", help="Ask.", scope="a b"
    )
    with api_client(api) as client:
        send(client, to(auth))
    assert api.asked[0].content == b"grant_type=client_credentials&scope=a+b"


@pytest.mark.parametrize(("lifetime", "seconds"), [(3600, 3240), (None, 3240), (60, 54)])
def test_a_token_is_requested_anew_before_it_expires(lifetime: int | None, seconds: int) -> None:
    api = Api(granted(1, expires_in=lifetime), OK, OK, granted(2), OK)
    with api_client(api) as client:
        send(client, to())
        api.clock.turn(seconds - 1)
        send(client, to())
        api.clock.turn(1)
        send(client, to())
    assert [of(one) for one in api.asked if one.method == "GET"] == [
        "Bearer access-token-1",
        "Bearer access-token-1",
        "Bearer access-token-2",
    ]


def test_a_token_that_is_not_accepted_any_more_is_replaced() -> None:
    api = Api(granted(1), OK, httpx.Response(401), granted(2), OK)
    with api_client(api) as client:
        send(client, to())
        send(client, to())
    assert [of(one) for one in api.asked][-1] == "Bearer access-token-2"


def test_a_new_token_that_is_not_accepted_is_an_error() -> None:
    api = Api(granted(1), httpx.Response(401, json={"message": "Not you: access-token-1"}))
    with api_client(api) as client, pytest.raises(CredentialRefused) as caught:
        send(client, to())
    assert len(api.asked) == 2
    assert "access-token-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        (
            httpx.Response(401, json={"error": "invalid_client"}),
            CredentialRefused,
            "invalid_client",
        ),
        (httpx.Response(400, json={"error": "invalid_grant"}), CredentialRefused, "invalid_grant"),
        (httpx.Response(404), ApiError, "answered 404"),
        (httpx.Response(200, json={"token": "x"}), BadResponse, "returned no access token"),
        (httpx.Response(200, content=b"<p>"), BadResponse, "returned no access token"),
        (httpx.Response(200, json=["x"]), BadResponse, "returned no access token"),
        (httpx.Response(200, json={"access_token": "a\nb"}), BadResponse, "no access token"),
        (httpx.ConnectError("gone"), ConnectionFailed, "gone"),
    ],
)
def test_what_is_granted_is_not_taken_for_granted(
    reply: Reply, kind: type[Error], text: str
) -> None:
    with api_client(Api(reply), attempts=1) as client, pytest.raises(kind) as caught:
        send(client, to())
    assert text in str(caught.value)
    assert "POST https://api.example.com/oauth/token" in str(caught.value)
    assert "secret-8f14" not in str(caught.value)
    if kind is CredentialRefused:
        assert "Ask for one." in str(caught.value.hint)


def test_a_passing_fault_is_tried_again() -> None:
    api = Api(httpx.Response(503), httpx.Response(429), granted(), OK)
    with api_client(api) as client:
        send(client, to())
    assert [one.method for one in api.asked] == ["POST", "POST", "POST", "GET"]


def test_connections_have_tokens_of_their_own() -> None:
    api = Api(granted(1), OK, granted(2), OK)
    with api_client(api) as client:
        send(client, to())
        send(client, to(token="client-2:another"))
    assert [of(one) for one in api.asked if one.method == "GET"] == [
        "Bearer access-token-1",
        "Bearer access-token-2",
    ]


def test_threads_wait_for_one_token() -> None:
    api = Api(granted(), OK)
    with api_client(api) as client:
        results = [client.send(get(page=str(number)), to(), tracker()) for number in range(8)]
        assert all(one.result(30).body for one in results)
    assert [one.method for one in api.asked].count("POST") == 1


def test_a_credential_that_is_sent_itself_is_exchanged_for_nothing() -> None:
    api = Api(OK)
    with api_client(api) as client:
        tokens = AccessTokens(client._backend, api.clock)
        sent = connection()
        headers = tokens.headers_for(get(), sent, threading.Event())
        assert headers == sent.headers_for(get())
        assert not tokens.renew(sent, {})
    assert api.asked == []
