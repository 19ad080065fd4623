"""Signs that a response is not its whole list, under the names that APIs use for them.

Names are compared in small letters alone. Some of them mean one thing wherever they stand; others,
such as `total`, count a list only where they stand beside it, and are money elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from billql.definitions.pagination.links import address_of, is_next, next_link
from billql.definitions.pagination.names import (
    AROUND,
    BESIDE,
    ITEMS,
    ITEMS_IN_PLACE,
    LAST,
    LEFT,
    LEFT_IN_PLACE,
    LINKS,
    MORE,
    NEXT,
    PAGES,
    WRAPPERS,
)
from billql.definitions.pagination.values import flag_of
from billql.messages import Page, get_path
from billql.util.text import plain

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

_NOTHING = frozenset(("", "false", "none", "null"))
_DEPTH = 4
"""How many objects inside each other are searched."""

HEADERS = ("link", "content-range", "x-next-page", "x-total-count", "x-total-pages")
"""Headers that may be such a sign."""


class Sign(NamedTuple):
    """A sign that more follows: its name, and a description for people."""

    name: str
    description: str


def sign_of_more(page: Page, ignored: Collection[str] = (), *, counts: bool = True) -> Sign | None:
    """Return a sign that more follows a page, or None; names in `ignored` are none.

    `counts` is whether the page is the only one that was read, so that the numbers of items and of
    pages that it declares must be its own.
    """
    names = frozenset(map(plain, ignored))
    found = [*_in_headers(page, counts), *_Search(page, names, counts).signs()]
    return next((sign for sign in found if plain(sign.name) not in names), None)


def _in_headers(page: Page, counts: bool) -> Iterator[Sign]:
    headers = page.headers
    if next_link(headers.get("link", "")) is not None:
        yield Sign("link", "its Link header has a next page")
    if (following := headers.get("x-next-page", "")).strip():
        yield Sign("x-next-page", f"its header x-next-page is {following:.20}")
    if not counts:
        return
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

    def __init__(self, page: Page, ignored: Collection[str], counts: bool) -> None:
        self._page = page
        self._counts = counts
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
            if plain(name) in LINKS and isinstance(value, list) and any(map(_is_next, value)):
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
        if name in LAST and flag_of(value) is False:
            return "its {name} is {value}"
        count = _count(value)
        if count is None:
            return None
        announces = (
            (self._counts and name in PAGES and count > 1)
            or (name in LEFT and count > 0)
            or (name in LEFT_IN_PLACE and describes_pages and count > 0)
        )
        if self._counts and not announces and self._page.lists and count > _held(self._page):
            announces = name in ITEMS or (
                name in ITEMS_IN_PLACE
                and (describes_pages or self._counts_rows(count, around, path))
            )
        return "its {name} is {value}" if announces else None

    def _describes_pages(self, data: Mapping[str, Any], path: tuple[str, ...]) -> bool:
        names = frozenset(plain(name) for name, value in data.items() if value is not None)
        if not names.isdisjoint(_OF_A_THING):
            return False
        numbers = {plain(name) for name, value in data.items() if _count(value) is not None}
        is_around = bool(path) and plain(path[-1]) in AROUND
        return is_around or not (names.isdisjoint(NEXT | MORE) and numbers.isdisjoint(BESIDE))

    def _counts_rows(self, total: int, around: Mapping[str, Any], path: tuple[str, ...]) -> bool:
        """Return whether a total counts the list beside it: it may be money or be about a thing."""
        holds_rows = any(one.startswith(f"{'.'.join(path)}.") for one in self._page.lists)
        if path and not (holds_rows and plain(path[-1]) in WRAPPERS):
            return False
        beside = {plain(one) for one, value in around.items() if not isinstance(value, dict | list)}
        beside -= ITEMS_IN_PLACE
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
    """Return whether one of several links is the next page's."""
    if not is_next(link):
        return False
    address = address_of(link)
    return address is None or _leads_on(address)
