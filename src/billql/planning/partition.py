"""Partitions: which rows are a list's own, where one scan reads several lists.

A filter may let in more rows than requested, and then several lists of a scan return one row: the
lists of the values of an IN, of the values of a default, of windows of time. So a scan takes from
each list the rows of its own part alone.
"""

from __future__ import annotations

import msgspec

from billql.definitions.types import SQLValue


class Point(msgspec.Struct, frozen=True):
    """The part of a list that is for one value of a column."""

    value: SQLValue
    known: frozenset[SQLValue]
    """The values of all such lists, where they are defaults and not the statement's."""
    asked: bool
    """Whether the statement requests these values alone, so that a row with another is no row."""

    def holds(self, value: SQLValue) -> bool | None:
        """Return whether a row with this value is the list's own; None if it is no list's."""
        if value == self.value:
            return True
        return False if self.asked or value in self.known else None


class Several(msgspec.Struct, frozen=True):
    """The part of a list that is for several values of a column, all of which are requested."""

    values: frozenset[SQLValue]
    asked: bool = True
    """Whether the statement requests these values alone."""

    def holds(self, value: SQLValue) -> bool | None:
        """Return whether a row with this value is the list's own."""
        return value in self.values


class Window(msgspec.Struct, frozen=True):
    """The part of a list that is for a window of a column; None leaves an end open."""

    low: SQLValue
    high: SQLValue
    asked: bool
    """Whether the statement requests a range, so that a row without a value is no row."""

    def holds(self, value: SQLValue) -> bool | None:
        """Return whether a row with this value is the list's own; None if it is no list's."""
        if value is None:
            return False if self.asked else None
        above = self.low is None or value >= self.low  # type: ignore[operator]
        return above and (self.high is None or value <= self.high)  # type: ignore[operator]


Part = Point | Several | Window
