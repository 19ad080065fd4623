"""What a definition has about the values of each column: ids, units, closed lists, references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from billql.definitions.methods import Parameter
from billql.definitions.model import Column, Resource
from billql.definitions.pagination import AfterId, Paginator
from billql.definitions.story import ColumnStory, Story, TableStory
from billql.sandbox.mock.cells import Cell
from billql.sandbox.mock.layout import Layout, Link, plain_path, required_columns
from billql.sandbox.rng import Rng


class Columns:
    """The columns of all resources of a provider."""

    def __init__(
        self,
        layouts: Mapping[str, Layout],
        paging: Mapping[str, Sequence[Paginator]],
        story: Story,
        seed: int,
    ) -> None:
        self._layouts = layouts
        self._paging = paging
        self._story = story
        self._seed = seed

    def cells(self, layout: Layout) -> dict[str, Cell]:
        """Return what there is to know of the columns that have values of their own."""
        resource = layout.resource
        story = self._story.tables.get(layout.name, TableStory()).columns
        used = _used(resource)
        currencies = {one.currency for one in resource.columns.values()}
        expected = _expected_values(resource)
        ids = {one.id for one in self._paging[layout.name] if isinstance(one, AfterId)}
        fixed = {*resource.unique, *currencies, *used.needed, *layout.required}
        fixed |= {term.removeprefix("-") for one in resource.methods.values() for term in one.order}
        # What such a column shows, another one may show in another way, as a time and its month.
        columns = resource.columns.items()
        members = {plain_path(name, column) for name, column in columns if name in fixed}
        cells = {}
        for name, column in resource.columns.items():
            if name in layout.references or name in layout.switches:
                continue
            link = Link(layout.name, name)
            is_currency = name in currencies or link in self._currencies
            is_target = link in self._targets
            is_id = plain_path(name, column) in ids or (
                (name in resource.unique or (is_target and "name" not in name))
                and not column.values
                and not is_currency
            )
            values = (
                layout.parts(name)
                or column.values
                or used.values.get(name, ())
                or expected.get(plain_path(name, column) or "", ())
            )
            cells[name] = Cell(
                name,
                column,
                story.get(name, ColumnStory()),
                is_id=is_id,
                known_ids=self._known_ids.get(link, ()),
                is_uuid=name in self._uuids[layout.name],
                is_numeric=Rng(self._seed, "numeric", layout.name, name).below(4) == 0,
                is_currency=is_currency,
                optional=not is_id
                and name not in fixed
                and plain_path(name, column) not in {None, *members}
                and not is_target
                and column.type in ("text", "timestamp", "json", "date"),
                values=values,
                pattern=used.patterns.get(name),
            )
        return cells

    @cached_property
    def _targets(self) -> set[Link]:
        return {link for one in self._layouts.values() for link in one.references.values()}

    @cached_property
    def _currencies(self) -> set[Link]:
        """Return the columns that others refer to for the currency of an amount."""
        return {
            layout.references[one.currency]
            for layout in self._layouts.values()
            for one in layout.resource.columns.values()
            if one.currency is not None and one.currency in layout.references
        }

    @cached_property
    def _known_ids(self) -> dict[Link, tuple[Any, ...]]:
        """Return the ids that a definition names where it refers to them."""
        found: dict[Link, tuple[Any, ...]] = {}
        for layout in self._layouts.values():
            expected = _expected_values(layout.resource)
            for name, link in layout.references.items():
                path = plain_path(name, layout.resource.columns[name])
                found[link] = tuple(
                    dict.fromkeys((*found.get(link, ()), *expected.get(path or "", ())))
                )
        return found

    @cached_property
    def _uuids(self) -> dict[str, set[str]]:
        """Return the columns that a parameter accepts as UUIDs, also where it refers to them."""
        found: dict[str, set[str]] = defaultdict(set)
        for name, layout in self._layouts.items():
            for method in layout.resource.methods.values():
                for column, parameter in method.filters():
                    if parameter.format == "uuid":
                        found[name].add(column)
                        if (link := layout.references.get(column)) is not None:
                            found[link.table].add(link.column)
        return found


@dataclass
class _Used:
    """What the parameters of a resource require of its columns."""

    needed: set[str]
    """Those of which a request needs a value."""
    values: dict[str, tuple[Any, ...]]
    patterns: dict[str, str]


def _used(resource: Resource) -> _Used:
    found = _Used(set(), {}, {})
    for method in resource.methods.values():
        found.needed.update(required_columns(method))
        for column, parameter in method.filters():
            found.needed.add(column)
            if values := _rows_have(parameter, resource.columns.get(column)):
                found.values[column] = values
            if parameter.pattern is not None:
                found.patterns[column] = parameter.pattern
    return found


def _rows_have(parameter: Parameter, column: Column | None) -> tuple[Any, ...]:
    """Return the values that a parameter accepts and rows can have."""
    stands_for_all = None if column is None or not column.values else parameter.default
    return tuple(one for one in parameter.values if one != stands_for_all)


def _expected_values(resource: Resource) -> dict[str, tuple[Any, ...]]:
    """Return by path the values that other columns need to have one."""
    found: dict[str, list[Any]] = defaultdict(list)
    for column in resource.columns.values():
        for path, expected in column.conditions():
            found[path] += expected
    return {path: tuple(dict.fromkeys(values)) for path, values in found.items()}
