"""What the properties have found, each as the smallest example of it."""

from __future__ import annotations

import decimal
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

import billql
from billql.authoring.openapi.document import Document
from billql.authoring.openapi.importing import imported
from billql.authoring.openapi.reading import read as read_document
from billql.config import file
from billql.definitions.methods import Parameter
from billql.definitions.model import Provider, Resource
from billql.definitions.pagination import PageNumber
from billql.definitions.rules import problems
from billql.definitions.types import ColumnType
from billql.errors import BadResponse, BadValue, InterfaceError
from billql.http.rate_limiter import remaining
from billql.messages import Page, Request
from billql.output import Style, find
from billql.registry import RegistryError
from billql.registry.index import decode
from billql.shell.known_names import KnownNames
from billql.shell.suggest import Suggestion, suggest
from billql.shell.text import is_complete, pieces

from .values import excludes_nothing

# Amounts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        ((2**63 - 1, 1), "The sum 9.22337e\\+18 is beyond what SQL can hold"),
        ((-(2**63), -1), "is beyond"),
        ((1.7e308, 1.7e308), "is beyond"),
        ((9e999,), "inf is not an amount"),
        (("1e999",), "'1e999' is not an amount"),
        (("1e999999999", 1), "is not an amount"),
    ],
)
def test_a_sum_that_sql_cannot_hold_is_an_error(amounts: tuple[Any, ...], message: str) -> None:
    with billql.connect(environ={}) as connection, pytest.raises(BadValue, match=message):
        _sum(connection, amounts)


def test_sums_do_not_depend_on_how_a_program_counts() -> None:
    with billql.connect(environ={}) as connection, decimal.localcontext(prec=3):
        assert _sum(connection, (123456, 1)) == 123457
        assert _sum(connection, ("12345678901234567890.25", "-12345678901234567890")) == 0.25
        assert _sum(connection, (1e300, 0.01, -1e300)) == 0.01
        assert connection.execute("SELECT money(123456, 'usd')").fetchone() == (1234.56,)


def _sum(connection: billql.Connection, amounts: tuple[Any, ...]) -> Any:
    values = ", ".join(["(?)"] * len(amounts))
    ((found,),) = connection.execute(
        f"SELECT money_sum(column1) FROM (VALUES {values})", amounts
    ).fetchall()
    return found


# Comparisons --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["date", "month", "timestamp"])
def test_a_time_is_not_after_itself_in_another_spelling(kind: ColumnType) -> None:
    excludes_nothing((kind, Parameter(operator=">"), ["2000-01-01", "2000-03-01"], 2000))


# Output -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1.7976931348623157e308, -1.7976931348623155e308])
def test_the_largest_reals_are_not_written_as_infinity(value: float) -> None:
    for name in ("json", "csv"):
        stream = io.StringIO()
        find(name).write([("a", None)], iter([(value,)]), stream, Style())
        text = stream.getvalue()
        assert (json.loads(text)[0]["a"] if name == "json" else float(text.split()[1])) == value


# Files ------------------------------------------------------------------------------------------


def test_a_number_without_end_in_the_config_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"x = {'9' * 5000}")
    with pytest.raises(InterfaceError, match=r"config\.toml is not TOML"):
        file.resolve_profile(path)


def test_a_number_without_end_in_an_index() -> None:
    with pytest.raises(RegistryError, match="The index cannot be read: Integer value out of range"):
        decode(b"9" * 5000)


@pytest.mark.parametrize("digits", ["9" * 5000, "²", "٣"])
def test_a_header_that_counts_what_nobody_counts(digits: str) -> None:
    assert remaining({"ratelimit-remaining": digits}) is None
    told = {"ratelimit-remaining": "7", "ratelimit-limit": digits}
    assert remaining(told) == "7 requests are left"


# Scripts ----------------------------------------------------------------------------------------


def test_between_semicolons_nothing_has_been_typed() -> None:
    assert suggest("; SELECT a", 0, KnownNames(keywords=("SELECT",))) == [Suggestion("SELECT", 0)]


def test_a_nul_in_a_script_is_left_to_the_statement() -> None:
    assert is_complete("SELECT '\0';")
    assert list(pieces(["SELECT '\0\n", "';\n", ".help\n"])) == ["SELECT '\0\n';\n", ".help\n"]


def test_a_long_statement_is_not_looked_at_anew_for_each_line() -> None:
    lines = ["INSERT INTO t VALUES\n", *["(1, 'a', 2.5),\n"] * 5000, "(1);\n", "/* and\n", "*/\n"]
    start = time.process_time()
    assert list(pieces([*lines, ".help\n"])) == ["".join(lines[:-2]), ".help\n"]
    assert time.process_time() - start < 20


# Answers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [["x"], {"x": 1}])
def test_an_id_with_parts_is_a_bad_answer(id: Any) -> None:
    data = {"object": "list", "data": [{"id": id}], "has_more": False}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=data))
    with (
        billql.connect(
            environ={}, tokens={"stripe": "tok"}, http_transport=transport
        ) as connection,
        pytest.raises(BadResponse, match="a list or an object for id, which identifies its rows"),
    ):
        connection.execute("SELECT count(*) FROM stripe.core.events").fetchall()


def test_a_total_that_takes_more_pages_than_there_are_is_not_believed() -> None:
    pages = PageNumber(total="total").pages(Request("GET", "https://api.example.com/v1/x"))
    next(pages)
    with pytest.raises(BadResponse, match="declares 9223372036854775807 items"):
        pages.send(Page({"total": 2**63 - 1}, 1))


# Definitions ------------------------------------------------------------------------------------

PROVIDER = {
    "billql": 1,
    "title": "A",
    "description": "B.",
    "version": "1.0.0",
    "documentation": "https://example.com",
    "url": "https://api.example.com",
    "auth": {"kind": "bearer", "secret": "A_TOKEN", "help": "Ask for one."},
}
COLUMNS = {
    "id": {"type": "text"},
    "day": {"type": "date"},
    "number": {"type": "integer"},
    "amount": {"type": "decimal"},
}
POST = {"request": "POST /v1/x"}


@pytest.mark.parametrize(
    ("method", "parameters", "message"),
    [
        ({}, {"id": {"in": "header", "lists": "comma"}}, "takes several values"),
        ({"request": "GET /v1/{id}"}, {"id": {"in": "path", "lists": "comma"}}, "several values"),
        ({}, {"host": {"in": "host", "column": "id", "lists": "repeat"}}, "several values"),
        ({"request": "GET /v1/{id}"}, {"id": {"in": "path"}}, "nothing else fills {id}"),
        ({}, {"id": {"format": "json"}}, "json needs a parameter with `in: body`"),
        ({}, {"day": {"default": "2025-01-31"}}, "no default for a column of type date"),
        ({}, {"day": {"default": ["today"]}}, "no default for a column of type date"),
        ({}, {"id": {"default": "today"}}, "no default for a column of type text"),
        ({}, {"number": {"default": True}}, "True is no default for a column of type integer"),
        ({}, {"number": {"operator": "<", "default": [1]}}, "a bound has one default"),
        ({"window_limit": {"column": "number", "days": 1}}, {}, "days need a column of type date"),
        ({"freshness": {"seconds": 1, "unless": {"x": 1}}}, {}, "there is no column x"),
        ({"rows": []}, {}, "no place for rows"),
        ({"rows": [{"at": "", "values": {"amount": "x"}}]}, {}, "'x' is not a number"),
        (
            {"paging": {"kind": "page_number", "total": "n"}},
            {"page": {"value": "x"}},
            "paging sets",
        ),
        ({"paging": {"kind": "cursor_token", "size": 5}}, {"limit": {"value": 9}}, "paging sets"),
        (POST, {"a": {"in": "body", "value": 1}, "a.b": {"in": "body", "value": 1}}, "at once"),
    ],
)
def test_definitions_that_no_statement_could_use(
    method: dict[str, Any], parameters: dict[str, Any], message: str
) -> None:
    said = {"request": "GET /v1/x", "description": "B.", "parameters": parameters, **method}
    assert any(message in told for _, told in _problems(said))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"type": "decimal", "value": "abc"}, "'abc' is not a number, and the column is of type"),
        ({"type": "text", "divide": 100}, "needs a column of type decimal or real"),
    ],
)
def test_columns_that_no_row_could_have(column: dict[str, Any], message: str) -> None:
    said = {"request": "GET /v1/x", "description": "B."}
    ((place, told),) = _problems(said, more=column)
    assert message in told
    assert place[:2] == ("columns", "more")


def test_sqlite_takes_so_many_columns() -> None:
    said = {"request": "GET /v1/x", "description": "B."}
    many = {f"c{number}": {"type": "text"} for number in range(2000)}
    assert (("columns",), "a table of SQLite has 1999 columns at most") in _problems(said, **many)


def _problems(method: dict[str, Any], **more: dict[str, Any]) -> list[Any]:
    columns = {name: {"description": "B.", **one} for name, one in {**COLUMNS, **more}.items()}
    resource = {
        "description": "B.",
        "columns": columns,
        "methods": {"list": method},
        "examples": [{"question": "What?", "sql": "SELECT 1"}],
    }
    return list(problems(msgspec.convert(resource, Resource), msgspec.convert(PROVIDER, Provider)))


# OpenAPI ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["!!timestamp x", "!!bool x", "!!int ''", "&a [*a]", "{[a]: 1}"])
def test_tags_and_aliases_in_yaml_do_no_harm(value: str, tmp_path: Path) -> None:
    path = tmp_path / "document.yaml"
    path.write_text(f"openapi: 3.0.0\npaths: {{}}\nx: {value}\n")
    assert read_document(path).data["openapi"] == "3.0.0"


@pytest.mark.parametrize(
    ("url", "note"),
    [
        ("https://[", "GET /v1/x: left out: its server https://[ is no address"),
        (
            "https://me@example.com",
            "the document has no server; put the address of the API in",
        ),
        (
            "https://a b.example.com",
            "the document has no server; put the address of the API in",
        ),
    ],
)
def test_servers_that_are_none(url: str, note: str) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string"}}}
    got = {"description": "All.", "content": {"application/json": {"schema": schema}}}
    get = {"tags": ["T"], "responses": {"200": got}}
    document = {"servers": [{"url": url}], "paths": {"/v1/x": {"get": get}}}
    try:
        notes = imported(Document(document), ["T"], "made").notes
    except InterfaceError as error:
        notes = [str(error.hint)]
    assert any(one.startswith(note) for one in notes)


def test_what_a_document_says_in_another_form_is_left_out() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string"}, "a[]": {}, "": {}}}
    got = {"description": "All.", "content": {"application/json": {"schema": schema}}}
    document = {
        "openapi": "3.0.0",
        "info": {"description": {"not": "a text"}},
        "servers": [{"url": "https://{x}.example.com", "variables": {"x": "y"}}],
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header"}}},
        "paths": {
            path: {"get": {"tags": ["T"], "responses": {"200": got}}}
            for path in ("/v1/x", "no slash", "/v1/{undeclared}")
        },
    }
    made = imported(Document(document), ["T"], "made")
    assert [note for note in made.notes if "left out: it" in note] == [
        "GET no slash: left out: its path does not begin with a slash, or has spaces",
        "GET /v1/{undeclared}: left out: its path and its parameters do not name the same "
        "placeholders",
    ]
    assert "kind: bearer" in made.files["provider.yaml"]
    assert made.methods == 1
