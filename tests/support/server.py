"""A tiny real HTTP server on loopback that does as it is told, good or bad."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

PATIENCE = 30.0
"""Seconds after which a test that waits for something fails: more than any machine needs."""


class Asked:
    """One request, and the connection to answer it on."""

    def __init__(
        self, head: bytes, body: bytes, connection: socket.socket, closing: threading.Event
    ) -> None:
        line, *rest = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = line.split(" ")
        pairs = (one.partition(":") for one in rest)
        self.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self.body = body
        self._connection = connection
        self._closing = closing
        self.ended = False

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._connection.sendall(data)

    def answer(
        self,
        body: bytes | str | Any,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a whole answer; what is not text or bytes goes as JSON."""
        kind = "text/plain" if isinstance(body, bytes | str) else "application/json"
        data = body.encode() if isinstance(body, str) else body
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        shown = {"content-type": kind, "content-length": str(len(data)), **(headers or {})}
        self.send(head(status, shown) + data)

    def trickle(self, data: bytes, pause: float = 0.02) -> None:
        """Send a byte at a time."""
        for byte in data:
            if self._closing.wait(pause):
                return
            self.send(bytes([byte]))

    def hang(self) -> None:
        """Say nothing until the client gives up."""
        with contextlib.suppress(OSError):
            self._connection.recv(1)
        self.ended = True

    def end(self) -> None:
        """Close the connection in an orderly way."""
        self.ended = True

    def reset(self) -> None:
        """Break the connection off."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.ended = True


Script = Callable[[Asked], None]


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Give a status line and headers, as they are sent."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def in_turn(*scripts: Script) -> Script:
    """Do one thing after the other; the last one for ever."""
    left = list(scripts)
    lock = threading.Lock()

    def script(asked: Asked) -> None:
        with lock:
            now = left.pop(0) if len(left) > 1 else left[0]
        now(asked)

    return script


class Server:
    """Runs a script for every request, each connection in a thread of its own."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connections = 0
        self.open = 0
        self.at_once = 0
        self.most_at_once = 0
        self._tls = tls
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._spawn(self._accept)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def targets(self) -> list[str]:
        """The targets of all requests, in the order in which they came."""
        return [asked.target for asked in self.asked]

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait for something that requests and connections bring about."""
        with self._changed:
            assert self._changed.wait_for(condition, seconds), "it did not come about"

    def close(self) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._changed:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="test-server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._spawn(self._converse, connection)

    def _converse(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._listed(connection):
                while (asked := self._next(connection)) is not None:
                    with self._counted(asked):
                        self.script(asked)
                    if asked.ended:
                        return
        except OSError:
            pass  # The client has gone.
        finally:
            connection.close()

    def _next(self, connection: socket.socket) -> Asked | None:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return None
            data += more
        top, _, body = data.partition(b"\r\n\r\n")
        asked = Asked(top, body, connection, self._closing)
        while len(body) < int(asked.headers.get("content-length", "0")):
            body += connection.recv(65536)
        asked.body = body
        return asked

    @contextlib.contextmanager
    def _listed(self, connection: socket.socket) -> Iterator[None]:
        with self._changed:
            self._sockets.add(connection)
            self.connections += 1
            self.open += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            connection.close()
            with self._changed:
                self._sockets.discard(connection)
                self.open -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def _counted(self, asked: Asked) -> Iterator[None]:
        with self._changed:
            self.asked.append(asked)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self.at_once -= 1
                self._changed.notify_all()


Serve = Callable[[Script], Server]
"""Starts a server that ends with the test."""


class Gate:
    """Holds every request until so many are under way at once."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._waiting = 0
        self._condition = threading.Condition()
        self.most = 0

    def __call__(self) -> None:
        with self._condition:
            self._waiting += 1
            self.most = max(self.most, self._waiting)
            self._condition.notify_all()
            self._condition.wait_for(lambda: self.most >= self._expected, PATIENCE)
            self._waiting -= 1


class Traffic:
    """Counts what is under way at once, and holds it until so many are."""

    def __init__(self, expected: int) -> None:
        self._gate = Gate(expected)
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            self._gate()
            yield
        finally:
            with self._lock:
                self._now -= 1
