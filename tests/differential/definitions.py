"""The definition of a mock API, as its author would write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .drawing import POOLS
from .shapes import UUID, Column, Filter, Paging, Shape

PUBLIC_URL = "https://mock.example"


def provider() -> dict[str, Any]:
    return {
        "billql": 1,
        "title": "Mock",
        "description": "An API for tests.",
        "version": "0.1.0",
        "documentation": "https://mock.example/docs",
        "url": PUBLIC_URL,
        "auth": {"kind": "bearer", "secret": "MOCK_TOKEN", "help": "Ask the tests."},
    }


def service(shapes: Sequence[Shape]) -> dict[str, Any]:
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
            "shows_more": shape.shows_more,
        }
    told = {
        "description": "A table.",
        "columns": {column.name: _column(shape, column) for column in shape.columns},
        "methods": methods,
        "examples": [{"question": "What is there?", "sql": "SELECT 1"}],
    }
    return told | ({"unique": list(shape.unique)} if shape.unique else {})


def _column(shape: Shape, column: Column) -> dict[str, Any]:
    told: dict[str, Any] = {"type": column.type, "description": "A column."}
    if column.format:
        told["format"] = column.format
    if any(one.column == column.name and one.default == "all" for one in shape.filters):
        # Where no row has the default, it may be sent beside every condition.
        told["values"] = [value for value in POOLS["text"] if value is not None]
    if column.cents:
        told["divide"] = 100
    if not column.nullable:
        told["nullable"] = False
    if column.whole:
        told["whole"] = True
    if column.echo:
        told["path"] = "$parameter"
    if column.of_parent:
        told["path"] = (
            f"{'$parent.$parent' if shape.nesting == 'deep' else '$parent'}.{column.name}"
        )
    if column.hidden:
        told["hidden"] = True
    if column.name == "line" and shape.nesting == "map":
        told["path"] = "$key"
    return told


def _rows(shape: Shape) -> Any:
    match shape.nesting:
        case None:
            return "items[]"
        case "lines":
            return "items[].lines[]"
        case "deep":
            return "items[].groups[].lines[]"
        case "map":
            return "items[].lines{}"
        case "sources":
            return [
                {"at": f"items[].{name}[]", "values": {"line": name}} for name in ("lines", "taxes")
            ]


def _list(shape: Shape) -> dict[str, Any]:
    switches = {one.switch: one.name for one in shape.columns if one.switch is not None}
    method: dict[str, Any] = {
        "request": f"{shape.verb} {shape.path}",
        "description": "Gives the list.",
        "parameters": {one.name: _parameter(one) for one in shape.filters}
        | {name: {"value": True, "when_read": [read]} for name, read in switches.items()},
        "rows": _rows(shape),
    }
    if shape.paging is not None:
        method["paging"] = _paging(shape.paging)
    if shape.order and shape.declares_order:
        method["order"] = list(shape.order)
    if shape.cut is not None:
        method["split_by"] = shape.cut
    if shape.days is not None:
        method["window_limit"] = {"column": shape.window, "days": shape.days}
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
        "values": list(one.known) or None,
        "ignores_case": one.match == "caseless" or None,
    }
    if one.form == "uuid":
        told["format"] = "uuid"
    if one.form == "pattern":
        told["pattern"] = UUID
    return {word: value for word, value in told.items() if value is not None}


def _paging(paging: Paging) -> dict[str, Any]:
    size = {"size": paging.size} if paging.sized else {}
    location = "body" if paging.in_body else "query"
    if paging.kind == "page":
        return {"kind": "page_number", "total": "meta.total", "size": paging.size}
    if paging.kind == "next_url":
        total = {"total": "meta.total"} if paging.total else {}
        sized = {**size, "size_parameter": "per_page"} if paging.sized else {}
        return {"kind": "next_url", "path": "links.next", **total, **sized}
    if paging.kind == "token":
        return {"kind": "cursor_token", "location": location, "size_location": location, **size}
    return {"kind": "after_id", "id": "#", "size": paging.size}
