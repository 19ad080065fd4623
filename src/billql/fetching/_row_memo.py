"""The row memo: the rows of a key that a statement has read, in case a join needs them again.

Bounded by the cells that it holds, so that a statement over many keys needs no more memory than
one over few. What was used least recently is evicted first. But a nested loop needs its keys in a
circle, so if there is no room for all, the one that was used least recently is the one that is
needed next: so what is added when there is no room is evicted first, until it is used.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator

from billql.fetching.row_decoder import TableRow

_STAYS = 16
"""Of so many keys that are added when there is no room one stays, in case the others are of no use
any more."""


class RowMemo:
    """Memoizes the rows of keys, `most` cells of them altogether.

    Rows that would take more than a quarter of that are not memoized, so that no key evicts all
    the others.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: OrderedDict[Hashable, list[TableRow]] = OrderedDict()
        self._without_room = 0
        self.cells = 0
        """How many cells it holds; a key counts as one more, because it may have no rows."""

    def get(self, key: Hashable) -> list[TableRow] | None:
        """Return the rows of a key; None if they are not memoized."""
        rows = self._rows.get(key)
        if rows is not None:
            self._rows.move_to_end(key)
        return rows

    def memoize(self, key: Hashable, batches: Iterator[list[TableRow]]) -> Iterator[list[TableRow]]:
        """Yield the rows of a key, and memoize them once all have been read."""
        rows: list[TableRow] = []
        cells = 1
        for batch in batches:
            cells += sum(map(len, batch))
            if cells <= self._most // 4:
                rows += batch
            yield batch
        if cells <= self._most // 4:
            self.put(key, rows)

    def clear(self) -> None:
        """Drop everything."""
        self._rows.clear()
        self.cells = 0

    def put(self, key: Hashable, rows: list[TableRow]) -> None:
        """Memoize the rows of a key."""
        # Two scans may have read the same key side by side.
        self.cells -= _cells(self._rows.pop(key, None))
        size = _cells(rows)
        has_room = self.cells + size <= self._most
        while self.cells + size > self._most:
            self.cells -= _cells(self._rows.popitem(last=False)[1])
        self._rows[key] = rows
        self.cells += size
        self._without_room += not has_room
        if not has_room and self._without_room % _STAYS:
            self._rows.move_to_end(key, last=False)


def _cells(rows: list[TableRow] | None) -> int:
    return 0 if rows is None else sum(map(len, rows)) + 1
