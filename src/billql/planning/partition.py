"""Partitions: which rows are a list's own, where one scan reads several lists.

A filter may give more than it was asked for, and then a row comes in several lists of a scan: in
those for the values of an IN, for the values of a default, for windows of time. So each list gives
the rows of its own part alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from billql.definitions.types import SQLValue


@dataclass(frozen=True)
class Point:
    """The part of a list that is for one value of a column."""

    value: SQLValue
    known: frozenset[SQLValue]
    """The values that some list is for, unless the statement asks for them."""
    asked: bool
    """Whether the statement asks for just these values, so that a row with another is none."""

    def holds(self, value: SQLValue) -> bool | None:
        """Tell whether a row with this value is the list's own; None if it is no list's."""
        if value == self.value:
            return True
        return False if self.asked or value in self.known else None


@dataclass(frozen=True)
class Several:
    """The part of a list that is for several values of a column, all of which are asked for."""

    values: frozenset[SQLValue]
    asked: bool = True
    """Whether the statement asks for just these values."""

    def holds(self, value: SQLValue) -> bool | None:
        """Tell whether a row with this value is the list's own."""
        return value in self.values


@dataclass(frozen=True)
class Window:
    """The part of a list that is for a window of a column; None leaves an end open."""

    low: SQLValue
    high: SQLValue
    asked: bool
    """Whether the statement asks for a range, so that a row without a value is none."""

    def holds(self, value: SQLValue) -> bool | None:
        """Tell whether a row with this value is the list's own; None if it is no list's."""
        if value is None:
            return False if self.asked else None
        above = self.low is None or value >= self.low  # type: ignore[operator]
        return above and (self.high is None or value <= self.high)  # type: ignore[operator]


Part = Point | Several | Window
