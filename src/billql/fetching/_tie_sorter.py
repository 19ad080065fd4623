"""Sorting rows that are equal in the order that their API promises.

    ORDER BY created DESC, id LIMIT 5

Where an API promises the first terms of an order, rows that are equal in these follow each other.
So they are sorted by the others as soon as the last of them has been read, and the pages behind it
need not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from billql.definitions.model import Column
from billql.definitions.types import MOMENTS, SQLValue
from billql.fetching._order_check import rank
from billql.fetching.row_decoder import TableRow
from billql.planning.plan import Order
from billql.util.instant import instant

_Key = Callable[[TableRow], Any]


class TieSorter:
    """Sorts rows as they are read; of the terms of `order` the last `ties` are not promised."""

    def __init__(self, columns: Mapping[str, Column], order: Sequence[Order], ties: int) -> None:
        positions = {name: place for place, name in enumerate(columns)}
        keys = [_key(positions[one.column], columns[one.column].type) for one in order]
        promised = len(order) - ties
        self._promised = keys[:promised]
        # The last term first, for sorting is stable.
        self._ties = [(key, one.descending) for key, one in zip(keys, order, strict=True)][
            : promised - 1 : -1
        ]
        self.held: list[TableRow] = []
        """Rows that are equal to the last one that has been read."""

    def add(self, rows: Sequence[TableRow]) -> list[TableRow]:
        """Accept the next rows, and return those that no row to come is equal to."""
        if not rows:
            return []
        last = self._place(rows[-1])
        first = len(rows)
        while first and self._place(rows[first - 1]) == last:
            first -= 1
        if first == 0 and self.held and self._place(self.held[-1]) == last:
            self.held += rows
            return []
        done = self._sorted([*self.held, *rows[:first]])
        self.held = list(rows[first:])
        return done

    def rest(self) -> list[TableRow]:
        """Return the last rows, now that there are no more."""
        done, self.held = self._sorted(self.held), []
        return done

    def _place(self, row: TableRow) -> list[Any]:
        """Return where a row stands in the promised order."""
        return [key(row) for key in self._promised]

    def _sorted(self, rows: list[TableRow]) -> list[TableRow]:
        """Return rows that are in the promised order in the whole one."""
        done: list[TableRow] = []
        group: list[TableRow] = []
        for row in rows:
            if group and self._place(group[0]) != self._place(row):
                done += self._sorted_ties(group)
                group = []
            group.append(row)
        return done + self._sorted_ties(group)

    def _sorted_ties(self, group: list[TableRow]) -> list[TableRow]:
        if len(group) > 1:
            for key, descending in self._ties:
                group.sort(key=key, reverse=descending)
        return group


def _key(position: int, kind: str) -> _Key:
    """Return a function of a row that sorts as SQLite sorts a column."""
    if kind not in MOMENTS:
        return lambda row: rank(row[position])
    return lambda row: rank(_time(row[position]))


def _time(value: SQLValue) -> SQLValue:
    """Return what has the place of a value in the collation of times."""
    return instant(value) or value if isinstance(value, str) else value
