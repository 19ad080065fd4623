"""The server that the tests of this folder ask, and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billql.serve.postgres.server import PostgresServer
from support import charges, postgres
from support.wire_server import served


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Serve the sandbox and a database file."""
    path = tmp_path_factory.mktemp("serve") / "local.db"
    charges.write(path)
    with served(database=path) as running:
        yield running


@pytest.fixture(scope="session")
def real() -> Iterator[str]:
    """Run a real PostgreSQL, and return how to connect to it."""
    with postgres.running() as where:
        yield where
