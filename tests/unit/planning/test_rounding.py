"""Bounds that an API cannot be sent as they are: sent wider, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from billql.errors import BadValue
from support.planning import bound, table_of, where


def sent(
    parameters: dict[str, Any], *constraints: Any, **columns: Any
) -> list[dict[str, str]] | None:
    """Return the query of each list that a scan under some constraints reads."""
    table = table_of({"list": {"parameters": parameters}}, **columns)
    return [dict(one.first.query) for one in bound(table, *constraints).lists]


DAYS = {
    "from": {"column": "day", "operator": ">="},
    "to": {"column": "day", "operator": "<="},
}
AMOUNTS = {
    "low": {"column": "amount", "operator": ">="},
    "high": {"column": "amount", "operator": "<="},
}
NOON = "2025-01-31T12:00:00Z"
SECONDS = 1_738_324_800
"""Noon, since 1970."""


@pytest.mark.parametrize(
    ("operator", "constraint", "value"),
    [
        (">=", ">=", SECONDS),
        (">=", ">", SECONDS + 1),
        (">", ">=", SECONDS - 1),
        (">", ">", SECONDS),
        ("<", "<", SECONDS),
        ("<", "<=", SECONDS + 1),
        ("<=", "<", SECONDS),
        ("<=", "<=", SECONDS + 1),
        (">=", "=", SECONDS),
        (">", "=", SECONDS - 1),
        ("<", "=", SECONDS + 1),
        ("<=", "=", SECONDS + 1),
    ],
)
def test_a_bound_of_seconds_leaves_no_moment_out(
    operator: str, constraint: str, value: int
) -> None:
    """A row that shows noon may be of any moment until the next second."""
    parameter = {"column": "at", "operator": operator, "format": "epoch"}
    assert sent({"bound": parameter}, where("at", constraint, NOON)) == [{"bound": str(value)}]


@pytest.mark.parametrize(
    ("operator", "constraint", "value"),
    [
        (">", ">=", SECONDS - 1),
        ("<=", "<", SECONDS - 1),
        ("<=", "<=", SECONDS),
    ],
)
def test_a_bound_of_whole_seconds_is_sent_as_it_is(
    operator: str, constraint: str, value: int
) -> None:
    parameter = {"column": "at", "operator": operator, "format": "epoch"}
    column = {"type": "timestamp", "whole": True}
    found = sent({"bound": parameter}, where("at", constraint, NOON), at=column)
    assert found == [{"bound": str(value)}]


@pytest.mark.parametrize(
    ("format", "constraint", "value", "bound"),
    [
        (None, ">=", NOON, NOON),
        (None, ">", NOON, "2025-01-31T12:00:01Z"),
        ("epoch_ms", ">=", NOON, str(SECONDS * 1000)),
        ("epoch", ">=", "2025-01-31", "1738281600"),
        ("epoch", ">=", "2025-01", "1735689600"),
        ("epoch", ">=", "2025", "1735689600"),
        ("epoch", ">", "2025-01-31", "1738281601"),
        ("epoch", ">=", "2025-01-31 13:00:00.5 +01:00", str(SECONDS + 1)),
    ],
)
def test_the_lowest_time_that_satisfies_a_comparison_is_sent(
    format: str | None, constraint: str, value: str, bound: str
) -> None:
    parameter = {"column": "at", "operator": ">="} | ({"format": format} if format else {})
    assert sent({"bound": parameter}, where("at", constraint, value)) == [{"bound": bound}]


@pytest.mark.parametrize(
    ("operator", "required", "value"),
    [
        (">=", False, None),
        (">=", True, "0"),
        (">", False, None),
        (">", True, "-1"),
        ("<", False, "0"),
        ("<=", False, "0"),
    ],
)
def test_a_time_before_1970_is_sent_as_none_that_counts_from_there(
    operator: str, required: bool, value: str | None
) -> None:
    parameter = {"column": "at", "operator": operator, "format": "epoch", "required": required}
    found = sent({"bound": parameter}, where("at", operator, "1900-01-01T00:00:00Z"))
    assert found == [{} if value is None else {"bound": value}]


@pytest.mark.parametrize(
    ("constraint", "value", "bounds"),
    [
        ("=", "2025-01-31", {"from": "2025-01-31", "to": "2025-01-31"}),
        (">", "2025-01-31", {"from": "2025-02-01"}),
        (">=", "2025-01-31T00:00:00Z", {"from": "2025-01-31"}),
        (">=", "2025-01-31 00:00:01", {"from": "2025-02-01"}),
        (">", "2025-01-31T00:00:00Z", {"from": "2025-02-01"}),
        (">", "2025-01", {"from": "2025-01-02"}),
        ("=", "2025-01", {"from": "2025-01-01", "to": "2025-01-01"}),
        ("<", "2025-01", {"to": "2024-12-31"}),
        ("<", "2025-01-01", {"to": "2024-12-31"}),
        ("<=", "2025-01-01T12:00:00Z", {"to": "2025-01-01"}),
        # Bounds that leave no row out.
        ("<=", "9999-12-31", {}),
        (">=", "0001-01-01", {}),
    ],
)
def test_a_bound_of_days_is_the_nearest_day(
    constraint: str, value: str, bounds: dict[str, str]
) -> None:
    assert sent(DAYS, where("day", constraint, value)) == [bounds]


@pytest.mark.parametrize(
    ("operator", "constraint", "value", "bound"),
    [
        (">=", ">=", "2025-02", "2025-02-01"),
        (">=", ">", "2025-02", "2025-03-01"),
        (">", ">=", "2025-01", "2024-12-31"),
        (">", ">", "2025-02-14", "2025-02-28"),
        ("<=", "<=", "2024-02", "2024-02-29"),
        ("<=", "<", "2025-01", "2024-12-31"),
        ("<", "<=", "2025-12", "2026-01-01"),
        ("<", "<", "2025-12", "2025-12-01"),
    ],
)
def test_a_bound_of_months_that_is_sent_as_a_day_keeps_months_whole(
    operator: str, constraint: str, value: str, bound: str
) -> None:
    parameter = {"column": "month", "operator": operator, "format": "day"}
    month = {"type": "month"}
    assert sent({"end": parameter}, where("month", constraint, value), month=month) == [
        {"end": bound}
    ]


@pytest.mark.parametrize(
    ("constraint", "value"),
    [
        ("<", "0001-01-01"),
        (">", "9999-12-31"),
        ("=", "2025-01-31 12:00"),
        ("=", "2025-01-31x"),
        (">", None),
    ],
)
def test_a_comparison_that_no_day_satisfies_sends_nothing(
    constraint: str, value: str | None
) -> None:
    assert sent(DAYS, where("day", constraint, value)) == []


@pytest.mark.parametrize(
    ("constraint", "value", "bounds"),
    [
        (">", 2.5, {"low": "3"}),
        (">=", 2.5, {"low": "3"}),
        ("<", 2.5, {"high": "2"}),
        ("<=", -2.5, {"high": "-3"}),
        (">", 2, {"low": "3"}),
        ("<", "2", {"high": "1"}),
        (">=", -1e300, {}),
        ("<=", 2**63 - 1, {}),
        ("<", "a text", {}),
        ("=", 2.0, {"low": "2", "high": "2"}),
    ],
)
def test_a_bound_of_integers_is_the_nearest_integer(
    constraint: str, value: Any, bounds: dict[str, str]
) -> None:
    assert sent(AMOUNTS, where("amount", constraint, value)) == [bounds]


@pytest.mark.parametrize(
    ("constraint", "value"), [("=", 2.5), (">", 1e300), ("<", -1e300), ("=", "a text")]
)
def test_a_comparison_that_no_integer_satisfies_sends_nothing(constraint: str, value: Any) -> None:
    assert sent(AMOUNTS, where("amount", constraint, value)) == []


@pytest.mark.parametrize("value", ["long ago", "2025-1-1", 5])
def test_a_bound_that_is_no_time_is_left_to_sqlite_unless_the_api_needs_it(value: Any) -> None:
    start = {"column": "day", "operator": ">="}
    assert sent({"from": start}, where("day", ">=", value)) == [{}]
    with pytest.raises(BadValue, match="day cannot be"):
        sent({"from": {**start, "required": True}}, where("day", ">=", value))
    # Another constraint may say what the API needs.
    both = where("day", ">=", value), where("day", ">=", "2025-01-31")
    assert sent({"from": {**start, "required": True}}, *both) == [{"from": "2025-01-31"}]


def test_ranges_of_one_column_are_sent_as_their_intersection() -> None:
    ranges = [
        where("day", ">=", "2025-01-01"),
        where("day", ">", "2025-01-09"),
        where("day", "<=", "2025-01-31"),
        where("day", "<", "2025-01-21"),
    ]
    assert sent(DAYS, *ranges) == [{"from": "2025-01-10", "to": "2025-01-20"}]
    values = where("day", "in", {"2025-01-05", "2025-01-15", "2025-01-25"})
    assert sent(DAYS, *ranges, values) == [{"from": "2025-01-15", "to": "2025-01-15"}]


def test_values_are_sent_from_the_least_to_the_greatest() -> None:
    found = sent(DAYS, where("day", "in", {f"2025-01-{day:02}" for day in range(1, 17)}))
    assert found is not None
    assert [one["from"] for one in found] == [f"2025-01-{day:02}" for day in range(1, 17)]
