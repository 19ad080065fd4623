"""The first request of a list: the size of its pages, and the rows that it leaves out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from billql.definitions.pagination.page_number import PageNumber
from billql.fetching._list_opener import ListOpener
from billql.planning.list_request import ListRequest
from billql.planning.partition import Point
from support.api_client import connection, get

LISTED = ListRequest(
    first=get(state="open"),
    echoed={},
    points={},
    parts={},
    requested={},
    covered={},
    single_value_params=frozenset(),
    connection=connection(),
)
PARTED = msgspec.structs.replace(LISTED, parts={"state": Point("open", frozenset(), True)})
PAGED = PageNumber(total="total", size=10)


def opened(listed: ListRequest = LISTED, skip: int = 0, **options: Any) -> tuple[str, int]:
    known: dict[str, Any] = {"paginator": PAGED, "items_are_rows": True, "wanted": None, **options}
    request, skipped = ListOpener(**known).open(listed, skip)
    return "&".join(f"{name}={value}" for name, value in request.query), skipped


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("state=open&per_page=10", 0)),
        ({"wanted": 3}, ("state=open&per_page=3", 0)),
        ({"wanted": 50}, ("state=open&per_page=10", 0)),
        ({"wanted": 50, "skip": 25}, ("state=open&per_page=10&page=3", 20)),
        ({"paginator": None, "wanted": 3, "skip": 25}, ("state=open", 0)),
        # Rows cannot be counted by the items of a page.
        ({"items_are_rows": False, "wanted": 3, "skip": 25}, ("state=open&per_page=10", 0)),
        ({"listed": PARTED, "wanted": 3, "skip": 25}, ("state=open&per_page=10", 0)),
    ],
)
def test_the_first_request(options: dict[str, Any], expected: tuple[str, int]) -> None:
    assert opened(**options) == expected
