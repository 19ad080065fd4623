"""Signs that a response is not its whole list, under the names that APIs use for them.

Names are compared in small letters alone. Some of them mean one thing wherever they stand; others,
such as `total`, count a list only where they stand beside it, and are money elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from billql.definitions.pagination.base import flag_of
from billql.definitions.pagination.link_header import next_link
from billql.messages import Page, get_path

NEXT = frozenset(
    (
        "continuationtoken",
        "continue",
        "lastevaluatedkey",
        "next",
        "nextcontinuationtoken",
        "nextcursor",
        "nexthref",
        "nextid",
        "nextkey",
        "nextlink",
        "nextmarker",
        "nextoffset",
        "nextpage",
        "nextpagecursor",
        "nextpagekey",
        "nextpagelink",
        "nextpagenumber",
        "nextpagetoken",
        "nextpageuri",
        "nextpageurl",
        "nextrecordsurl",
        "nextstart",
        "nexttoken",
        "nexturi",
        "nexturl",
        "odatanextlink",
        "paginationtoken",
    )
)
"""What APIs call the way to the next page."""

MORE = frozenset(
    (
        "hasmore",
        "hasmoreitems",
        "hasmorepages",
        "hasmorerecords",
        "hasmoreresults",
        "hasnext",
        "hasnextpage",
        "incompleteresults",
        "istruncated",
        "more",
        "moreavailable",
        "morerecords",
        "moreresults",
        "truncated",
    )
)
"""Names of a flag that is true if more follows."""

_LAST = frozenset(("islast", "islastpage", "last", "lastpage"))
"""Names of a flag that is true if nothing follows."""

_PAGES = frozenset(("lastpage", "numpages", "pagecount", "pages", "pagestotal", "totalpages"))
"""What they call the number of pages."""

_ITEMS = frozenset(
    (
        "itemcount",
        "numfound",
        "odatacount",
        "recordcount",
        "recordsfiltered",
        "resultcount",
        "rowcount",
        "totalcount",
        "totalelements",
        "totalentries",
        "totalhits",
        "totalitems",
        "totalrecords",
        "totalresults",
        "totalrows",
        "totalsize",
    )
)
"""What they call the number of items in the whole list."""

_ITEMS_IN_PLACE = frozenset(("count", "total"))
"""Names of it beside the list, or in an object about pages; elsewhere they mean something else."""

_LEFT = frozenset(("itemsremaining", "remainingcount", "remainingitemcount", "remainingitems"))
"""What they call the number of items that follow."""

_LEFT_IN_PLACE = frozenset(("remaining",))
"""Names of it in an object about pages; elsewhere they mean what is left of a balance."""

_AROUND = frozenset(
    (
        *("cursor", "cursors", "listinfo", "meta", "metadata", "page", "pageable", "pageinfo"),
        *("pager", "pages", "paging", "pagination", "resultinfo", "resultset", "responsemetadata"),
    )
)
"""Names of an object about pages."""

_WRAPPERS = frozenset(("body", "content", "d", "data", "payload", "response", "result", "results"))
"""What they call an object around a list that is no thing by itself."""

_BESIDE = frozenset(
    (
        *("currentpage", "cursor", "itemsperpage", "limit", "maxresults", "offset", "page"),
        *("pageindex", "pagenumber", "pages", "pagesize", "perpage", "prev", "previous", "skip"),
        *("start", "startat", "startindex", "top", "totalpages"),
    )
)
"""Names that stand beside a count of items, because they are about pages too."""

_MONEY = (
    "amount",
    "balance",
    "cost",
    "currency",
    "discount",
    "due",
    "paid",
    "price",
    "tax",
    "total",
)
"""What is in the names that stand beside a total of money."""

_OF_A_THING = frozenset(("id", "name", "number", "uuid"))
"""What an object has that is a thing of its own, and not just what lies around a list."""

_LINKS = frozenset(("link", "links"))
_NOTHING = frozenset(("", "false", "none", "null"))
_DEPTH = 4

HEADERS = ("link", "content-range", "x-next-page", "x-total-count", "x-total-pages")
"""Headers that may be such a sign."""


class Sign(NamedTuple):
    """A sign that more follows: its name, and a description for people."""

    name: str
    description: str


def sign_of_more(page: Page, ignored: Collection[str] = ()) -> Sign | None:
    """Return a sign that a page is not its whole list, or None; names in `ignored` are none."""
    found = [*_in_headers(page), *_Search(page, frozenset(map(plain, ignored))).signs()]
    return next((sign for sign in found if plain(sign.name) not in map(plain, ignored)), None)


def plain(name: str) -> str:
    """Return a name in small letters alone."""
    return "".join(filter(str.isalnum, name)).lower()


def _in_headers(page: Page) -> Iterator[Sign]:
    headers = page.headers
    if next_link(headers.get("link", "")) is not None:
        yield Sign("link", "its Link header has a next page")
    if (following := headers.get("x-next-page", "")).strip():
        yield Sign("x-next-page", f"its header x-next-page is {following:.20}")
    for name, most in (("x-total-pages", 1), ("x-total-count", _held(page))):
        if (_count(headers.get(name)) or 0) > most:
            yield Sign(name, f"its header {name} is {headers[name]}")
    # items 0-24/319: https://www.rfc-editor.org/rfc/rfc9110#name-content-range
    total = headers.get("content-range", "").rpartition("/")[2]
    if (_count(total) or 0) > _held(page):
        yield Sign("content-range", f"its header content-range declares {total} items")


def _held(page: Page) -> int:
    """Count what a page holds; whether an API counts items or what lies in them is not known."""
    return max(page.count, page.rows)


def _count(value: Any) -> int | None:
    """Read a whole number, which money with a fraction is not."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class _Search:
    """Looks through what lies around the rows of a page, and not into the rows."""

    def __init__(self, page: Page, ignored: Collection[str]) -> None:
        self._page = page
        self._ignored = ignored

    def signs(self) -> Iterator[Sign]:
        """Yield all signs that more follows."""
        if "" not in self._page.lists:
            yield from self._within(self._page.data, (), _DEPTH)

    def _within(self, data: Any, path: tuple[str, ...], depth: int) -> Iterator[Sign]:
        if not isinstance(data, dict) or depth == 0:
            return
        describes_pages = self._describes_pages(data, path)
        for name, value in data.items():
            here = (*path, name)
            if ".".join(here) in self._page.lists or plain(name) in self._ignored:
                continue
            description = self._describe(plain(name), value, data, path, describes_pages)
            if description is not None:
                yield Sign(name, description.format(name=name, value=value))
            if plain(name) in _LINKS and isinstance(value, list) and any(map(_is_next, value)):
                yield Sign(name, f"one of its {name} is called next")
            yield from self._within(value, here, depth - 1)

    def _describe(
        self,
        name: str,
        value: Any,
        around: Mapping[str, Any],
        path: tuple[str, ...],
        describes_pages: bool,
    ) -> str | None:
        """Return a template that describes a member if it is a sign, or None."""
        if name in NEXT and _leads_on(value):
            return "it has {name}"
        if name in MORE and flag_of(value):
            return "it has {name}"
        if name in _LAST and flag_of(value) is False:
            return "its {name} is {value}"
        count = _count(value)
        if count is None:
            return None
        announces = (
            (name in _PAGES and count > 1)
            or (name in _LEFT and count > 0)
            or (name in _LEFT_IN_PLACE and describes_pages and count > 0)
        )
        if not announces and self._page.lists and count > _held(self._page):
            announces = name in _ITEMS or (
                name in _ITEMS_IN_PLACE
                and (describes_pages or self._counts_rows(count, around, path))
            )
        return "its {name} is {value}" if announces else None

    def _describes_pages(self, data: Mapping[str, Any], path: tuple[str, ...]) -> bool:
        names = frozenset(plain(name) for name, value in data.items() if value is not None)
        if not names.isdisjoint(_OF_A_THING):
            return False
        numbers = {plain(name) for name, value in data.items() if _count(value) is not None}
        is_around = bool(path) and plain(path[-1]) in _AROUND
        return is_around or not (names.isdisjoint(NEXT | MORE) and numbers.isdisjoint(_BESIDE))

    def _counts_rows(self, total: int, around: Mapping[str, Any], path: tuple[str, ...]) -> bool:
        """Return whether a total counts the list beside it: it may be money or be about a thing."""
        holds_rows = any(one.startswith(f"{'.'.join(path)}.") for one in self._page.lists)
        if path and not (holds_rows and plain(path[-1]) in _WRAPPERS):
            return False
        beside = {plain(one) for one, value in around.items() if not isinstance(value, dict | list)}
        beside -= _ITEMS_IN_PLACE
        if not beside.isdisjoint(_OF_A_THING) or any(w in one for one in beside for w in _MONEY):
            return False
        return total not in self._sums()

    def _sums(self) -> Collection[int]:
        """Add up what the rows of the page have, member by member."""
        sums: dict[str, int] = {}
        for path in self._page.lists:
            rows = get_path(self._page.data, path)
            for row in rows if isinstance(rows, list) else ():
                for name, value in row.items() if isinstance(row, dict) else ():
                    if isinstance(value, int):
                        sums[name] = sums.get(name, 0) + value
        return sums.values()


def _leads_on(value: Any) -> bool:
    """Return whether a member is an address, a token, a number, or has one."""
    if isinstance(value, dict):
        return any(_leads_on(one) for one in value.values() if one is not True)
    if isinstance(value, list):
        return any(map(_leads_on, value))
    if isinstance(value, str):
        return value.lower() not in _NOTHING
    return isinstance(value, int) and bool(value)


def _is_next(link: Any) -> bool:
    """Return whether one of several links is the next page's: `rel`, or `relation` in FHIR."""
    if not isinstance(link, dict):
        return False
    relation = link.get("rel") or link.get("relation")
    relations = relation if isinstance(relation, list) else str(relation).split()
    where = [link[name] for name in ("href", "url", "uri") if name in link]
    return "next" in [str(one).lower() for one in relations] and (not where or _leads_on(where))
