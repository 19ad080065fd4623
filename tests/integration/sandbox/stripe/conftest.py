"""Sandboxes for all tests that only read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from billql.sandbox import Sandbox
from billql.sandbox.story import Story

from .client import LISTS, UNTIL, Client, everything
from .world import World


@pytest.fixture(scope="session")
def stripe_api() -> Iterator[Client]:
    with Sandbox(seed=1, until=UNTIL) as sandbox, Client(sandbox) as client:
        yield client


@pytest.fixture(scope="session")
def stripe_small() -> Iterator[Client]:
    with Sandbox(seed=4, size="small", until=UNTIL) as sandbox, Client(sandbox) as client:
        yield client


@pytest.fixture(scope="session")
def tables(stripe_api: Client) -> dict[str, list[dict[str, Any]]]:
    """Every list, read once, newest first."""
    return {path: everything(stripe_api, path) for path in LISTS}


@pytest.fixture(scope="session", params=["normal", "small", "another day"])
def world(request: Any, stripe_api: Client, stripe_small: Client) -> Any:
    if request.param == "another day":
        day = UNTIL - timedelta(days=14)
        with Sandbox(seed=9, size=2, until=day) as sandbox, Client(sandbox) as api:
            yield World(api, Story(9, 2, day))
    elif request.param == "small":
        yield World(stripe_small, Story(4, 1, UNTIL))
    else:
        yield World(stripe_api, Story(1, 8, UNTIL))
