"""Splitting by time what follows the first page of a list, to fetch its parts at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from billql.definitions.catalog import Table
from billql.fetching.row_decoder import TableRow
from billql.planning.binder import narrowed_to
from billql.planning.intervals import EVERYTHING, Span, interval_where
from billql.planning.list_request import ListRequest
from billql.planning.plan import Plan
from billql.planning.time_windows import split_window


class TimePart(NamedTuple):
    """One part of a list, and those of its rows that the first page had already."""

    listed: ListRequest
    earlier: list[TableRow]


class TimeSplitter:
    """Splits lists by the times of their rows, which are at one `position` in a row.

    `most` is how many parts a list is split into at most.
    """

    def __init__(self, table: Table, plan: Plan, column: str, position: int, most: int) -> None:
        self._table = table
        self._plan = plan
        self._column = column
        self._position = position
        self._most = most

    def split(self, listed: ListRequest, rows: Sequence[TableRow]) -> list[TimePart]:
        """Return the parts of what follows the `rows` of a first page, in the order of their rows.

        There are none unless the rows run from the newest to the oldest, and enough of them follow.
        """
        kind = self._table.columns[self._column].type
        times = [str(row[self._position]) for row in rows]
        if not rows or times != sorted(times, reverse=True):
            return []
        ends = [interval_where(kind, "=", time) for time in (times[0], times[-1])]
        newest, oldest = (end.low if end is not None else None for end in ends)
        if newest is None or oldest is None:
            return []
        covered = listed.covered.get(self._column, (EVERYTHING,))[0]
        windows = split_window(Span(covered.low, oldest), newest, oldest, self._most)
        # The first window begins within the second in which the page ends.
        at_the_end = [row for row, time in zip(rows, times, strict=True) if time == times[-1]]
        return [
            TimePart(
                narrowed_to(
                    self._table,
                    self._plan,
                    listed,
                    self._column,
                    window,
                    ends=number == len(windows) - 1,
                ),
                at_the_end if number == 0 else [],
            )
            for number, window in enumerate(windows)
        ]
