"""A small sandbox for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billql.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="small") as sandbox:
        yield sandbox
