"""Sandboxes for all tests that only read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billql.sandbox import Sandbox

from .asking import LISTS, UNTIL, Asker, everything


@pytest.fixture(scope="session")
def stripe_ask() -> Iterator[Asker]:
    with Sandbox(seed=1, until=UNTIL) as sandbox, Asker(sandbox) as asker:
        yield asker


@pytest.fixture(scope="session")
def stripe_small() -> Iterator[Asker]:
    with Sandbox(seed=4, size="small", until=UNTIL) as sandbox, Asker(sandbox) as asker:
        yield asker


@pytest.fixture(scope="session")
def told(stripe_ask: Asker) -> dict[str, list[dict[str, Any]]]:
    """Every list, read once, newest first."""
    return {path: everything(stripe_ask, path) for path in LISTS}
