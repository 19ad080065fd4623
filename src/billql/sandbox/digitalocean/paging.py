"""Pages as DigitalOcean makes them: `page` and `per_page`, links to other pages, a total."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import urlencode

from billql.sandbox.api import ApiError, Json, Request

DEFAULT_SIZE: Final = 20
LARGEST_SIZE: Final = 200


class Page(NamedTuple):
    """The requested page."""

    number: int
    size: int

    @classmethod
    def of(cls, request: Request) -> Page:
        """Read `page` and `per_page`; raise ApiError if one is no number or out of range."""
        number = _number(request, "page", 1)
        size = _number(request, "per_page", DEFAULT_SIZE)
        if number < 1:
            raise ApiError(HTTPStatus.BAD_REQUEST, "page must be at least 1")
        if not 1 <= size <= LARGEST_SIZE:
            raise ApiError(HTTPStatus.BAD_REQUEST, f"per_page must be between 1 and {LARGEST_SIZE}")
        return cls(number, size)

    def places(self, total: int) -> range:
        """Return the places of the page's rows; none if the page is beyond the end."""
        return range(total)[(self.number - 1) * self.size : self.number * self.size]

    def count(self, total: int) -> int:
        """Return the number of pages."""
        return -(-total // self.size)


def paged(request: Request, member: str, rows: Sequence[Json], **beside: Json) -> Json:
    """Return a page of rows under a word, its links, its total, and what stands beside them.

    If everything fits on one page, there are no links at all.
    """
    page = Page.of(request)
    total = len(rows)
    body: Json = {member: rows[(page.number - 1) * page.size : page.number * page.size], **beside}
    links = _links(request, page, page.count(total))
    if links:
        body["links"] = {"pages": links}
    body["meta"] = {"total": total}
    return body


def _links(request: Request, page: Page, count: int) -> dict[str, str]:
    """Return the absolute URLs of other pages; they keep the request's filters."""

    def to(number: int) -> str:
        query = {"page": number, "per_page": page.size}
        filters = {name: value for name, value in request.query.items() if name not in query}
        return f"{request.origin}{request.path}?{urlencode(query | filters)}"

    links = {}
    if page.number > 1:
        links["first"] = to(1)
        links["prev"] = to(max(1, min(page.number - 1, count)))
    if page.number < count:
        links["next"] = to(page.number + 1)
        links["last"] = to(count)
    return links


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    # int() alone would take '1_0', ' 1' and digits of other scripts, and fail for thousands.
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 19):
        raise ApiError(HTTPStatus.BAD_REQUEST, f"{name} must be a number")
    return int(text)
