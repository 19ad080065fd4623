"""A sandbox whose story ends on a fixed day, and shells that ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from billql.dbapi.connection import Connection, connect
from billql.sandbox import Sandbox
from billql.shell import commands
from billql.shell.shell import Shell

Type = Callable[..., str]
"""Runs inputs one after the other, and returns the stdout of all."""


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(until=date(2026, 3, 15)) as running:
        yield running


@pytest.fixture
def opened() -> list[tuple[str, bool]]:
    """What was opened: databases, and whether in a sandbox."""
    return []


@pytest.fixture
def shell(sandbox: Sandbox, opened: list[tuple[str, bool]]) -> Iterator[Shell]:
    def open_it(database: str, *, sandbox: bool) -> Connection:
        opened.append((database, sandbox))
        return connect(
            database, environ={}, urls=running.urls, tokens=running.tokens, autocommit=True
        )

    running = sandbox
    made = Shell(open_it, commands.run, ":memory:", sandbox=False)
    yield made
    made.close()


@pytest.fixture
def typed(shell: Shell, capsys: pytest.CaptureFixture[str]) -> Type:
    def run(*inputs: str) -> str:
        for one in inputs:
            shell.run(one)
        return capsys.readouterr().out

    return run
