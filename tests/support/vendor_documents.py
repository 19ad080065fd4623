"""At the end of a run: what was held against which vendor's document, and what was not."""

from __future__ import annotations

import pytest

PROPERTY = "contract"
"""The property by which a test says what it held against a document."""


def lines(reports: list[pytest.TestReport]) -> list[str]:
    """Return what the tests say, in order."""
    found = {
        str(text) for report in reports for name, text in report.user_properties if name == PROPERTY
    }
    return sorted(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was held against the vendors' documents, if anything was."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    if found := lines(reports):
        terminalreporter.section("vendors' documents")
        for line in found:
            terminalreporter.write_line(line)
