"""Tokens and the addresses that they may go to."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.errors import CredentialMissing, Exit, InterfaceError
from billql.http.credentials import ApiConnection, ConnectionResolver, origin
from billql.sqlite.shared import Options
from support.api_client import PROVIDER, TOKEN, connection

# Finding a token.


def test_a_token_comes_from_the_environment() -> None:
    found = ConnectionResolver({"MOCK_TOKEN": f" {TOKEN}\n"}).connection("mock", "mock", PROVIDER)
    assert (found.secret, found.url) == (TOKEN, "https://api.example.com")
    assert found.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_token_that_is_handed_over_goes_first() -> None:
    credentials = ConnectionResolver(
        {"MOCK_TOKEN": "environment"}, {"mock": TOKEN, "other": "other"}
    )
    assert credentials.connection("mock", "mock", PROVIDER).secret == TOKEN


@pytest.mark.parametrize("environ", [{}, {"MOCK_TOKEN": ""}, {"MOCK_TOKEN": " \n"}])
def test_no_token(environ: dict[str, str]) -> None:
    with pytest.raises(CredentialMissing) as caught:
        ConnectionResolver(environ).connection("mock", "mock", PROVIDER)
    error = caught.value
    assert str(error) == (
        "There is no token for Mock: the environment variable MOCK_TOKEN is not set"
    )
    assert error.hint == "Ask for one at https://example.com/tokens. Then: export MOCK_TOKEN=…"
    assert error.exit_code is Exit.CREDENTIAL


@pytest.mark.parametrize(
    "token",
    ["planted\nX-Other: 1", "planted\r", "plan ted", "Bearer planted", "plantéd", "planted\x00x",
     "planted\x7f", "“planted”", "planted\tx"],
)  # fmt: skip
def test_a_token_that_cannot_be_one(token: str) -> None:
    with pytest.raises(CredentialMissing, match="a character that no token has") as caught:
        ConnectionResolver({"MOCK_TOKEN": token + "x"}).connection("mock", "mock", PROVIDER)
    assert "plan" not in f"{caught.value!r} {caught.value.hint}"


def test_headers_of_the_provider_go_along() -> None:
    assert connection(headers={"Api-Version": "7"}).headers == {
        "Api-Version": "7",
        "Authorization": f"Bearer {TOKEN}",
    }


# Where it may go.


def test_an_address_may_be_set() -> None:
    environ = {"MOCK_TOKEN": TOKEN, "BILLQL_MOCK_URL": "http://127.0.0.1:8000/"}
    assert (
        ConnectionResolver(environ).connection("mock", "mock", PROVIDER).url
        == "http://127.0.0.1:8000"
    )
    handed = ConnectionResolver(environ, urls={"mock": "https://proxy.example.com/do"})
    assert handed.connection("mock", "mock", PROVIDER).url == "https://proxy.example.com/do"
    environ["BILLQL_MOCK_URL"] = ""
    assert (
        ConnectionResolver(environ).connection("mock", "mock", PROVIDER).url
        == "https://api.example.com"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://api.example.com:8443/base",
        "HTTPS://API.EXAMPLE.COM",
        "https://[2001:db8::1]",
        "https://192.0.2.1",
        "http://127.0.0.1",
        "http://127.8.9.10:80",
        "http://localhost:8000",
        "HTTP://LOCALHOST",
        "http://[::1]:8000",
    ],
)
def test_a_good_address(url: str) -> None:
    assert origin(url, "BILLQL_MOCK_URL") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://localhost.",
        "http://0.0.0.0",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.1",
        "http://①②⑦.⓪.⓪.①",
        "http://[::]",
        "http://[::2]",
        "http://10.0.0.1",
        "http://example.com#@127.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "ws://127.0.0.1",
    ],
)
def test_an_address_where_others_could_read_the_token(url: str) -> None:
    with pytest.raises(InterfaceError, match="BILLQL_MOCK_URL"):
        origin(url, "BILLQL_MOCK_URL")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "//api.example.com",
        "https://",
        "https:api.example.com",
        "https://:443",
        "https://me@api.example.com",
        "https://me:planted@api.example.com",
        "https://@api.example.com",
        "https://api.example.com\\@evil.example.com",
        "https://api.example.com?token=planted",
        "https://api.example.com/#planted",
        "https://api.example.com?",
        "https://api.example.com/#",
        "https://api.example.com:port",
        "https://api.example.com:99999",
        "https://[::1",
        "https://exa mple.com",
        "https://exa\tmple.com",
        "https://example.com/\n",
        "https://exam\x00ple.com",
        "https://ex%61mple.com",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(InterfaceError, match="BILLQL_MOCK_URL is not the address") as caught:
        origin(url, "BILLQL_MOCK_URL")
    assert "planted" not in f"{caught.value!r} {caught.value.hint}"


@given(st.text(max_size=30))
def test_plain_http_goes_nowhere_but_here(rest: str) -> None:
    try:
        url = origin(f"http://{rest}", "x")
    except InterfaceError:
        return
    host = url.removeprefix("http://").partition("/")[0].rpartition(":")[0] or url[7:]
    assert host.lower().startswith(("127.", "localhost", "[::1]"))


# What others may see.


def test_a_connection_does_not_show_its_secret() -> None:
    shown = connection(headers={"X-Key": "k"})
    _ = shown.headers
    assert TOKEN not in f"{shown} {shown!r}"


def test_options_do_not_show_secrets() -> None:
    options = Options(
        environ={"MOCK_TOKEN": "planted-1"},
        tokens={"mock": "planted-2"},
        urls={"mock": "https://me:planted-3@api.example.com"},
    )
    assert "planted" not in f"{options} {options!r}"


def test_a_fingerprint_tells_credentials_apart_and_nothing_else() -> None:
    one = connection()
    assert one.fingerprint == connection().fingerprint
    assert one.fingerprint == connection(title="Renamed").fingerprint
    others = [
        connection(token="other"),
        connection("https://other.example.com"),
        connection(name="other"),
    ]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 4
    assert all(len(other.fingerprint) == 32 for other in others)


def test_a_fingerprint_has_no_seams() -> None:
    one = ApiConnection("a", PROVIDER, "b", "c", "a", "A")
    other = ApiConnection("a\0b", PROVIDER, "c", "", "a", "A")
    assert one.fingerprint != other.fingerprint
    assert msgspec.structs.asdict(PROVIDER)["title"] == "Mock"
