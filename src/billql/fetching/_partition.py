"""Passing on the rows of a list's own part; see `billql.planning.partition` for why it has one.

A row that is in no list's part, because its column is NULL perhaps, is passed on from the first
list that has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from billql.fetching.row_decoder import RowDecoder, TableRow
from billql.planning.partition import Part


class PartitionFilter:
    """Passes the rows of one reading of a list that are its own, and new.

    `parts` are the list's parts, by column. `strays` counts the rows in no list's part that the
    lists before this one had; they are shared by the lists of a scan. `earlier` are the rows that
    an earlier reading has passed on already.
    """

    def __init__(
        self,
        decoder: RowDecoder,
        parts: Mapping[str, Part],
        strays: Counter[TableRow],
        earlier: Iterable[TableRow] = (),
    ) -> None:
        self._parts = [(decoder.position(name), part) for name, part in parts.items()]
        self._shown = decoder.shown
        self._strays = strays
        self._passed_before = Counter(strays)
        self._own_strays: Counter[TableRow] = Counter()
        self._earlier = Counter(map(decoder.shown, earlier))

    @property
    def misses(self) -> bool:
        """Whether rows of the earlier reading have not been seen again so far."""
        return bool(self._earlier)

    def pass_on(self, rows: list[TableRow]) -> list[TableRow]:
        """Return those of some rows that are the list's own, and new."""
        if self._parts:
            rows = [row for row in rows if self._is_own(row)]
        return [row for row in rows if self._is_new(row)] if self._earlier else rows

    def finish(self) -> None:
        """Count the strays of the list, which has been read to its end, for the next ones."""
        self._strays |= self._own_strays

    def _is_own(self, row: TableRow) -> bool:
        held = [part.holds(row[position]) for position, part in self._parts]
        if False in held:
            return False
        return None not in held or self._is_first(row)

    def _is_first(self, row: TableRow) -> bool:
        known = row[-1] or row
        self._own_strays[known] += 1
        if not self._passed_before[known]:
            return True
        self._passed_before[known] -= 1
        return False

    def _is_new(self, row: TableRow) -> bool:
        shown = self._shown(row)
        if not self._earlier[shown]:
            return True
        self._earlier[shown] -= 1
        if not self._earlier[shown]:
            del self._earlier[shown]
        return False
