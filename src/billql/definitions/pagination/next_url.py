"""Pages by link: each response holds the address of the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from typing import Any

from billql.definitions.pagination.base import MOST_PAGES, Pages, Paginator, ensure_new, pages_of
from billql.definitions.pagination.links import follow
from billql.definitions.pagination.values import count_of
from billql.errors import BadResponse, ListChanged
from billql.messages import Page, Request, get_path


class NextUrl(Paginator, frozen=True, tag_field="kind", tag="next_url", kw_only=True):
    """The response's own address of the next page is followed until there is none.

    An address on another origin would take the token there, so it is an error; where the API is
    asked at another address than the definition's, the definition's stands for that.
    """

    path: str
    """Where a response has the next address, like `links.pages.next`."""

    parameter: str | None = None
    """The parameter by which the addresses ask for a page, where the API documents it; the links of
    the sandbox have it."""

    last: str | None = None
    """Where a response has the address of the last page, like `links.pages.last`. If it differs
    from the next one in the number at `parameter` alone, all pages in between are requested at
    once; each must still have the address of the page after it."""

    total: str | None = None
    """Where a response has the number of items in the whole list, if it has it. It must be the
    same on every page, and the items must add up to it."""

    @property
    def is_random_access(self) -> bool:
        """Return whether the first page may have the address of the last one."""
        return self.last is not None

    def problems(self, sent: Collection[tuple[str, str]]) -> Iterator[str]:
        """Yield also that the last address needs the parameter that numbers the pages."""
        yield from super().problems(sent)
        if self.last is not None and self.parameter is None:
            yield "its `last` needs the `parameter` that has a page's number"

    def may_hide_more(self, last: Page, read: int) -> bool:
        """Return True: only what the last page lacks shows that it is the last."""
        return True

    @property
    def position(self) -> tuple[str, str] | None:
        """The part of the addresses and the parameter that ask for a page, where it is known."""
        return None if self.parameter is None else ("query", self.parameter)

    def total_of(self, first: Request, page: Page) -> int | None:
        """Return the total, where a response has one, and leads to a next page."""
        is_full = page.count > 0 and page.count == self.requested_size(first)
        if self.total is None or not is_full or self._address(first, page, self.path) is None:
            return None
        return count_of(get_path(page.data, self.total))

    def page_count_hint(self, first: Page) -> int | None:
        """Return the count from the total, where a response has one."""
        return None if self.total is None else pages_of(self.total, first)

    def follow(self, first: Request) -> Pages:
        """Yield one page after the other, or all that the last one's address shows."""
        seen: set[str] = set()
        request = first
        known = [first]
        ahead: deque[Request] = deque()
        count = 0
        total: Any = None
        while True:
            page = yield known
            count += page.count
            stated = None if self.total is None else get_path(page.data, self.total)
            stated = stated if count_of(stated) is None else count_of(stated)
            if total is not None and stated is not None and stated != total:
                raise ListChanged.at(first.url, f"it had {total} items, then {stated}")
            total = total if stated is None else stated
            address = self._address(request, page, self.path)
            if address is None:
                break
            following = follow(request, ensure_new(address, seen, request))
            if not ahead:
                ahead.extend(self._up_to_last(request, following, page))
                known = [following, *ahead]
            elif _is_same(ahead.popleft(), following):
                known = []
            else:
                raise ListChanged.at(request.url, "another page follows than its first one showed")
            request = following
        if ahead:
            raise ListChanged.at(first.url, f"it ended {len(ahead)} pages before its last one")
        if total is not None and total != count:
            raise ListChanged.at(first.url, f"it declares {total} items, but returned {count}")

    def _up_to_last(self, request: Request, following: Request, page: Page) -> Iterator[Request]:
        """Yield the requests after the next one, as far as the last one's address shows them."""
        address = None if self.last is None else self._address(request, page, self.last)
        if address is None or self.parameter is None:
            return
        last = follow(request, address)
        numbers = [dict(one.query).get(self.parameter, "") for one in (following, last)]
        if not all(number.isascii() and number.isdecimal() for number in numbers):
            return
        begin, end = map(int, numbers)
        if end - begin > MOST_PAGES or not _is_same(
            following.with_query(self.parameter, end), last
        ):
            return
        for number in range(begin + 1, end + 1):
            yield following.with_query(self.parameter, number)

    def _address(self, request: Request, page: Page, path: str) -> str | None:
        address = get_path(page.data, path)
        if address is None or address is False or address == "":
            return None
        if isinstance(address, str):
            return address
        raise BadResponse(f"{request.method} {request.url} has no address at {path}")


def _is_same(one: Request, other: Request) -> bool:
    """Return whether two requests ask for the same page, in whatever order of parameters."""
    return one.url == other.url and sorted(one.query) == sorted(other.query)
