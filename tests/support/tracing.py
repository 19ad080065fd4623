"""Which tests are traced where `make test` measures coverage.

Tracing doubles the time of what is traced, so tests that would add hardly a line are left out:
those of the sandbox, which is not measured; those that drive the engine by the definitions of APIs,
by long tables or at random, whose lines smaller tests have covered; those that start a program for
each case, whose lines the tests of `integration/` cover in one process; and the process that hands
tests out to others.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .paths import TESTS

if TYPE_CHECKING:
    from coverage import Coverage

TRACED = ("unit", "integration", "end_to_end/cli", "end_to_end/serve", "end_to_end/shell")
"""The folders of tests that are traced, and within them those that are not."""

UNTRACED = (
    "end_to_end/cli/test_output_file.py",
    "end_to_end/cli/test_surroundings.py",
    "end_to_end/serve/test_load.py",
    "end_to_end/serve/test_page.py",
    "end_to_end/shell/test_manners.py",
    "end_to_end/shell/test_pager.py",
    "end_to_end/shell/test_person.py",
    "integration/definitions",
    "integration/docs",
    "integration/fetching/test_offset.py",
    "integration/fetching/test_prefetch.py",
    "integration/fetching/test_row_identity.py",
    "integration/history/test_focus.py",
    "integration/planning/test_bounds.py",
    "integration/planning/test_keys.py",
    "integration/planning/test_value_lists.py",
    "integration/sandbox",
    "integration/sqlite/test_focus.py",
    "integration/report",
    "integration/serve/http/test_queries.py",
    "integration/serve/test_vanishing.py",
    "integration/shell/test_habits.py",
    "integration/sqlite/test_catalog_tables.py",
    "integration/sqlite/test_finops.py",
    "integration/sqlite/test_focus_requests.py",
    "integration/sqlite/test_focus_residuals.py",
    "integration/sqlite/test_focus_rows.py",
    "integration/sqlite/test_interrupted_rewriting.py",
    "integration/sqlite/test_money_golden.py",
    "integration/sqlite/test_time_comparisons.py",
    "unit/definitions/test_values.py",
    "unit/definitions/test_vendor_documents_made.py",
    "unit/planning/test_binder.py",
    "unit/sql/test_rewriter.py",
)

_CHILDREN = "COVERAGE_PROCESS_CONFIG"
"""The environment variable by which coverage.py traces the processes that a process starts."""


@functools.cache
def is_traced(path: Path) -> bool:
    """Return whether a file of tests is one of those that are traced."""
    return any(map(path.is_relative_to, map(TESTS.joinpath, TRACED))) and not any(
        map(path.is_relative_to, map(TESTS.joinpath, UNTRACED))
    )


def inherited() -> dict[str, str]:
    """Return what the environment of a process needs, so that it is traced where its parent is."""
    return {_CHILDREN: os.environ[_CHILDREN]} if _CHILDREN in os.environ else {}


class Tracing:
    """Traces some tests and not others, in a process that coverage.py has begun to trace."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._children = inherited()
        self._is_on = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Turn tracing on or off for a test."""
        self._turn(is_traced(item.path))
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Write what was covered, and leave tracing on, as coverage.py expects.

        pytest-xdist kills a process that takes ten seconds to end, as one with the memory of half
        the tests does on a busy machine; coverage.py would write at the end alone.
        """
        self._coverage.save()
        self._turn(True)

    def _turn(self, on: bool) -> None:
        if on == self._is_on:
            return
        self._is_on = on
        if on:
            os.environ.update(self._children)
            self._coverage.start()
        else:
            os.environ.pop(_CHILDREN, None)
            self._coverage.stop()


def _hands_out(config: pytest.Config) -> bool:
    """Return whether a process leaves all tests to others, by pytest-xdist."""
    return config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Choose what is traced, if anything is."""
    if _CHILDREN in os.environ:
        from coverage import Coverage

        if (coverage := Coverage.current()) is not None:
            if _hands_out(config):
                coverage.stop()
            else:
                config.pluginmanager.register(Tracing(coverage))
