"""What a mock resource is: its columns, filters and pages; and the definition that says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

SQLValue = None | int | float | str | bytes
Row = dict[str, SQLValue]

Operator = Literal["=", "<", "<=", ">", ">="]
Lists = Literal["comma", "repeat", "brackets"]
Location = Literal["query", "path", "body", "header"]
Match = Literal["exact", "caseless", "prefix", "coarse"]
"""What a filter gives: just its rows, or more: those that match in another case, that begin with
the value, or that lie within coarser bounds."""


Verb = Literal["GET", "POST"]
PagingKind = Literal["page", "next_url", "token", "last_row"]


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    format: str | None = None
    """How answers write it."""
    domain: str = ""
    """Columns of one domain are worth joining."""
    echo: bool = False
    """Whether only the request says it, not the answer."""
    hidden: bool = False
    switch: str | None = None
    """The parameter without which the answer leaves it out."""


@dataclass(frozen=True)
class Filter:
    """A parameter that filters a column."""

    name: str
    column: str
    operator: Operator = "="
    match: Match = "exact"
    location: Location = "query"
    required: bool = False
    lists: Lists | None = None
    format: str | None = None
    default: str | tuple[str, ...] | None = None
    """What the definition sends otherwise. `all` shows the rows that the API hides by itself, as
    several values do together; `today` ends a window."""
    null: str | None = None
    """What asks for rows without a value."""


@dataclass(frozen=True)
class Paging:
    kind: PagingKind
    size: int
    """The largest page that the API gives."""
    sized: bool = True
    """Whether the size of a page can be asked for."""
    total: bool = True
    in_body: bool = False
    clamps: bool = False
    """Whether a page that is too large is made smaller; else it is refused."""


@dataclass(frozen=True)
class Shape:
    """A resource: a list, and possibly a GET for one row."""

    name: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    verb: Verb = "GET"
    paging: Paging | None = None
    order: tuple[str, ...] = ()
    declares_order: bool = True
    cut: str | None = None
    """The column by which a long list may be cut."""
    days: int | None = None
    """The longest window, on the column of the range filters that are required."""
    by_id: Match | None = None
    """How one row can be read by `id`, if it can."""

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def path(self) -> str:
        placed = (f"/{{{one.name}}}" for one in self.filters if one.location == "path")
        return f"/{self.name}{''.join(placed)}"

    @property
    def window(self) -> str:
        """The column on which a window lies."""
        return next(one.column for one in self.filters if one.required and one.operator != "=")

    def needs(self) -> Iterator[Column]:
        """The columns that a statement must say something about."""
        needed = {one.column for one in self.filters if one.required}
        has_default = {one.column for one in self.filters if one.default is not None} - needed
        return (
            column
            for column in self.columns
            if column.name in needed or (column.echo and column.name not in has_default)
        )


def in_order(shape: Shape, rows: Sequence[Row]) -> list[Row]:
    """Give rows in the order of the list; NULL comes first."""
    ordered = list(rows)
    for term in reversed(shape.order):
        name = term.removeprefix("-")
        ordered = sorted(ordered, key=partial(_sort_key, name), reverse=term != name)
    return ordered


def _sort_key(name: str, row: Row) -> Any:
    return row[name] is not None, row[name]


def provider() -> dict[str, Any]:
    return {
        "billql": 1,
        "title": "Mock",
        "description": "An API for tests.",
        "version": "0.1.0",
        "documentation": "https://mock.example/docs",
        "url": "https://mock.example",
        "auth": {"kind": "bearer", "secret": "MOCK_TOKEN", "help": "Ask the tests."},
    }


def service(shapes: tuple[Shape, ...]) -> dict[str, Any]:
    return {
        "billql": 1,
        "description": "Tables of tests.",
        "resources": {shape.name: _resource(shape) for shape in shapes},
    }


def _resource(shape: Shape) -> dict[str, Any]:
    methods = {"list": _list(shape)}
    if shape.by_id is not None:
        match = "exact" if shape.by_id == "exact" else "superset"
        methods["get"] = {
            "request": f"GET /one/{shape.name}/{{key}}",
            "description": "Gives one row.",
            "parameters": {"key": {"in": "path", "column": "id", "required": True, "match": match}},
            "rows": "item",
            "missing": "empty",
            "single": True,
        }
    return {
        "description": "A table.",
        "columns": {column.name: _column(column, shape) for column in shape.columns},
        "methods": methods,
        "examples": [{"question": "What is there?", "sql": "SELECT 1"}],
    }


def _column(column: Column, shape: Shape) -> dict[str, Any]:
    told: dict[str, Any] = {"type": column.type, "description": "A column."}
    # This API has no moments within a second, day or month where it filters by one.
    if any(
        one.format and one.operator == "=" for one in shape.filters if one.column == column.name
    ):
        told["whole"] = True
    if column.format:
        told["format"] = column.format
    if column.echo:
        told["path"] = "$parameter"
    if column.hidden:
        told["hidden"] = True
    return told


def _list(shape: Shape) -> dict[str, Any]:
    switches = {one.switch: one.name for one in shape.columns if one.switch is not None}
    method: dict[str, Any] = {
        "request": f"{shape.verb} {shape.path}",
        "description": "Gives the list.",
        "parameters": {one.name: _parameter(one) for one in shape.filters}
        | {name: {"value": True, "when_read": [read]} for name, read in switches.items()},
        "rows": "items[]",
    }
    if shape.paging is not None:
        method["paging"] = _paging(shape.paging)
    if shape.order and shape.declares_order:
        method["order"] = list(shape.order)
    if shape.cut is not None:
        method["cut"] = shape.cut
    if shape.days is not None:
        method["slices"] = {"column": shape.window, "days": shape.days}
    if any(one.location == "path" for one in shape.filters):
        method["missing"] = "empty"
    return method


def _parameter(one: Filter) -> dict[str, Any]:
    told: dict[str, Any] = {
        "in": one.location,
        "column": one.column,
        "operator": one.operator,
        "match": "exact" if one.match == "exact" else "superset",
        "required": one.required,
        "lists": one.lists,
        "format": one.format,
        "default": one.default,
        "null": one.null,
    }
    return {word: value for word, value in told.items() if value is not None}


def _paging(paging: Paging) -> dict[str, Any]:
    size = {"size": paging.size} if paging.sized else {}
    location = "body" if paging.in_body else "query"
    if paging.kind == "page":
        return {"kind": "page", "total": "meta.total", "size": paging.size}
    if paging.kind == "next_url":
        total = {"total": "meta.total"} if paging.total else {}
        sized = {**size, "size_parameter": "per_page"} if paging.sized else {}
        return {"kind": "next_url", "path": "links.next", **total, **sized}
    if paging.kind == "token":
        return {"kind": "token", "location": location, "size_location": location, **size}
    return {"kind": "last_row", "id": "#", "size": paging.size}
