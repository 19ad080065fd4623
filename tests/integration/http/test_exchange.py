"""What a network and a server can do to one exchange, over real sockets."""

from __future__ import annotations

import gzip
import re
import threading
import time

import pytest

from billql.config.settings import Settings
from billql.errors import BadValue, Interrupted
from billql.http.exchange import NetworkBackend
from billql.http.reply import NoResponse
from billql.messages import Request
from support.api_client import TOKEN, get
from support.exchanging import broken, exchange
from support.server import Asked, Script, Serve, head

MIB = 1 << 20


def test_a_whole_answer(serve: Serve) -> None:
    server = serve(lambda asked: asked.answer({"things": [1]}, headers={"X-Request-Id": "r"}))
    reply = exchange(server, get(server.url, q="a b"))
    assert (reply.status, reply.body) == (200, b'{"things": [1]}')
    assert reply.headers["x-request-id"] == "r"
    (asked,) = server.asked
    assert asked.target == "/v1/things?q=a+b"
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["accept-encoding"] == "gzip"


def test_a_body_goes_out_as_json(serve: Serve) -> None:
    server = serve(lambda asked: asked.answer({}))
    exchange(server, Request("POST", f"{server.url}/v1", (), {"a": "ß"}))
    (asked,) = server.asked
    assert (asked.method, asked.body) == ("POST", '{"a":"ß"}'.encode())
    assert asked.headers["content-type"] == "application/json"


def chunked(*chunks: bytes, end: bool = True) -> bytes:
    data = head(200, {"content-type": "text/plain", "transfer-encoding": "chunked"})
    data += b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return data + (b"0\r\n\r\n" if end else b"")


def test_a_chunked_answer(serve: Serve) -> None:
    server = serve(lambda asked: asked.send(chunked(b"one ", b"two")))
    assert exchange(server).body == b"one two"


# Broken off.


def cut(data: bytes) -> Script:
    def script(asked: Asked) -> None:
        asked.send(data)
        asked.end()

    return script


def reset(data: bytes) -> Script:
    def script(asked: Asked) -> None:
        if data:
            asked.send(data)
        asked.reset()

    return script


SOME_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: appl"
SOME_BODY = head(200, {"content-length": "100"}) + b"[1, 2, 3"
TWO_LENGTHS = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (cut(b""), "Server disconnected without sending a response."),
        (cut(SOME_HEAD), "disconnected"),
        (cut(SOME_BODY), r"received 8 bytes, expected 100"),
        (cut(chunked(b"one", end=False)), "incomplete chunked read"),
        (cut(chunked(b"one", end=False) + b"5\r\ntw"), "incomplete chunked read"),
        (reset(b""), "reset by peer|disconnected"),
        (reset(SOME_HEAD), "reset by peer|disconnected"),
        (reset(SOME_BODY), "reset by peer|received 8 bytes"),
        (cut(b"SSH-2.0-OpenSSH_9.6\r\n"), "disconnected"),
        (cut(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "illegal status line"),
        (cut(head(200, {"content-length": "many"})), "bad Content-Length"),
        (cut(TWO_LENGTHS), "conflicting"),
        (cut(head(200, {"x": "y" * 200_000}) + b"{}"), "too long|too large|limit"),
        (cut(head(200, {"transfer-encoding": "chunked"}) + b"zz\r\n"), "illegal chunk header"),
    ],
    ids=[
        "no answer", "head", "body", "chunks", "a chunk", "reset", "reset in head",
        "reset in body", "not HTTP", "not HTTP at all", "no length", "two lengths",
        "huge head", "bad chunk",
    ],
)  # fmt: skip
def test_an_answer_that_is_not_whole_is_no_answer(
    serve: Serve, script: Script, reason: str
) -> None:
    assert re.search(reason, broken(serve(script)))


def test_nobody_listens(serve: Serve) -> None:
    server = serve(lambda asked: None)
    server.close()
    assert broken(server) == "Connection refused"


def test_no_such_host() -> None:
    backend = NetworkBackend(Settings())
    with pytest.raises(NoResponse, match=r"(?i)name|address"):
        backend.exchange(get("http://no-such-host.invalid"), {}, threading.Event())
    backend.close()


def test_a_header_that_would_begin_another_is_not_sent(serve: Serve) -> None:
    server = serve(lambda asked: asked.answer({}))
    request = Request("GET", f"{server.url}/v1", headers=(("X-Name", "a\r\nX-Other: b"),))
    with pytest.raises(BadValue, match="a header that HTTP does not allow"):
        NetworkBackend(Settings()).exchange(request, dict(request.headers), threading.Event())
    assert server.asked == []


# Time.


def test_a_silent_server(serve: Serve) -> None:
    began = time.monotonic()
    assert broken(serve(Asked.hang), read_timeout=0.15) == "nothing was received for 0.15 seconds"
    assert time.monotonic() - began < 10


PACKED = gzip.compress(b"x" * 100_000, mtime=0)


@pytest.mark.parametrize(
    ("at_once", "slowly"),
    [
        (b"", head(200, {"content-length": "500"})),
        (head(200, {"content-length": "500"}), b"x" * 500),
        (head(200, {"transfer-encoding": "chunked"}), b"0" * 500),
        (head(200, {"content-encoding": "gzip"}), PACKED),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
    ],
    ids=["head", "body", "chunk", "packed", "informational"],
)
def test_a_trickle_ends_in_time(serve: Serve, at_once: bytes, slowly: bytes) -> None:
    def script(asked: Asked) -> None:
        asked.send(at_once)
        asked.trickle(slowly)

    began = time.monotonic()
    server = serve(script)
    reason = broken(server, response_timeout=0.2, read_timeout=5)
    assert reason == "the response did not end in time"
    assert time.monotonic() - began < 1
    server.until(lambda: server.open == 0)


def test_a_slow_answer_that_comes_is_taken(serve: Serve) -> None:
    def script(asked: Asked) -> None:
        asked.send(head(200, {"content-length": "10"}))
        asked.trickle(b"0123456789", pause=0.03)

    assert exchange(serve(script), read_timeout=0.2).body == b"0123456789"


@pytest.mark.parametrize("began", [b"", SOME_HEAD, SOME_BODY], ids=["nothing", "head", "body"])
def test_the_end_of_a_statement_ends_an_exchange(serve: Serve, began: bytes) -> None:
    def script(asked: Asked) -> None:
        asked.send(began)
        asked.hang()

    server = serve(script)
    stop = threading.Event()
    backend = NetworkBackend(Settings())
    failures: list[Exception] = []

    def run() -> None:
        try:
            backend.exchange(get(server.url), {}, stop)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    server.until(lambda: len(server.asked) == 1)
    stop.set()
    thread.join(0.4)
    assert not thread.is_alive()
    assert isinstance(failures[0], Interrupted)
    server.until(lambda: server.open == 0)
    backend.close()
