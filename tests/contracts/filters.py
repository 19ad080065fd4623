"""A header that carries conditions as JSON: which of them the vendor's document allows.

The document says in words alone by which members of a row a list is filtered; `trim` keeps these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_MARK = "__Filterable__"
_GROUPS = ("+and", "+or")
_COMPARISONS = ("+contains", "+gt", "+gte", "+lt", "+lte", "+neq")


def parameters(document: Json, operation: Json, header: str) -> Iterator[Json]:
    """Yield the parameter of a header by what may be filtered, if anything may."""
    from contracts.document import resolved
    from contracts.trim import plain

    found: Json = {}
    response = resolved(document, operation["responses"].get("200", {}))
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    rows = resolved(document, schema).get("properties", {}).get("data", {}).get("items", {})
    for name, member in resolved(document, rows).get("properties", {}).items():
        member = resolved(document, member)
        if _MARK in member.get("description", ""):
            found[name] = plain(member)
    if found:
        yield {"name": header, "in": "header", "schema": {"type": "object", "properties": found}}


def complaints(text: str, schemas: Mapping[str, Json]) -> Iterator[tuple[str, Json, Any] | str]:
    """Yield each value of a filter with its member and schema, or what is wrong with it."""
    data = json.loads(text)
    order = data.pop("+order_by", None)
    if order is not None and order not in schemas:
        yield f"it cannot be ordered by {order}"
    direction = data.pop("+order", None)
    if direction not in (None, "asc", "desc") or (direction is not None and order is None):
        yield "its order is none"
    yield from _conditions(data, schemas)


def _conditions(data: Json, schemas: Mapping[str, Json]) -> Iterator[tuple[str, Json, Any] | str]:
    for name, value in data.items():
        if name in _GROUPS:
            for part in value:
                yield from _conditions(part, schemas)
        elif name not in schemas:
            yield f"it cannot be filtered by {name}"
        elif isinstance(value, dict):
            for comparison, bound in value.items():
                if comparison not in _COMPARISONS:
                    yield f"there is no comparison {comparison}"
                yield name, _one(schemas[name]), bound
        else:
            yield name, _one(schemas[name]), value


def _one(schema: Json) -> Json:
    """Return the schema of what a member is compared with: an element, if it is a list."""
    found: Json = schema.get("items", schema)
    return found
