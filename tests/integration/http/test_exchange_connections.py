"""Connections: kept, replaced, proxied, trusted."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from billql.config.settings import Settings
from billql.http.exchange import NetworkBackend
from billql.http.reply import HttpResponse, NoResponse
from support.api_client import get
from support.certificates import SELF_SIGNED, self_signed, serving
from support.exchanging import AUTHORIZATION, exchange
from support.server import Asked, Script, Serve, Server, head, in_turn
from support.tunnels import Tunnel, connecting, socks

MIB = 1 << 20


# Connections.


def test_connections_are_kept(serve: Serve) -> None:
    server = serve(lambda asked: asked.answer({}))
    backend = NetworkBackend(Settings())
    for _ in range(20):
        backend.exchange(get(server.url), {}, threading.Event())
    assert (len(server.asked), server.connections) == (20, 1)
    backend.close()
    server.until(lambda: server.open == 0)


def test_a_connection_that_the_server_closes_is_replaced(serve: Serve) -> None:
    def once(asked: Asked) -> None:
        asked.answer({})
        asked.end()

    server = serve(once)
    backend = NetworkBackend(Settings())
    for number in (1, 2):
        backend.exchange(get(server.url), {}, threading.Event())
        server.until(lambda: server.open == 0)
        assert server.connections == number
    backend.close()


def test_what_follows_a_broken_answer_comes_on_another_connection(serve: Serve) -> None:
    half = head(200, {"content-length": "9"}) + b"[1"
    server = serve(in_turn(lambda asked: asked.send(half), lambda asked: asked.answer([1])))
    backend = NetworkBackend(Settings(read_timeout=0.1))
    with pytest.raises(NoResponse):
        backend.exchange(get(server.url), {}, threading.Event())
    assert backend.exchange(get(server.url), {}, threading.Event()).body == b"[1]"
    assert server.connections == 2
    backend.close()


def test_plain_http_never_goes_through_a_proxy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is for this machine alone; a proxy would read the token."""
    proxy, server = serve(lambda asked: asked.answer([0])), serve(lambda asked: asked.answer([1]))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert exchange(server).body == b"[1]"
    assert proxy.asked == []


def test_https_goes_through_the_proxy_of_the_environment(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(lambda asked: asked.answer("Go away", 407))
    monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://me:word@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    backend = NetworkBackend(Settings())
    with pytest.raises(NoResponse, match="407") as caught:
        backend.exchange(get("https://api.example.com"), AUTHORIZATION, threading.Event())
    backend.close()
    (asked,) = proxy.asked
    assert (asked.method, asked.target) == ("CONNECT", "api.example.com:443")
    assert asked.headers["proxy-authorization"].startswith("Basic ")
    assert "authorization" not in asked.headers
    assert "word" not in str(caught.value)


def test_a_certificate_that_is_not_trusted() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(SELF_SIGNED)
    backend = NetworkBackend(Settings())
    with Server(lambda asked: asked.answer({}), tls) as server:
        with pytest.raises(NoResponse, match="certificate verify failed") as caught:
            backend.exchange(get(server.url), AUTHORIZATION, threading.Event())
        assert not caught.value.again
        assert server.asked == []
    backend.close()


# The environment: each exchange below is given one of its own.


@pytest.fixture
def api(tmp_path: Path) -> Iterator[tuple[Server, dict[str, str]]]:
    """Serve as `api.example.com`, and give an environment that trusts it."""
    certificate = self_signed(tmp_path / "api.pem", "api.example.com")
    with Server(lambda asked: asked.answer([1]), serving(certificate)) as server:
        yield server, {"SSL_CERT_FILE": str(certificate)}


def through(environ: dict[str, str], url: str = "https://api.example.com") -> HttpResponse:
    backend = NetworkBackend(Settings(connect_timeout=2, read_timeout=2), environ=environ)
    try:
        return backend.exchange(get(url), AUTHORIZATION, threading.Event())
    finally:
        backend.close()


@pytest.mark.parametrize("tunnel", [connecting, socks])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_leads_to_the_api(
    api: tuple[Server, dict[str, str]],
    tunnel: Callable[[str], AbstractContextManager[Tunnel]],
    variable: str,
) -> None:
    server, environ = api
    with tunnel(server.url) as proxy:
        reply = through({**environ, variable: proxy.url})
        assert (reply.status, reply.body) == (200, b"[1]")
        assert reply.proxy == f"the proxy {proxy.url} ({variable})"
        assert proxy.hosts == ["api.example.com"]


@pytest.mark.parametrize("value", ["socks://nowhere:1", "socks5h://nowhere:1", "nonsense://", "%"])
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_plain_http_reads_neither_proxies_nor_certificates(
    serve: Serve, value: str, variable: str
) -> None:
    server = serve(lambda asked: asked.answer([1]))
    environ = {"ALL_PROXY": value, "HTTPS_PROXY": value, "HTTP_PROXY": value, variable: "/no/such"}
    reply = through(environ, server.url)
    assert (reply.body, reply.proxy) == (b"[1]", None)


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
def test_a_dead_proxy_is_named_without_its_password(
    api: tuple[Server, dict[str, str]], serve: Serve, scheme: str
) -> None:
    dead = serve(lambda asked: None)
    dead.close()
    address = dead.url.removeprefix("http://")
    with pytest.raises(NoResponse) as caught:
        through({**api[1], "HTTPS_PROXY": f"{scheme}://me:s3cret@{address}"})
    assert str(caught.value) == (
        f"the proxy {scheme}://{address} (HTTPS_PROXY) cannot be reached: Connection refused"
    )
    assert caught.value.hint == "Check HTTPS_PROXY; NO_PROXY names hosts that need no proxy."


def test_a_proxy_without_an_address_of_its_own(api: tuple[Server, dict[str, str]]) -> None:
    with pytest.raises(NoResponse, match=r"the proxy http://no\.invalid:1 \(ALL_PROXY\) cannot be"):
        through({**api[1], "ALL_PROXY": "no.invalid:1"})


@pytest.mark.parametrize(
    ("script", "again", "words"),
    [
        (lambda asked: asked.answer("", 407), False, "refused: 407 Whatever"),
        (lambda asked: asked.answer("", 403), False, "refused: 403 Whatever"),
        (lambda asked: asked.answer("", 502), True, "refused: 502 Whatever"),
        (Asked.end, True, "disconnected"),
        (Asked.hang, True, "nothing was received for 2 seconds"),
        (lambda asked: asked.send(b"SSH-2.0\r\n\r\n"), True, "illegal status line"),
    ],
    ids=["407", "403", "502", "closed", "silent", "not HTTP"],
)
def test_a_proxy_that_goes_no_further_is_named(
    api: tuple[Server, dict[str, str]], serve: Serve, script: Script, again: bool, words: str
) -> None:
    proxy = serve(script)
    with pytest.raises(NoResponse) as caught:
        through({**api[1], "HTTPS_PROXY": proxy.url.replace("//", "//me:s3cret@")})
    assert words in str(caught.value)
    assert str(caught.value).count(f"the proxy {proxy.url} (HTTPS_PROXY)") == 1
    assert "s3cret" not in str(caught.value)
    assert caught.value.again is again


@pytest.mark.parametrize(
    "answer", [b"", b"\x05", b"\x05\xff", b"\x05\x00\x05", b"HTTP/1.1 400 Bad\r\n\r\n", b"\x04\x00"]
)
def test_what_does_not_speak_socks_is_named(
    api: tuple[Server, dict[str, str]], answer: bytes
) -> None:
    def greet(client: socket.socket) -> str:
        client.recv(100)
        client.sendall(answer)
        raise OSError("and closes")

    proxy = Tunnel("socks5h", greet, api[0].url)
    with pytest.raises(NoResponse, match=rf"the proxy {proxy.url} \(ALL_PROXY\)"):
        through({**api[1], "ALL_PROXY": proxy.url})
    proxy.close()


def test_a_proxy_that_reads_what_goes_through_it(
    tmp_path: Path, api: tuple[Server, dict[str, str]]
) -> None:
    other = self_signed(tmp_path / "other.pem", "api.example.com")
    with (
        Server(lambda asked: asked.answer([1]), serving(other)) as server,
        connecting(server.url) as proxy,
        pytest.raises(
            NoResponse, match=r"certificate verify failed.*, through the proxy"
        ) as caught,
    ):
        through({**api[1], "HTTPS_PROXY": proxy.url})
    assert not caught.value.again
    assert "SSL_CERT_FILE" in (caught.value.hint or "")
    assert server.asked == []


def test_an_https_proxy_is_trusted_as_an_api_is(
    tmp_path: Path, api: tuple[Server, dict[str, str]]
) -> None:
    certificate = tmp_path / "both.pem"
    certificate.write_text(SELF_SIGNED.read_text() + Path(api[1]["SSL_CERT_FILE"]).read_text())
    with Server(lambda asked: asked.answer("", 407), serving(SELF_SIGNED)) as proxy:
        with pytest.raises(NoResponse, match="407"):
            through({"SSL_CERT_FILE": str(certificate), "HTTPS_PROXY": proxy.url})
        with pytest.raises(NoResponse, match="certificate verify failed"):
            through({**api[1], "HTTPS_PROXY": proxy.url})


def test_certificates_are_read_once(api: tuple[Server, dict[str, str]], tmp_path: Path) -> None:
    server, environ = api
    with connecting(server.url) as proxy:
        backend = NetworkBackend(Settings(), environ={**environ, "HTTPS_PROXY": proxy.url})
        url = "https://api.example.com"
        backend.exchange(get(url), {}, threading.Event())
        Path(environ["SSL_CERT_FILE"]).unlink()
        for _ in range(3):
            assert backend.exchange(get(url), {}, threading.Event()).body == b"[1]"
        backend.close()
    assert server.connections == 1
