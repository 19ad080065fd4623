"""How a list is paged, guessed from an operation's parameters and the schema of its response.

A guess needs both sides: a parameter for the next page, and a member of the response that shows
whether there is one. A list with pages of an unknown kind is not imported, because its first page
alone would be read as the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from billql.authoring.openapi.document import Document, Schema, Shape
from billql.authoring.openapi.operations import Field

_PAGES = ("page", "page_number", "pageNumber", "pageNo")
_SIZES = ("per_page", "page_size", "pageSize", "perPage", "limit", "size", "max_results", "count")
_TOKENS = (
    "next_page",
    "page_token",
    "pageToken",
    "next_token",
    "nextToken",
    "next_cursor",
    "cursor",
    "page_cursor",
    "after",
    "continuation_token",
    "marker",
    "page",
)
_OFFSETS = ("offset", "skip", "start", "startAt", "start_at")
_BACKWARD = {"ending_before": "starting_after", "before": "after", "prev_page": "page"}
"""Parameters for earlier pages, and those for later ones beside which they have that meaning; alone
they are often times."""

_TOTALS = ("total", "total_count", "totalCount", "total_items", "totalItems", "total_results")
_NEXT_TOKENS = (
    "next_page",
    "next_page_token",
    "nextPageToken",
    "next_token",
    "nextToken",
    "next_cursor",
    "nextCursor",
    "cursor",
    "page_token",
    "continuation_token",
    "end_cursor",
    "after",
    "next",
)
_NEXT_URLS = ("next", "next_url", "nextUrl", "next_link", "nextLink", "next_page_url")
_AROUND = (
    "meta",
    "links",
    "pagination",
    "paging",
    "page",
    "pages",
    "page_info",
    "pageInfo",
    "cursors",
)
"""Objects of a response that have members about pages."""

_PAGE_COUNTS = ("total_pages", "totalPages", "page_count", "pageCount", "last_page", "lastPage")

_MORE = frozenset(("has_more", "hasMore", *_PAGE_COUNTS))
"""Members of a response that has pages."""

_AMBIGUOUS = frozenset(("start", "before", "after", "count", "size", "marker"))
"""Names that filter rows where rows have a member of that name."""

_USUAL_SIZE = 100


class Unclear(Exception):  # noqa: N818 - a result, not a fault
    """A list has pages, but the way to the next one is not known."""


def find(
    document: Document,
    fields: Sequence[Field],
    response: Schema | None,
    item: Schema | None,
    *,
    has_link: bool,
) -> tuple[dict[str, Any], set[str]]:
    """Return the `paging` of a list, and the fields that serve paging alone.

    `has_link` is whether the response has a Link header. A list without any sign of pages is taken
    to have one page; a response that contradicts this is an error at run time. Raise Unclear.
    """
    params = {
        field.name: field
        for field in fields
        if field.location in ("query", "body") and not field.required
    }
    members = dict(_response_members(document, document.shape(response)))
    size = next((params[name] for name in _SIZES if name in params), None)
    found = (
        _by_number(params, members, size)
        or _by_count(params, members)
        or _by_last_id(document, params, members, size, item)
        or _by_url(members)
        or _by_token(params, members, size)
        or ({"kind": "link_header"} if has_link else None)
    )
    serving = {*_PAGES, *_SIZES, *_TOKENS, *_OFFSETS, "starting_after"} & {*params}
    serving |= {name for name, other in _BACKWARD.items() if {name, other} <= {*params}}
    serving -= _AMBIGUOUS & {*document.shape(item).properties}
    if found is None and (serving or _MORE & {*members}):
        inputs = ", ".join(sorted(serving)) or "nothing for that"
        raise Unclear(
            f"its pages cannot be followed: it accepts {inputs}, "
            f"and its response has {_listed(members)}"
        )
    return found or {"kind": "single_page"}, serving


def _listed(members: Mapping[str, Shape]) -> str:
    return ", ".join(members) or "nothing but rows"


def _response_members(
    document: Document, shape: Shape, above: str = "", depth: int = 0
) -> Iterator[tuple[str, Shape]]:
    """Yield the members of a response beside its rows, by path."""
    for name, schema in shape.properties.items():
        part = document.shape(schema)
        if "." in name:
            continue
        if part.properties and depth < 2 and name in _AROUND:
            yield from _response_members(document, part, f"{above}{name}.", depth + 1)
        elif not part.properties:
            yield f"{above}{name}", part


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _by_number(
    params: Mapping[str, Field], members: Mapping[str, Shape], size: Field | None
) -> dict[str, Any] | None:
    page = next((params[name] for name in _PAGES if name in params), None)
    total = next(
        (path for path, shape in members.items() if _last(path) in _TOTALS and _is_count(shape)),
        None,
    )
    if page is None or total is None or page.shape.kind not in ("integer", "number"):
        return None
    found: dict[str, Any] = {"kind": "page_number", "total": total}
    if page.name != "page":
        found["parameter"] = page.name
    if size is None or size.location != "query":
        return {**found, "size_parameter": None} if size is not None else found
    if size.name != "per_page":
        found["size_parameter"] = size.name
    if (most := _most(size)) != 200:
        found["size"] = most
    return found


def _by_count(params: Mapping[str, Field], members: Mapping[str, Shape]) -> dict[str, Any] | None:
    page = next((params[name] for name in _PAGES if name in params), None)
    count = next((path for path in members if _last(path) in _PAGE_COUNTS), None)
    if page is None or count is None or page.location != "query":
        return None
    found: dict[str, Any] = {"kind": "page_count", "pages_at": count}
    return found if page.name == "page" else {**found, "parameter": page.name}


def _is_count(shape: Shape) -> bool:
    return shape.kind in ("integer", "number", "any")


def _most(size: Field) -> int:
    """Return the largest page size; if it is not documented, the default, or 100."""
    if size.shape.most is not None and 0 < size.shape.most <= 10_000:
        return size.shape.most
    default = size.shape.default
    return default if isinstance(default, int) and default > 0 else _USUAL_SIZE


def _by_last_id(
    document: Document,
    params: Mapping[str, Field],
    members: Mapping[str, Shape],
    size: Field | None,
    item: Schema | None,
) -> dict[str, Any] | None:
    has_id = "id" in document.shape(item).properties
    if "starting_after" not in params or "has_more" not in members or not has_id:
        return None
    if params["starting_after"].location != "query":
        return None
    found: dict[str, Any] = {"kind": "after_id"}
    if size is not None and size.name != "limit":
        found["size_parameter"] = size.name
    if size is not None and _most(size) != 100:
        found["size"] = _most(size)
    return found


def _by_url(members: Mapping[str, Shape]) -> dict[str, Any] | None:
    for path, shape in members.items():
        example = shape.example if isinstance(shape.example, str) else ""
        is_address = shape.format in ("uri", "url", "uri-reference") or example.startswith(
            ("http://", "https://", "/")
        )
        if shape.kind == "string" and _last(path) in _NEXT_URLS and is_address:
            total = next((one for one in members if _last(one) in _TOTALS), None)
            return {"kind": "next_url", "path": path} | ({"total": total} if total else {})
    return None


def _by_token(
    params: Mapping[str, Field], members: Mapping[str, Shape], size: Field | None
) -> dict[str, Any] | None:
    path = next(
        (path for name in _NEXT_TOKENS for path in members if _is_token(path, name, members)), None
    )
    if path is None:
        return None
    field = params.get(_last(path)) or next((params[one] for one in _TOKENS if one in params), None)
    if field is None or field.shape.kind not in ("string", "any"):
        return None
    found: dict[str, Any] = {"kind": "cursor_token"}
    if path != "next_page":
        found["path"] = path
    if field.name != "next_page":
        found["parameter"] = field.name
    if field.location == "body":
        found["location"] = "body"
    if size is not None:
        found["size"] = _most(size)
        if size.name != "limit":
            found["size_parameter"] = size.name
        if size.location == "body":
            found["size_location"] = "body"
    return found


def _is_token(path: str, name: str, members: Mapping[str, Shape]) -> bool:
    return _last(path) == name and members[path].kind in ("string", "any")
