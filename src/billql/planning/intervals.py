"""Intervals of column values: what a comparison with a SQL value leaves over.

`interval_where` applies SQLite's own rules of comparison
(https://sqlite.org/datatype3.html#comparisons).
"""

from __future__ import annotations

import datetime
import decimal
import math
import re
from typing import Any, NamedTuple

from billql.definitions.decoding import EPOCH, INTEGER, INTEGER_RANGE, NUMBER, SPACE
from billql.definitions.types import DISCRETE, ColumnType, Operator, SQLValue


class Span(NamedTuple):
    """The column values that satisfy a comparison: from `low` to `high`, both included.

    None leaves an end open. Discrete types count in whole steps: days, months, seconds, units.
    """

    low: Any = None
    high: Any = None
    null: bool = False
    """Whether it is NULL that is asked for, and no value at all."""
    loose: bool = False
    """Whether it stands for every spelling of one text that differs by case."""

    @property
    def empty(self) -> bool:
        """Whether no value satisfies it."""
        return self.low is not None and self.high is not None and self.low > self.high

    @property
    def is_point(self) -> bool:
        """Whether just one value satisfies it."""
        return self.low is not None and self.low == self.high

    def __and__(self, other: Span) -> Span:
        """Give the values that satisfy both, or more of them where one is loose."""
        if self.null or other.null:
            return NULL if self in (NULL, EVERYTHING) and other in (NULL, EVERYTHING) else NOTHING
        if self.empty or other.empty:
            return NOTHING
        if self.loose or other.loose:  # the other says more, if it says anything
            return max(self, other, key=lambda one: (one != EVERYTHING, not one.loose))
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Span(max(lows, default=None), min(highs, default=None))


Spans = tuple[Span, ...]
"""What a column may be in one request: one span, or several where the API takes a list."""

NOTHING = Span(1, 0)
"""What no value satisfies: a comparison with NULL, or one whose ends have crossed."""

EVERYTHING = Span()

NULL = Span(null=True)
"""What `IS NULL` asks for."""

LEAST: dict[ColumnType, int] = {
    "integer": INTEGER_RANGE[0],
    "date": datetime.date.min.toordinal(),
    "month": 12,
    "timestamp": (datetime.date.min.toordinal() - EPOCH.toordinal()) * 86400,
}
"""The least value of each discrete type, as spans count it."""

GREATEST: dict[ColumnType, int] = {
    "integer": INTEGER_RANGE[-1],
    "date": datetime.date.max.toordinal(),
    "month": 9999 * 12 + 11,
    "timestamp": (datetime.date.max.toordinal() + 1 - EPOCH.toordinal()) * 86400 - 1,
}
"""The greatest value of each discrete type."""

_NUMERIC = frozenset(("integer", "boolean", "real", "decimal"))
"""The types whose columns compare a text that spells a number as that number."""


def interval_where(kind: ColumnType, operator: Operator, value: SQLValue) -> Span | None:
    """Give the column values for which `column operator value` is true in SQLite.

    The result is exact. None means that it cannot be told, so the comparison stays with SQLite.
    """
    if value is None or value != value:  # SQLite makes NULL of NaN
        return NOTHING
    if kind != "blob" and isinstance(value, bytes):
        return _beyond(kind, operator)
    if kind in _NUMERIC and isinstance(value, str):
        text = value.partition("\0")[0].strip(SPACE)
        if not NUMBER.fullmatch(text):
            return _beyond(kind, operator)
        number = _spelled_number(text)
        if number is None:
            return None
        value = number
    if kind in DISCRETE:
        found = _integer_floor(value) if kind == "integer" else _text_floor(kind, value)
        return None if found is None else _discrete_span(kind, operator, *found)
    if operator != "=":
        return None
    if kind == "boolean":
        return Span(bool(value), bool(value)) if value in (0, 1) else NOTHING
    if kind in ("real", "decimal"):
        assert isinstance(value, int | float)
        return Span(value, value) if abs(value) < math.inf else NOTHING
    # A number may mean its text, or every text that spells it: that depends on where it is from.
    return Span(value, value) if kind == "text" and isinstance(value, str) else None


def spelled(value: SQLValue) -> SQLValue:
    """Give the text that SQLite makes of a number where it compares it as a text.

    None stands for the text of a number that no key is written as: one that takes an exponent, or
    more than 15 digits. What is no number stays.
    """
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        plain = value == 0 or 1e-4 <= abs(value) < 1e15
        return repr(value + 0.0) if plain and len(repr(value)) <= 16 else None
    return value


def _beyond(kind: ColumnType, operator: Operator) -> Span | None:
    """Give the span for a value that comes after all those of a column: a text or a blob."""
    if operator in ("=", ">", ">="):
        return NOTHING
    return Span(None, GREATEST[kind]) if kind in GREATEST else None


def _discrete_span(kind: ColumnType, operator: Operator, floor: int, equal: bool) -> Span:
    """Give the span for a value whose nearest column value at or below it is `floor`."""
    if operator == "=":
        return Span(floor, floor) if equal else NOTHING
    if operator in (">", ">="):
        low = floor if equal and operator == ">=" else floor + 1
        return Span(low, None) if low <= GREATEST[kind] else NOTHING
    high = floor - 1 if equal and operator == "<" else floor
    return Span(None, high) if high >= LEAST[kind] else NOTHING


_MOST_DIGITS = 400
"""How many characters of a number are read; what has more is left to SQLite."""


def _spelled_number(text: str) -> int | float | None:
    """Give the number that a text spells, where SQLite and Python surely read the same one.

    They do where the text is an integer, and where a double holds all of its digits.
    """
    if len(text) > _MOST_DIGITS:
        return None
    if INTEGER.fullmatch(text):
        return int(text)
    exact = decimal.Decimal(text)
    if len(text) <= 15:
        return float(text)
    return int(exact) if abs(exact) < 2**53 and exact == int(exact) else None


def _integer_floor(value: SQLValue) -> tuple[int, bool] | None:
    if not isinstance(value, int | float):
        return None
    if value > GREATEST["integer"]:
        return GREATEST["integer"], False
    if value < LEAST["integer"]:
        return LEAST["integer"] - 1, False
    return math.floor(value), value == math.floor(value)


_PREFIX = re.compile(
    r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?(.*)", re.ASCII | re.DOTALL
)
_CLOCK = re.compile(r"T([01]\d|2[0-3])(?::([0-5]\d)(?::([0-5]\d))?)?(.*)", re.ASCII | re.DOTALL)


def _text_floor(kind: ColumnType, value: SQLValue) -> tuple[int, bool] | None:
    """Find the last date, month or timestamp that is not after a text, as texts compare.

    Months, days and seconds are counted: `2025-01` lies after 2024-12-31 and before 2025-01-01;
    `2025-01-31` lies before 2025-01-31T00:00:00Z.
    """
    if not isinstance(value, str) or not (found := _PREFIX.fullmatch(value)):
        return None
    year, month, day, rest = found.groups()
    if int(year) < 1:
        return LEAST[kind] - 1, False
    if (month is None or day is None) and rest:
        return None
    if kind == "month":
        count = int(year) * 12 + int(month or 1) - 1
        return (count - 1, False) if month is None else (count, day is None)
    try:
        date = datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if kind == "date":
        count = date.toordinal()
        return (count - 1, False) if day is None else (count, not rest)
    midnight = (date.toordinal() - EPOCH.toordinal()) * 86400
    if day is None or rest < "T":
        return midnight - 1, False
    clock = _CLOCK.fullmatch(rest)
    if clock is None:
        return None if rest[0] == "T" else (midnight + 86399, False)
    hour, minute, second, tail = clock.groups()
    count = midnight + int(hour) * 3600 + int(minute or 0) * 60 + int(second or 0)
    if second is None:
        return None if tail else (count - 1, False)
    if tail == "Z":
        return count, True
    return (count - 1, False) if tail < "Z" else (count, False)


def today(clock: datetime.datetime) -> int:
    """Give the day of a moment as spans count it."""
    return clock.astimezone(datetime.UTC).date().toordinal()
