"""Metronome's pages: the five ways in which a token of the next page is sent.

    way       request                        response
    query     `next_page`, `limit` in query  `next_page`
    body      `next_page`, `limit` in body   `next_page`
    cursor    `cursor`, `limit` in body      `cursor`
    seats     `cursor`, `limit` in body      `pagination.next_page`, and how many are left

The fifth is that of POST requests whose token goes into the query all the same: way `query`. No
token, or null, is the end. A token is valid for requests with the same parameters; only the limit
may differ.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple, TypeVar

import orjson

from billql.sandbox.api import Json, Request, Response
from billql.sandbox.metronome.validation import (
    Field,
    Params,
    RequestSchema,
    bad_request,
    integer,
    optional,
    text,
)

T = TypeVar("T")

Way = Literal["query", "body", "cursor", "seats"]
"""Where the token is, in request and response."""

USUAL: Final = 25
"""Rows of a page without a limit."""

MOST: Final = 100
"""Rows that a page may have."""


class Paging(NamedTuple):
    """How the pages of one operation are made."""

    way: Way = "query"
    usual: int = USUAL
    most: int | None = MOST
    """The largest limit; None if the operation takes none."""

    @property
    def token(self) -> str:
        """The request's field of the token."""
        return "next_page" if self.way in ("query", "body") else "cursor"

    def schema(
        self,
        query: Mapping[str, Field] | None = None,
        body: Mapping[str, Field] | None = None,
        apart: Sequence[tuple[str, str]] = (),
    ) -> RequestSchema:
        """Return a schema that has the fields of paging too."""
        fields = {self.token: optional(text)}
        if self.most is not None:
            fields["limit"] = optional(integer(self.most))
        if self.way == "query":
            return RequestSchema({**(query or {}), **fields}, body, apart)
        return RequestSchema(query, {**(body or {}), **fields}, apart)

    def start(self, request: Request, params: Params) -> int:
        """Return the place of the page's first row."""
        token = params.get(self.token)
        if not token:
            return 0
        place, fingerprint = read_token(token)
        if fingerprint != _fingerprint(request, params) or not isinstance(place, int):
            raise bad_request(f"{self.token} does not belong to this request")
        return place

    def response(
        self,
        request: Request,
        params: Params,
        rows: Sequence[T],
        write: Callable[[T], Json],
        reach: Callable[[Sequence[T]], int] = len,
    ) -> Response:
        """Return the response with a page of rows; only those of the page are written.

        `reach` returns how many rows a page may hold at most, from those that are left.
        """
        first = self.start(request, params)
        left = rows[first : first + (self.most or self.usual)]
        shown = left[: min(params.get("limit", self.usual), reach(left))]
        after = first + len(shown)
        token = write_token(after, _fingerprint(request, params)) if after < len(rows) else None
        data = [write(row) for row in shown]
        if self.way == "seats":
            counts = {
                "seats_included": len(shown),
                "seats_available_for_next_page": max(0, len(rows) - after),
            }
            return Response.json({"data": data, "pagination": {"next_page": token, **counts}})
        name = "cursor" if self.way == "cursor" else "next_page"
        return Response.json({"data": data, name: token})


BY_QUERY: Final = Paging("query")
"""The way of most operations."""


def write_token(*parts: Any) -> str:
    """Return an opaque token that holds some parts."""
    return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def read_token(token: str) -> list[Any]:
    """Return what a token holds: two parts, if it is one of ours."""
    try:
        parts = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        parts = None
    if not isinstance(parts, list) or len(parts) != 2:
        raise bad_request("The token of the next page is not valid")
    return parts


def _fingerprint(request: Request, params: Params) -> str:
    """Return a hash of the parameters that all pages of a list have in common."""
    common = {
        name: value
        for name, value in params.items()
        if name not in ("next_page", "cursor", "limit")
    }
    encoded = orjson.dumps([request.path, common], option=orjson.OPT_SORT_KEYS)
    return blake2b(encoded, digest_size=6).hexdigest()
