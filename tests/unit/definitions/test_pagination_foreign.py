"""The paging kinds that other people's descriptions of APIs need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from billql.definitions.pagination import (
    CursorToken,
    LinkHeader,
    PageCount,
    Paginator,
    Paging,
    SinglePage,
)
from billql.definitions.pagination.links import next_link
from billql.errors import BadResponse, ListChanged
from billql.messages import Page, Request

FIRST = Request("GET", "https://api.example.com/things", (("state", "open"),))


def drive(paginator: Paginator, answers: Sequence[Page]) -> list[Request]:
    """Give pages one after the other; tells what was asked for."""
    asked: list[Request] = []
    pages = paginator.pages(FIRST)
    waiting = list(next(pages))
    for page in answers:
        asked.append(waiting.pop(0))
        try:
            waiting.extend(pages.send(page))
        except StopIteration:
            break
    assert not waiting
    assert len(asked) == len(answers)
    return asked


def linked(header: str) -> Page:
    return Page([], 1, None, {"link": header})


# By a header -----------------------------------------------------------------------------------


def test_a_link_header_is_followed() -> None:
    header = '<https://api.example.com/things?page=2&x=a%20b>; rel="next", <z>; rel="last"'
    asked = drive(LinkHeader(), [linked(header), linked('<z>; rel="prev"')])
    assert asked[1].url == "https://api.example.com/things"
    assert asked[1].query == (("page", "2"), ("x", "a b"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ('<a>; rel="next"', "a"),
        ("<a>; rel=next", "a"),
        ('<a>;rel="NEXT"; title="x"', "a"),
        ('<a>; title="b, c"; rel="first next"', "a"),
        ('<a>; rel="prev", <b,c>; rel="next"', "b,c"),
        ('<a>; rel="nextish"', None),
        ('<a>; title="rel=next"', None),
        ("next", None),
    ],
)
def test_which_link_is_next(header: str, expected: str | None) -> None:
    assert next_link(header) == expected


def test_a_link_to_another_server_is_an_error() -> None:
    with pytest.raises(BadResponse, match="points to another server"):
        drive(LinkHeader(), [linked('<https://evil.example/>; rel="next"')] * 2)


def test_a_link_that_leads_in_a_circle_is_an_error() -> None:
    with pytest.raises(BadResponse, match="the same next page twice"):
        drive(LinkHeader(), [linked('<?page=2>; rel="next"')] * 3)


# By a count of pages ---------------------------------------------------------------------------


def counted(pages: Any) -> Page:
    return Page({"meta": {"pages": pages}}, 1)


def test_the_first_page_tells_all_others() -> None:
    paginator = PageCount(pages_at="meta.pages")
    asked = drive(paginator, [counted(3)] * 3)
    assert [dict(request.query).get("page") for request in asked] == [None, "2", "3"]
    assert paginator.page_count_hint(counted(3)) == 3


@pytest.mark.parametrize("pages", [0, 1])
def test_a_list_of_one_page(pages: int) -> None:
    assert drive(PageCount(pages_at="meta.pages"), [counted(pages)]) == [FIRST]


@pytest.mark.parametrize("pages", [None, "three", "", "-3", -1, True, 2.5, 10**9])
def test_a_count_that_is_none(pages: Any) -> None:
    with pytest.raises(BadResponse, match=r"no number of pages at meta\.pages"):
        drive(PageCount(pages_at="meta.pages"), [counted(pages)])


def test_a_count_that_changes() -> None:
    with pytest.raises(ListChanged, match="it had 2 pages, then 3"):
        drive(PageCount(pages_at="meta.pages"), [counted(2), counted(3)])


# In one page -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"things": [{"next": "x"}]},
        {"next": None, "has_more": False, "total_pages": 1},
        {"nextPageToken": "", "meta": {"next": {}}},
    ],
)
def test_a_whole_list(data: Any) -> None:
    assert drive(SinglePage(), [Page(data, 1)]) == [FIRST]


@pytest.mark.parametrize(
    "data",
    [
        {"nextPageToken": "x"},
        {"next_cursor": 7},
        {"@odata.nextLink": "https://api.example.com/?skip=1"},
        {"links": {"pages": {"next": "/things?page=2"}}},
        {"response": {"has_more": True}},
        {"result_info": {"page": 1, "total_pages": 4}},
        {"IsTruncated": True},
    ],
)
def test_a_part_of_a_list_is_an_error(data: Any) -> None:
    with pytest.raises(BadResponse, match="returned a part of its list only"):
        drive(SinglePage(), [Page(data, 1)])


def test_a_link_header_tells_of_a_part_too() -> None:
    with pytest.raises(BadResponse, match="its Link header has a next page"):
        drive(SinglePage(), [linked('<x>; rel="next"')])


# By token --------------------------------------------------------------------------------------


def test_a_token_in_a_header_and_one_that_is_a_number() -> None:
    paginator = CursorToken(path="next", parameter="X-Cursor", location="header")
    asked = drive(paginator, [Page({"next": 5}, 1), Page({"next": "b"}, 1), Page({}, 1)])
    assert [request.headers for request in asked] == [
        (),
        (("X-Cursor", "5"),),
        (("X-Cursor", "b"),),
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"kind": "link_header"}', LinkHeader),
        ('{"kind": "page_count", "pages_at": "pages"}', PageCount),
        ('{"kind": "single_page"}', SinglePage),
    ],
)
def test_kinds_are_told_apart(text: str, kind: type[Paginator]) -> None:
    assert type(msgspec.json.decode(text, type=Paging)) is kind
