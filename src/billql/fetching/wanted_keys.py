"""The keys that a statement wants, one by one or as the values of IN lists, and how many of them
some rows have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from billql.definitions.types import ColumnType
from billql.fetching.row_decoder import TableRow
from billql.fetching.row_index import is_clear, place_of


class WantedRows:
    """Recognizes rows by some columns; `kinds` are their types, by their position in a row."""

    def __init__(self, kinds: Mapping[int, ColumnType]) -> None:
        self._kinds = kinds
        self._found: Counter[Hashable] = Counter()
        self.is_clear = bool(kinds)
        """Whether it is known of each key which rows have it."""
        self.are_ranges = not kinds
        """Whether a key is a range, and no value that a row has."""

    def find(self, rows: Iterable[TableRow]) -> list[TableRow]:
        """Count the keys that some rows have, and return those rows."""
        matching = []
        for row in rows:
            place = self._place([row[at] for at in self._kinds])
            if self._is_wanted(place):
                self._found[place] += 1
                matching.append(row)
        return matching

    @property
    def found(self) -> int:
        """How many of the keys have been found."""
        return len(self._found)

    def pages(self, size: float) -> int:
        """Return how many pages of some rows the keys take that have been found, if more rows
        follow.
        """
        return sum(int(rows / size) + 1 for rows in self._found.values())

    def _place(self, key: Sequence[Any]) -> tuple[Hashable, ...]:
        pairs = zip(self._kinds.values(), key, strict=True)
        return tuple(place_of(kind, value) for kind, value in pairs)

    def _is_wanted(self, place: tuple[Hashable, ...]) -> bool:
        raise NotImplementedError


class WantedKeys(WantedRows):
    """The keys of a join."""

    def __init__(self, kinds: Mapping[int, ColumnType]) -> None:
        super().__init__(kinds)
        self._wanted: set[Hashable] = set()

    def add(self, keys: Iterable[Sequence[Any]]) -> None:
        """Add keys, each with a value of every column."""
        for key in keys:
            place = self._place(key)
            self._wanted.add(place)
            self.is_clear = self.is_clear and all(map(is_clear, place))

    def _is_wanted(self, place: tuple[Hashable, ...]) -> bool:
        return place in self._wanted or not all(map(is_clear, place))


class WantedValues(WantedRows):
    """The values of whole IN lists, by the position of their column: of each one."""

    def __init__(
        self, kinds: Mapping[int, ColumnType], values: Mapping[int, Iterable[Any]]
    ) -> None:
        super().__init__(kinds)
        self._values = [
            {place_of(kind, value) for value in values[at]} for at, kind in kinds.items()
        ]
        self.is_clear = bool(kinds) and all(
            is_clear(place) for places in self._values for place in places
        )

    def _is_wanted(self, place: tuple[Hashable, ...]) -> bool:
        if not (self.is_clear and all(map(is_clear, place))):
            return True
        return all(one in values for one, values in zip(place, self._values, strict=True))
