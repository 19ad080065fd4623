"""Intervals of column values: what a comparison with a SQL value leaves over.

`interval_where` applies SQLite's own rules of comparison
(https://sqlite.org/datatype3.html#comparisons).
"""

from __future__ import annotations

import datetime
import decimal
import math
import operator as comparisons
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from billql.definitions.decoding import INTEGER, INTEGER_RANGE, NUMBER, SPACE
from billql.definitions.types import MOMENTS, ColumnType, Operator, SQLValue
from billql.planning.floors import GREATEST, LEAST, Floor, integer_floor, time_floor


class Span(NamedTuple):
    """The column values that satisfy a comparison: from `low` to `high`, both included.

    None leaves an end open. The ends of a discrete type are counts (see `floors`).
    """

    low: Any = None
    high: Any = None
    null: bool = False
    """Whether NULL satisfies it, and no value does."""
    loose: bool = False
    """Whether it stands for every text that differs from its ends by case alone."""

    @property
    def empty(self) -> bool:
        """Whether no value satisfies it."""
        return self.low is not None and self.high is not None and self.low > self.high

    @property
    def is_point(self) -> bool:
        """Whether just one value satisfies it."""
        return self.low is not None and self.low == self.high

    def as_loose(self) -> Span:
        """Return the span of the same texts in every case."""
        return self._replace(loose=True)

    def __and__(self, other: Span) -> Span:
        """Return the values that satisfy both, or more of them where one is loose."""
        if self.null or other.null:
            return NULL if self in (NULL, EVERYTHING) and other in (NULL, EVERYTHING) else NOTHING
        if self.empty or other.empty:
            return NOTHING
        if self.loose or other.loose:  # the other is narrower, unless it is open
            return max(self, other, key=lambda one: (one != EVERYTHING, not one.loose))
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Span(max(lows, default=None), min(highs, default=None))


Spans = tuple[Span, ...]
"""The values of a column in one request: one span, or several where the API takes a list."""

NOTHING = Span(1, 0)
"""No value: a comparison with NULL, or one whose ends have crossed."""

EVERYTHING = Span()
"""Every value: no comparison."""

NULL = Span(null=True)
"""NULL alone: `IS NULL`."""

_NUMERIC = frozenset(("integer", "boolean", "real", "decimal"))
"""The types whose columns compare a text that spells a number as that number."""


def interval_where(kind: ColumnType, operator: Operator, value: SQLValue) -> Span | None:
    """Return the column values for which `column operator value` is true in SQLite.

    The span holds just those values. None means that no span does, or that it is not known
    which: the comparison stays with SQLite.
    """
    if value is None or value != value:  # SQLite makes NULL of NaN
        return NOTHING
    if kind != "blob" and isinstance(value, bytes):
        return _interval_of_greater(kind, operator)
    if kind in _NUMERIC:
        return _numeric_interval(kind, operator, value)
    if kind in MOMENTS:
        return _discrete_interval(kind, operator, time_floor(kind, value))
    # A number may mean its text, or every text that spells it: that depends on where it is from.
    is_text = kind == "text" and operator == "=" and isinstance(value, str)
    return Span(value, value) if is_text else None


def other_truth_value(value: SQLValue) -> Span | None:
    """Return the truth values for which `column <> value` is true; None if they are both."""
    equal = interval_where("boolean", "=", value)
    if equal is None or value is None:
        return equal
    return Span(not equal.low, not equal.low) if equal.is_point else None


def number_as_text(value: SQLValue) -> SQLValue:
    """Return the text that SQLite makes of a number where it compares it as a text.

    None stands for the text of a number that no key is written as: one with an exponent, or with
    more than the 15 digits that a session's SQLite writes. What is no number is returned as it is.
    """
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        plain = value == 0 or 1e-4 <= abs(value) < 1e15
        return repr(value + 0.0) if plain and len(repr(value)) <= 16 else None
    return value


_COMPARE: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    "=": comparisons.eq,
    "<": comparisons.lt,
    "<=": comparisons.le,
    ">": comparisons.gt,
    ">=": comparisons.ge,
}


def _numeric_interval(kind: ColumnType, operator: Operator, value: SQLValue) -> Span | None:
    """Return the interval of a number, or of a text, which SQLite reads as one if it can."""
    number = value
    if isinstance(value, str):
        text = value.partition("\0")[0].strip(SPACE)
        if not NUMBER.fullmatch(text):
            return _interval_of_greater(kind, operator)
        number = _number_of_text(kind, text)
    if not isinstance(number, int | float):
        return None
    if kind == "integer":
        return _discrete_interval(kind, operator, integer_floor(number))
    if kind == "boolean":
        true = [one for one in (False, True) if _COMPARE[operator](one, number)]
        return NOTHING if not true else Span(true[0], true[0]) if len(true) == 1 else None
    if operator != "=":
        return None
    return Span(number, number) if abs(number) < math.inf else NOTHING


def _interval_of_greater(kind: ColumnType, operator: Operator) -> Span | None:
    """Return the interval of a value above all those of a column: a text or a blob."""
    if operator in ("=", ">", ">="):
        return NOTHING
    return Span(None, GREATEST[kind]) if kind in GREATEST else None


def _discrete_interval(kind: ColumnType, operator: Operator, floor: Floor | None) -> Span | None:
    """Return the interval of a value by its floor among the values of a discrete type."""
    if floor is None:
        return None
    if operator == "=":
        return Span(floor.value, floor.value) if floor.is_equal else NOTHING
    if operator in (">", ">="):
        low = floor.value if floor.is_equal and operator == ">=" else floor.value + 1
        return Span(low, None) if low <= GREATEST[kind] else NOTHING
    high = floor.value - 1 if floor.is_equal and operator == "<" else floor.value
    return Span(None, high) if high >= LEAST[kind] else NOTHING


_MOST_DIGITS = 400
"""How many characters of a number are read; a longer one is left to SQLite."""


def _number_of_text(kind: ColumnType, text: str) -> int | float | None:
    """Return the number that a text spells, if SQLite and Python surely read the same one.

    They do where the text is an integer, which is a double beyond 64 bits, and where a double holds
    all of its digits.
    """
    if len(text) > _MOST_DIGITS:
        return None
    if INTEGER.fullmatch(text):
        number = int(text)
        if number in INTEGER_RANGE:
            return number
        # SQLite may round one of more than 64 bits twice, which no integer of a column shows.
        return float(text) if kind == "integer" or abs(number) < 2**64 else None
    exact = decimal.Decimal(text)
    if len(text) <= 15:
        return float(text)
    return int(exact) if abs(exact) < 2**53 and exact == int(exact) else None


def today(now: datetime.datetime) -> int:
    """Return the day in UTC of a moment, as spans count days."""
    return current("date", now)


def current(kind: ColumnType, now: datetime.datetime) -> int:
    """Return the day or month in UTC of a moment, as spans of dates or months count them."""
    found = time_floor(kind, now.astimezone(datetime.UTC).isoformat())
    assert found is not None, "now is a time"
    return found.value
