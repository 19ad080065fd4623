"""How a list is paged, by an operation's parameters and the schema of its response.

A paging kind needs both sides: a parameter for the next page, and a member of the response that
shows whether there is one; or an address of the next page, which is all in one. A list with one
side alone has the paging `unknown`, because its first page would be read as the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from billql.authoring.openapi import envelope, page_sizes
from billql.authoring.openapi.document import Document, Schema, Shape
from billql.authoring.openapi.envelope import last_name, plain_name
from billql.authoring.openapi.operations import Field
from billql.authoring.openapi.responses import Found
from billql.definitions.pagination import (
    AfterId,
    CursorToken,
    LinkArray,
    LinkHeader,
    NextUrl,
    PageCount,
    PageNumber,
    Paginator,
)
from billql.definitions.pagination.links import ADDRESSES, RELATIONS
from billql.definitions.pagination.names import (
    ITEMS,
    LINKS,
    MORE,
    NEXT,
    PAGES,
)
from billql.definitions.pagination.unknown import UNKNOWN
from billql.util.text import plain

_NUMBERS = ("page", "pagenumber", "pagenum", "pageno", "pageindex", "currentpage")
_SIZES = (
    *("perpage", "pagesize", "itemsperpage", "resultsperpage", "pagelimit", "limit", "maxresults"),
    *("maxpagesize", "maxitems", "size", "top", "count"),
)
_TOKENS = (
    *("pagetoken", "nextpagetoken", "nexttoken", "nextcursor", "nextpage", "cursor", "pagecursor"),
    *("after", "pageafter", "continuationtoken", "paginationtoken", "startingtoken", "marker"),
    *("nextrecordid", "pagenextrecordid", "page", "offset", "pageoffset"),
)
_LAST_IDS = ("startingafter", "afterid", "after")
_OFFSETS = ("offset", "pageoffset", "skip", "start", "startat", "startindex")
_BACKWARD = {
    **{"endingbefore": "startingafter", "beforeid": "afterid", "before": "after"},
    **{"pagebefore": "pageafter", "prevpage": "page", "previouspagetoken": "pagetoken"},
}
"""Parameters for earlier pages, and those for later ones beside which they have that meaning; alone
they are often times."""

_AMBIGUOUS = frozenset(("start", "before", "after", "count", "size", "marker", "top"))
"""Names that filter rows where rows have a member of that name."""

_TOKEN_MEMBERS = frozenset(("cursor", "endcursor", "after"))
"""Names of the token for the next page, beside those that begin with `next`."""

_APPROXIMATE = ("estimate", "approximat", "may not be exact")
"""Parts of the description of a total that is not exact."""

_FROM_ZERO = (
    *("zero-based", "zero based", "0-based", "zero-indexed", "zero indexed", "0-indexed"),
    *("starts at 0", "starting at 0", "start at 0", "starts from 0", "starting from 0"),
    *("starts with 0", "first page is 0", "starts at zero", "starting at zero"),
)
"""Parts of the description of a page's number that begins with 0."""

_TIMES = ("date", "date-time", "unix-time")
"""Formats of times."""


@dataclass(frozen=True)
class Paging:
    """How a list is paged: a kind with its options, or `unknown`."""

    kind: dict[str, Any] | Literal["unknown"]
    serving: frozenset[str]
    """The fields that serve paging alone."""
    doubt: str | None = None
    """Why it is unknown."""


@dataclass(frozen=True)
class _List:
    """What a list's operation has to page with."""

    document: Document
    fields: Mapping[str, Field]
    """Its optional fields in the query and the body, by their plain names."""
    members: Mapping[str, Shape]
    """The members of its response beside the rows, by their paths."""
    item: Shape
    size: Field | None
    has_link: bool

    def first(self, names: Sequence[str]) -> Field | None:
        """Return the first field that there is of several."""
        return next((self.fields[name] for name in names if name in self.fields), None)

    def number(self) -> Field | None:
        """Return the field for the number of a page."""
        found = self.first(_NUMBERS)
        is_number = found is not None and found.shape.kind in ("integer", "number")
        return found if is_number and found is not None and found.location == "query" else None


def find(
    document: Document,
    fields: Sequence[Field],
    response: Schema | None,
    found: Found,
    *,
    has_link: bool,
) -> Paging:
    """Return the paging of a list whose rows are `found`.

    `has_link` is whether the response has a Link header. A list without any sign of pages is taken
    to have one page; a response that contradicts this is an error at run time.
    """
    rows, item = found.rows, found.item
    of_rows = {plain(name) for name in document.shape(item).properties}
    params = {
        plain(one.name): one
        for one in fields
        if _is_position(one) and not {plain(one.name)} <= _AMBIGUOUS & of_rows
    }
    if "end" in {plain(one.name) for one in fields}:
        params.pop("start", None)  # a range of times
    optional = {name: one for name, one in params.items() if not one.required}
    wanted = {*_NUMBERS, *_SIZES, *_TOKENS, *_OFFSETS, *_LAST_IDS, *NEXT} & {*params}
    wanted |= {name for name, other in _BACKWARD.items() if {name, other} <= {*params}}
    members = dict(envelope.members(document, document.shape(response), rows))
    members.pop(rows.partition("[]")[0], None)
    size = next((optional[name] for name in _SIZES if name in optional), None)
    listed = _List(document, optional, members, document.shape(item), size, has_link)
    needed = sorted(params[name].name for name in wanted if params[name].required)
    kind = None if needed or found.single else _kind(listed)
    serving = frozenset(params[name].name for name in wanted)
    if kind is not None:
        return Paging(kind, serving)
    leading = [path for path, shape in members.items() if _leads_on(path, shape)]
    if not serving and not leading:
        return Paging({"kind": "single_page"}, serving)
    inputs = ", ".join(sorted(serving)) or "nothing for that"
    beside = ", ".join(members) or "nothing but rows"
    doubt = f"it accepts {inputs}, and its response has {beside}"
    if needed:
        doubt = f"it requires {', '.join(needed)}"
    elif found.single:
        doubt += ", of which none is clearly its rows"
    return Paging(UNKNOWN, serving, doubt)


def is_paged(document: Document, fields: Sequence[Field], response: Schema | None) -> bool:
    """Return whether an operation has pages by its request or its response, whatever its rows."""
    members = envelope.members(document, document.shape(response), "")
    return has_position(fields) or any(_leads_on(path, shape) for path, shape in members)


def has_position(fields: Sequence[Field]) -> bool:
    """Return whether an operation accepts a position in a list."""
    places = {*_NUMBERS, *_TOKENS, *_OFFSETS, *NEXT} - _AMBIGUOUS
    return any(plain(one.name) in places for one in fields if _is_position(one))


def _is_position(one: Field) -> bool:
    """Return whether a field may be about pages: times such as `after` are not."""
    return one.location in ("query", "body") and one.shape.format not in _TIMES


def _leads_on(path: str, shape: Shape) -> bool:
    name = plain_name(path)
    is_count = shape.kind in ("integer", "number")
    return (name in NEXT | MORE and shape.kind != "array") or (name in PAGES and is_count)


def _kind(listed: _List) -> dict[str, Any] | None:
    return (
        _by_number(listed)
        or _by_count(listed)
        or _by_address(listed, is_sure=True)
        or _by_token(listed)
        or _by_last_id(listed)
        or _by_links(listed)
        or (_options(LinkHeader, **page_sizes.in_query(listed.size)) if listed.has_link else None)
        or _by_address(listed, is_sure=False)
    )


def _options(kind: type[Paginator], **options: Any) -> dict[str, Any]:
    """Return a paging kind as a definition has it: with the options that are not its defaults."""
    usual = {field.name: field.default for field in msgspec.structs.fields(kind)}
    stated = {name: value for name, value in options.items() if value != usual[name]}
    return {"kind": kind.__struct_config__.tag, **stated}


# By number --------------------------------------------------------------------------------------


def _by_number(listed: _List) -> dict[str, Any] | None:
    page, first = listed.number(), _first_page(listed.number())
    total = _total(listed)
    if page is None or first is None or total is None:
        return None
    sized = page_sizes.in_query(listed.size) or {"size_parameter": None}
    return _options(PageNumber, total=total, parameter=page.name, first_page=first, **sized)


def _by_count(listed: _List) -> dict[str, Any] | None:
    page, first = listed.number(), _first_page(listed.number())
    count = next(
        (
            path
            for path, shape in listed.members.items()
            if plain_name(path) in PAGES and shape.kind in ("integer", "number")
        ),
        None,
    )
    if page is None or first is None or count is None:
        return None
    sized = page_sizes.in_query(listed.size)
    return _options(PageCount, pages_at=count, parameter=page.name, first_page=first, **sized)


def _first_page(page: Field | None) -> Literal[0, 1] | None:
    """Return the number of the first page; None if the document leaves it open."""
    if page is None:
        return None
    text = (page.description or "").lower()
    if page.shape.default in (0, 1) and not isinstance(page.shape.default, bool):
        return 0 if page.shape.default == 0 else 1
    if any(part in text for part in _FROM_ZERO):
        return 0
    return None if page.shape.least == 0 else 1


def _total(listed: _List) -> str | None:
    """Return where a response has the exact number of items in the whole list."""
    numbers = {
        path: shape
        for path, shape in listed.members.items()
        if shape.kind in ("integer", "number", "any") and not _is_approximate(shape)
    }
    counted = any(plain_name(path) in PAGES for path in numbers)
    for path, shape in numbers.items():
        name = plain_name(path)
        is_plain = name == "total" and ("." in path or shape.kind == "integer")
        # The number of items on one page may be called `item_count`, and `results` may be anything.
        is_total = name in ITEMS and ("total" in name or name in ("numfound", "odatacount"))
        if is_total or is_plain or (name == "results" and counted):
            return path
    return None


def _is_approximate(shape: Shape) -> bool:
    text = (shape.description or "").lower()
    return any(part in text for part in _APPROXIMATE)


# By address -------------------------------------------------------------------------------------


def _by_address(listed: _List, *, is_sure: bool) -> dict[str, Any] | None:
    """Return the paging by an address in the response; `is_sure` demands that it looks like one."""
    for path, shape in listed.members.items():
        name = plain_name(path)
        if name not in NEXT or shape.kind not in ("string", "any"):
            continue
        example = shape.example if isinstance(shape.example, str) else ""
        looks_so = (
            name.endswith(envelope.ADDRESSES)
            or shape.format in ("uri", "url", "uri-reference")
            or example.startswith(("http://", "https://", "/"))
        )
        if looks_so or (not is_sure and listed.first(_TOKENS) is None and _speaks_of_one(shape)):
            total = _total(listed) if looks_so else None
            return _options(NextUrl, path=path, total=total, **page_sizes.in_query(listed.size))
    return None


def _speaks_of_one(shape: Shape) -> bool:
    described = (shape.description or "").lower().replace("(", " ").split()
    return not {"url", "uri", "link", "path", "address"}.isdisjoint(described)


def _by_links(listed: _List) -> dict[str, Any] | None:
    for path, shape in listed.members.items():
        link = listed.document.shape(shape.items) if shape.kind == "array" else None
        if link is None or plain_name(path) not in LINKS:
            continue
        names = {*link.properties}
        if not (names.isdisjoint(RELATIONS) or names.isdisjoint(ADDRESSES)):
            ignored = [
                last_name(one)
                for one, total in listed.members.items()
                if plain_name(one) in ITEMS | {"total"} and _is_approximate(total)
            ]
            return _options(
                LinkArray, path=path, ignore=ignored or (), **page_sizes.in_query(listed.size)
            )
    return None


# By token ---------------------------------------------------------------------------------------


def _by_token(listed: _List) -> dict[str, Any] | None:
    for known in (NEXT, _TOKEN_MEMBERS):
        for path, shape in listed.members.items():
            name = plain_name(path)
            if name in known and shape.kind not in ("array", "object", "boolean"):
                taking = _taking(listed, name, shape)
                if taking is not None:
                    return _token(listed, path, taking)
    return None


def _taking(listed: _List, member: str, shape: Shape) -> Field | None:
    """Return the field that takes the token of a member: the one of its name, or the only one."""
    short = member.removeprefix("next").removeprefix("end")
    names = (member, short, f"page{member}", f"page{short}", f"starting{short}")
    fitting = {name: one for name, one in listed.fields.items() if _fits(one.shape, shape)}
    named = [fitting[name] for name in names if name in fitting]
    others = [fitting[name] for name in _TOKENS if name in fitting]
    if named:
        return named[0]
    return others[0] if len(others) == 1 else None


def _fits(taking: Shape, token: Shape) -> bool:
    """Return whether a field takes what a member has: a token of text is no number of a page."""
    kinds = {taking.kind, token.kind}
    is_number = bool(kinds & {"integer", "number"})
    return not is_number or kinds <= {"integer", "number", "any", "scalar"}


def _token(listed: _List, path: str, taking: Field) -> dict[str, Any]:
    more = next((one for one in listed.members if plain_name(one).startswith("hasmore")), None)
    # An offset follows the last page too.
    until_empty = taking.shape.kind == "integer" and plain(taking.name) in _OFFSETS
    return _options(
        CursorToken,
        path=path,
        parameter=taking.name,
        location=taking.location,
        more=more,
        until_empty=until_empty,
        **page_sizes.anywhere(listed.size),
    )


def _by_last_id(listed: _List) -> dict[str, Any] | None:
    more = next((path for path in listed.members if plain_name(path) in MORE), None)
    taking = listed.first(_LAST_IDS)
    if more is None or taking is None or "id" not in listed.item.properties:
        return None
    described = (taking.description or "").lower().replace(".", " ").split()
    is_id = (
        plain(taking.name) != "after"
        or any(plain_name(path) == "lastid" for path in listed.members)
        or not {"id", "identifier"}.isdisjoint(described)
    )
    if taking.location != "query" or not is_id:
        return None
    sized = page_sizes.in_query(listed.size) or {"size_parameter": None}
    return _options(AfterId, parameter=taking.name, more=more, **sized)
