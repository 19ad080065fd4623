"""What a paginator is: a generator of requests, driven elsewhere.

`pages(first)` yields the requests that have become known, in the order of their rows, and is sent
each page in that same order. It knows no network, so it can be tested without one:

    pages = paginator.pages(first)
    known = next(pages)            # [first]
    known = pages.send(page)       # what follows, often one request, sometimes all the rest
    ...                            # StopIteration after the last page
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from typing import Annotated, ClassVar

import msgspec

from billql.definitions.pagination.signs import HEADERS, sign_of_more
from billql.definitions.pagination.values import count_of
from billql.errors import BadResponse
from billql.messages import Page, Request, get_path

Pages = Generator[Sequence[Request], Page, None]
"""Yields requests, is sent pages."""


MOST_PAGES = 1_000_000
"""More pages than any list has; a response that declares more is an error."""

Size = Annotated[int, msgspec.Meta(gt=0)]
"""How many items a page can have."""


class SizeBy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Page sizes that depend on another parameter of the request's query."""

    parameter: str
    """The parameter's name, as the API has it."""

    sizes: Annotated[dict[str, Size], msgspec.Meta(min_length=1)]
    """The largest page for some of its values; for any other value it is `size`."""


class Paginator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an API cuts a list into pages."""

    size: Size | None = None
    """The largest number of items that a page can have."""

    size_parameter: str | None = None
    """The parameter that asks for a page of some size."""

    least: Size = 1
    """The smallest number of items that a page can be requested with."""

    size_by: SizeBy | None = None
    """Where the largest page depends on another parameter, such as the width of a report's
    buckets."""

    ignore: tuple[str, ...] = ()
    """Members and headers of a response that look like paging and are not, such as a `total`
    of money."""

    reads_headers: ClassVar[tuple[str, ...]] = HEADERS
    """The headers of responses that lead to the next page, or show that there is one."""

    def with_page_size(self, first: Request, wanted: int | None) -> Request:
        """Ask for pages as large as the API allows, or for fewer items if fewer are wanted."""
        if self.size is None or self.size_parameter is None:
            return first
        most = self.most(first.query)
        size = most if wanted is None else max(self.least, min(most, wanted))
        if self.sends_in_body:
            return first.with_body(self.size_parameter, size)
        return first.with_query(self.size_parameter, size)

    def most(self, query: Iterable[tuple[str, str]]) -> int:
        """Return the largest page that a request with this query can have."""
        assert self.size is not None, "pages have no known size"
        if self.size_by is None:
            return self.size
        value = dict(query).get(self.size_by.parameter, "")
        return self.size_by.sizes.get(value, self.size)

    def skip(self, first: Request, rows: int) -> tuple[Request, int]:
        """Skip items of the list, where the API can; return how many are left out.

        If the page that is begun with does not show that just these lie before it, `pages` raises
        ListChanged for it.
        """
        return first, 0

    def total_of(self, first: Request, page: Page) -> int | None:
        """Return how many items a list has of which a full first page was returned, if that page
        has the number to which the items of all pages must add up; None if it is not sure.
        """
        return None

    def requested_size(self, request: Request) -> int | None:
        """Return how many items a request asks for in its query; None if in none."""
        size = dict(request.query).get(self.size_parameter or "")
        return int(size) or None if size is not None and size.isdecimal() else None

    def page_count_hint(self, first: Page) -> int | None:
        """Return how many pages a list will have, where its first one shows it; for display
        only.
        """
        return None

    @property
    def is_random_access(self) -> bool:
        """Return whether the requests for all pages are known from the first one."""
        return False

    @property
    def position(self) -> tuple[str, str] | None:
        """The part of the request and the parameter that ask for a page; None if the whole
        address does, or nothing.
        """
        return None

    def parameters(self) -> Iterator[tuple[str, str]]:
        """Yield the parameters that the paging sets: the part of the request, and the name."""
        if self.position is not None:
            yield self.position
        if self.size is not None and self.size_parameter is not None:
            yield "body" if self.sends_in_body else "query", self.size_parameter

    def problems(self, sent: Collection[tuple[str, str]]) -> Iterator[str]:
        """Yield what contradicts, or does nothing, given the parameters that a method sends: the
        part of the request, and the name.
        """
        is_asked_for = self.size is not None and self.size_parameter is not None
        if self.size_by is not None:
            if ("query", self.size_by.parameter) not in sent:
                yield f"its `size_by` needs the parameter {self.size_by.parameter} in the query"
            if not is_asked_for:
                yield "its `size_by` needs a `size` and a `size_parameter`"
        if self.least > 1:
            sizes = () if self.size_by is None else self.size_by.sizes.values()
            if not is_asked_for:
                yield "its `least` needs a `size` and a `size_parameter`"
            elif self.size is not None and self.least > min((self.size, *sizes)):
                yield "its `least` page is larger than its largest"

    @property
    def sends_in_body(self) -> bool:
        """Whether paging parameters go into the JSON body."""
        return False

    def pages(self, first: Request) -> Pages:
        """Yield the requests that are known, be sent their pages in order.

        A list that ends although its last page shows that more follows is BadResponse.
        """
        following = self.follow(first)
        known = next(following)
        read = 0
        while True:
            page = yield known
            read += 1
            try:
                known = following.send(page)
            except StopIteration:
                break
        if self.may_hide_more(page, read):
            self._refuse_rest(first, page, counts=read == 1 and self.begins(first))

    def follow(self, first: Request) -> Pages:
        """Yield the requests that are known, be sent their pages in order, to the list's end."""
        raise NotImplementedError

    def begins(self, first: Request) -> bool:
        """Return whether a list's first request asks for its beginning."""
        return True

    def may_hide_more(self, last: Page, read: int) -> bool:
        """Return whether a list that ended after so many pages may go on, by what its last page
        has; pages whose number was declared are no matter of doubt after the first.
        """
        return read == 1 or not self.is_random_access

    def _refuse_rest(self, first: Request, page: Page, *, counts: bool) -> None:
        sign = sign_of_more(page, self.ignore, counts=counts)
        if sign is not None:
            raise BadResponse(
                f"{first.method} {first.url} returned a part of its list only "
                f"({sign.description}), and {self.finding}",
                hint="Narrow the statement until one response holds all of it. In the definition, "
                "declare how the list is paged; or, if this member means something else, add "
                f"`ignore: [{sign.name:.40}]` to its `paging` of the kind {self.kind}.",
            )

    @property
    def kind(self) -> str:
        """The name of the kind."""
        return str(self.__struct_config__.tag)

    @property
    def finding(self) -> str:
        """What the definition's paging made of the last page, for errors."""
        return f"the definition's paging, {self.kind}, finds no way to the rest"


def pages_of(total: str, page: Page) -> int | None:
    """Return the number of pages of a list from the total of its items, if all pages are equal."""
    items = count_of(get_path(page.data, total))
    return -(-items // page.count) if items is not None and page.count else None


def ensure_new(token: str, seen: set[str], request: Request) -> str:
    """Record a token; raise BadResponse if it was seen before: the list would never end."""
    if token in seen:
        raise BadResponse(
            f"{request.method} {request.url} returned the same next page twice, "
            "so its list has no end",
            hint="This is a fault of the API; try again, and report it to the provider.",
        )
    seen.add(token)
    return token
