"""Pages as Metronome makes them: five ways to hand over the token of the next one.

    way       request                        answer
    query     `next_page`, `limit` in query  `next_page`
    body      `next_page`, `limit` in body   `next_page`
    cursor    `cursor`, `limit` in body      `cursor`
    seats     `cursor`, `limit` in body      `pagination.next_page`, and how many are left

The fifth is that of POST requests whose token goes into the query all the same: way `query`. No
token, or null, is the end. A token belongs to the request that it came from: only the limit may
be another one.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple, TypeVar

import orjson

from billql.sandbox.api import Json, Request, Response
from billql.sandbox.metronome.validation import Asked, Field, Form, count, maybe, text, wrong

T = TypeVar("T")

Way = Literal["query", "body", "cursor", "seats"]
"""How the token travels."""

USUAL: Final = 25
"""Rows of a page if nothing else is asked for."""

MOST: Final = 100
"""Rows that a page may have."""


class Paging(NamedTuple):
    """How the pages of one operation are made."""

    way: Way = "query"
    usual: int = USUAL
    most: int | None = MOST
    """The largest limit; None if the operation has no limit to give."""

    @property
    def token(self) -> str:
        """The field that the token is given in."""
        return "next_page" if self.way in ("query", "body") else "cursor"

    def form(
        self,
        query: Mapping[str, Field] | None = None,
        body: Mapping[str, Field] | None = None,
        apart: Sequence[tuple[str, str]] = (),
    ) -> Form:
        """Return a form that has the fields of paging too."""
        fields = {self.token: maybe(text)}
        if self.most is not None:
            fields["limit"] = maybe(count(self.most))
        if self.way == "query":
            return Form({**(query or {}), **fields}, body, apart)
        return Form(query, {**(body or {}), **fields}, apart)

    def start(self, request: Request, asked: Asked) -> int:
        """Return the place of the page's first row."""
        given = asked.get(self.token)
        if not given:
            return 0
        place, mark = read_token(given)
        if mark != _mark(request, asked) or not isinstance(place, int):
            raise wrong(f"{self.token} does not belong to this request")
        return place

    def answer(
        self,
        request: Request,
        asked: Asked,
        rows: Sequence[T],
        write: Callable[[T], Json],
        reach: Callable[[Sequence[T]], int] = len,
    ) -> Response:
        """Answer with a page of rows; only those of the page are written.

        `reach` tells how many rows a page may hold at most, given those that are left.
        """
        first = self.start(request, asked)
        left = rows[first : first + (self.most or self.usual)]
        shown = left[: min(asked.get("limit", self.usual), reach(left))]
        after = first + len(shown)
        token = write_token(after, _mark(request, asked)) if after < len(rows) else None
        data = [write(row) for row in shown]
        if self.way == "seats":
            counts = {
                "seats_included": len(shown),
                "seats_available_for_next_page": max(0, len(rows) - after),
            }
            return Response.json({"data": data, "pagination": {"next_page": token, **counts}})
        name = "cursor" if self.way == "cursor" else "next_page"
        return Response.json({"data": data, name: token})


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
        raise wrong("The token of the next page is not valid")
    return parts


def _mark(request: Request, asked: Asked) -> str:
    """Return what tells one question from another, whatever page of the answer is asked for."""
    question = {
        name: value for name, value in asked.items() if name not in ("next_page", "cursor", "limit")
    }
    written = orjson.dumps([request.path, question], option=orjson.OPT_SORT_KEYS)
    return blake2b(written, digest_size=6).hexdigest()
