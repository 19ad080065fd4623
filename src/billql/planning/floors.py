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
import re
from collections.abc import Callable
from typing import NamedTuple

from billql.definitions.decoding import EPOCH, INTEGER_RANGE
from billql.definitions.types import ColumnType, SQLValue

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
        return _below(LEAST["integer"])
    floor = math.floor(value)
    return Floor(floor, is_equal=value == floor)


def time_floor(kind: ColumnType, value: SQLValue) -> Floor | None:
    """Return the floor of a text among dates, months or timestamps, compared as texts.

    `2025-01` lies after 2024-12-31 and before 2025-01-01; `2025-01-31` before
    2025-01-31T00:00:00Z. Return None for what does not begin like a time.
    """
    found = _WRITTEN_TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, rest = found.groups()
    if int(year) == 0:
        return _below(LEAST[kind])
    if rest and day is None:
        return None
    return _TIME_FLOORS[kind](_WrittenTime(int(year), _integer(month), _integer(day), rest))


def _integer(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


class _WrittenTime(NamedTuple):
    """A text that begins like a time: `2025`, `2025-01`, or `2025-01-31` and what follows."""

    year: int
    month: int | None
    day: int | None
    rest: str
    """What follows the day."""

    def first_day(self) -> int | None:
        """Return the count of the first day; None for one that no calendar has."""
        try:
            return datetime.date(self.year, self.month or 1, self.day or 1).toordinal()
        except ValueError:
            return None


_WRITTEN_TIME = re.compile(
    r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?(.*)", re.ASCII | re.DOTALL
)
_WRITTEN_CLOCK = re.compile(
    r"T([01]\d|2[0-3])(?::([0-5]\d)(?::([0-5]\d))?)?(.*)", re.ASCII | re.DOTALL
)


def _below(count: int) -> Floor:
    """Return the floor of a SQL value that lies just below a column value.

    So does a text with which the column value begins: `2025` lies below 2025-01.
    """
    return Floor(count - 1, is_equal=False)


def _month_floor(written: _WrittenTime) -> Floor:
    count = written.year * 12 + (written.month or 1) - 1
    return _below(count) if written.month is None else Floor(count, is_equal=written.day is None)


def _date_floor(written: _WrittenTime) -> Floor | None:
    count = written.first_day()
    if count is None:
        return None
    return _below(count) if written.day is None else Floor(count, is_equal=not written.rest)


def _timestamp_floor(written: _WrittenTime) -> Floor | None:
    count = written.first_day()
    if count is None:
        return None
    midnight = (count - EPOCH.toordinal()) * _DAY
    if written.rest < "T":
        return _below(midnight)
    if written.rest[0] > "T":
        return Floor(midnight + _DAY - 1, is_equal=False)
    clock = _WRITTEN_CLOCK.fullmatch(written.rest)
    return None if clock is None else _clock_floor(midnight, *clock.groups())


def _clock_floor(
    midnight: int, hour: str, minute: str | None, second: str | None, rest: str
) -> Floor | None:
    """Return the floor of a time of day, of which the end may be left out."""
    count = midnight + int(hour) * 3600 + int(minute or 0) * 60 + int(second or 0)
    if second is None:
        return None if rest else _below(count)
    if rest < "Z":
        return _below(count)
    return Floor(count, is_equal=rest == "Z")


_TIME_FLOORS: dict[ColumnType, Callable[[_WrittenTime], Floor | None]] = {
    "date": _date_floor,
    "month": _month_floor,
    "timestamp": _timestamp_floor,
}
