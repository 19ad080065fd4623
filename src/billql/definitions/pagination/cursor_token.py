"""Pages by token: each response holds a token that requests the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from billql.definitions.pagination.base import Pages, Paginator, ensure_new
from billql.definitions.pagination.values import flag_of, token_of
from billql.errors import BadResponse
from billql.messages import Page, Request, get_path


class CursorToken(Paginator, frozen=True, tag_field="kind", tag="cursor_token", kw_only=True):
    """The token of a response is sent back in a parameter; an empty one ends the list."""

    size_parameter: str | None = "limit"

    path: str = "next_page"
    """Where a response has the token."""

    parameter: str = "next_page"
    """The parameter that takes it."""

    location: Literal["query", "body", "header"] = "query"
    """Where that parameter goes."""

    size_location: Literal["query", "body"] = "query"
    """Where the parameter for the size goes."""

    more: str | None = None
    """Where a response has a flag that is true if more follows, for an API that has both: without
    more the token is none, and more without a token is an error."""

    until_empty: bool = False
    """Whether every response has a token, so that it is an empty page which ends the list."""

    refused_beside: tuple[str, ...] = ()
    """Parameters of the first request that an API refuses beside a token."""

    @property
    def position(self) -> tuple[str, str]:
        """The part of the request and the parameter that have the token."""
        return self.location, self.parameter

    @property
    def sends_in_body(self) -> bool:
        """Whether the page's size goes into the JSON body."""
        return self.size_location == "body"

    def may_hide_more(self, last: Page, read: int) -> bool:
        """Return whether the list may go on: not if a flag, or an empty page, ends it."""
        return self.more is None and not (self.until_empty and last.count == 0)

    def follow(self, first: Request) -> Pages:
        """Yield one page after the other."""
        seen: set[str] = set()
        request = first
        remaining = tuple(pair for pair in first.query if pair[0] not in self.refused_beside)
        following = replace(first, query=remaining)
        while True:
            page = yield [request]
            token = self._token(page, request)
            if token is None or (self.until_empty and page.count == 0):
                return
            ensure_new(str(token), seen, request)
            request = self._with(following, token)

    def _token(self, page: Page, request: Request) -> str | int | None:
        """Return the token of a page, if there is a next one."""
        more = self.more is None or flag_of(get_path(page.data, self.more))
        if more is False:
            return None
        try:
            token = token_of(page.at(self.path))
        except ValueError:
            pass
        else:
            if more is True and (token is not None or self.more is None):
                return token
        lacking = self.more if more is None else f"token at {self.path}"
        raise BadResponse(f"{request.method} {request.url} has no {lacking}") from None

    def _with(self, request: Request, token: str | int) -> Request:
        if self.location == "body":
            return request.with_body(self.parameter, token)
        if self.location == "header":
            return replace(request, headers=(*request.headers, (self.parameter, str(token))))
        return request.with_query(self.parameter, token)
