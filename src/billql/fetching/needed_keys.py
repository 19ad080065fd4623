"""The keys that a statement needs of a plan, as far as they are known: see `whole_lists`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billql.definitions.catalog import Table
from billql.fetching.dry_run import JoinSide
from billql.fetching.key_family import KeyFamily
from billql.fetching.row_decoder import TableRow
from billql.fetching.running_statement import RunningStatement
from billql.fetching.wanted_keys import WantedRows, WantedValues
from billql.planning.plan import Plan


class FamilyKeys:
    """The keys of a plan that a statement needs, as far as they are known."""

    def __init__(
        self, running: RunningStatement, side: JoinSide, family: KeyFamily, *, are_single: bool
    ) -> None:
        self._running = running
        self._side = side
        self._family = family
        self._are_single = are_single
        """Whether each has one row at most."""
        self._may_skip = running.may_skip_keys(side)

    @property
    def count(self) -> int:
        """How many requests they take; where others may come, as many as there were already."""
        if self._may_skip:
            foretold = self._running.prefetcher.rows_foretold if self._are_single else 0
            needed = min(foretold, len(self._family.unread))
            return max(needed, self._family.read + 2)  # and one that is sent ahead
        is_complete = self._running.prefetcher.is_complete(self._side)
        return len(self._family.unread) + (0 if is_complete else self._family.read)

    @property
    def are_known_singles(self) -> bool:
        """Whether all that count are known, and each has one row at most."""
        return self._are_single and self._running.prefetcher.is_complete(self._side)

    @property
    def have_all_rows(self) -> bool:
        """Whether the statement reads all rows of each, and not perhaps the first."""
        return not self._running.stops_early

    def more(self) -> bool:
        """Look for more keys; return whether there are any."""
        return not self._may_skip and self._running.prefetcher.learn_more(self._side)

    def wanted(self) -> WantedRows:
        """Return what recognizes them in rows."""
        return self._family.wanted_keys()


class ListedValues:
    """The values of a plan's IN lists, which take some `requests`."""

    def __init__(self, table: Table, plan: Plan, arguments: Sequence[Any], requests: int) -> None:
        self.count = requests
        method = table.resource.methods[plan.method]
        positions = {name: position for position, name in enumerate(table.columns)}
        kinds, values, numbers = {}, {}, []
        for one, value in zip(plan.pushed, arguments, strict=False):
            if isinstance(value, set | frozenset) and len(value) > 1:
                position = positions[one.constraint.column]
                kinds[position] = one.column.type
                values[position] = value
                numbers.append(one.number)
        self._values = values
        self._wanted = WantedValues(kinds, values)
        self.numbers = numbers
        """The numbers of the constraints that are lists."""
        self._position = next(iter(kinds), 0)
        self.are_known_singles = method.single and len(numbers) == 1
        """Whether each value has one row at most."""

    def split(
        self, rows: Sequence[TableRow], arguments: Sequence[Any]
    ) -> tuple[Sequence[TableRow], Sequence[Any]]:
        """Return those of some rows that single values surely have, and the arguments without
        these values.
        """
        wanted = self._values[self._position]
        found = [row for row in rows if row[self._position] in wanted]
        rest = wanted.difference(row[self._position] for row in found)
        return found, [rest if one is wanted else one for one in arguments]

    @property
    def have_all_rows(self) -> bool:
        """Return True: they are no join's."""
        return True

    def more(self) -> bool:
        """Return False: all are known."""
        return False

    def wanted(self) -> WantedRows:
        """Return what recognizes them in rows."""
        return self._wanted
