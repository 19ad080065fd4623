"""Whether a first page has a number to which the items of all pages must add up."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.pagination.base import Paginator
from billql.definitions.pagination.cursor_token import CursorToken
from billql.definitions.pagination.next_url import NextUrl
from billql.definitions.pagination.page_number import PageNumber
from billql.messages import Page, Request

URL = "https://api.example.com/things"
NEXT = {"next": f"{URL}?page=2"}
NUMBERED = PageNumber(total="total", size=3)
LINKED = NextUrl(path="next", total="total", size=3, size_parameter="per_page")


@pytest.mark.parametrize(
    ("paginator", "count", "data", "total"),
    [
        (NUMBERED, 3, {"total": 7}, 7),
        (NUMBERED, 3, {"total": 3}, 3),
        # A page that is not full, where more should follow, contradicts.
        (NUMBERED, 2, {"total": 7}, None),
        (NUMBERED, 0, {"total": 7}, None),
        (NUMBERED, 3, {}, None),
        (NUMBERED, 3, {"total": "many"}, None),
        (LINKED, 3, {"total": 7, **NEXT}, 7),
        (LINKED, 3, {"total": 7}, None),
        (LINKED, 3, NEXT, None),
        (LINKED, 2, {"total": 7, **NEXT}, None),
        (NextUrl(path="next", size=3, size_parameter="per_page"), 3, {"total": 7, **NEXT}, None),
        (CursorToken(path="next", parameter="after", size=3), 3, {"total": 7, "next": "x"}, None),
    ],
)
def test_the_total_of_a_list(
    paginator: Paginator, count: int, data: dict[str, Any], total: int | None
) -> None:
    first = paginator.with_page_size(Request("GET", URL), None)
    assert paginator.total_of(first, Page(data, count)) == total
