"""Connections: kept, replaced, proxied, trusted."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import pytest

from billql.settings import Settings
from billql.wire import NoReply, Wire
from support.asking import get
from support.server import Asked, Serve, Server, head, in_turn
from support.wire import AUTHORIZATION, exchange

MIB = 1 << 20


# Connections.


def test_connections_are_kept(serve: Serve) -> None:
    server = serve(lambda asked: asked.answer({}))
    wire = Wire(Settings())
    for _ in range(20):
        wire.exchange(get(server.url), {}, threading.Event())
    assert (len(server.asked), server.connections) == (20, 1)
    wire.close()
    server.until(lambda: server.open == 0)


def test_a_connection_that_the_server_closes_is_replaced(serve: Serve) -> None:
    def once(asked: Asked) -> None:
        asked.answer({})
        asked.end()

    server = serve(once)
    wire = Wire(Settings())
    for number in (1, 2):
        wire.exchange(get(server.url), {}, threading.Event())
        server.until(lambda: server.open == 0)
        assert server.connections == number
    wire.close()


def test_what_follows_a_broken_answer_comes_on_another_connection(serve: Serve) -> None:
    half = head(200, {"content-length": "9"}) + b"[1"
    server = serve(in_turn(lambda asked: asked.send(half), lambda asked: asked.answer([1])))
    wire = Wire(Settings(read_timeout=0.1))
    with pytest.raises(NoReply):
        wire.exchange(get(server.url), {}, threading.Event())
    assert wire.exchange(get(server.url), {}, threading.Event()).body == b"[1]"
    assert server.connections == 2
    wire.close()


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
    wire = Wire(Settings())
    with pytest.raises(NoReply, match="407") as caught:
        wire.exchange(get("https://api.example.com"), AUTHORIZATION, threading.Event())
    wire.close()
    (asked,) = proxy.asked
    assert (asked.method, asked.target) == ("CONNECT", "api.example.com:443")
    assert asked.headers["proxy-authorization"].startswith("Basic ")
    assert "authorization" not in asked.headers
    assert "word" not in str(caught.value)


def test_a_certificate_that_is_not_trusted() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(Path(__file__).parent / "support" / "self_signed.pem")
    wire = Wire(Settings())
    with Server(lambda asked: asked.answer({}), tls) as server:
        with pytest.raises(NoReply, match="certificate verify failed") as caught:
            wire.exchange(get(server.url), AUTHORIZATION, threading.Event())
        assert not caught.value.again
        assert server.asked == []
    wire.close()
