"""Pages as DigitalOcean makes them: `page` and `per_page`, links to other pages, a total."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from billql.sandbox.api import ApiError, Request
from billql.sandbox.books import Part

DEFAULT_SIZE: Final = 20
LARGEST_SIZE: Final = 200


def part_of(request: Request, total: int) -> Part:
    """Return the page that a request asks for; raise ApiError for a number out of range.

    If everything fits on one page, there are no links to others: billing leaves `links` out, and
    the lists of resources have an empty object.
    """
    number = _number(request, "page", 1)
    size = _number(request, "per_page", DEFAULT_SIZE)
    if number < 1:
        raise ApiError(HTTPStatus.BAD_REQUEST, "page must be at least 1")
    if not 1 <= size <= LARGEST_SIZE:
        raise ApiError(HTTPStatus.BAD_REQUEST, f"per_page must be between 1 and {LARGEST_SIZE}")
    count = -(-total // size)
    members: dict[str, Any] = {"meta": {"total": total}}
    if request.path.startswith("/v2/billing/"):
        members = {"total_items": total, "total_pages": count, "current_page": number}
    elif links := _links(request, number, size, count):
        members["links"] = {"pages": links}
    elif not request.path.startswith("/v2/customers/"):
        members["links"] = {}
    return Part((number - 1) * size, number * size, members)


def _links(request: Request, number: int, size: int, count: int) -> dict[str, str]:
    """Return the absolute URLs of other pages; they have the request's filters too."""

    def to(page: int) -> str:
        query = {"page": page, "per_page": size}
        filters = {name: value for name, value in request.query.items() if name not in query}
        return f"{request.origin}{request.path}?{urlencode(query | filters)}"

    links = {}
    if number > 1:
        links["first"] = to(1)
        links["prev"] = to(max(1, min(number - 1, count)))
    if number < count:
        links["next"] = to(number + 1)
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
