"""What several tests begin with.

Hypothesis draws the same examples on every run, so that no test depends on luck.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from billql.fetching.disk_cache import DiskCache
from billql.fetching.response_cache import ResponseCache
from support.cached_runs import KIB, Open
from support.clock import FakeClock
from support.server import Script, Serve, Server

settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=False)
settings.load_profile("ci")

pytest_plugins = ["support.skips", "support.layers", "support.tracing", "support.vendor_documents"]

# What a shell runs in the background ignores Ctrl-C, and so would the programs that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture
def clock() -> FakeClock:
    """Stand still until somebody turns it."""
    return FakeClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Name a folder that is not there yet."""
    return tmp_path / "deep" / "cache"


@pytest.fixture
def begin(folder: Path, clock: FakeClock) -> Iterator[Open]:
    """Begin runs that share an archive of 100 KiB."""
    begun: list[ResponseCache] = []

    def begin_run() -> ResponseCache:
        begun.append(ResponseCache(clock=clock.now, disk=DiskCache(folder, 100 * KIB)))
        return begun[-1]

    yield begin_run
    for answers in begun:
        answers.close()
