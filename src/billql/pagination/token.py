"""Pages by token: each answer holds a token that asks for the next one."""

from __future__ import annotations

from typing import Literal

from billql.errors import BadAnswer
from billql.exchange import Request, member
from billql.pagination.base import Pages, Paginator, unseen


class Token(Paginator, frozen=True, tag_field="kind", tag="token", kw_only=True):
    """The token of an answer goes back in a parameter; an empty one ends the list."""

    size_parameter: str | None = "limit"

    path: str = "next_page"
    """Where an answer has the token."""

    parameter: str = "next_page"
    """The parameter that takes it."""

    location: Literal["query", "body"] = "query"
    """Where that parameter goes."""

    size_location: Literal["query", "body"] = "query"
    """Where the parameter for the size goes."""

    @property
    def sends_in_body(self) -> bool:
        """Whether the page's size goes into the JSON body."""
        return self.size_location == "body"

    def pages(self, first: Request) -> Pages:
        """Yield one page after the other."""
        seen: set[str] = set()
        request = first
        while True:
            page = yield [request]
            token = member(page.data, self.path)
            if token is None or token == "":
                return
            if not isinstance(token, str):
                raise BadAnswer(f"{request.method} {request.url} has no token at {self.path}")
            add = first.with_body if self.location == "body" else first.with_query
            request = add(self.parameter, unseen(token, seen, request))
