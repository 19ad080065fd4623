"""A sandbox whose story ends on a fixed day, and the environment of a user who asks it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from billql.sandbox import Sandbox
from support.commands import account
from support.tracing import inherited


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(until=date(2026, 3, 15)) as running:
        yield running


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a user: a home folder of its own, and a terminal."""
    return {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        **inherited(),
    }


@pytest.fixture
def billed(environ: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    """The same, with an account."""
    return environ | account(sandbox)
