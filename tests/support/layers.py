"""A test does no more than its layer allows: its folder says what it costs, and is held to that.

A test of `unit` opens no socket to a server and starts no process; one of `integration` starts no
process. An audit hook (PEP 578) sees what happens, so nothing is put in the place of anything.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from .paths import TESTS

_NETWORK = frozenset({"socket.bind", "socket.connect"})
_PROCESS = frozenset({"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn"})

_NOTICED = _NETWORK | _PROCESS

FORBIDDEN = {"unit": _NETWORK | _PROCESS, "integration": _PROCESS}
"""The audit events that a test of each layer must not cause."""

FAULT = "This layer of tests does without"

_process = os.getpid()
_happened: set[str] = set()


def _notice(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _NOTICED and os.getpid() == _process and not _is_probe(event, arguments):
        _happened.add(event)


def _is_probe(event: str, arguments: tuple[Any, ...]) -> bool:
    """Return whether a library only looks at this machine, which it does once in a process."""
    if event == "socket.bind":
        return bool(arguments[1] == ("::1", 0))  # urllib3: whether there is IPv6
    return event == "subprocess.Popen" and list(arguments[1]) == ["uname", "-p"]  # platform


sys.addaudithook(_notice)


def layer(path: Path) -> str:
    """Return the folder in `tests` that a test lies in."""
    return path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Forget what happened before a test begins."""
    _happened.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a failure of what a test did, in its fixtures too, beyond its layer."""
    report = yield
    beyond = _happened & FORBIDDEN.get(layer(item.path), frozenset())
    _happened.clear()
    if beyond and report.passed:
        report.outcome = "failed"
        report.longrepr = f"{FAULT}: {', '.join(sorted(beyond))}"
    return report
