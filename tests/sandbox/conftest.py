"""One sandbox for all tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from billql.sandbox import Sandbox

from .asking import Asker

UNTIL = date(2026, 3, 15)


@pytest.fixture(scope="session")
def ask() -> Iterator[Asker]:
    with Sandbox(seed=1, until=UNTIL) as sandbox, Asker(sandbox) as asker:
        yield asker


@pytest.fixture(scope="session")
def ask_small() -> Iterator[Asker]:
    with Sandbox(seed=7, size="small", until=UNTIL) as sandbox, Asker(sandbox) as asker:
        yield asker
