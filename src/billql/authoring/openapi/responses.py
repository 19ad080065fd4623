"""Where an operation's response has its rows."""

from __future__ import annotations

from dataclasses import dataclass

from billql.authoring.openapi import naming
from billql.authoring.openapi.document import Document, Schema, Shape

_ENVELOPE = frozenset(
    (
        "count",
        "current_page",
        "cursor",
        "errors",
        "has_more",
        "last_page",
        "limit",
        "links",
        "meta",
        "metadata",
        "message",
        "next",
        "next_cursor",
        "next_page",
        "next_page_token",
        "object",
        "offset",
        "page",
        "page_info",
        "page_size",
        "pages",
        "pagination",
        "paging",
        "per_page",
        "prev",
        "previous",
        "request_id",
        "size",
        "status",
        "success",
        "total",
        "total_count",
        "total_items",
        "total_pages",
        "total_results",
        "url",
        "warnings",
    )
)
"""Names of members that responses have beside their rows."""

_USUAL = frozenset(("data", "items", "results", "entries", "records", "values", "list", "content"))
"""Usual names of the member that has the rows."""

_DEPTH = 3
"""The most objects around the rows."""


@dataclass(frozen=True)
class Found:
    """The rows of a response: the path to them, and the schema of one."""

    rows: str
    item: Schema | None
    single: bool


def find(document: Document, schema: Schema | None, subject: str, depth: int = 0) -> Found:
    """Return where the rows of a response are; `subject` is what the request's path names."""
    shape = document.shape(schema)
    if shape.kind == "array":
        return Found("[]", shape.items, single=False)
    if not shape.properties and shape.members is not None and _has_parts(document, shape.members):
        return Found("{}", shape.members, single=False)
    inner = _inner(document, shape, subject) if depth < _DEPTH else None
    if inner is None:
        return Found("", schema, single=True)
    below = find(document, shape.properties[inner], subject, depth + 1)
    joint = "" if below.rows[:1] in ("[", "{", "") else "."
    return Found(f"{inner}{joint}{below.rows}", below.item, below.single)


def _inner(document: Document, shape: Shape, subject: str) -> str | None:
    """Return the member of an object that has the rows; none if the object is one itself."""
    shapes = {name: document.shape(schema) for name, schema in shape.properties.items()}
    content = [name for name in shapes if naming.identifier(name) not in _ENVELOPE]
    lists = [name for name in content if shapes[name].kind == "array"]
    parts = [name for name in content if shapes[name].kind in ("object", "array")]
    if len(content) == 1 and parts and "." not in content[0]:
        single = shapes[content[0]]
        return content[0] if single.kind == "array" or single.properties or single.members else None
    if subject in lists and subject:
        return subject
    if len(parts) < len(content):
        return None  # it has values of its own
    named = [name for name in lists if name in _USUAL or naming.identifier(name) == subject]
    return named[0] if len(named) == 1 else None


def _has_parts(document: Document, schema: Schema) -> bool:
    return bool(document.shape(schema).properties)
