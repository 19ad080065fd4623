"""A list in one answer, for an API of which nobody has said how it pages.

An answer may still say that it is not the whole list; then there is no complete answer, and that
is an error rather than a list that was cut.
"""

from __future__ import annotations

from typing import ClassVar

from billql.definitions.pagination.base import Pages, Paginator
from billql.definitions.pagination.signs import HEADERS, MORE, NEXT, plain, sign_of_more
from billql.errors import BadAnswer
from billql.messages import Request


class SinglePage(Paginator, frozen=True, tag_field="kind", tag="single_page", kw_only=True):
    """The whole list comes at once; an answer that says that more follows is an error."""

    reads_headers: ClassVar[tuple[str, ...]] = HEADERS

    ignore: tuple[str, ...] = ()
    """Members and headers of a response that look like paging and are not, such as a `total`
    of money."""

    def pages(self, first: Request) -> Pages:
        """Yield the one page."""
        page = yield [first]
        sign = sign_of_more(page, self.ignore)
        if sign is not None:
            raise BadAnswer(
                f"{first.method} {first.url} returned a part of its list only "
                f"({sign.description}), and the definition has no paging for the rest",
                hint="Narrow the statement until one response holds all of it. In the definition, "
                "declare how the list is paged; or, if this member means something else, write "
                f"`paging: {{kind: single_page, ignore: [{sign.name:.40}]}}`.",
            )


def leads_on(name: str) -> bool:
    """Return whether a member of that name leads to the page that follows."""
    return plain(name) in NEXT | MORE
