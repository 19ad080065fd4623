"""Pages by link: each response holds the address of the next one."""

from __future__ import annotations

from typing import Any

from billql.definitions.pagination.base import Pages, Paginator, ensure_new, pages_of
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

    total: str | None = None
    """Where a response has the number of items in the whole list, if it has it. It must be the
    same on every page, and the items must add up to it."""

    @property
    def position(self) -> tuple[str, str] | None:
        """The part of the addresses and the parameter that ask for a page, where it is known."""
        return None if self.parameter is None else ("query", self.parameter)

    def page_count_hint(self, first: Page) -> int | None:
        """Return the count from the total, where a response has one."""
        return None if self.total is None else pages_of(self.total, first)

    def follow(self, first: Request) -> Pages:
        """Yield one page after the other."""
        seen: set[str] = set()
        request = first
        count = 0
        total: Any = None
        while True:
            page = yield [request]
            count += page.count
            stated = None if self.total is None else get_path(page.data, self.total)
            stated = stated if count_of(stated) is None else count_of(stated)
            if total is not None and stated is not None and stated != total:
                raise ListChanged.at(first.url, f"it had {total} items, then {stated}")
            total = total if stated is None else stated
            address = self._address(request, page)
            if address is None:
                break
            request = follow(request, ensure_new(address, seen, request))
        if total is not None and total != count:
            raise ListChanged.at(first.url, f"it declares {total} items, but returned {count}")

    def _address(self, request: Request, page: Page) -> str | None:
        address = get_path(page.data, self.path)
        if address is None or address is False or address == "":
            return None
        if isinstance(address, str):
            return address
        raise BadResponse(f"{request.method} {request.url} has no address at {self.path}")
