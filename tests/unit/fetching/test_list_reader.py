"""A list that changes while it is read: read again, or an error; without a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from billql.definitions.pagination.page_number import PageNumber
from billql.errors import ApiError, BadResponse, ListChanged
from billql.fetching._list_reader import ListReader
from billql.fetching._page_source import PageSource
from billql.fetching._partition import PartitionFilter
from billql.fetching.row_decoder import TableRow
from billql.messages import Request, Response
from support.api_client import get
from support.lists import ID, FakeDecoder, FakeSnapshot, api_error, body, responses, row

PAGED = PageNumber(total="total", size=2)
FIRST = get().with_query("per_page", 2)


class List:
    """A list of ids, served in pages of two; `change` is called before each request, counted."""

    def __init__(self, *ids: int, change: Callable[[List, int], None] | None = None) -> None:
        self.ids = list(ids)
        self.pages: list[int] = []
        self.snapshot = FakeSnapshot(self._respond)
        self._change = change

    def _respond(self, request: Request) -> Response:
        number = int(dict(request.query).get("page", "1"))
        self.pages.append(number)
        if self._change is not None:
            self._change(self, len(self.pages))
        return body(self.ids[2 * number - 2 : 2 * number], total=len(self.ids))

    def reader(
        self, skip: int = 0, earlier: Iterable[TableRow] = (), *, is_ordered: bool = False
    ) -> ListReader:
        strays: Counter[TableRow] = Counter()

        def open_source(skip: int) -> PageSource:
            opening = PAGED.skip(FIRST, skip)
            return PageSource(*opening, PAGED, responses(self.snapshot), FakeDecoder())

        def new_filter(earlier: Iterable[TableRow]) -> PartitionFilter:
            return PartitionFilter(ID, {}, strays, earlier)

        return ListReader(open_source, new_filter, skip, earlier, is_ordered=is_ordered)


def ids(reader: ListReader) -> list[Any]:
    return [one[0] for page in reader.pages() if page is not None for one in page]


def at(request: int, change: Callable[[List], object]) -> Callable[[List, int], None]:
    """Change a list before one request, by its number from 1."""
    return lambda listed, number: change(listed) if number == request else None  # type: ignore[return-value]


def test_a_list_at_rest_is_read_once() -> None:
    listed = List(1, 2, 3)
    reader = listed.reader()
    assert ids(reader) == [1, 2, 3]
    assert listed.pages == [1, 2]
    assert reader.earlier == []


def test_only_what_is_new_follows_what_was_passed_on() -> None:
    listed = List(1, 2, 3, 4, change=at(2, lambda listed: listed.ids.insert(0, 9)))
    assert ids(listed.reader()) == [1, 2, 9, 3, 4]
    assert listed.pages == [1, 2, 1, 2, 3]


def test_rows_that_are_gone_are_an_error() -> None:
    listed = List(1, 2, 3, 4, change=at(2, lambda listed: listed.ids.remove(1)))
    with pytest.raises(ListChanged, match="rows that were already returned are gone"):
        ids(listed.reader())


def test_a_list_that_goes_on_changing_is_an_error() -> None:
    listed = List(1, 2, 3, 4, change=lambda listed, number: listed.ids.append(number + 4))
    with pytest.raises(ListChanged):
        ids(listed.reader())
    assert listed.pages == [1, 2] * 3


def test_a_change_is_an_error_once_rows_were_passed_on_in_order() -> None:
    listed = List(1, 2, 3, 4, change=at(2, lambda listed: listed.ids.insert(0, 9)))
    with pytest.raises(ListChanged):
        ids(listed.reader(is_ordered=True))
    assert listed.pages == [1, 2]


def test_a_change_is_an_error_if_another_scan_has_read_the_list() -> None:
    listed = List(1, 2, 3, 4, change=at(2, lambda listed: listed.ids.insert(0, 9)))
    listed.snapshot = FakeSnapshot(listed.snapshot._respond, is_private=False)
    with pytest.raises(ListChanged):
        ids(listed.reader())


def test_rows_that_the_page_before_had_are_not_passed_on_again() -> None:
    reader = List(1, 2, 3).reader(earlier=[row(1)])
    assert ids(reader) == [2, 3]


@pytest.mark.parametrize("error", [api_error(500), BadResponse("no")])
def test_another_error_is_final(error: Exception) -> None:
    def fail(listed: List, number: int) -> None:
        if number == 2:
            raise error

    listed = List(1, 2, 3, change=fail)
    with pytest.raises(type(error)):
        ids(listed.reader())
    assert listed.pages == [1, 2]


# An OFFSET: begun with a later page, if that page shows that the ones before it are full.


def test_a_list_is_begun_with_the_page_of_its_offset() -> None:
    listed = List(1, 2, 3, 4, 5, 6)
    reader = listed.reader(skip=4)
    assert ids(reader) == [5, 6]
    assert reader.skipped == 4
    assert listed.pages == [3]


def test_a_page_that_proves_nothing_is_preceded_by_the_one_before() -> None:
    listed = List(1, 2, 3, 4, 5)
    reader = listed.reader(skip=4)
    assert ids(reader) == [3, 4, 5]
    assert reader.skipped == 2
    # The response of page 3 is in the snapshot.
    assert listed.pages == [3, 2]


def test_a_page_that_the_api_refuses_is_read_from_the_beginning() -> None:
    def refuse(listed: List, number: int) -> None:
        if listed.pages[-1] == 3:
            raise api_error(400)

    listed = List(1, 2, 3, 4, change=refuse)
    reader = listed.reader(skip=4)
    assert ids(reader) == [1, 2, 3, 4]
    assert reader.skipped == 0
    assert listed.pages == [3, 1, 2]


def test_a_page_that_was_begun_with_is_begun_with_again() -> None:
    listed = List(1, 2, 3, 4, 5, 6, change=at(2, lambda listed: listed.ids.append(7)))
    reader = listed.reader(skip=2)
    assert ids(reader) == [3, 4, 5, 6, 7]
    assert listed.pages == [2, 3, 2, 3, 4]
    assert reader.skipped == 2


def test_an_error_of_the_first_page_is_final_too() -> None:
    def refuse(listed: List, number: int) -> None:
        raise api_error(400)

    listed = List(1, 2, change=refuse)
    with pytest.raises(ApiError):
        ids(listed.reader(skip=4))
    assert listed.pages == [3, 1]
