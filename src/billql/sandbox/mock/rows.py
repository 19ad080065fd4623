"""A row of a resource, and what its cells have from each other and from the row above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from billql.definitions.model import Resource
from billql.definitions.types import MOMENTS
from billql.sandbox.mock.cells import beginning
from billql.sandbox.mock.layout import Layout, plain_path

_COARSE: Final = {"date": 1, "month": 2}
"""The types of time that show less than a timestamp does."""


@dataclass(eq=False, slots=True)
class Row:
    """One row."""

    key: str
    """What identifies it, in all sandboxes of a seed."""
    kind: tuple[tuple[str, object], ...] = ()
    cells: dict[str, Any] = field(default_factory=dict)
    """Its values by column; see `forms`."""
    holder: Row | None = None
    """The row that holds it."""
    links: dict[str, Row] = field(default_factory=dict)
    """The rows that it refers to, by column."""


def alias(resource: Resource, row: Row) -> None:
    """Set one value in the columns that show the same member of a row."""
    columns = resource.columns
    first: dict[str, str] = {}
    for name in sorted(columns, key=lambda one: _COARSE.get(columns[one].type, 0)):
        column = columns[name]
        path = plain_path(name, column)
        if path is None:
            continue
        if path in first:
            value, kind = row.cells.get(first[path]), columns[first[path]].type
            if kind == column.type:
                row.cells[name] = value
            elif {kind, column.type} <= MOMENTS:
                row.cells[name] = None if value is None else beginning(column.type, value)
        first.setdefault(path, name)


def copy_holder(layout: Layout, all_layouts: Mapping[str, Layout], row: Row) -> None:
    """Set the value of the row above in the columns that show a member of it."""
    if layout.holder is None or row.holder is None:
        return
    above = all_layouts[layout.holder.table].resource
    by_path = {plain_path(name, column): name for name, column in above.columns.items()}
    for name, column in layout.resource.columns.items():
        inner = layout.held_path(column)
        if inner is not None and inner in by_path:
            row.cells[name] = row.holder.cells.get(by_path[inner])


def added(row: Row, terms: Sequence[str]) -> Any:
    """Return the sum of some columns of a row; those that begin with `-` are subtracted."""
    total: Any = 0
    for term in terms:
        value = row.cells.get(term.removeprefix("-")) or 0
        total += -value if term.startswith("-") else value
    return total
