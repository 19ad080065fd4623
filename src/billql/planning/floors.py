"""Floors: where a SQL value lies among the values of a discrete column, as SQLite compares them.

Each value of a discrete type has a count, an integer:

    integer     the integer itself
    date        days, from 1 for 0001-01-01
    month       months, from 12 for 0001-01
    timestamp   seconds since 1970-01-01T00:00:00Z
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from typing import NamedTuple

from billql.definitions.decoding import EPOCH, INTEGER_RANGE
from billql.definitions.types import ColumnType, SQLValue
from billql.util.instant import instant

_DAY = 86_400
"""The seconds of a day."""

LEAST: dict[ColumnType, int] = {
    "integer": INTEGER_RANGE[0],
    "date": datetime.date.min.toordinal(),
    "month": 12,
    "timestamp": (datetime.date.min.toordinal() - EPOCH.toordinal()) * _DAY,
}
"""The count of each type's least value."""

GREATEST: dict[ColumnType, int] = {
    "integer": INTEGER_RANGE[-1],
    "date": datetime.date.max.toordinal(),
    "month": 9999 * 12 + 11,
    "timestamp": (datetime.date.max.toordinal() + 1 - EPOCH.toordinal()) * _DAY - 1,
}
"""The count of each type's greatest value."""


class Floor(NamedTuple):
    """The greatest column value that is not above a SQL value."""

    value: int
    """Its count; one less than the least if every column value is above the SQL value."""
    is_equal: bool
    """Whether the SQL value is that column value."""


def integer_floor(value: float) -> Floor:
    """Return the floor of a number, an integer or a float, among 64-bit integers."""
    if value > GREATEST["integer"]:
        return Floor(GREATEST["integer"], is_equal=False)
    if value < LEAST["integer"]:
        return Floor(LEAST["integer"] - 1, is_equal=False)
    floor = math.floor(value)
    return Floor(floor, is_equal=value == floor)


def time_floor(kind: ColumnType, value: SQLValue) -> Floor | None:
    """Return the floor of a time in any spelling among dates, months or timestamps.

    Each of these is the moment in which it begins. A number is a time if its text is one: a year.
    Return None for what is no time.
    """
    text = str(value) if isinstance(value, int) else value
    found = instant(text) if isinstance(text, str) else None
    if found is None:
        return None
    count, beginning = _PERIODS[kind]
    return Floor(count(found), is_equal=found.endswith(beginning))


def _month_count(instant: str) -> int:
    return int(instant[:4]) * 12 + int(instant[5:7]) - 1


def _day_count(instant: str) -> int:
    return datetime.date.fromisoformat(instant[:10]).toordinal()


def _second_count(instant: str) -> int:
    days = _day_count(instant) - EPOCH.toordinal()
    hours, minutes, seconds = int(instant[11:13]), int(instant[14:16]), int(instant[17:19])
    return days * _DAY + hours * 3600 + minutes * 60 + seconds


_PERIODS: dict[ColumnType, tuple[Callable[[str], int], str]] = {
    "month": (_month_count, "-01T00:00:00Z"),
    "date": (_day_count, "T00:00:00Z"),
    "timestamp": (_second_count, "Z"),
}
"""How to count what an instant lies in, and how the instant ends that is its beginning."""
