"""Pages by number: `?page=3&per_page=200`, ending on a total or a count of pages."""

from __future__ import annotations

from typing import Literal

from billql.definitions.pagination.base import MOST_PAGES, Pages, Paginator, Size, pages_of
from billql.definitions.pagination.values import count_of
from billql.errors import BadResponse, ListChanged
from billql.messages import Page, Request, get_path


class PageNumber(Paginator, frozen=True, tag_field="kind", tag="page_number", kw_only=True):
    """Pages are numbered, and each has the number of items in the whole list.

    The total is what makes the list whole: it must be the same on every page, and the items must
    add up to it. It also determines all pages after the first, so that they can be requested at
    once.
    """

    parameter: str = "page"
    """The query parameter that takes the page's number."""

    first_page: Literal[0, 1] = 1
    """The number of the first page."""

    size: Size | None = 200
    size_parameter: str | None = "per_page"

    total: str
    """Where a response has the number of items in the whole list, like `meta.total`."""

    @property
    def is_random_access(self) -> bool:
        """Return True: the number of pages leads to all of them."""
        return True

    @property
    def position(self) -> tuple[str, str]:
        """The part of the request and the parameter that have the page's number."""
        return "query", self.parameter

    def skip(self, first: Request, rows: int) -> tuple[Request, int]:
        """Begin with the page that holds the row after so many."""
        size = self.requested_size(first)
        if size is None or rows < size:
            return first, 0
        return first.with_query(self.parameter, rows // size + self.first_page), rows // size * size

    def total_of(self, first: Request, page: Page) -> int | None:
        """Return the total."""
        is_full = page.count > 0 and page.count == self.requested_size(first)
        return count_of(get_path(page.data, self.total)) if is_full else None

    def page_count_hint(self, first: Page) -> int | None:
        """Return the count from the total."""
        return pages_of(self.total, first)

    def begins(self, first: Request) -> bool:
        """Return whether no page before the first request's was skipped."""
        return self.parameter not in dict(first.query)

    def follow(self, first: Request) -> Pages:
        """Yield the first page, then all the others."""
        start = int(dict(first.query).get(self.parameter, self.first_page))
        page = yield [first]
        total = self._total(first, page)
        count = page.count
        if start > self.first_page:
            count += self._left_out(first, start, page, total)
        if count < total and page.count == 0:
            raise ListChanged.at(first.url, f"it declares {total} items, but returned {count}")
        # An API may return smaller pages than requested.
        left = -(-(total - count) // page.count) if count < total else 0
        if left > MOST_PAGES:
            raise BadResponse(
                f"{first.method} {first.url} declares {total} items, but a page of "
                f"it holds {page.count}"
            )
        known = [first.with_query(self.parameter, start + i) for i in range(1, left + 1)]
        for request in tuple(known):
            page = yield known
            known = []
            if self._total(request, page) != total:
                raise ListChanged.at(
                    request.url, f"it had {total} items, then {self._total(request, page)}"
                )
            count += page.count
        if count != total:
            raise ListChanged.at(first.url, f"it declares {total} items, but returned {count}")

    def _left_out(self, first: Request, start: int, page: Page, total: int) -> int:
        """Count the items before a page that was begun with; raises ListChanged if it is not sure.

        Only a full page shows that pages are as large as was asked for, or a total that lies
        before it.
        """
        size = self.requested_size(first)
        assert size is not None, "a page other than the first is asked for with a size"
        before = (start - self.first_page) * size
        if total <= before and page.count == 0:
            return total
        if page.count != size or total < before + size:
            raise ListChanged.at(first.url, f"its page {start} has {page.count} items")
        return before

    def _total(self, request: Request, page: Page) -> int:
        total = count_of(get_path(page.data, self.total))
        if total is not None:
            return total
        raise BadResponse(
            f"{request.method} {request.url} returned no number at {self.total}, "
            "so billql cannot check whether the list is complete"
        )
