"""What a paginator is: a generator of requests, driven elsewhere.

`pages(first)` yields the requests that have become known, in the order of their rows, and is sent
each page in that same order. It knows no network, so it can be tested without one:

    pages = paginator.pages(first)
    known = next(pages)            # [first]
    known = pages.send(page)       # what follows, often one request, sometimes all the rest
    ...                            # StopIteration after the last page
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Annotated, ClassVar

import msgspec

from billql.errors import BadAnswer
from billql.exchange import Page, Request, member

Pages = Generator[Sequence[Request], Page, None]
"""Yields requests, is sent pages."""


MOST_PAGES = 1_000_000
"""More pages than any list has; an answer that tells of more is not believed."""

Size = Annotated[int, msgspec.Meta(gt=0)]
"""How many items a page can have."""


class Paginator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an API cuts a list into pages."""

    size: Size | None = None
    """The largest number of items that a page can have."""

    size_parameter: str | None = None
    """The parameter that asks for a page of some size."""

    finds_all_at_once: ClassVar[bool] = False
    """Whether the first page tells the requests for all the others."""

    reads_headers: ClassVar[tuple[str, ...]] = ()
    """The headers of answers that tell what follows."""

    def sized(self, first: Request, wanted: int | None) -> Request:
        """Ask for pages as large as the API allows, or for fewer items if fewer are wanted."""
        if self.size is None or self.size_parameter is None:
            return first
        size = self.size if wanted is None else max(1, min(self.size, wanted))
        if self.sends_in_body:
            return first.with_body(self.size_parameter, size)
        return first.with_query(self.size_parameter, size)

    def skip(self, first: Request, rows: int) -> tuple[Request, int]:
        """Begin later in the list where that can be asked for; tells how many rows are left out."""
        return first, 0

    def foretold(self, first: Page) -> int | None:
        """Tell how many pages a list will have, where its first one says it; only people ask."""
        return None

    @property
    def sends_in_body(self) -> bool:
        """Whether paging parameters go into the JSON body."""
        return False

    def pages(self, first: Request) -> Pages:
        """Yield the requests that are known, be sent their pages in order."""
        raise NotImplementedError


def pages_of(total: str, page: Page) -> int | None:
    """Count the pages of a list from the total that one of them tells, if all hold as much."""
    items = member(page.data, total)
    return -(-items // page.count) if isinstance(items, int) and page.count else None


def unseen(token: str, seen: set[str], request: Request) -> str:
    """Note a token; one that comes again would page in a circle for ever."""
    if token in seen:
        raise BadAnswer(
            f"{request.method} {request.url} gave the same next page twice, "
            "so its list has no end and no answer can be complete",
            hint="This is a fault of the API; try again, and report it to the provider.",
        )
    seen.add(token)
    return token
