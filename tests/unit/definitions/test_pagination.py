"""Every paging kind, driven without a network: all rows once, or an error."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.definitions.pagination import (
    AfterId,
    CursorToken,
    NextUrl,
    PageNumber,
    Paginator,
    Paging,
)
from billql.errors import BadResponse, ListChanged
from billql.messages import Page, Request, get_path, to_text

FIRST = Request("GET", "https://api.example.com/v2/things", (("status", "open"),))

Serve = Callable[[Request], tuple[Any, Sequence[Any]]]
"""A fake API: gives an answer's data and the items in it."""


def drive(paginator: Paginator, serve: Serve, first: Request = FIRST) -> list[Any]:
    """Read a list to its end, as the fetcher does; gives its items."""
    items: list[Any] = []
    pages = paginator.pages(first)
    waiting = list(next(pages))
    while waiting:
        data, found = serve(waiting.pop(0))
        items.extend(found)
        try:
            waiting.extend(pages.send(Page(data, len(found), found[-1] if found else None)))
        except StopIteration:
            assert not waiting, "a list ended with requests that nobody reads"
            return items
    raise AssertionError("a paginator waits for a page that it has not asked for")


def query(request: Request) -> dict[str, str]:
    found = dict(request.query)
    assert len(found) == len(request.query), "a parameter stands twice"
    return found


def in_turn(*answers: tuple[Any, Sequence[Any]]) -> Serve:
    """Give these answers, whatever is asked."""
    remaining = iter(answers)
    return lambda _: next(remaining)


counts = st.integers(0, 60)
sizes = st.integers(1, 25)


# By number -------------------------------------------------------------------------------------

NUMBERED = PageNumber(total="meta.total", size=10)


def numbered(items: Sequence[Any], most: int = 200) -> Serve:
    """Serve a numbered list that gives at most `most` items on a page."""

    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        asked = query(request)
        size = min(most, int(asked.get("per_page", 20)))
        start = (int(asked.get("page", 1)) - 1) * size
        found = items[start : start + size]
        return {"meta": {"total": len(items)}, "things": found}, found

    return serve


@given(count=counts, size=sizes, most=sizes)
def test_numbered_pages_give_every_item_once(count: int, size: int, most: int) -> None:
    paginator = PageNumber(total="meta.total", size=size)
    items = list(range(count))
    asked: list[Request] = []

    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        asked.append(request)
        return numbered(items, most)(request)

    assert drive(paginator, serve, paginator.with_page_size(FIRST, None)) == items
    assert len(asked) == max(1, -(-count // min(size, most)))
    assert all(query(request)["status"] == "open" for request in asked)
    assert {query(request)["per_page"] for request in asked} == {str(size)}


def test_all_numbered_pages_are_known_after_the_first() -> None:
    assert NUMBERED.is_random_access
    pages = NUMBERED.pages(FIRST)
    assert next(pages) == [FIRST]
    known = pages.send(Page({"meta": {"total": 35}}, 10))
    assert [query(request)["page"] for request in known] == ["2", "3", "4"]
    assert pages.send(Page({"meta": {"total": 35}}, 10)) == []


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 30, 31])
def test_numbered_lists_of_telling_lengths(count: int) -> None:
    items = list(range(count))
    assert drive(NUMBERED, numbered(items), NUMBERED.with_page_size(FIRST, None)) == items


@given(count=counts, size=sizes, rows=st.integers(0, 70))
def test_numbered_pages_can_begin_later(count: int, size: int, rows: int) -> None:
    paginator = PageNumber(total="meta.total", size=size)
    items = list(range(count))
    first, skipped = paginator.skip(paginator.with_page_size(FIRST, None), rows)
    assert 0 <= rows - skipped < size
    try:
        found = drive(paginator, numbered(items), first)
    except ListChanged:
        # The last page is not full, so only the one before shows how large pages are.
        first, skipped = paginator.skip(paginator.with_page_size(FIRST, None), skipped - 1)
        found = drive(paginator, numbered(items), first)
    assert found == items[skipped:]


def test_pages_that_do_not_begin_where_they_should_are_an_error() -> None:
    paginator = PageNumber(total="meta.total", size=20)
    first, skipped = paginator.skip(paginator.with_page_size(FIRST, None), 20)
    assert (query(first)["page"], skipped) == ("2", 20)
    with pytest.raises(ListChanged, match="its page 2 has 10 items"):
        drive(paginator, numbered(range(60), most=10), first)


def test_other_kinds_begin_at_the_beginning() -> None:
    for paginator in (LINKED, CursorToken(), AfterId(), PageNumber(total="t", size=None)):
        assert paginator.skip(paginator.with_page_size(FIRST, None), 1000)[1] == 0


def _total(total: Any) -> dict[str, Any]:
    return {"meta": {"total": total}}


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([(_total(4), [1, 2]), (_total(5), [3, 4])], "it had 4 items, then 5"),
        ([(_total(4), [1, 2]), (_total(3), [3, 4])], "it had 4 items, then 3"),
        ([(_total(5), [1, 2]), (_total(5), [3]), (_total(5), [5])], "5 items, but returned 4"),
        ([(_total(4), [1, 2]), (_total(4), [])], "4 items, but returned 2"),
        ([(_total(1), [1, 2])], "1 items, but returned 2"),
        ([(_total(4), [1, 2]), (_total(4), [3, 4, 5])], "4 items, but returned 5"),
        ([(_total(4), [])], "it declares 4 items, but returned 0"),
    ],
)
def test_a_numbered_list_that_moves_is_an_error(answers: Any, why: str) -> None:
    with pytest.raises(ListChanged, match=why):
        drive(NUMBERED, in_turn(*answers))


@pytest.mark.parametrize("data", [{}, {"meta": {}}, {"meta": []}, [], None, "text"])
def test_a_missing_total_is_an_error(data: Any) -> None:
    with pytest.raises(
        BadResponse, match=r"GET https://api\.example\.com/v2/things .* meta\.total"
    ):
        drive(NUMBERED, in_turn((data, [1])))


@pytest.mark.parametrize("total", ["three", "3.5", "", 3.5, True, -1, "-1", None, [3]])
def test_a_total_that_is_no_number_is_an_error(total: Any) -> None:
    with pytest.raises(BadResponse, match=r"no number at meta\.total"):
        drive(NUMBERED, in_turn((_total(total), [1])))


@pytest.mark.parametrize("total", [3, 3.0, "3"])
def test_a_total_in_any_form_that_is_a_number(total: Any) -> None:
    assert drive(NUMBERED, in_turn((_total(total), [1, 2, 3]))) == [1, 2, 3]
    linked = NextUrl(path="links.pages.next", total="meta.total")
    assert drive(linked, in_turn((_total(total), [1, 2, 3]))) == [1, 2, 3]


def test_a_total_that_is_missing_later_is_an_error() -> None:
    with pytest.raises(BadResponse):
        drive(NUMBERED, in_turn((_total(2), [1]), ({}, [2])))


# By address ------------------------------------------------------------------------------------

LINKED = NextUrl(path="links.pages.next")


def _next(address: Any) -> dict[str, Any]:
    return {"links": {"pages": {"next": address}}}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda number: f"{FIRST.url}?page={number}&status=open", id="absolute"),
        pytest.param(lambda number: f"?page={number}&status=open", id="query"),
        pytest.param(lambda number: f"/v2/things?page={number}&status=open", id="path"),
        pytest.param(lambda number: f"things?page={number}&status=open", id="relative"),
        pytest.param(lambda number: f"//api.example.com/v2/things?page={number}", id="no scheme"),
        pytest.param(
            lambda number: f"https://api.example.com:443/v2/things?page={number}", id="port"
        ),
        pytest.param(lambda number: f"HTTPS://API.Example.com/v2/things?page={number}", id="case"),
    ],
)
def test_addresses_lead_through_the_list(make: Callable[[int], str]) -> None:
    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        assert request.url == FIRST.url
        number = int(query(request).get("page", 1))
        return _next(make(number + 1) if number < 4 else None), [number]

    assert drive(LINKED, serve) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "data", [_next(None), _next(""), _next(False), {"links": {}}, {}, {"links": None}]
)
def test_no_address_ends_the_list(data: Any) -> None:
    assert drive(LINKED, in_turn((data, [1, 2]))) == [1, 2]


def test_a_total_beside_addresses_tells_whether_the_list_is_whole() -> None:
    paginator = NextUrl(path="links.pages.next", total="meta.total")

    def answers(total: int) -> Serve:
        return in_turn((_next("?page=2"), [1, 2]), ({**_total(total), **_next(None)}, [3]))

    assert drive(paginator, answers(3)) == [1, 2, 3]
    for total in (2, 4):
        with pytest.raises(ListChanged, match=f"{total} items, but returned 3"):
            drive(paginator, answers(total))


def test_a_total_that_moves_between_linked_pages_is_noticed() -> None:
    """An item went from the first page: the third was skipped, and still all adds up."""
    serve = in_turn(({**_total(4), **_next("?page=2")}, [1, 2]), ({**_total(3), **_next("")}, [4]))
    with pytest.raises(ListChanged, match="it had 4 items, then 3"):
        drive(NextUrl(path="links.pages.next", total="meta.total"), serve)


AHEAD = NextUrl(
    path="links.pages.next", last="links.pages.last", parameter="page", total="meta.total"
)


def _linked(number: int, last: Any, total: int = 5) -> dict[str, Any]:
    """Return the links of a page; the last one has none."""
    if number == last:
        return {**_total(total), "links": {}}
    end = f"?page={last}&size=1" if isinstance(last, int) else last
    return {
        **_total(total),
        "links": {"pages": {"next": f"?size=1&page={number + 1}", "last": end}},
    }


def _sent_at_once(paginator: NextUrl, serve: Serve) -> tuple[list[Any], list[int]]:
    """Return the items of a list, and how many requests became known with each page."""
    pages = paginator.pages(FIRST)
    unread = deque(next(pages))
    items: list[Any] = []
    known = []
    while unread:
        data, rows = serve(unread.popleft())
        items += rows
        try:
            more = pages.send(Page(data, len(rows)))
        except StopIteration:
            break
        known.append(len(more))
        unread.extend(more)
    return items, known


def _page_number(request: Request) -> int:
    return int(query(request).get("page", 1))


def test_the_address_of_the_last_page_shows_all_in_between() -> None:
    assert AHEAD.is_random_access
    assert not LINKED.is_random_access

    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        number = _page_number(request)
        return _linked(number, 5), [number]

    assert _sent_at_once(AHEAD, serve) == ([1, 2, 3, 4, 5], [4, 0, 0, 0])


@pytest.mark.parametrize(
    "last",
    [
        None,
        "",
        "?page=5&size=2",
        "?page=last&size=1",
        "?page=-1&size=1",
        "?page=5&size=1&snapshot=7",
        "things/5?page=5&size=1",
        "?page=9000000&size=1",
        "?page=1&size=1",
    ],
)
def test_a_last_address_of_another_form_is_not_gone_by(last: Any) -> None:
    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        number = _page_number(request)
        return _linked(number, 5 if number == 5 else last), [number]

    assert _sent_at_once(AHEAD, serve) == ([1, 2, 3, 4, 5], [1, 1, 1, 1])


def test_a_last_address_on_another_server_is_an_error() -> None:
    with pytest.raises(BadResponse, match="another server"):
        drive(AHEAD, in_turn((_linked(1, "https://evil.example/v2/things?page=5"), [1])))


def test_a_list_that_grows_goes_on_after_its_last_page() -> None:
    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        number = _page_number(request)
        return _linked(number, 3 if number < 3 else 5), [number]

    without_total = NextUrl(path=AHEAD.path, last=AHEAD.last, parameter="page")
    assert _sent_at_once(without_total, serve) == ([1, 2, 3, 4, 5], [2, 0, 2, 0])


def test_a_list_that_shrinks_or_leads_elsewhere_has_changed() -> None:
    def shrinks(request: Request) -> tuple[Any, Sequence[Any]]:
        number = _page_number(request)
        return _linked(number, 5 if number < 3 else 3), [number]

    with pytest.raises(ListChanged, match="ended 2 pages before its last one"):
        drive(AHEAD, shrinks)

    def elsewhere(request: Request) -> tuple[Any, Sequence[Any]]:
        number = _page_number(request)
        return _linked(number + (number == 3), 5), [number]

    with pytest.raises(ListChanged, match="another page follows"):
        drive(AHEAD, elsewhere)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v2/things?page=2",
        "http://api.example.com/v2/things?page=2",
        "https://api.example.com:8443/v2/things?page=2",
        "https://api.example.com.evil.example/v2/things",
        "https://api.example.com@evil.example/v2/things",
        "https://user@api.example.com/v2/things",
        "https://user:secret@api.example.com/v2/things",
        "//evil.example/v2/things",
        "https://evil.example\\@api.example.com/",
        "ftp://api.example.com/v2/things",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_an_address_on_another_server_is_an_error(address: str) -> None:
    with pytest.raises(BadResponse, match="points to another server") as caught:
        drive(LINKED, in_turn((_next(address), [1])))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["https://[::1/x", "https://api.example.com:port/x"])
def test_an_address_that_is_none_is_an_error(address: str) -> None:
    with pytest.raises(BadResponse, match="returned an invalid address of its next page"):
        drive(LINKED, in_turn((_next(address), [1])))


@pytest.mark.parametrize("address", [3, True, ["https://api.example.com/"], {"href": "x"}])
def test_an_address_that_is_no_text_is_an_error(address: Any) -> None:
    with pytest.raises(BadResponse, match=r"has no address at links\.pages\.next"):
        drive(LINKED, in_turn((_next(address), [1])))


def test_the_first_server_decides_which_the_others_must_be() -> None:
    local = Request("GET", "http://127.0.0.1:8000/v2/things")
    serve = in_turn((_next("http://127.0.0.1:8000/v2/things?page=2"), [1]), (_next(None), [2]))
    assert drive(LINKED, serve, local) == [1, 2]
    with pytest.raises(BadResponse):
        drive(LINKED, in_turn((_next("http://127.0.0.1:8001/v2/things?page=2"), [1])), local)


def test_a_followed_address_keeps_its_query_the_body_and_the_headers() -> None:
    first = Request("POST", FIRST.url, (("a", "1"),), {"b": 2}, (("c", "3"),))
    pages = LINKED.pages(first)
    assert next(pages) == [first]
    (second,) = pages.send(Page(_next("?d=x%20y&e=&d=z"), 1))
    assert second == Request(
        "POST", FIRST.url, (("d", "x y"), ("e", ""), ("d", "z")), {"b": 2}, (("c", "3"),)
    )


# By token --------------------------------------------------------------------------------------


def _slices(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)] or [[]]


@given(count=counts, size=sizes, location=st.sampled_from(["query", "body"]))
def test_tokens_lead_through_the_list(count: int, size: int, location: Any) -> None:
    pages = _slices(list(range(count)), size)
    paginator = CursorToken(location=location, size_location=location, size=size)

    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        asked = query(request) if location == "query" else dict(request.body or {})
        assert int(asked["limit"]) == size
        number = int(str(asked.get("next_page", "t0"))[1:])
        return {"next_page": f"t{number + 1}" if number + 1 < len(pages) else None}, pages[number]

    assert drive(paginator, serve, paginator.with_page_size(FIRST, None)) == list(range(count))


def test_an_empty_page_with_a_token_goes_on() -> None:
    serve = in_turn(({"next_page": "a"}, [1]), ({"next_page": "b"}, []), ({"next_page": ""}, [2]))
    assert drive(CursorToken(), serve) == [1, 2]


def test_an_empty_page_ends_a_list_whose_tokens_never_do() -> None:
    endless = CursorToken(until_empty=True)
    answers: tuple[Any, ...] = (
        ({"next_page": "a"}, [1]),
        ({"next_page": "b"}, [2]),
        ({"next_page": "b"}, []),
    )
    assert drive(endless, in_turn(*answers)) == [1, 2]


def test_a_token_stands_for_what_is_refused_beside_it() -> None:
    asked: list[dict[str, str]] = []

    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        asked.append(query(request))
        return {"next_page": "a" if len(asked) < 2 else None}, [len(asked)]

    first = FIRST.with_query("since", "2026-01-01")
    assert drive(CursorToken(refused_beside=("since",)), serve, first) == [1, 2]
    assert asked == [
        {"status": "open", "since": "2026-01-01"},
        {"status": "open", "next_page": "a"},
    ]


@pytest.mark.parametrize("token", [1.5, True, ["a"], {"a": 1}])
def test_a_token_that_is_neither_text_nor_number_is_an_error(token: Any) -> None:
    with pytest.raises(BadResponse, match="has no token at next_page"):
        drive(CursorToken(), in_turn(({"next_page": token}, [1])))


FLAGGED = CursorToken(more="has_more")


@pytest.mark.parametrize("last", [{"has_more": False, "next_page": "b"}, {"has_more": "false"}])
def test_a_list_ends_without_more_whatever_the_token(last: dict[str, Any]) -> None:
    first = {"has_more": True, "next_page": "a"}
    assert drive(FLAGGED, in_turn((first, [1]), (last, [2]))) == [1, 2]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"has_more": True}, "has no token at next_page"),
        ({"has_more": True, "next_page": None}, "has no token at next_page"),
        ({"has_more": True, "next_page": 1.5}, "has no token at next_page"),
        ({"next_page": "a"}, "has no has_more"),
        ({"has_more": 7, "next_page": "a"}, "has no has_more"),
        ({}, "has no has_more"),
    ],
)
def test_more_without_a_token_is_an_error(data: dict[str, Any], why: str) -> None:
    with pytest.raises(BadResponse, match=why):
        drive(FLAGGED, in_turn((data, [1])))


# By the last row -------------------------------------------------------------------------------


@given(count=st.integers(1, 60), size=sizes)
def test_the_last_row_leads_through_the_list(count: int, size: int) -> None:
    ids = [f"in_{number}" for number in range(count)]
    paginator = AfterId(size=size)

    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        asked = query(request)
        start = ids.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
        found = [{"id": one} for one in ids[start : start + int(asked["limit"])]]
        return {"data": found, "has_more": start + len(found) < count}, found

    items = drive(paginator, serve, paginator.with_page_size(FIRST, None))
    assert [item["id"] for item in items] == ids


def test_the_last_row_may_have_a_number_for_its_id_and_the_flag_may_be_a_text() -> None:
    pages = iter([("true", 7), ("True", 2**63), ("false", 9)])
    asked: list[str | None] = []

    def serve(request: Request) -> tuple[Any, Sequence[Any]]:
        asked.append(query(request).get("starting_after"))
        more, number = next(pages)
        return {"has_more": more}, [{"id": number}]

    assert len(drive(AfterId(), serve)) == 3
    assert asked == [None, "7", str(2**63)]


def test_an_empty_list_has_no_last_row() -> None:
    assert drive(AfterId(), in_turn(({"data": [], "has_more": False}, []))) == []


@pytest.mark.parametrize(
    ("data", "items"),
    [
        ({"has_more": True}, []),
        ({"has_more": True}, [{"name": "no id"}]),
        ({"has_more": True}, [{"id": 7.5}]),
        ({"has_more": True}, [{"id": True}]),
        ({"has_more": True}, [{"id": ""}]),
        ({"has_more": True}, ["text"]),
        ({}, [{"id": "a"}]),
        ({"has_more": None}, [{"id": "a"}]),
        ({"has_more": "yes"}, [{"id": "a"}]),
        ({"has_more": 0}, []),
        ({"has_more": 1}, [{"id": "a"}]),
        ([], [{"id": "a"}]),
    ],
)
def test_more_rows_that_cannot_be_asked_for_are_an_error(data: Any, items: Any) -> None:
    with pytest.raises(BadResponse, match="cannot be read to its end"):
        drive(AfterId(), in_turn((data, items)))


# All kinds -------------------------------------------------------------------------------------


def _circling(length: int) -> Iterator[tuple[Paginator, Serve]]:
    turn = iter(range(10**6))
    yield LINKED, lambda _: (_next(f"?page={next(turn) % length}"), [1])
    yield CursorToken(), lambda _: ({"next_page": f"t{next(turn) % length}"}, [1])
    yield AfterId(), lambda _: ({"has_more": True}, [{"id": f"i{next(turn) % length}"}])


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_list_that_runs_in_a_circle_is_an_error(length: int) -> None:
    for paginator, serve in _circling(length):
        with pytest.raises(BadResponse, match="returned the same next page twice"):
            drive(paginator, serve)


@pytest.mark.parametrize(
    ("wanted", "size"), [(None, 200), (0, 1), (1, 1), (199, 199), (200, 200), (10**9, 200)]
)
def test_pages_are_as_large_as_allowed_or_as_small_as_wanted(wanted: int | None, size: int) -> None:
    paginator = PageNumber(total="total")
    assert query(paginator.with_page_size(FIRST, wanted)) == {
        "status": "open",
        "per_page": str(size),
    }


@pytest.mark.parametrize("kind", ["page_number", "next_url", "cursor_token", "after_id"])
def test_a_page_without_any_items_cannot_be_asked_for(kind: str) -> None:
    needed = {"page_number": {"total": "total"}, "next_url": {"path": "next"}}.get(kind, {})
    with pytest.raises(msgspec.ValidationError, match=r"`int` >= 1 - at `\$\.size`"):
        msgspec.convert({"kind": kind, "size": 0, **needed}, Paging)


@pytest.mark.parametrize("lacking", [{"size": None}, {"size_parameter": None}])
def test_a_size_that_cannot_be_asked_for_is_not(lacking: dict[str, None]) -> None:
    paginator = msgspec.convert({"kind": "page_number", "total": "total", **lacking}, Paging)
    assert paginator.with_page_size(FIRST, 5) == FIRST
    assert NextUrl(path="next").with_page_size(FIRST, 5) == FIRST


def test_a_size_takes_the_place_of_an_earlier_one() -> None:
    twice = AfterId().with_page_size(AfterId().with_page_size(FIRST, 3), 7)
    assert query(twice) == {"status": "open", "limit": "7"}
    assert FIRST.query == (("status", "open"),)


@pytest.mark.parametrize(
    ("width", "wanted", "size"),
    [
        (None, None, "31"),
        ("1d", None, "31"),
        ("1h", None, "168"),
        ("1m", None, "1440"),
        ("1h", 100, "100"),
        ("1d", 100, "31"),
    ],
)
def test_a_size_can_depend_on_another_parameter(
    width: str | None, wanted: int | None, size: str
) -> None:
    by = {"parameter": "width", "sizes": {"1h": 168, "1m": 1440}}
    paginator = msgspec.convert({"kind": "cursor_token", "size": 31, "size_by": by}, Paging)
    first = FIRST if width is None else FIRST.with_query("width", width)
    assert query(paginator.with_page_size(first, wanted))["limit"] == size


@pytest.mark.parametrize(("wanted", "size"), [(None, "500"), (1, "25"), (25, "25"), (30, "30")])
def test_a_page_is_never_requested_smaller_than_the_least(wanted: int | None, size: str) -> None:
    paginator = PageNumber(total="results", size=500, least=25)
    assert query(paginator.with_page_size(FIRST, wanted))["per_page"] == size


def test_a_size_goes_into_the_body_where_the_kind_says_so() -> None:
    paginator = CursorToken(size=50, size_location="body")
    first = Request("POST", FIRST.url, body={"customer": "c"})
    assert paginator.with_page_size(first, None).body == {"customer": "c", "limit": 50}
    assert paginator.with_page_size(first, None).query == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"kind": "page_number", "total": "meta.total"}', PageNumber),
        ('{"kind": "next_url", "path": "links.pages.next"}', NextUrl),
        ('{"kind": "cursor_token"}', CursorToken),
        ('{"kind": "after_id"}', AfterId),
    ],
)
def test_kinds_are_told_apart(text: str, kind: type[Paginator]) -> None:
    assert type(msgspec.json.decode(text, type=Paging)) is kind


def test_a_kind_that_is_not_written_out_has_no_pages() -> None:
    with pytest.raises(NotImplementedError):
        next(Paginator().pages(FIRST))


def test_members_are_found_in_nested_objects_only() -> None:
    data = {"a": {"b": {"c": 0}}, "a.b": 1, "list": [{"b": 1}]}
    assert get_path(data, "a.b.c") == 0
    assert get_path(data, "a.b") == {"c": 0}
    assert [get_path(data, path) for path in ("x", "a.x", "a.b.c.d", "list.b", "list.0")] == [
        None
    ] * 5


def test_members_whose_names_have_dots_are_found_if_nothing_else_is() -> None:
    assert get_path({"@odata.nextLink": "/next"}, "@odata.nextLink") == "/next"
    assert get_path({"a": {"b": None}, "a.b": 1}, "a.b") == 1
    assert get_path([], "a.b") is None


def test_a_parameter_stands_in_an_address_as_json_would_spell_it() -> None:
    assert [to_text(value) for value in ("a b", 5, 1.5, True, False)] == [
        *("a b", "5", "1.5", "true", "false")
    ]
