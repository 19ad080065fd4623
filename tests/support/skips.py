"""A test that is skipped tests nothing: where CI=true it fails, unless it is on the list here.

The list says of each why it cannot run there.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable

import pytest

ALLOWED: dict[str, str] = {
    "tests/end_to_end/output/test_libreoffice.py": "LibreOffice takes half a gigabyte to install",
    "tests/spark/": "Spark needs Java 17, which is not installed here: where it is, they run",
}
"""The tests that may be skipped where CI=true: the beginnings of their names, and why."""

FAULT = "Skipped, and not on the list in tests/support/skips.py"


def _applies() -> bool:
    return os.environ.get("CI") == "true"


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why a test was skipped, in its own words."""
    where = report.longrepr
    return where[2] if isinstance(where, tuple) else str(where)


def _judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a failure of a skip that is not allowed."""
    if not _applies() or not report.skipped or hasattr(report, "wasxfail"):
        return
    if not report.nodeid.startswith(tuple(ALLOWED)):
        report.outcome = "failed"
        report.longrepr = f"{FAULT}: {_reason(report)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test."""
    report = yield
    _judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge a module that is skipped whole."""
    report = yield
    _judge(report)
    return report


def summary(skipped: Iterable[pytest.TestReport | pytest.CollectReport]) -> list[str]:
    """Return the lines that say what was skipped, and why."""
    lines = [f"{report.nodeid}: {_reason(report)}" for report in skipped]
    return sorted(lines) or ["Nothing was skipped."]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what was skipped."""
    if _applies():
        terminalreporter.section("skipped")
        for line in summary(terminalreporter.getreports("skipped")):
            terminalreporter.write_line(line)
