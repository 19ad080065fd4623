"""A client that sends the headers of its request slowly holds no connection for ever."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import anyio
import pytest

from billql.serve.address import Address
from billql.serve.uvicorn_thread import UvicornThread

PATIENCE = 0.3
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def slow_application(scope: Any, receive: Any, send: Any) -> None:
    await anyio.sleep(2 * PATIENCE)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = UvicornThread(slow_application, Address("127.0.0.1", 0), patience=PATIENCE)
    server.start()
    yield int(server.url.rstrip("/").rpartition(":")[2])
    server.stop(0)


@pytest.mark.parametrize("earlier", [0, 1])
@pytest.mark.parametrize("pieces", [[], [b"GET / HTTP/1.1\r\n"], [b"GET / HTTP/1.1\r\n", b"X"]])
def test_slow_headers_end_a_connection(port: int, earlier: int, pieces: list[bytes]) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as client:
        for _ in range(earlier):
            client.sendall(REQUEST)
            assert client.recv(4096).startswith(b"HTTP/1.1 204 ")
        began = time.monotonic()
        for piece in pieces:
            client.sendall(piece)
        assert client.recv(4096) == b""
        assert time.monotonic() - began > PATIENCE / 2


def test_a_slow_response_does_not(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as client:
        for _ in range(2):
            client.sendall(REQUEST)
            assert client.recv(4096).startswith(b"HTTP/1.1 204 ")
