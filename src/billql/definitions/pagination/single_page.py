"""A list in one response, for an API whose paging is not declared.

A response may still show that it is not the whole list: that is an error rather than a truncated
list.
"""

from __future__ import annotations

from billql.definitions.pagination.base import Pages, Paginator
from billql.messages import Request


class SinglePage(Paginator, frozen=True, tag_field="kind", tag="single_page", kw_only=True):
    """The whole list is one response; one that shows that more follows is an error."""

    def follow(self, first: Request) -> Pages:
        """Yield the one page."""
        yield [first]

    @property
    def finding(self) -> str:
        """What the definition's paging makes of the page."""
        return "the definition has no paging for the rest"
