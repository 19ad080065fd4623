"""A server of PostgreSQL's protocol over the sandbox, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import billql
from billql.serve.address import Address
from billql.serve.context import Observer, ignore
from billql.serve.notes import Notes
from billql.serve.postgres.opening import Opening
from billql.serve.postgres.server import PostgresServer
from support.serving import context

LOOPBACK = Address("127.0.0.1", 0)


@contextmanager
def served(
    opening: Opening | None = None,
    database: str | Path = ":memory:",
    observe: Observer = ignore,
    **options: Any,
) -> Iterator[PostgresServer]:
    """Yield a server that runs over a sandbox, at an address that lets everybody in."""
    notes = Notes(lambda text: None)
    arguments: dict[str, Any] = {"sandbox": True, "read_only": True, "autocommit": True}
    arguments |= {"warn": notes} | options
    chosen = opening or Opening.checked(LOOPBACK, "billql", None, is_anonymous=True)
    with billql.connect(database, **arguments) as root:
        server = chosen.open(context(lambda: root.another(database), observe, notes=notes))
        server.start()
        try:
            yield server
        finally:
            server.stop(1)


def dsn(server: PostgresServer, **more: str) -> str:
    """Return how libpq connects to a server."""
    host, port = server.address
    parts = {"host": host, "port": str(port), "user": "billql", "dbname": "billql"} | more
    return " ".join(f"{name}={value}" for name, value in parts.items())
