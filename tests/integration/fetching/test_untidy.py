"""Untidy answers that are no faults, and those that look whole and are not, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from billql.errors import ApiError, BadResponse
from support.server import Asked, Script, Serve
from support.shop import URL, opened, resource, select

COLUMNS = {"id": "text", "name": "text"}


def answering(body: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> Script:
    text = json.dumps(body)
    shown = {"content-type": "application/json", **(headers or {})}
    return lambda asked: asked.answer(text, status, shown)


def read(tmp_path: Path, serve: Serve, script: Script, rows: Any = "items[]", **more: Any) -> Any:
    tables = {"t": resource(COLUMNS, more.pop("request", "GET /t"), rows=rows, **more)}
    with opened(serve(script), tmp_path, resources=tables) as session:
        return [row[0] for row in select(session, "SELECT id FROM @t")]


# A list that is null ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "body"),
    [
        ("items[]", {"items": None}),
        ("items[]", {"items": None, "meta": {"total": 0}, "error": None, "errors": []}),
        ("items[]", {"items": None, "code": 0, "message": "success", "ok": True}),
        ("data.items[]", {"data": {"items": None}}),
        ("items{}", {"items": None}),
        ("data.items{}", {"data": {"items": None}}),
        ("items[].lines[]", {"items": None}),
        ("items[].lines[]", {"items": [{"lines": None}, {}]}),
        ("[]", None),
    ],
)
def test_a_null_list_is_an_empty_one(tmp_path: Path, serve: Serve, rows: str, body: Any) -> None:
    assert read(tmp_path, serve, answering(body), rows) == []


@pytest.mark.parametrize(
    ("rows", "body", "why"),
    [
        ("items[]", {}, "without a list at items"),
        ("items[]", None, "without a list at items"),
        ("items{}", None, "without a map at items"),
        ("data.items[]", None, "without an object at data"),
        ("items[]", {"item": None}, "without a list at items"),
        ("items[]", {"items": ""}, "without a list at items"),
        ("items[]", {"items": False}, "without a list at items"),
        ("data.items[]", {"data": None}, "without an object at data"),
        ("data.items[]", {"data": {}}, "without a list at items"),
        ("data.items[]", {"data": {"item": []}}, "without a list at items"),
        ("items[]", {"items": None, "error": "no"}, "but with error"),
        ("items[]", {"items": None, "errors": [{"message": "no"}]}, "but with errors"),
        ("items[]", {"items": None, "message": "Not allowed"}, "but with message"),
        ("items[]", {"items": None, "success": False}, "but with success"),
        ("items[]", {"items": None, "code": 401}, "but with code"),
        ("items[]", {"items": None, "status": "failed"}, "but with status"),
        ("data.items[]", {"data": {"items": None}, "errors": ["x"]}, "but with errors"),
        ("items[]", {"items": None, "total": 3}, "its total is 3"),
        ("items{}", {"items": None, "hasMore": "true"}, "it has hasMore"),
    ],
)
def test_what_is_missing_or_wrong_is_no_empty_list(
    tmp_path: Path, serve: Serve, rows: str, body: Any, why: str
) -> None:
    with pytest.raises(BadResponse, match=why):
        read(tmp_path, serve, answering(body), rows)


def test_a_null_list_beside_a_total_is_no_empty_one(tmp_path: Path, serve: Serve) -> None:
    paging = {"kind": "page_number", "total": "total"}
    script = answering({"items": None, "total": 3})
    with pytest.raises(Exception, match="3 items, but returned 0"):
        read(tmp_path, serve, script, paging=paging)
    script = answering({"items": None, "total": 0})
    assert read(tmp_path, serve, script, paging=paging) == []


# No content -------------------------------------------------------------------------------------


def no_content(asked: Asked) -> None:
    asked.send(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize(
    "paging", [None, {"kind": "cursor_token"}, {"kind": "page_number", "total": "total"}]
)
def test_a_204_is_empty_where_the_definition_says_so(
    tmp_path: Path, serve: Serve, paging: Any
) -> None:
    more = {} if paging is None else {"paging": paging}
    assert read(tmp_path, serve, no_content, no_content="empty", **more) == []
    with pytest.raises(ApiError, match="answered 204") as caught:
        read(tmp_path, serve, no_content, **more)
    assert caught.value.status == 204


def test_a_204_ends_a_list_and_does_not_hide_that_rows_lack(tmp_path: Path, serve: Serve) -> None:
    def script(asked: Asked) -> None:
        if "next_page=b" in asked.target or "page=2" in asked.target:
            no_content(asked)
        else:
            body = {"items": [{"id": "a"}], "next_page": "b", "total": 2}
            answering(body)(asked)

    paging: dict[str, Any] = {"kind": "cursor_token"}
    assert read(tmp_path, serve, script, no_content="empty", paging=paging) == ["a"]
    paging = {"kind": "page_number", "total": "total", "size": 1}
    with pytest.raises(BadResponse, match="cannot check whether the list is complete"):
        read(tmp_path, serve, script, no_content="empty", paging=paging)


@pytest.mark.parametrize("status", [201, 202, 203, 206, 207, 226])
def test_another_success_is_no_answer(tmp_path: Path, serve: Serve, status: int) -> None:
    script = answering({"items": [{"id": "a"}]}, status=status)
    with pytest.raises(ApiError, match=f"answered {status}"):
        read(tmp_path, serve, script, no_content="empty")


# A list that was cut ----------------------------------------------------------------------------

TWO = [{"id": "a", "cents": 3}, {"id": "b", "cents": 4}]

PARTS: list[dict[str, Any]] = [
    {"totalCount": 3},
    {"total_count": "3"},
    {"total": 3},
    {"count": 3, "next": None},
    {"meta": {"total": 3}},
    {"meta": {"pagination": {"total": 3, "count": 2}}},
    {"total": 3, "limit": 2, "offset": 0, "currency": "usd"},
    {"pages": 2},
    {"page": {"number": 0, "totalPages": 2}},
    {"last_page": 2},
    {"links": [{"rel": "self", "href": "/t"}, {"rel": "next", "href": "/t?page=2"}]},
    {"link": [{"relation": "next", "url": "/t?page=2"}]},
    {"_links": {"next": {"href": "/t?page=2"}}},
    {"_links": {"next": [{"href": "/t?page=2"}]}},
    {"links": {"next": "/t?page=2"}},
    {"has_more": "true"},
    {"hasMore": True},
    {"last": False},
    {"isLastPage": "false"},
    {"paging": {"remaining": 1}},
    {"metadata": {"remainingItemCount": 1, "continue": "x"}},
    {"@odata.nextLink": "https://api.example.com/t?$skip=2"},
    {"@odata.count": 3},
    {"next": {"after": "NTI1", "link": "x"}},
    {"next": True},
    {"nextRecordsUrl": "/t/01g"},
    {"LastEvaluatedKey": {"id": {"S": "b"}}},
]

WHOLE: list[dict[str, Any]] = [
    {"total": 2},
    {"totalCount": 2, "pages": 1, "has_more": False, "last": True},
    {"total_count": "2", "hasMore": "false", "isLastPage": "true"},
    {"total": 1},
    {"count": 2, "next": None, "previous": None},
    {"next": ""},
    {"next": False},
    {"next": "null"},
    {"next": {"href": None}},
    {"pages": 0},
    {"total": 1234.5},
    {"total": "1234.50"},
    {"total": 700, "currency": "usd"},
    {"total": 700, "subtotal": 600, "tax": 100},
    {"total": 7},
    {"summary": {"total": 700}},
    {"account": {"count": 57, "remaining": 400}},
    {"remaining": 400},
    {"id": "in_1", "total": 700},
    {"links": [{"rel": "self", "href": "/t"}, {"rel": "prev", "href": "/t"}]},
    {"links": [{"rel": "next", "href": ""}]},
    {"links": {"self": "/t"}},
    {"metadata": {"continue": "", "remainingItemCount": 0}},
]


MISTAKEN: dict[str, Any] = {"kind": "cursor_token", "path": "nowhere"}
"""Paging by a token that the API does not have, which ends a list after its first page."""


def read_two(
    tmp_path: Path, serve: Serve, around: dict[str, Any], paging: Any, wrapper: str | None
) -> Any:
    """Read a list of two items that stands beside other members, perhaps within a wrapper."""
    body, rows = {**around, "items": TWO}, "items[]"
    if wrapper:
        body, rows = {wrapper: body}, f"{wrapper}.items[]"
    more = {} if paging is None else {"paging": paging}
    return read(tmp_path, serve, answering(body), rows, **more)


@pytest.mark.parametrize("paging", [None, {"kind": "single_page"}, MISTAKEN])
@pytest.mark.parametrize("around", PARTS, ids=json.dumps)
@pytest.mark.parametrize("wrapper", [None, "data"])
def test_a_list_that_was_cut_is_an_error(
    tmp_path: Path, serve: Serve, around: dict[str, Any], paging: Any, wrapper: str | None
) -> None:
    with pytest.raises(BadResponse, match="returned a part of its list only"):
        read_two(tmp_path, serve, around, paging, wrapper)


@pytest.mark.parametrize("paging", [None, {"kind": "single_page"}, MISTAKEN])
@pytest.mark.parametrize("around", WHOLE, ids=json.dumps)
@pytest.mark.parametrize("wrapper", [None, "data"])
def test_a_whole_list_is_none(
    tmp_path: Path, serve: Serve, around: dict[str, Any], paging: Any, wrapper: str | None
) -> None:
    assert read_two(tmp_path, serve, around, paging, wrapper) == ["a", "b"]


@pytest.mark.parametrize(
    "headers",
    [
        {"link": '</t?page=2>; rel="next"'},
        {"x-total-count": "3"},
        {"x-total-pages": "2"},
        {"x-next-page": "2"},
        {"content-range": "items 0-1/3"},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("paging", [None, MISTAKEN])
@pytest.mark.parametrize("rows", ["items[]", "[]"])
def test_headers_say_it_too(
    tmp_path: Path, serve: Serve, headers: dict[str, str], rows: str, paging: Any
) -> None:
    body = TWO if rows == "[]" else {"items": TWO}
    more = {} if paging is None else {"paging": paging}
    with pytest.raises(BadResponse, match="returned a part of its list only"):
        read(tmp_path, serve, answering(body, headers), rows, **more)


@pytest.mark.parametrize(
    "headers",
    [
        {"link": '</t>; rel="self"'},
        {"x-total-count": "2"},
        {"x-total-pages": "1", "x-next-page": ""},
        {"content-range": "items 0-1/2"},
        {"content-range": "items 0-1/*"},
    ],
    ids=json.dumps,
)
def test_headers_of_a_whole_list(tmp_path: Path, serve: Serve, headers: dict[str, str]) -> None:
    assert read(tmp_path, serve, answering(TWO, headers), "[]") == ["a", "b"]


@pytest.mark.parametrize(
    ("rows", "body"),
    [
        ("items{}", {"items": {"x": {"id": "a", "next": "n", "total": 9}, "y": {"id": "b"}}}),
        ("{}", {"x": {"id": "a", "total": 9}, "total": {"id": "b"}}),
        ("items[].lines[]", {"total": 1, "items": [{"lines": TWO, "next": "x", "total": 9}]}),
        ("items[].lines[]", {"total": 2, "items": [{"lines": TWO}]}),
        ("items{}", {"total": 2, "items": {"x": {"id": "a"}, "y": {"id": "b"}}}),
        ([{"at": "a[]"}, {"at": "b[]"}], {"total": 2, "a": TWO[:1], "b": TWO[1:]}),
    ],
)
def test_rows_say_nothing_of_their_list(tmp_path: Path, serve: Serve, rows: Any, body: Any) -> None:
    assert read(tmp_path, serve, answering(body), rows) == ["a", "b"]


def test_a_row_alone_is_no_list(tmp_path: Path, serve: Serve) -> None:
    body = {"id": "a", "total": 9, "next": "x", "has_more": True}
    assert read(tmp_path, serve, answering(body), "", single=True) == ["a"]


def test_a_definition_may_say_what_tells_nothing(tmp_path: Path, serve: Serve) -> None:
    body = {"items": TWO, "total": 3, "next": "soon"}
    paging = {"kind": "single_page", "ignore": ["total", "next"]}
    assert read(tmp_path, serve, answering(body), paging=paging) == ["a", "b"]
    with pytest.raises(BadResponse) as caught:
        read(tmp_path, serve, answering(body), paging={"kind": "single_page", "ignore": ["total"]})
    assert "ignore: [next]" in str(caught.value.hint)


# The next page at the API's public address -------------------------------------------------------

LINKED = {"kind": "next_url", "path": "next"}
HEADED = {"kind": "link_header"}


def linking(link: str, second: str) -> Script:
    """Answer with a link to the second page, in the body and in the header."""

    def script(asked: Asked) -> None:
        if asked.target == second:
            answering({"items": [{"id": "b"}]})(asked)
        elif asked.path.endswith("/v2/t") and "?" not in asked.target:
            headers = {"link": f'<{link}>; rel="next"'}
            answering({"items": [{"id": "a"}], "next": link}, headers)(asked)
        else:
            asked.answer({"message": f"Nothing is at {asked.target}"}, 404)

    return script


@pytest.mark.parametrize("paging", [LINKED, HEADED], ids=["body", "header"])
@pytest.mark.parametrize("gateway", ["", "/gw", "/gw/shop", "/v2"])
@pytest.mark.parametrize(
    "link",
    [
        f"{URL}/v2/t?page=2",
        "https://SHOP.example.com:443/v2/t?page=2",
        "//shop.example.com/v2/t?page=2",
        "{here}/v2/t?page=2",
        "{here}{gateway}/v2/t?page=2",
        "/v2/t?page=2",
        "{gateway}/v2/t?page=2",
        "t?page=2",
        "?page=2",
    ],
)
def test_the_public_address_stands_for_the_one_that_is_asked(
    tmp_path: Path, serve: Serve, link: str, gateway: str, paging: Any
) -> None:
    if link.startswith("//"):
        # It has the scheme of who asks.
        link = f"https:{link}"
    server = serve(lambda asked: script(asked))
    script = linking(link.format(here=server.url, gateway=gateway), f"{gateway}/v2/t?page=2")
    tables = {"t": resource(COLUMNS, "GET /v2/t", rows="items[]", paging=paging)}
    with opened(f"{server.url}{gateway}", tmp_path, resources=tables) as session:
        assert select(session, "SELECT id FROM @t") == [("a",), ("b",)]


@pytest.mark.parametrize("paging", [LINKED, HEADED], ids=["body", "header"])
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/v2/t?page=2",
        "http://shop.example.com/v2/t?page=2",
        "https://shop.example.com:8443/v2/t?page=2",
        "https://shop.example.com@evil.example.com/v2/t",
        "https://user@shop.example.com/v2/t",
        "https://shop.example.com.evil.example.com/v2/t",
        "http://127.0.0.1:1/v2/t?page=2",
    ],
)
def test_any_other_address_is_an_error(
    tmp_path: Path, serve: Serve, link: str, paging: Any
) -> None:
    server = serve(linking(link, "/gw/v2/t?page=2"))
    tables = {"t": resource(COLUMNS, "GET /v2/t", rows="items[]", paging=paging)}
    with (
        opened(f"{server.url}/gw", tmp_path, resources=tables) as session,
        pytest.raises(BadResponse, match="points to another server"),
    ):
        select(session, "SELECT id FROM @t")
    assert len(server.asked) == 1


def test_what_is_odd_and_not_read_is_noted(tmp_path: Path, serve: Serve) -> None:
    body = b'{"items": [{"id": "a", "name": "\\ud800"}]}'
    lines: list[str] = []
    tables = {"t": resource(COLUMNS, "GET /t", rows="items[]")}
    server = serve(lambda asked: asked.answer(body))
    with opened(server, tmp_path, resources=tables, log=lines.append) as session:
        assert select(session, "SELECT id FROM @t") == [("a",)]
        (scan,) = session.engine.last_scans or session.scans
    assert "half a character" in str(scan.as_dict()["notes"])
    assert any(line.startswith("! GET ") and "half a character" in line for line in lines)
