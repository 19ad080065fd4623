"""Rows that a statement has read, found by the values of their columns.

What is found is a superset of the rows that SQLite takes for equal, which it checks again: where
SQLite might convert a value before it compares, as it does with a text beside a number, a column
leaves nothing out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, Final

from billql.definitions.catalog import Table
from billql.definitions.types import MOMENTS, ColumnType
from billql.fetching.row_decoder import TableRow
from billql.util.instant import instant

_UNCLEAR: Final = object()
"""The place of a value that SQLite might convert."""

_NUMBERS: Final = frozenset(("integer", "real", "decimal", "boolean"))


def kinds_of(table: Table) -> dict[int, ColumnType]:
    """Return the types of a table's columns, by their position in a row."""
    return {at: column.type for at, column in enumerate(table.columns.values())}


def place_of(kind: ColumnType, value: Any) -> Hashable:
    """Return what is equal for values of a column that SQLite finds equal; see `is_clear`."""
    if value is None:
        return None
    if kind in MOMENTS:
        found = instant(value) if isinstance(value, str) else None
        return _UNCLEAR if found is None else found
    fits = isinstance(value, int | float) if kind in _NUMBERS else isinstance(value, str)
    return value if fits and kind != "blob" else _UNCLEAR


def is_clear(place: Hashable) -> bool:
    """Return whether a place shows which values SQLite finds equal."""
    return place is not _UNCLEAR


class RowIndex:
    """Finds rows by the values of columns.

    `kinds` are the types of the columns that rows may be found by, by their position in a row.
    """

    def __init__(self, kinds: Mapping[int, ColumnType]) -> None:
        self._kinds = kinds
        self.rows: list[TableRow] = []
        self._found: dict[tuple[int, ...], dict[Hashable, list[TableRow]]] = {}
        self._sorted: dict[int, tuple[list[Any], list[int]] | None] = {}
        """The places of the rows in a column, sorted, and the numbers of the rows; None if it is
        not known of each row where it is."""
        self._unclear: set[int] = set()
        """The positions of columns in which a row has a value that SQLite might convert."""

    def add(self, rows: Sequence[TableRow]) -> None:
        """Add rows, which come after the others."""
        self.rows.extend(rows)
        self._found.clear()
        self._sorted.clear()

    def find(self, wanted: Mapping[int, Any], null: Collection[int] = ()) -> Sequence[TableRow]:
        """Return, in their order, the rows that may have some values, by their position.

        NULL equals nothing, but for the positions in `null`.
        """
        places = {}
        for position, value in wanted.items():
            if value is None and position not in null:
                return ()
            place = place_of(self._kinds[position], value)
            if is_clear(place) and position not in self._unclear:
                places[position] = place
        positions = tuple(sorted(places))
        while positions and positions not in self._found:
            self._group(positions)
            positions = tuple(one for one in positions if one not in self._unclear)
        if not positions:
            return self.rows
        key = tuple(places[position] for position in positions)
        return self._found[positions].get(key, ())

    def find_exactly(self, wanted: Mapping[int, Any]) -> Sequence[TableRow]:
        """Return the rows that surely have some values, by their position."""
        found = self.find(wanted)
        return [row for row in found if all(row[at] == value for at, value in wanted.items())]

    def between(self, position: int, low: Any, high: Any) -> Sequence[TableRow]:
        """Return, in their order, the rows that may have a value from `low` to `high`, both of them
        included; None leaves that end open.
        """
        if position not in self._sorted:
            self._sorted[position] = self._sort(position)
        if (found := self._sorted[position]) is None:
            return self.rows
        places, numbers = found
        first, last = (place_of(self._kinds[position], value) for value in (low, high))
        start = bisect_left(places, first) if first is not None and is_clear(first) else 0
        end = bisect_right(places, last) if last is not None and is_clear(last) else len(places)
        return [self.rows[number] for number in sorted(numbers[start:end])]

    def _sort(self, position: int) -> tuple[list[Any], list[int]] | None:
        kind = self._kinds[position]
        places: list[Any] = [place_of(kind, row[position]) for row in self.rows]
        if not all(map(is_clear, places)):
            return None
        numbers = [number for number, place in enumerate(places) if place is not None]
        numbers.sort(key=places.__getitem__)
        return [places[number] for number in numbers], numbers

    def _group(self, positions: tuple[int, ...]) -> None:
        """Group the rows by the values at some positions, unless one of them is unclear."""
        grouped: dict[Hashable, list[TableRow]] = {}
        for row in self.rows:
            key = tuple(place_of(self._kinds[at], row[at]) for at in positions)
            if not all(map(is_clear, key)):
                clear = zip(positions, map(is_clear, key), strict=True)
                self._unclear.update(at for at, known in clear if not known)
                return
            grouped.setdefault(key, []).append(row)
        self._found[positions] = grouped
