"""A server over HTTP in this process, and a client that sees how an answer ends."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from billql.dbapi.connection import Connection
from billql.definitions.catalog import Catalog
from billql.serve.address import Address
from billql.serve.context import Observer, ServerContext, ignore
from billql.serve.http.server import HttpOptions, HttpServer
from billql.serve.metrics import Metrics
from billql.serve.notes import Notes

TOKEN = "not-a-secret-of-anybody-0123"


@dataclass
class Served:
    """A server that runs, and what it reports."""

    server: HttpServer
    port: int
    reports: list[str] = field(default_factory=list)

    def request(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        token: str | None = TOKEN,
    ) -> Reply:
        """Send a request and read its whole answer; raise IncompleteRead if that breaks off."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {} if token is None else {"Authorization": f"Bearer {token}"}
            content = body.encode() if isinstance(body, str) else body
            connection.request(method, path, content, {**sent, **(headers or {})})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, names, response.read())
        finally:
            connection.close()

    def ask(self, sql: str, format: str = "json", **settings: Any) -> Reply:
        """Send a statement."""
        return self.request("POST", f"/v1/query?format={format}", sql, **settings)

    def metric(self, name: str) -> float:
        """Return a number of /metrics by its name with its labels."""
        text = self.request("GET", "/metrics").text
        found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(name)]
        return float(found[0]) if found else 0.0

    @contextmanager
    def raw(
        self, sql: str, format: str = "ndjson", version: str = "1.1"
    ) -> Iterator[socket.socket]:
        """Send a statement over a socket, and leave the answer to the caller."""
        content = sql.encode()
        head = (
            f"POST /v1/query?format={format} HTTP/{version}\r\nHost: localhost\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as made:
            made.sendall(head.encode() + content)
            yield made


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """Return it as text."""
        return self.content.decode()

    @property
    def json(self) -> Any:
        """Return it as JSON."""
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """Return the code of its error."""
        return str(self.json["error"]["code"])


def context(
    open_connection: Callable[[], Connection],
    observe: Observer = ignore,
    report: Callable[[str], object] = print,
    notes: Notes | None = None,
) -> ServerContext:
    """Return what a server works with."""
    return ServerContext(open_connection, Catalog(), notes or Notes(print), observe, report)


@contextmanager
def serving(
    open_connection: Callable[[], Connection], notes: Notes | None = None, **options: Any
) -> Iterator[Served]:
    """Serve on a free port of this machine."""
    reports: list[str] = []
    settings = {"address": Address("127.0.0.1", 0), "token": TOKEN, **options}
    metrics = Metrics()
    shared = context(open_connection, metrics, reports.append, notes)
    server = HttpServer(HttpOptions(**settings), shared, metrics)
    server.start()
    try:
        yield Served(server, int(server.url.rstrip("/").rpartition(":")[2]), reports)
    finally:
        server.stop(0)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until a condition holds; return whether it does."""
    end = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return holds
