"""What a request means to a method of a mock: numbers of a date, and windows of months."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.methods import Method, Parameter, WindowLimit
from billql.definitions.model import Column
from billql.sandbox.api import Request
from billql.sandbox.mock.binding import Condition, bind, values_of
from billql.sandbox.mock.forms import period_start

MONTHS = {"month": Column(type="month", description="The month.")}


@pytest.mark.parametrize(
    ("format", "number", "is_wanted"),
    [
        ("year", 2026, True),
        ("year", 2025, False),
        ("month_of_year", 3, True),
        ("month_of_year", 2, False),
        ("day_of_month", 31, True),
        ("day_of_month", 1, False),
    ],
)
def test_one_number_of_a_day_is_compared(format: Any, number: int, is_wanted: bool) -> None:
    parameter = Parameter(required=True, by="day", format=format)
    condition = Condition("number", parameter, "day", (number,))
    assert condition.holds(period_start("2026-03-31")) is is_wanted
    assert not condition.holds(None)


@pytest.mark.parametrize(
    ("start", "end", "is_refused"),
    [
        ("2026-01", "2026-03", False),
        ("2026-01", "2026-04", True),
        ("2025-12", "2026-02", False),
        ("2025-11", "2026-02", True),
        ("2026-03", "2026-03", False),
        ("2026-03", "2026-02", True),
    ],
)
def test_a_window_has_so_many_months(start: str, end: str, is_refused: bool) -> None:
    method = Method(
        request="GET /months",
        description="Gives months.",
        parameters={
            "start": Parameter(column="month", operator=">="),
            "end": Parameter(column="month", operator="<="),
        },
        window_limit=WindowLimit(column="month", months=3),
    )
    pairs = (("start", start), ("end", end))
    request = Request("GET", "/months", dict(pairs), {}, b"", "", "1", pairs)
    found = bind(method, MONTHS, None, request, values_of(request, {}))
    assert bool(found.problems) is is_refused
