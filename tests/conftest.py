"""Hypothesis draws the same examples on every run, so that no test depends on luck."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from support.server import Script, Serve, Server

settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=False)
settings.load_profile("ci")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start scripted servers, and end them."""
    servers: list[Server] = []

    def start(script: Script) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
