"""Rows between two values: all that SQLite may find there, in their order, and as few others."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.types import ColumnType
from billql.fetching.row_index import RowIndex


def between(kind: ColumnType, values: list[Any], low: Any, high: Any) -> list[Any]:
    index = RowIndex({0: kind})
    index.add([(value,) for value in values])
    return [value for (value,) in index.between(0, low, high)]


NUMBERS = [5, None, 1, 2.5, 9, 2]
TIMES = ["2025-02-01T00:00:00Z", None, "2025-01-31T23:59:59Z", "2025-02-01T00:00:01Z"]


@pytest.mark.parametrize(
    ("kind", "values", "low", "high", "found"),
    [
        ("integer", NUMBERS, 2, 5, [5, 2.5, 2]),
        ("integer", NUMBERS, 2.2, None, [5, 2.5, 9]),
        ("decimal", NUMBERS, None, 1, [1]),
        ("integer", NUMBERS, 6, 4, []),
        ("integer", NUMBERS, "2", 4, [1, 2.5, 2]),  # SQLite may take the text for a number
        ("integer", [*NUMBERS, "x"], 2, 5, [*NUMBERS, "x"]),
        ("text", ["b", "B", None, "é", "a"], "a", "b", ["b", "a"]),
        ("text", ["b", "a"], 1, None, ["b", "a"]),
        ("timestamp", TIMES, "2025-02", "2025-02-01 01:00:00+01:00", TIMES[:1]),
        ("timestamp", TIMES, "2025-02-01T00:00:00.5Z", None, TIMES[3:]),
        ("timestamp", TIMES, "none yet", "2025-01-31T23:59:59Z", TIMES[2:3]),
        ("timestamp", [*TIMES, "none yet"], "2025-02", None, [*TIMES, "none yet"]),
    ],
)
def test_rows_between_two_values(
    kind: ColumnType, values: list[Any], low: Any, high: Any, found: list[Any]
) -> None:
    assert between(kind, values, low, high) == found


def test_rows_that_are_added_are_found() -> None:
    index = RowIndex({0: "integer"})
    for value in (3, 1, 2):
        index.add([(value,)])
        assert (value,) in index.between(0, value, value)
