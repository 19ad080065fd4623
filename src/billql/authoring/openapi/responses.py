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

_USUAL = frozenset(
    (
        *("data", "items", "results", "entries", "records", "values", "list", "content"),
        *("result", "value"),
    )
)
"""Usual names of the member that has the rows."""

_NEVER_ROWS = frozenset(("errors", "link", "links", "messages", "warnings"))
"""Names of lists that lie beside the rows of a list with pages."""

_DEPTH = 3
"""The most objects around the rows."""


@dataclass(frozen=True)
class Found:
    """The rows of a response: the path to them, and the schema of one."""

    rows: str
    item: Schema | None
    single: bool


def find(
    document: Document,
    schema: Schema | None,
    subject: str,
    *,
    is_paged: bool = False,
    depth: int = 0,
) -> Found:
    """Return where the rows of a response are.

    `subject` is what the request's path names; `is_paged` is whether the request or the response
    shows that it is one page of a list, so that it is no row itself.
    """
    shape = document.shape(schema)
    if shape.kind == "array":
        return _unwrapped(document, shape.items)
    if not shape.properties and shape.members is not None and _has_parts(document, shape.members):
        return Found("{}", shape.members, single=False)
    inner = _inner(document, shape, subject) if depth < _DEPTH else None
    if inner is None and is_paged:
        inner = _sole_list(document, shape, subject)
    if inner is None:
        return Found("", schema, single=True)
    below = find(document, shape.properties[inner], subject, is_paged=is_paged, depth=depth + 1)
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


def _sole_list(document: Document, shape: Shape, subject: str) -> str | None:
    """Return the member that has the rows of one page, whatever values lie beside it."""
    lists = [
        name
        for name, schema in shape.properties.items()
        if document.shape(schema).kind == "array" and "." not in name
    ]
    own = [name for name in lists if name == subject or naming.identifier(name) == subject]
    others = [name for name in lists if name.lower() not in _NEVER_ROWS]
    usual = [name for name in others if name in _USUAL]
    alone = [name for name in lists if name == "messages" and not others]
    for found in (own, others, usual, alone):
        if len(found) == 1:
            return found[0]
    return None


def _unwrapped(document: Document, item: Schema | None) -> Found:
    """Return the rows of a list: its elements, or what each of them wraps."""
    properties = document.shape(item).properties
    if len(properties) == 1:
        ((name, schema),) = properties.items()
        if _has_parts(document, schema) and "." not in name:
            return Found(f"[].{name}", schema, single=False)
    return Found("[]", item, single=False)


def _has_parts(document: Document, schema: Schema) -> bool:
    return bool(document.shape(schema).properties)
