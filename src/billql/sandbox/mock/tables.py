"""The rows of every resource of a provider: made from its layout once they are asked for.

A row is made in three steps, because resources refer to each other: its own values; then its
references, for which the rows of other resources must have their ids; then the sums, for which
these must have their amounts. Every value depends on the seed and the row's key alone.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from billql.definitions.methods import Rows
from billql.definitions.model import Column, Resource
from billql.definitions.pagination import Paginator
from billql.definitions.story import Story, TableStory
from billql.sandbox.mock.cells import SHARE_MISSING, beginning, draw
from billql.sandbox.mock.columns import Columns
from billql.sandbox.mock.layout import (
    Layout,
    Link,
    kind_of,
    layouts,
    segments,
)
from billql.sandbox.mock.rows import Row, added, alias, copy_holder
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, HOUR, day_start, end_of_data, month_of, month_start

Scope = tuple[tuple[str, Any], ...]
"""The values of the columns that any value has rows for."""

_PERIODS: Final = {"hour": 48, "day": 45, "month": 13}
"""How many hours, days or months have a row of their own."""

_MOST_OF_A_ROW: Final = 3
"""How many rows of another resource belong to one row, at most."""


class Tables:
    """The rows of a provider's resources."""

    def __init__(
        self,
        provider: str,
        resources: Mapping[str, Resource],
        paging: Mapping[str, Sequence[Paginator]],
        story: Story,
        *,
        seed: int,
        scale: int,
        until: date,
    ) -> None:
        self.layouts = layouts(provider, resources)
        self._story = story
        self._seed = seed
        self._count = story.rows or 3 + 5 * scale
        self._until = until
        self._now = end_of_data(until)
        self._opened = month_start(month_of(until) - story.months + 1)
        self._columns = Columns(self.layouts, paging, story, seed)
        self._lock = threading.RLock()
        self._made: dict[tuple[str, Scope], list[Row]] = {}
        self._linked: set[tuple[str, Scope]] = set()
        self._summed: set[tuple[str, Scope]] = set()
        self._indexes: dict[Link, dict[Any, list[Row]]] = {}
        self._groups: dict[str, Row] = {}
        """What holds rows, or has what they share, where no resource has it."""

    def rows(self, name: str, scope: Scope = ()) -> list[Row]:
        """Return the complete rows of a resource; a scope may have columns of others too."""
        with self._lock:  # requests arrive in several threads
            return self._complete(name, scope)

    def _complete(self, name: str, scope: Scope) -> list[Row]:
        key = name, self._own(name, scope)
        rows = self._link(name, scope)
        if key not in self._summed:
            self._summed.add(key)
            columns = self.story(name).columns
            for column, story in columns.items():
                if story.part_of is not None:
                    self._part(name, column, story.part_of, scope)
                if story.sum_of is not None:
                    self._sum(name, column, story.sum_of, scope)
            for column, story in columns.items():
                for row in rows if story.adds else ():
                    row.cells[column] = added(row, story.adds)
        return rows

    def _own(self, name: str, scope: Scope) -> Scope:
        return tuple(pair for pair in scope if pair[0] in self.layouts[name].scopes)

    def story(self, name: str) -> TableStory:
        """Return the story of a resource, an empty one if it has none."""
        return self._story.tables.get(name, TableStory())

    def values_of(self, link: Link, scope: Scope = ()) -> set[Any]:
        """Return the values of a column that others refer to."""
        with self._lock:
            return {row.cells.get(link.column) for row in self._make(link.table, scope)}

    # Own values ---------------------------------------------------------------------------------

    def _make(self, name: str, scope: Scope) -> list[Row]:
        key = name, self._own(name, scope)
        if key not in self._made:
            self._made[key] = []  # what refers to itself finds nothing
            self._made[key] = list(self._fresh(self.layouts[name], key[1]))
        return self._made[key]

    def _fresh(self, layout: Layout, scope: Scope) -> Iterator[Row]:
        """Yield the rows with their own values, none twice."""
        cells = self._columns.cells(layout)
        prefix = layout.name.split(".")[1][:3]
        seen: set[tuple[Any, ...]] = set()
        for serial, (row, moment) in enumerate(self._placed(layout, scope)):
            rng_of = (self._seed, layout.name, row.key)
            for name, cell in cells.items():
                if name not in row.cells:
                    shared = self._shared(layout, row, cell.column)
                    if name not in shared.cells:
                        shared.cells[name] = draw(cell, Rng(*rng_of, name), serial, moment, prefix)
                    row.cells[name] = shared.cells[name]
            alias(layout.resource, row)
            copy_holder(layout, self.layouts, row)
            row.cells.update(scope)
            row.cells.update(row.kind)
            identity = tuple(row.cells.get(one) for one in layout.resource.unique)
            if identity and identity in seen and None not in identity:
                continue
            seen.add(identity)
            yield row

    def _placed(self, layout: Layout, scope: Scope) -> Iterator[tuple[Row, int]]:
        """Yield each row without its own values, and the time that it is about."""
        for owner_key, holder, links in self._owners(layout, scope):
            for number, source in enumerate(layout.sources):
                key = "/".join((owner_key, *map(str, scope), str(number)))
                moments = self._moments(
                    layout, source, key, owned=holder is not None or bool(links)
                )
                for place, moment in enumerate(moments):
                    row = Row(f"{key}/{place}", kind_of(source), holder=holder, links=dict(links))
                    if holder is None:
                        row.holder = self._group(layout, source, key, place)
                    for column, linked in links.items():
                        row.cells[column] = linked.cells[layout.references[column].column]
                    if (period := layout.periods) is not None and period not in row.cells:
                        kind = layout.resource.columns[period].type
                        row.cells[period] = beginning(kind, moment)
                    yield row, moment

    def _owners(
        self, layout: Layout, scope: Scope
    ) -> Iterator[tuple[str, Row | None, dict[str, Row]]]:
        """Yield what the rows belong to: rows that hold them, rows they refer to, or nothing."""
        if layout.holder is not None:
            for row in self._link(layout.holder.table, scope):
                yield row.key, row, {}
        elif (column := layout.driver) is not None:
            for row in self._make(layout.references[column].table, scope):
                if row.cells.get(layout.references[column].column) is not None:
                    yield row.key, None, {column: row}
        else:
            yield "", None, {}

    def _moments(self, layout: Layout, source: Rows, key: str, *, owned: bool) -> Iterable[int]:
        """Return the time of each row of a source."""
        story = self.story(layout.name)
        every = story.every or self._period(layout)
        if every is not None:
            moments = self._each(every, story.rows or _PERIODS[every], story.ahead)
            return [moment for moment in moments for _ in range(story.each)]
        rng = Rng(self._seed, layout.name, key)
        count = 1
        if layout.has_list(source):
            count = rng.between(1, _MOST_OF_A_ROW) if owned else self._count
            count = count if story.rows is None else story.rows
        span = self._now - self._opened
        starts = (self._opened + span * place // max(count, 1) for place in range(count))
        return [start + rng.below(max(span // max(count, 1), 1)) for start in starts]

    @staticmethod
    def _period(layout: Layout) -> str | None:
        """Return what has a row of its own without a story: each day or month that is asked for."""
        if layout.periods is None or not layout.has_own_periods:
            return None
        return "month" if layout.resource.columns[layout.periods].type == "month" else "day"

    def _each(self, every: str, count: int, ahead: int) -> list[int]:
        places = [ahead - place for place in reversed(range(count))]
        if every == "month":
            last = month_of(self._until)
            return [month_start(last + place) for place in places]
        step = {"day": DAY, "hour": HOUR}[every]
        start = day_start(self._until)
        return [start + step * place for place in places]

    def _group(self, layout: Layout, source: Rows, key: str, place: int) -> Row | None:
        """Return the row that holds another where no resource has it: one for each two."""
        inner = [one for one in segments(source.at)[:-1] if one.kind]
        if not inner:
            return None
        story = self.story(layout.name)
        size = 2 if story.every is None else story.each
        group_key = f"{layout.name}/{key}/group/{place // size}"
        return self._groups.setdefault(group_key, Row(group_key))

    def _shared(self, layout: Layout, row: Row, column: Column) -> Row:
        """Return what has the value that a column shares with other rows; the row, if nothing."""
        path = column.path or ""
        if path.startswith("$parent.") and layout.holder is None and row.holder is not None:
            return row.holder
        if path.startswith("$root."):
            owner = row.key.split("/")[0] if row.links else ""
            return self._groups.setdefault(f"{layout.name}/root/{owner}", Row(""))
        return row

    # References ---------------------------------------------------------------------------------

    def _link(self, name: str, scope: Scope) -> list[Row]:
        """Return the rows of a resource with their references."""
        layout = self.layouts[name]
        rows = self._make(name, scope)
        key = name, self._own(name, scope)
        if key in self._linked:
            return rows
        self._linked.add(key)
        for row in rows:
            for column, link in layout.references.items():
                if column not in row.links:
                    self._refer(layout, row, column, link, scope)
            copy_holder(layout, self.layouts, row)
        return rows

    def _refer(self, layout: Layout, row: Row, column: str, link: Link, scope: Scope) -> None:
        shared = self._shared(layout, row, layout.resource.columns[column])
        if column not in shared.cells:
            found = self._inherited(layout, row, link)
            if found is None:
                chosen = self._choose(layout, row, column, link, scope)
                found = (None if chosen is None else chosen.cells.get(link.column)), chosen
            shared.cells[column], linked = found
            if linked is not None:
                shared.links[column] = linked
        row.cells[column] = shared.cells[column]
        if column in shared.links:
            row.links[column] = shared.links[column]

    def _inherited(self, layout: Layout, row: Row, link: Link) -> tuple[Any, Row | None] | None:
        """Return what the row that holds a row refers to, or one that it refers to; or that row."""
        near = [(layout.references[name].table, one) for name, one in row.links.items()]
        if layout.holder is not None and row.holder is not None:
            near.insert(0, (layout.holder.table, row.holder))
        for table, other in near:
            if table == link.table:
                return other.cells.get(link.column), other
            if not self.layouts[table].scopes:
                self._link(table, ())
            for column, theirs in self.layouts[table].references.items():
                if theirs == link and column in other.links:
                    return other.cells.get(column), other.links[column]
        return None

    def _choose(
        self, layout: Layout, row: Row, column: str, link: Link, scope: Scope
    ) -> Row | None:
        """Return a row to refer to: one that refers to what this row refers to as well."""
        target = self.layouts[link.table]
        candidates = self._make(link.table, scope)
        for own, other in layout.references.items():
            value = row.cells.get(own)
            if own == column or value is None or own not in row.links:
                continue
            for theirs, shared in target.references.items():
                if shared == other and theirs == target.driver:
                    candidates = self._index(link.table, theirs).get(value, [])
        story = self.story(layout.name).columns.get(column)
        if story is not None and not isinstance(story.values, dict) and story.values:
            values = story.values
            value = values[int(row.key.rpartition("/")[2]) % len(values)]
            return next(iter(self._index(link.table, link.column).get(value, ())), None)
        rng = Rng(self._seed, layout.name, row.key, "reference", column)
        if column not in self._needed(layout) and rng.below(SHARE_MISSING) == 0:
            return None
        candidates = [one for one in candidates if one is not row]
        if not candidates:
            return None
        return rng.pick(candidates)

    @staticmethod
    def _needed(layout: Layout) -> set[str]:
        """Return the columns that no row lacks."""
        resource = layout.resource
        currencies = {one.currency for one in resource.columns.values() if one.currency}
        return {*layout.required, *resource.unique, *currencies}

    def _index(self, table: str, column: str) -> dict[Any, list[Row]]:
        key = Link(table, column)
        if key not in self._indexes:
            found: dict[Any, list[Row]] = defaultdict(list)
            for row in self._make(table, ()):
                found[row.cells.get(column)].append(row)
            self._indexes[key] = found
        return self._indexes[key]

    # Parts and sums -----------------------------------------------------------------------------

    def _part(self, name: str, column: str, whole: str, scope: Scope) -> None:
        """Split the amount of each row among the rows that it holds, by what they have so far."""
        table, _, amount = whole.rpartition(".")
        self._complete(table, scope)
        held: dict[int, list[Row]] = defaultdict(list)
        for row in self._make(name, scope):
            held[id(row.holder)].append(row)
        for rows in held.values():
            holder = rows[0].holder
            rest = Decimal(0) if holder is None else Decimal(holder.cells.get(amount) or 0)
            weight = sum(Decimal(row.cells.get(column) or 0) for row in rows) or Decimal(1)
            share = rest / weight
            for row in rows[:-1]:
                part = (share * Decimal(row.cells.get(column) or 0)).quantize(Decimal("0.01"))
                row.cells[column] = part
                rest -= part
            rows[-1].cells[column] = rest

    def _sum(self, name: str, column: str, summed: str, scope: Scope) -> None:
        other, _, part = summed.rpartition(".")
        sums: dict[int, Any] = defaultdict(int)
        own = {id(row) for row in self._make(name, scope)}
        for row in self._complete(other, scope):
            amount = row.cells.get(part)
            # What lies in a row belongs to that one, whatever it refers to.
            is_held = row.holder is not None and id(row.holder) in own
            owners = [row.holder] if is_held else [row.holder, *row.links.values()]
            for owner in {id(one) for one in owners if one is not None}:
                sums[owner] += amount or 0
        kind = self.layouts[name].resource.columns[column].type
        for row in self._make(name, scope):
            total = sums[id(row)]
            row.cells[column] = total if kind == "integer" else Decimal(total)
