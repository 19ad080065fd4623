"""The table of coverage, and which tests it comes from."""

from __future__ import annotations

from typing import Any

import pytest

from coverage_table import room_of, table
from support.paths import TESTS
from support.tracing import is_traced


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("src/billql/http/client.py", "http"),
        ("src/billql/definitions/auth/base.py", "definitions"),
        ("src/billql/errors.py", "errors"),
        ("/anywhere/site-packages/billql/sql/__init__.py", "sql"),
    ],
)
def test_rooms(path: str, room: str) -> None:
    assert room_of(path) == room


def file(*counts: int) -> dict[str, Any]:
    names = ("covered_lines", "num_statements", "covered_branches", "num_branches")
    return {"summary": dict(zip(names, counts, strict=True))}


def test_a_room_is_the_sum_of_its_files() -> None:
    files = {
        "src/billql/sql/__init__.py": file(0, 0, 0, 0),
        "src/billql/http/client.py": file(6, 8, 1, 2),
        "src/billql/http/proxies.py": file(1, 2, 1, 2),
        "src/billql/errors.py": file(10, 10, 0, 0),
        "src/billql/docs/__init__.py": file(0, 0, 0, 0),
    }
    assert [line.split() for line in table(files)] == [
        ["room", "lines", "covered", "branches", "covered"],
        ["errors", "10", "100.0%", "0"],
        ["http", "10", "70.0%", "4", "50.0%"],
        ["TOTAL", "20", "85.0%", "4", "50.0%"],
    ]


@pytest.mark.parametrize(
    ("path", "traced"),
    [
        ("unit/sql/test_compared.py", True),
        ("integration/fetching/test_scan.py", True),
        ("integration/sandbox/test_paging.py", False),
        ("integration/definitions/test_stripe.py", False),
        ("end_to_end/cli/test_process.py", True),
        ("end_to_end/docs/test_browser.py", False),
        ("differential/test_random.py", False),
    ],
)
def test_what_is_traced(path: str, traced: bool) -> None:
    assert is_traced(TESTS / path) is traced
