"""A page source: one reading of a list, page after page, without a network."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.pagination.base import Paginator
from billql.definitions.pagination.cursor_token import CursorToken
from billql.definitions.pagination.page_number import PageNumber
from billql.errors import ApiError, BadResponse, ListChanged
from billql.fetching._page_source import PageSource
from billql.messages import Request, Response
from support.api_client import TOKEN, get
from support.lists import FakeDecoder, FakeSnapshot, Respond, api_error, body, responses, row

FIRST = get()
BY_TOKEN = CursorToken(path="next", parameter="after")
BY_NUMBER = PageNumber(total="total", size=2)


def after(token: str) -> Request:
    return FIRST.with_query("after", token)


def page(number: int) -> Request:
    return FIRST.with_query("page", number)


def source(
    snapshot: FakeSnapshot,
    paginator: Paginator | None = BY_TOKEN,
    *,
    skipped: int = 0,
    recognizes_rows: bool = True,
) -> PageSource:
    decoder = FakeDecoder(recognizes_rows=recognizes_rows)
    return PageSource(FIRST, skipped, paginator, responses(snapshot), decoder)


def by_token(**pages: Response) -> Respond:
    """Respond with the page of a token; the first one's is `first`."""
    return lambda request: pages[dict(request.query).get("after", "first")]


def ids(read: PageSource) -> list[list[Any]]:
    return [[one[0] for one in rows] for rows in read.pages() if rows is not None]


def test_a_list_without_a_paginator_is_one_page() -> None:
    snapshot = FakeSnapshot(lambda request: body([1, 2]))
    assert ids(source(snapshot, None)) == [[1, 2]]
    assert snapshot.committed == [([FIRST], 60)]


def test_each_page_names_the_next() -> None:
    snapshot = FakeSnapshot(by_token(first=body([1], next="b"), b=body([2], next="c"), c=body([3])))
    assert ids(source(snapshot)) == [[1], [2], [3]]
    assert snapshot.sent == [FIRST, after("b"), after("c")]
    assert snapshot.opened == [FIRST]
    assert snapshot.committed == [(snapshot.sent, 60)]


def test_it_never_waits() -> None:
    snapshot = FakeSnapshot()
    read = source(snapshot)
    pages = read.pages()
    assert next(pages) is None
    assert next(pages) is None
    assert read.coming is not None
    assert snapshot.sent == [FIRST]
    snapshot.respond(FIRST, body([1], next="b"))
    assert next(pages) == [row(1)]
    assert next(pages) is None
    snapshot.respond(after("b"), body([2]))
    assert list(pages) == [[row(2)]]
    assert read.coming is None


def test_pages_are_read_in_their_order_whenever_they_arrive() -> None:
    snapshot = FakeSnapshot()
    read = source(snapshot, BY_NUMBER)
    pages = read.pages()
    assert next(pages) is None
    snapshot.respond(FIRST, body([1, 2], total=6))
    assert next(pages) == [row(1), row(2)]
    assert read.send_next()
    assert read.send_next()
    assert not read.send_next()
    assert read.pending == 2
    snapshot.respond(page(3), body([5, 6], total=6))
    assert next(pages) is None
    snapshot.respond(page(2), body([3, 4], total=6))
    read.decode_arrived()
    assert read.pending == 2
    assert list(pages) == [[row(3), row(4)], [row(5), row(6)]]
    assert read.pending == 0


def test_a_list_that_is_not_read_to_its_end_is_not_committed() -> None:
    snapshot = FakeSnapshot(lambda request: body([1], next="b"))
    read = source(snapshot)
    pages = read.pages()
    while next(pages) is None:
        pass
    assert read.has_unsent
    read.drop_unsent()
    assert list(pages) == []
    assert snapshot.sent == [FIRST]
    assert snapshot.committed == []


def test_an_error_comes_after_the_pages_before_it() -> None:
    def respond(request: Request) -> Response:
        if "page" in dict(request.query):
            raise api_error(500)
        return body([1, 2], total=4)

    read = source(FakeSnapshot(respond), BY_NUMBER).pages()
    assert [next(read), next(read)] == [None, [row(1), row(2)]]
    assert next(read) is None
    with pytest.raises(ApiError):
        next(read)


def test_a_response_that_is_wrong_is_dropped_with_those_before_it() -> None:
    broken = Response(b'{"token": "tok"}', "application/json")
    snapshot = FakeSnapshot(by_token(first=body([1], next="b"), b=broken))
    with pytest.raises(BadResponse):
        ids(source(snapshot))
    assert snapshot.invalidated == [FIRST, after("b")]
    assert snapshot.committed == []


def test_an_error_does_not_repeat_the_token() -> None:
    def respond(request: Request) -> Response:
        raise ApiError(f"bad {TOKEN}", status=401, method="GET", url=request.url)

    with pytest.raises(ApiError) as caught:
        ids(source(FakeSnapshot(respond)))
    assert TOKEN not in str(caught.value)


def test_a_list_that_does_not_exist_has_no_page() -> None:
    def respond(request: Request) -> Response:
        raise api_error(404)

    snapshot = FakeSnapshot(respond)
    read = source(snapshot)
    assert ids(read) == []
    assert read.pages_read == 0
    assert snapshot.committed == []


def test_a_later_page_that_does_not_exist_is_an_error() -> None:
    def respond(request: Request) -> Response:
        if request is FIRST:
            return body([1], next="b")
        raise api_error(404)

    with pytest.raises(ApiError):
        ids(source(FakeSnapshot(respond)))


def test_a_row_that_comes_twice_in_a_row_of_pages_is_a_change() -> None:
    snapshot = FakeSnapshot(by_token(first=body([1, 2], next="b"), b=body([2, 3])))
    with pytest.raises(ListChanged, match="a row is on two pages"):
        ids(source(snapshot))
    assert snapshot.committed == []


def test_equal_rows_may_repeat_where_nothing_identifies_them() -> None:
    snapshot = FakeSnapshot(by_token(first=body([1, 2], next="b"), b=body([2, 3])))
    assert ids(source(snapshot, recognizes_rows=False)) == [[1, 2], [2, 3]]


def test_the_pages_to_come_are_announced_but_for_the_skipped_ones() -> None:
    snapshot = FakeSnapshot(lambda request: body([5, 6], total=10))
    listed = responses(snapshot)
    first = page(3).with_query("per_page", 2)
    read = PageSource(first, 4, BY_NUMBER, listed, FakeDecoder())
    pages = read.pages()
    assert [next(pages), next(pages)] == [None, [row(5), row(6)]]
    assert listed.stats.expected_pages == 3
    read.expect_no_more()
    read.expect_no_more()
    assert listed.stats.expected_pages == 1


def test_what_was_read_is_decoded_again_without_a_request() -> None:
    def respond(request: Request) -> Response:
        if request is FIRST:
            return body([1], next="b")
        if request == after("b"):
            return body([], next="c")
        raise api_error(204)

    snapshot = FakeSnapshot(respond)
    read = source(snapshot)
    pages = read.pages()
    seen = [rows for rows in (next(pages) for _ in range(4)) if rows is not None]
    assert seen == [[row(1)], []]
    assert list(read.read_again()) == seen
    seen += [rows for rows in pages if rows is not None]
    assert list(read.read_again()) == seen == [[row(1)], [], []]
    assert len(snapshot.sent) == 3


@pytest.mark.parametrize("is_private", [True, False])
def test_responses_that_another_scan_has_read_are_not_dropped(is_private: bool) -> None:
    snapshot = FakeSnapshot(lambda request: body([1]), is_private=is_private)
    read = source(snapshot)
    assert ids(read) == [[1]]
    assert read.discard() is is_private
    assert snapshot.invalidated == ([FIRST] if is_private else [])


@pytest.mark.parametrize(
    ("ids_of_first", "total", "counts", "skipped", "counted"),
    [
        ([11, 21], 5, True, 0, 3),
        ([11, 21], 2, True, 0, 0),
        ([11, 21], 5, False, 0, 0),
        ([11, 21], 5, True, 2, 0),
        # These rows are not alike, and these are fewer than were requested.
        ([11, 22], 5, True, 0, 0),
        ([11], 5, True, 0, 0),
    ],
)
def test_rows_that_are_alike_are_counted_by_the_total(
    ids_of_first: list[int], total: int, counts: bool, skipped: int, counted: int
) -> None:
    first = FIRST.with_query("per_page", 2)
    snapshot = FakeSnapshot(lambda request: body(ids_of_first, total=total))
    read = PageSource(first, skipped, BY_NUMBER, responses(snapshot), FakeDecoder(), counts=counts)
    pages = read.pages()
    while (rows := next(pages)) is None:
        pass
    assert [number for number, _ in rows] == ids_of_first
    assert read.counted == counted
    assert read.has_unsent is (total > 2 and not counted)
    if counted:
        assert list(pages) == []
        assert (snapshot.sent, snapshot.committed) == ([first], [])
