"""Splitting a list by time: parts without a gap, and none where it is of no use."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from billql.fetching._time_split import TimePart, TimeSplitter
from billql.planning.binder import bind
from billql.planning.intervals import interval_where
from billql.planning.plan import Constraint
from billql.planning.planner import choose_plan
from support.planning import NOW, connections, table, values_of

from .test_scan import CHARGES

LOW = "2025-01-01T00:00:00Z"
BOUND = (Constraint("created", ">=", usable=True), LOW)


def split(*times: Any, bounded: bool = True) -> list[TimePart]:
    read = table(CHARGES)
    constraints = [BOUND] if bounded else []
    plan = choose_plan(read, [one for one, _ in constraints], frozenset({"created"}), ())
    values = values_of(plan, *(value for _, value in constraints))
    (listed,) = bind(read, plan, values, connections(read, "acme"), NOW).lists
    splitter = TimeSplitter(read, plan, "created", 0, 4)
    return splitter.split(listed, [(time, number) for number, time in enumerate(times)])


def test_the_parts_follow_each_other_without_a_gap() -> None:
    end = interval_where("timestamp", "=", "2025-01-31T00:00:00Z")
    parts = split("2025-02-01T00:00:00Z", "2025-01-31T00:00:00Z")
    spans = [part.listed.covered["created"][0] for part in parts]
    assert len(spans) == 4
    assert end is not None
    assert spans[0].high == end.low
    assert all(later.low == before.high + 1 for later, before in itertools.pairwise(spans))
    assert dict(parts[-1].listed.first.query)["from"] == LOW


def test_the_first_part_begins_within_the_last_second_of_the_page() -> None:
    end = "2025-01-31T00:00:00Z"
    first, *others = split("2025-02-01T00:00:00Z", end, end)
    assert first.earlier == [(end, 1), (end, 2)]
    assert [part.earlier for part in others] == [[], [], []]


@pytest.mark.parametrize(
    "times",
    [
        [],
        ["2025-01-31T00:00:00Z", "2025-02-01T00:00:00Z"],
        ["2025-02-01T00:00:00Z", None],
        # What is left is about as long as the page.
        ["2025-02-01T00:00:00Z", "2025-01-10T00:00:00Z"],
    ],
)
def test_a_list_of_which_too_little_is_known_or_left_is_not_split(times: list[Any]) -> None:
    assert split(*times) == []


def test_a_list_without_a_beginning_is_not_split() -> None:
    assert split("2025-02-01T00:00:00Z", "2025-01-31T00:00:00Z", bounded=False) == []
