"""Responses to raw rows: every kind of path, and what is missing, null or an error."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.methods import Method, Rows
from billql.errors import BadResponse
from billql.fetching._response_parser import items_are_rows, parse
from billql.messages import Response

WHERE = "GET https://api.example.com/v1/things"


def method(*rows: Rows | str, response: str = "json") -> Method:
    sources = rows[0] if isinstance(rows[0], str) else rows
    return Method(
        request="GET /v1/things",
        description="Returns things.",
        rows=sources,  # type: ignore[arg-type]
        response=response,  # type: ignore[arg-type]
    )


def json_response(text: str) -> Response:
    return Response(text.encode(), "application/json")


def values(at: str, text: str, *, optional: bool = False) -> list[Any]:
    (rows,) = parse(method(Rows(at=at, optional=optional)), json_response(text), WHERE).groups
    return rows.values


@pytest.mark.parametrize(
    ("at", "text", "expected"),
    [
        ("", '{"id": 1}', [{"id": 1}]),
        ("data", '{"data": {"id": 1}}', [{"id": 1}]),
        ("data[]", '{"data": [{"id": 1}, {"id": 2}]}', [{"id": 1}, {"id": 2}]),
        ("[]", '[{"id": 1}]', [{"id": 1}]),
        ("a.b[]", '{"a": {"b": [1]}}', [1]),
        ("a[].b[]", '{"a": [{"b": [1, 2]}, {}, {"b": [3]}]}', [1, 2, 3]),
        ("prices{}", '{"prices": {"x": 1, "y": 2}}', [1, 2]),
        ("data[]", '{"data": null}', []),
        ("prices{}", '{"prices": null}', []),
    ],
)
def test_paths_to_rows(at: str, text: str, expected: list[Any]) -> None:
    assert values(at, text) == expected


def test_rows_know_what_holds_them() -> None:
    page = parse(method("a[].b{}"), json_response('{"a": [{"b": {"x": 1}}, {"b": {"y": 2}}]}'), "")
    (rows,) = page.groups
    assert rows.keys == ["x", "y"]
    assert [parents[0] for parents in rows.parents] == [{"b": {"x": 1}}, {"b": {"y": 2}}]
    assert (page.page.count, page.page.rows) == (2, 2)


@pytest.mark.parametrize(
    ("at", "text", "message"),
    [
        ("data[]", "{}", "without a list at data"),
        ("data[]", '{"data": {}}', "without a list at data"),
        ("data", '{"data": null}', "without an object at data"),
        ("prices{}", '{"prices": []}', "without a map at prices"),
        ("data[]", '{"data": null, "error": "no"}', "but with error"),
        ("[]", "{}", "without a list as a whole"),
        ("", "[1]", "something other than an object"),
        ("data[]", "<html>", "not JSON"),
    ],
)
def test_what_is_missing_is_an_error(at: str, text: str, message: str) -> None:
    with pytest.raises(BadResponse, match=message):
        values(at, text)


def test_an_optional_source_may_be_missing_but_not_be_something_else() -> None:
    assert values("data[]", "{}", optional=True) == []
    with pytest.raises(BadResponse):
        values("data[]", '{"data": 1}', optional=True)


def test_csv_has_a_row_for_each_line() -> None:
    lines = Response(b"id,name\n1,x\n2,y\n", "text/csv")
    (rows,) = parse(method("", response="csv"), lines, WHERE).groups
    assert rows.values == [{"id": "1", "name": "x"}, {"id": "2", "name": "y"}]
    with pytest.raises(BadResponse, match="line 2"):
        parse(method("", response="csv"), Response(b"id,name\n1\n", "text/csv"), WHERE)
    with pytest.raises(BadResponse, match="where CSV was expected"):
        parse(method("", response="csv"), Response(b"", "text/html"), WHERE)


def test_each_line_of_jsonl_is_a_row() -> None:
    body = b'{"id": 1, "text": "a\\nb"}\r\n\n{"id": 1.10}\n'
    page = parse(method("[]", response="jsonl"), Response(body, "application/jsonl"), WHERE)
    assert page.groups[0].values == [{"id": 1, "text": "a\nb"}, {"id": 1.1}]
    assert page.page.count == page.page.rows == 2
    assert str(page.exact.groups[0].values[1]["id"]) == "1.10"
    nothing = parse(method("[]", response="jsonl"), Response(b"", "application/x-ndjson"), WHERE)
    assert nothing.groups[0].values == []
    with_errors = Response(b'{"id": 1}\n{"id": 2, "error": "late"}', "application/jsonl")
    assert len(parse(method("[]", response="jsonl"), with_errors, WHERE).groups[0].values) == 2


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b'{"id": 1}\n{"id": ', "application/jsonl", "not JSON"),
        (b'{"id": 1}\n{"error": {"code": 5}}', "application/jsonl", "rows, and then with error"),
        (b'{"error": "gone"}', "application/json", "where lines of JSON were expected"),
        (b"<html>", "text/html", "where lines of JSON were expected"),
    ],
)
def test_what_is_no_jsonl_is_an_error(body: bytes, kind: str, message: str) -> None:
    with pytest.raises(BadResponse, match=message):
        parse(method("[]", response="jsonl"), Response(body, kind), WHERE)


def test_numbers_keep_their_digits_on_request() -> None:
    page = parse(method("data[]"), json_response('{"data": [1.10]}'), WHERE)
    assert [str(one) for one in page.exact.groups[0].values] == ["1.10"]
    assert page.exact is page.exact


@pytest.mark.parametrize(
    ("at", "expected"), [("data[]", True), ("a[].b[]", False), ("data", False), ("m{}", False)]
)
def test_items_are_rows_where_the_path_ends_with_its_only_list(at: str, expected: bool) -> None:
    assert items_are_rows(method(at)) is expected
