"""Answers as an API should give them, made of what a definition says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from billql.definitions.catalog import Table
from billql.definitions.methods import Method
from billql.definitions.model import Column
from billql.definitions.types import ColumnType
from billql.fetching._response_parser import parse
from billql.messages import Response

SAMPLES: dict[ColumnType, Any] = {
    "text": "x",
    "integer": 5,
    "real": 1.5,
    "decimal": "1.50",
    "boolean": True,
    "date": "2025-01-31",
    "month": "2025-01",
    "timestamp": "2025-01-31T12:00:00Z",
    "json": {"a": 1},
    "blob": b"",
}
"""For each type what an API may write, and a statement may ask for."""


def body(method: Method, data: Any) -> bytes:
    """Write an answer as its method expects it."""
    if method.response == "bytes":
        return b"%PDF"
    if method.response == "csv":
        return "\r\n".join(",".join(map(str, line)) for line in data).encode()
    if method.response == "jsonl" and isinstance(data, list):
        return "\n".join(json.dumps(row, default=str) for row in data).encode()
    return json.dumps(data, default=str).encode()


def plausible(table: Table, method: Method) -> Any:
    """Make what an API may answer: one row of everything that its definition speaks of."""
    if method.response == "csv":
        columns = {column.path or name: column for name, column in table.resource.columns.items()}
        columns = {path: one for path, one in columns.items() if not path.startswith("$")}
        return [list(columns), [_sample(one) for one in columns.values()]]
    root: dict[str, Any] = {}
    for source in method.sources():
        holders = list(_opened(root, source.at))
        for name, column in table.resource.columns.items():
            path = column.path or name
            if path.startswith("$root."):
                _put(root, path.removeprefix("$root."), _sample(column))
            elif path.startswith("$parent."):
                depth = path.count("$parent.")
                rest = path.replace("$parent.", "")
                if depth < len(holders):
                    _put(holders[-1 - depth], rest, _sample(column))
            elif path == "$value" and column.type != "json":  # that shows the whole row
                _set_rows(root, source.at, _sample(column))
            elif not path.startswith("$"):
                _put(holders[-1], path, _sample(column))
    _end_list(table, method, root)
    return root.get("", root)  # under no name lies a response that is the list


def _set_rows(root: dict[str, Any], path: str, value: Any) -> None:
    """Make rows that are no objects."""
    *way, last = path.split(".")
    holder = [root, *_opened(root, ".".join(way))][-1]
    name = last.removesuffix("[]").removesuffix("{}")
    holder[name] = {"key": value} if last.endswith("{}") else [value]


def _opened(root: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    """Make the objects on a path, and give each of them."""
    yield root
    holder = root
    for segment in path.split(".") if path else ():
        name = segment.removesuffix("[]").removesuffix("{}")
        inner: dict[str, Any] = {}
        if segment.endswith("[]"):
            inner = holder.setdefault(name, [inner])[0]
        elif segment.endswith("{}"):
            inner = holder.setdefault(name, {"key": inner})["key"]
        else:
            inner = holder.setdefault(name, inner)
        yield inner
        holder = inner


def _put(holder: dict[str, Any], path: str, value: Any) -> None:
    *way, last = path.split(".")
    for name in way:
        found = holder.setdefault(name.removesuffix("[]"), [{}] if name.endswith("[]") else {})
        inner = found[0] if isinstance(found, list) and found else found
        if not isinstance(inner, dict):
            return
        holder = inner
    holder.setdefault(last.removesuffix("[]"), [value] if last.endswith("[]") else value)


def _sample(column: Column) -> Any:
    match column.format:
        case "epoch":
            return 1738324800
        case "epoch_ms":
            return 1738324800000
        case "instant":
            return "2025-01-31T00:00:00Z"
        case "day":
            return "2025-01-01"
        case "no_zone":
            return "2025-01-31T12:00:00"
        case "rfc2822":
            return "Fri, 31 Jan 2025 12:00:00 +0000"
        case "money":
            return {"units": "3", "nanos": 110_000_000}
        case "dollars":
            return "$3.11"
        case "reference" if column.type == "json":
            return {"id": "x"}
        case _:
            return SAMPLES[column.type]


def _end_list(table: Table, method: Method, root: dict[str, Any]) -> None:
    """Say in the words of its paging that a list has this one page."""
    paginator = table.paginator(method)
    total = getattr(paginator, "total", None)
    if total is not None:
        first = parse(method, Response(json.dumps(root, default=str).encode(), ""), "here")
        _put(root, total, first.page.count)
    for word, value in (("pages_at", 1), ("more", False)):
        if (place := getattr(paginator, word, None)) is not None:
            _put(root, place, value)
