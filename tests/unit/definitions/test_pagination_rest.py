"""A list that ends although its last page shows that more follows, under every paging kind."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.pagination import (
    AfterId,
    CursorToken,
    LinkArray,
    LinkHeader,
    NextUrl,
    PageCount,
    PageNumber,
    Paginator,
    SinglePage,
)
from billql.definitions.pagination.unknown import Unknown
from billql.errors import BadResponse, DefinitionError
from billql.messages import Page, Request

FIRST = Request("GET", "https://api.example.com/things")


def page(data: dict[str, Any], count: int = 100, headers: dict[str, str] | None = None) -> Page:
    data = {**data, "items": [{"id": f"r{number}"} for number in range(count)]}
    return Page(data, count, {"id": f"r{count}"}, headers or {}, count, ("items",))


def read(paginator: Paginator, *answers: Page) -> int:
    """Give pages one after the other; return how many were asked for."""
    pages = paginator.pages(FIRST)
    waiting = list(next(pages))
    for number, one in enumerate(answers, 1):
        waiting.pop(0)
        try:
            waiting.extend(pages.send(one))
        except StopIteration:
            return number
    raise AssertionError("the list goes on")


WRONG: list[tuple[Paginator, dict[str, Any]]] = [
    # The definition looks for the next page where it is not.
    (CursorToken(path="next_cursor"), {"meta": {"next_cursor": "b"}}),
    (CursorToken(path="next"), {"metadata": {"pagination": {"next_record_id": "b"}}}),
    (CursorToken(), {"NextToken": "b"}),
    (CursorToken(), {"has_more": True}),
    (CursorToken(), {"totalCount": 250}),
    (CursorToken(), {"total": 250}),
    (CursorToken(), {"count": 250}),
    (CursorToken(), {"data": 1, "page": 1, "pages": 3, "results": 250}),
    (CursorToken(until_empty=True), {"meta": {"next_cursor": "b"}}),
    (NextUrl(path="next"), {"links": {"next": "/things?page=2"}}),
    (NextUrl(path="next"), {"next_page_uri": "/things?page=2"}),
    (NextUrl(path="next"), {"nextLink": "/things?page=2"}),
    (NextUrl(path="next", total="total"), {"has_more": True, "total": 100}),
    (LinkHeader(), {"links": [{"rel": "next", "href": "/things?page=2"}]}),
    (LinkHeader(), {"total_count": 250}),
    (LinkArray(), {"meta": {"links": [{"rel": "next", "href": "/things?page=2"}]}}),
    (LinkArray(path="link"), {"totalCount": 250}),
    # What it takes for a total, or for the number of pages, is that of this page.
    (PageNumber(total="count"), {"count": 100, "total_count": 250}),
    (PageNumber(total="count"), {"count": 100, "has_next_page": True}),
    (PageNumber(total="count"), {"count": 100, "result_info": {"total_pages": 3}}),
    (PageCount(pages_at="page"), {"page": 1, "total_pages": 3}),
    (PageCount(pages_at="page"), {"page": 1, "last": False}),
    (AfterId(), {"has_more": False, "next_page": "b"}),
    (AfterId(), {"has_more": False, "total_count": 250}),
    (SinglePage(), {"next_page_uri": "/things?page=2"}),
]


@pytest.mark.parametrize(("paginator", "around"), WRONG, ids=str)
def test_a_part_of_a_list_is_an_error(paginator: Paginator, around: dict[str, Any]) -> None:
    with pytest.raises(BadResponse, match="returned a part of its list only") as caught:
        read(paginator, page(around))
    assert "ignore: [" in str(caught.value.hint)


@pytest.mark.parametrize(
    "headers",
    [
        {"link": '<https://api.example.com/things?page=2>; rel="next"'},
        {"x-next-page": "2"},
        {"x-total-count": "250"},
        {"x-total-pages": "3"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "paginator", [CursorToken(), NextUrl(path="next"), LinkArray(), PageNumber(total="n")], ids=str
)
def test_headers_show_it_too(paginator: Paginator, headers: dict[str, str]) -> None:
    assert read(paginator, page({"n": 100})) == 1
    with pytest.raises(BadResponse, match="returned a part of its list only"):
        read(paginator, page({"n": 100}, headers=headers))


def test_what_leads_on_is_looked_for_on_the_last_page_too() -> None:
    token = page({"next_page": "b"})
    for around in ({"has_more": True}, {"links": {"next": "/things?page=3"}}):
        with pytest.raises(BadResponse, match="returned a part of its list only"):
            read(CursorToken(), token, page(around))


NO_ALARM: list[tuple[Paginator, list[Page]]] = [
    (CursorToken(), [page({"next_page": None, "has_more": False, "last_id": "r9"})]),
    (CursorToken(), [page({"total": 100, "count": 100, "pages": 1})]),
    (CursorToken(), [page({"total": 12345, "currency": "usd"})]),
    (CursorToken(), [page({"pageInfo": {"hasNextPage": False, "endCursor": "x"}})]),
    # Numbers of the whole list, on the last of several pages.
    (
        CursorToken(),
        [page({"next_page": "b", "total": 130}), page({"total": 130, "pages": 2}, 30)],
    ),
    (
        NextUrl(path="next", total="count"),
        [
            page({"next": "/things?page=2", "count": 130}),
            page({"next": None, "previous": "/things", "count": 130}, 30),
        ],
    ),
    # An offset that goes on for ever: an empty page is the end.
    (
        CursorToken(path="next_offset", parameter="offset", until_empty=True),
        [page({"next_offset": 100}), page({"next_offset": 200, "links": {"next": "/x"}}, 0)],
    ),
    # The declared total of all pages is proof enough, whatever stands beside it.
    (
        PageNumber(total="total"),
        [page({"total": 130, "next_page": 2}), page({"total": 130, "next_page": 3}, 30)],
    ),
    (
        PageCount(pages_at="pages"),
        [page({"pages": 2, "total": 130}), page({"pages": 2, "total": 130}, 30)],
    ),
    (
        LinkArray(),
        [
            page({"totalCount": 130, "links": [{"rel": "next", "href": "/things?page=2"}]}),
            page({"totalCount": 130, "links": [{"rel": "previous", "href": "/things"}]}, 30),
        ],
    ),
    (LinkArray(), [page({"links": [{"relation": "next", "url": ""}]})]),
    (LinkArray(), [page({"links": None})]),
    (LinkHeader(), [page({}, headers={"link": '</things>; rel="prev", </things>; rel="last"'})]),
    (AfterId(), [page({"has_more": False, "url": "/things", "total_count": 100})]),
    (CursorToken(ignore=("totalCount",)), [page({"totalCount": 250})]),
    (LinkHeader(ignore=("x-total-count",)), [page({}, headers={"x-total-count": "250"})]),
]


@pytest.mark.parametrize(("paginator", "pages"), NO_ALARM, ids=str)
def test_a_whole_list_is_no_error(paginator: Paginator, pages: list[Page]) -> None:
    assert read(paginator, *pages) == len(pages)


def test_a_list_that_is_begun_later_has_more_than_its_page() -> None:
    paginator = PageNumber(total="meta.total")
    first, skipped = paginator.skip(paginator.with_page_size(FIRST, None), 450)
    assert skipped == 400
    pages = paginator.pages(first)
    next(pages)
    with pytest.raises(StopIteration):
        pages.send(page({"meta": {"total": 600}}, 200))


# A list of links ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("links", "why"),
    [
        ({"next": "/x"}, "no list of links at links"),
        ("/x", "no list of links at links"),
        ([{"rel": "next"}], "no address in its link to the next page"),
        ([{"rel": "next", "href": 7}], "no address in its link to the next page"),
        ([{"rel": "next", "href": "https://evil.example/x"}], "points to another server"),
    ],
)
def test_links_that_lead_nowhere_are_errors(links: Any, why: str) -> None:
    with pytest.raises(BadResponse, match=why):
        read(LinkArray(), page({"links": links}))


def test_links_in_a_circle_are_an_error() -> None:
    links = {"links": [{"rel": ["self", "Next"], "href": "/things?page=2"}]}
    with pytest.raises(BadResponse, match="the same next page twice"):
        read(LinkArray(), page(links), page(links))


# Pages that are numbered from 0 -------------------------------------------------------------------


def test_pages_are_numbered_from_0_where_the_definition_says_so() -> None:
    for paginator, around in (
        (PageNumber(total="n", first_page=0), {"n": 250}),
        (PageCount(pages_at="n", first_page=0), {"n": 3}),
    ):
        pages = paginator.pages(FIRST)
        assert next(pages) == [FIRST]
        following = pages.send(page(around))
        assert [dict(request.query) for request in following] == [{"page": "1"}, {"page": "2"}]


def test_an_offset_is_a_page_number_from_0_too() -> None:
    paginator = PageNumber(total="n", first_page=0)
    first, skipped = paginator.skip(paginator.with_page_size(FIRST, None), 250)
    assert (dict(first.query)["page"], skipped) == ("1", 200)
    pages = paginator.pages(first)
    next(pages)
    assert [dict(one.query)["page"] for one in pages.send(page({"n": 500}, 200))] == ["2"]


# Unknown -----------------------------------------------------------------------------------------


def test_a_list_of_unknown_paging_is_not_requested() -> None:
    with pytest.raises(DefinitionError, match="paging: unknown") as caught:
        next(Unknown().pages(FIRST))
    assert "replace `unknown` by a paging kind" in str(caught.value.hint)
