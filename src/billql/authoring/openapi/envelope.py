"""What lies in a response around its rows: the members about pages, by their paths."""

from __future__ import annotations

from collections.abc import Iterator

from billql.authoring.openapi.document import Document, Shape
from billql.definitions.pagination.names import AROUND, LINKS, NEXT
from billql.util.text import plain

ADDRESSES = ("url", "uri", "link", "href")
"""What the name of an address ends in."""

_DEPTH = 2
"""The deepest nesting of objects about pages."""


def members(
    document: Document, shape: Shape, rows: str, above: str = "", depth: int = 0
) -> Iterator[tuple[str, Shape]]:
    """Yield the members of a response beside its rows, by path."""
    for name, schema in shape.properties.items():
        path = f"{above}{name}"
        part = document.shape(schema)
        if "." in name and not _is_address(name):
            continue
        holds_rows = rows.startswith(f"{path}.")
        if part.properties and (holds_rows or (depth < _DEPTH and _is_around(name))):
            yield from members(document, part, rows, f"{path}.", depth + (not holds_rows))
        elif not part.properties:
            yield path, part


def _is_around(name: str) -> bool:
    known = plain(name)
    return known in AROUND | LINKS or any(part in known for part in ("pagina", "paging", "cursor"))


def _is_address(name: str) -> bool:
    return plain(name) in NEXT and plain(name).endswith(ADDRESSES)


def last_name(path: str) -> str:
    """Return the name of the member at a path; that of an address may have dots of its own."""
    return path if _is_address(path) else path.rpartition(".")[2]


def plain_name(path: str) -> str:
    """Return the name of the member at a path in small letters alone."""
    return plain(last_name(path))
