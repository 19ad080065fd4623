"""A list in one response, for an API whose paging is not declared.

A response may still show that it is not the whole list: that is an error rather than a truncated
list.
"""

from __future__ import annotations

from typing import ClassVar

from billql.definitions.pagination.base import Pages, Paginator
from billql.definitions.pagination.signs import HEADERS, MORE, NEXT, plain, sign_of_more
from billql.errors import BadResponse
from billql.messages import Request


class SinglePage(Paginator, frozen=True, tag_field="kind", tag="single_page", kw_only=True):
    """The whole list is one response; one that shows that more follows is an error."""

    reads_headers: ClassVar[tuple[str, ...]] = HEADERS

    ignore: tuple[str, ...] = ()
    """Members and headers of a response that look like paging and are not, such as a `total`
    of money."""

    def pages(self, first: Request) -> Pages:
        """Yield the one page."""
        page = yield [first]
        sign = sign_of_more(page, self.ignore)
        if sign is not None:
            raise BadResponse(
                f"{first.method} {first.url} returned a part of its list only "
                f"({sign.description}), and the definition has no paging for the rest",
                hint="Narrow the statement until one response holds all of it. In the definition, "
                "declare how the list is paged; or, if this member means something else, write "
                f"`paging: {{kind: single_page, ignore: [{sign.name:.40}]}}`.",
            )


def leads_on(name: str) -> bool:
    """Return whether a member of that name leads to the page that follows."""
    return plain(name) in NEXT | MORE
