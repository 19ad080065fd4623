"""Raw rows to SQL values: the columns that are read, keys of rows, and values of the wrong type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billql.definitions.methods import Method, Rows
from billql.definitions.model import CONNECTION, Column
from billql.errors import BadResponse
from billql.fetching._response_parser import ParsedPage, parse
from billql.fetching.row_decoder import RowDecoder, TableRow
from billql.messages import Response

OWN = {CONNECTION: "own"}


def column(kind: Any = "text", **options: Any) -> Column:
    return Column(type=kind, description="A column.", **options)


def page(data: Any, at: str = "data[]", **headers: str) -> ParsedPage:
    method = Method(
        request="GET /things", description="Returns things.", rows=(Rows(at=at, values={"k": 7}),)
    )
    body = json.dumps(data).encode()
    return parse(method, Response(body, "application/json", headers), "GET /things")


def rows(
    columns: dict[str, Column],
    data: Any,
    used: list[str] | None = None,
    unique: tuple[str, ...] = (),
    echoed: dict[str, Any] | None = None,
    **options: Any,
) -> list[TableRow]:
    decoder = RowDecoder(columns, columns if used is None else used, "things", unique)
    return decoder.rows(page(data, **options), {**OWN, **(echoed or {})})


def test_a_column_that_is_not_read_is_null() -> None:
    columns = {"id": column(), "name": column("integer")}
    data = {"data": [{"id": "a", "name": "x"}]}
    assert rows(columns, data, ["id"]) == [("a", None, None)]
    with pytest.raises(BadResponse, match="a name of things"):
        rows(columns, data)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", [1, 2]),
        ("$parent.name", ["x", "y"]),
        ("$parent.$parent.top", [9, 9]),
        ("$root.top", [9, 9]),
        ("$header.total", ["2", "2"]),
        ("k", [None, None]),
    ],
)
def test_paths_of_columns(path: str, expected: list[Any]) -> None:
    data = {
        "top": 9,
        "outer": [
            {"name": "x", "inner": [{"a": {"b": 1}}]},
            {"name": "y", "inner": [{"a": {"b": 2}}]},
        ],
    }
    kind = "integer" if all(isinstance(one, int) for one in expected) else "text"
    columns = {"c": column(kind, path=path), "a": column("json")}
    found = rows(columns, data, ["c"], at="outer[].inner[]", total="2")
    assert [one[0] for one in found] == expected


def test_a_column_can_have_a_constant_or_what_was_requested() -> None:
    columns = {
        "k": column("integer"),
        "always": column(value="x"),
        "region": column(path="$parameter"),
        "id": column(),
    }
    (found,) = rows(columns, {"data": [{"id": "a"}]}, echoed={"region": "eu"})
    assert found[:4] == (7, "x", "eu", "a")


def test_a_row_with_several_values_has_the_least_or_the_greatest() -> None:
    columns = {
        "low": column("integer", path="a[].n", aggregate="min"),
        "high": column("integer", path="a[].n", aggregate="max"),
        "a": column("json"),
    }
    found = rows(columns, {"data": [{"a": [{"n": 2}, {"n": 1}, {}]}, {"a": None}]}, ["low", "high"])
    assert [one[:2] for one in found] == [(1, 2), (None, None)]


def test_a_value_can_be_divided_or_hold_for_some_rows_only() -> None:
    columns = {
        "amount": column("real", divide=100, null_unless={"unit": "usd"}),
        "unit": column(),
    }
    found = rows(columns, {"data": [{"amount": 150, "unit": "usd"}, {"amount": 1, "unit": "eur"}]})
    assert [one[0] for one in found] == [1.5, None]


# The keys of rows.


def test_the_key_of_a_row_is_what_is_unique_and_what_was_requested() -> None:
    columns = {"id": column("integer"), "region": column(path="$parameter")}
    data = {"data": [{"id": 1}, {"id": None}]}
    found = rows(columns, data, unique=("id",), echoed={"region": "eu"})
    assert [one[-1] for one in found] == [(1, ("own", "eu")), None]


def test_a_key_that_is_not_read_may_be_of_another_type_but_no_list() -> None:
    columns = {"id": column("integer"), "name": column()}
    (found,) = rows(columns, {"data": [{"id": "x", "name": "n"}]}, ["name"], ("id",))
    assert found == (None, "n", ("x", ("own",)))
    with pytest.raises(BadResponse, match="identifies its rows"):
        rows(columns, {"data": [{"id": [1], "name": "n"}]}, ["name"], ("id",))


@pytest.mark.parametrize(
    ("unique", "expected"), [({"id": column()}, True), ({"id": column(path="$parameter")}, False)]
)
def test_rows_are_recognized_by_what_they_have_themselves(
    unique: dict[str, Column], expected: bool
) -> None:
    assert RowDecoder(unique, (), "things", unique).recognizes_rows is expected
    assert not RowDecoder(unique, (), "things").recognizes_rows


# What is no row.


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"data": ["x"]}, "no objects"),
        ({"data": [{"other": 1}]}, "nothing that things consists of"),
    ],
)
def test_what_has_no_column_is_an_error(data: Any, message: str) -> None:
    with pytest.raises(BadResponse, match=message):
        rows({"id": column()}, data)
