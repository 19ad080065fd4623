"""One sandbox for all tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from billql.sandbox import Sandbox

from .client import Client

UNTIL = date(2026, 3, 15)


@pytest.fixture(scope="session")
def api() -> Iterator[Client]:
    with Sandbox(seed=1, until=UNTIL) as sandbox, Client(sandbox) as client:
        yield client


@pytest.fixture(scope="session")
def small_api() -> Iterator[Client]:
    with Sandbox(seed=7, size="small", until=UNTIL) as sandbox, Client(sandbox) as client:
        yield client
