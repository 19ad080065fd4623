"""Pages by number, ending on a count of pages: `?page=3`, with `pages: 7` in the response."""

from __future__ import annotations

from typing import Literal

from billql.definitions.pagination.base import MOST_PAGES, Pages, Paginator
from billql.definitions.pagination.values import count_of
from billql.errors import BadResponse, ListChanged
from billql.messages import Page, Request, get_path


class PageCount(Paginator, frozen=True, tag_field="kind", tag="page_count", kw_only=True):
    """Pages are numbered, and each has the number of pages.

    That number must be the same on every page; it also determines all requests after the first, so
    that they can be asked for at once.
    """

    parameter: str = "page"
    """The query parameter that takes the page's number."""

    first_page: Literal[0, 1] = 1
    """The number of the first page."""

    pages_at: str
    """Where a response has the number of pages, like `meta.pages`."""

    @property
    def is_random_access(self) -> bool:
        """Return True: the number of pages leads to all of them."""
        return True

    @property
    def position(self) -> tuple[str, str]:
        """The part of the request and the parameter that have the page's number."""
        return "query", self.parameter

    def page_count_hint(self, first: Page) -> int | None:
        """Return the count of pages times the size of the first one."""
        return count_of(get_path(first.data, self.pages_at))

    def follow(self, first: Request) -> Pages:
        """Yield the first page, then all the others."""
        page = yield [first]
        count = self._count(first, page)
        numbers = range(self.first_page + 1, self.first_page + count)
        known = [first.with_query(self.parameter, number) for number in numbers]
        for request in tuple(known):
            page = yield known
            known = []
            if self._count(request, page) != count:
                raise ListChanged.at(
                    first.url, f"it had {count} pages, then {self._count(request, page)}"
                )

    def _count(self, request: Request, page: Page) -> int:
        count = count_of(get_path(page.data, self.pages_at))
        if count is not None and count <= MOST_PAGES:
            return count
        raise BadResponse(
            f"{request.method} {request.url} returned no number of pages at "
            f"{self.pages_at}, so billql cannot check whether the list is complete"
        )
