"""The keys by which one plan of a statement is read, and the lists that have them all.

A join reads an inner resource by one key after the other. A whole list that has been read serves
every key that agrees with it in what it was requested with; where a key may find a row that no list
has, such as one that was deleted, it serves the keys that it has.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Any, NamedTuple

from billql.definitions.catalog import Table
from billql.definitions.types import ColumnType
from billql.fetching.row_decoder import TableRow
from billql.fetching.row_index import RowIndex
from billql.fetching.wanted_keys import WantedKeys
from billql.planning.plan import Plan
from billql.planning.whole_list import lists_have_all, whole_list_plan

Key = tuple[Any, ...]
"""The arguments of a plan, hashable."""


class _Equality(NamedTuple):
    """An equality whose value a plan is handed: its place in the arguments."""

    place: int
    number: int
    position: int
    """The position of its column in a row."""
    kind: ColumnType
    accepts_null: bool


class _Bound(NamedTuple):
    """A bound whose value a plan is handed: its place in the arguments."""

    place: int
    position: int
    """The position of its column in a row."""
    is_low: bool


class WholeList(NamedTuple):
    """A whole list that may serve many keys."""

    plan: Plan
    places: tuple[int, ...]
    """The places of its arguments in those of the family's plan."""
    arguments: Key
    has_all: bool
    """Whether a key that it does not have has no rows."""

    def serves(self, key: Key) -> bool:
        """Return whether it has the rows of a key."""
        return all(
            key[place] == value and type(key[place]) is type(value)
            for place, value in zip(self.places, self.arguments, strict=True)
        )


class _Held(NamedTuple):
    whole: WholeList
    rows: RowIndex
    is_complete: bool
    """Whether the list was read to its end."""


class KeyFamily:
    """The keys of one plan; `connections` is how many there are to read from."""

    def __init__(self, table: Table, plan: Plan, connections: int) -> None:
        self._table = table
        self._plan = plan
        self._connections = connections
        positions = {name: position for position, name in enumerate(table.columns)}
        places = {number: place for place, number in enumerate(plan.arguments)}
        wanted = [*plan.pushed, *plan.looked_up]
        self._places = {one.number: places[one.number] for one in wanted}
        self._equalities = [
            _Equality(
                places[one.number],
                one.number,
                positions[one.constraint.column],
                one.column.type,
                one.constraint.accepts_null,
            )
            for one in wanted
            if one.constraint.operator == "=" and one.constraint.collation is None
        ]
        self._bounds = [
            _Bound(
                places[one.number],
                positions[one.constraint.column],
                one.constraint.operator.startswith(">"),
            )
            for one in wanted
            if one.constraint.operator in ("<", "<=", ">", ">=")
            and one.constraint.collation is None
            and one.constraint.computed is None
        ]
        self._equal = {one.number for one in self._equalities}
        self._null = {one.position for one in self._equalities if one.accepts_null}
        self._pushed = {one.number for one in plan.pushed}
        self._joined = {
            one.number
            for one in plan.pushed
            if one.constraint.operator == "=" and not one.constraint.literal
        }
        self._first: Key | None = None
        self._varying: set[int] = set()
        """The numbers of the constraints whose value is not always the same."""
        self.unread: dict[Key, None] = {}
        """The keys that are known and have not been read yet, without what is only looked up."""
        self.read = 0
        """How many keys have been read, one by one."""
        self._held: list[_Held] = []
        self._dry_held: list[_Held] = []
        """What dry runs have read: the statement itself has neither read nor counted it."""
        self.abandoned: dict[Hashable, int] = {}
        """The whole lists that were not worth it, and for how many keys."""
        self.scans = 0
        """How often the statement has begun to read by the plan."""

    @property
    def is_look_up(self) -> bool:
        """Whether all its keys are in one list, of which the API cannot return the rows of one."""
        looks_up = any(one.number not in self._pushed for one in self._equalities)
        is_constant = not self._plan.correlated or self.read > 1
        return looks_up and is_constant and self._varying.isdisjoint(self._pushed)

    def assumed_row(self, key: Key) -> TableRow:
        """Return the row that a key finds, as far as it is known before it is read."""
        row: list[Any] = [None] * (len(self._table.columns) + 1)
        for one in self._equalities:
            row[one.position] = key[one.place]
        return tuple(row)

    def pushed(self, key: Key) -> Key:
        """Return what of a key goes into its request."""
        return key[: self._plan.wanted]

    def note(self, key: Key) -> None:
        """Note a key that will be needed."""
        if self._first is None:
            self._first = key
        elif key != self._first:
            self._varying.update(
                number for number, place in self._places.items() if key[place] != self._first[place]
            )
        self.unread[self.pushed(key)] = None

    def note_read(self, key: Key) -> None:
        """Note that a key is read."""
        self.note_arrived(key)
        self.read += 1

    def note_arrived(self, key: Key) -> None:
        """Note that a key takes no more requests to be found."""
        self.unread.pop(self.pushed(key), None)

    def held_rows(self, plan: Plan, key: Key, *, dry: bool = False) -> Sequence[TableRow] | None:
        """Return the rows of a plan's key in a whole list that has been read; None if there is
        none.

        `dry` is whether a dry run needs them, and may have read it.
        """
        for whole, rows, is_complete in (*self._held, *self._dry_held) if dry else self._held:
            if not (plan.used <= whole.plan.used and whole.serves(key)):
                continue
            if whole.has_all and is_complete:
                if self._bounds and not self._equalities:
                    return self._rows_between(rows, key)
                wanted = {one.position: key[one.place] for one in self._equalities}
                return rows.find(wanted, self._null)
            wanted = {
                one.position: key[one.place]
                for one in self._equalities
                if one.number in self._pushed
            }
            if found := rows.find_exactly(wanted):
                return found
        return None

    def _rows_between(self, rows: RowIndex, key: Key) -> Sequence[TableRow]:
        """Return the rows that may lie within the bounds of a key, of one column."""
        position = self._bounds[0].position
        low = high = None
        for one in self._bounds:
            value = key[one.place]
            if value is None:
                return ()  # which no row is compared with
            if one.position == position:
                low, high = (value, high) if one.is_low else (low, value)
        return rows.between(position, low, high)

    @property
    def holds_lists(self) -> bool:
        """Whether any list has been read, perhaps by a dry run."""
        return bool(self._held or self._dry_held)

    def _holds(self, whole: WholeList) -> bool:
        """Return whether a list has been read to its end."""
        return any(one.is_complete and one.whole == whole for one in self._held)

    def hold(
        self, whole: WholeList, rows: RowIndex, *, is_complete: bool = True, dry: bool = False
    ) -> None:
        """Hold the rows of a list, which may be the first ones alone; `dry` is whether a dry run
        has read it.
        """
        (self._dry_held if dry else self._held).append(_Held(whole, rows, is_complete))

    def whole_list(self, plan: Plan, key: Key, *, for_ranges: bool) -> WholeList | None:
        """Return the list that has the rows of a plan's key and of all that are known; None if none
        has.

        What all keys have in common stays in its request. `for_ranges` is whether keys may differ
        in a range, whose rows no value shows.
        """
        dropped = self._varying.intersection(self._pushed) or self._joined
        if not (for_ranges or dropped.issubset(self._equal)):
            return None
        whole = self._whole_list(plan, key, dropped | self._varying)
        return None if whole is None or self._holds(whole) else whole

    def widest_list(self, plan: Plan, key: Key) -> WholeList | None:
        """Return the list that has the rows of any key; None if none has."""
        return self._whole_list(plan, key, self._pushed)

    def own_list(self, plan: Plan, key: Key) -> WholeList | None:
        """Return the list that is read for a key anyway, whatever rows of it are wanted."""
        return self._whole_list(plan, key, self._places.keys() - self._pushed)

    def _whole_list(self, plan: Plan, key: Key, dropped: Collection[int]) -> WholeList | None:
        method = self._table.resource.methods[plan.method]
        whole = whole_list_plan(
            self._table, plan, dropped, self._connections, may_lack_rows=method.single
        )
        if whole is None:
            return None
        places = tuple(self._places[number] for number in whole.arguments[: whole.wanted])
        has_all = self._pushed.isdisjoint(dropped) or lists_have_all(method)
        return WholeList(whole, places, tuple(key[place] for place in places), has_all)

    def wanted_keys(self) -> WantedKeys:
        """Return what recognizes, in the rows of a whole list, the keys that are known."""
        numbers = self._varying.intersection(self._pushed)
        # Of two equalities of one column, one will do: SQLite checks the other.
        by_position = {one.position: one for one in self._equalities if one.number in numbers}
        varying = by_position.values()
        wanted = WantedKeys({one.position: one.kind for one in varying})
        wanted.add([key[one.place] for one in varying] for key in self.unread)
        return wanted
