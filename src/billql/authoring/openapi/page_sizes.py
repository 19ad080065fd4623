"""How large the pages of a list are, by the parameter that an operation has for it."""

from __future__ import annotations

from typing import Any

from billql.authoring.openapi.operations import Field

_MOST_ITEMS = 10_000
"""A maximum above this is that of a type, not that of a page."""


def in_query(size: Field | None) -> dict[str, Any]:
    """Return the sizes that the document states, and the parameter, if it is one of the query."""
    found = anywhere(size)
    if found.pop("size_location", None) != "query":
        return {}
    return found


def anywhere(size: Field | None) -> dict[str, Any]:
    """Return the sizes that the document states, the parameter, and the part that carries it."""
    most = None if size is None else _most(size)
    if size is None or most is None:
        return {}
    least = size.shape.least
    return {
        "size": most,
        "size_parameter": size.name,
        "size_location": size.location,
        "least": least if least is not None and 1 < least <= most else 1,
    }


def _most(size: Field) -> int | None:
    """Return the largest page size; if it is not documented, the default."""
    if size.shape.most is not None and 0 < size.shape.most <= _MOST_ITEMS:
        return size.shape.most
    default = size.shape.default
    return default if isinstance(default, int) and default > 0 else None
