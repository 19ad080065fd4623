"""Numbers of any length keep every digit, wherever they lie in an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from billql.errors import BadResponse
from support.server import Asked, Script, Serve
from support.shop import opened, resource, select

LONG = "18446744073709551617"
LONGER = "18446744073709551618"
HUGE = "9" * 5000
NUMBERS = [LONG, LONGER, f"-{LONG}", HUGE, "1.10", "1.1", "1E400", "5e1", "0.12345678901234567890"]
"""Numbers that floats would change, two of them to the same one."""


def answering(body: str | bytes) -> Script:
    return lambda asked: asked.answer(body, headers={"content-type": "application/json"})


def listed(*numbers: str, at: str = '{{"id": {}}}') -> str:
    return '{{"items": [{}]}}'.format(", ".join(at.format(one) for one in numbers))


def read(
    tmp_path: Path, serve: Serve, body: str | bytes, column: str | dict[str, Any], **method: Any
) -> list[Any]:
    """Read a table of one column, v, from an answer."""
    tables = {"t": resource({"v": column}, "GET /t", **{"rows": "items[]", **method})}
    with opened(serve(answering(body)), tmp_path, resources=tables) as session:
        return [row[0] for row in select(session, "SELECT v FROM @t")]


@pytest.mark.parametrize(
    ("column", "at"),
    [
        ({"type": "text", "path": "id"}, '{{"id": {}}}'),
        ({"type": "text", "path": "a.b.id"}, '{{"a": {{"b": {{"id": {}}}}}}}'),
        ({"type": "text", "path": "$value"}, "{}"),
        ({"type": "json", "path": "$value"}, "{}"),
        ({"type": "json", "path": "id"}, '{{"id": {}}}'),
        ({"type": "text", "path": "ref", "format": "reference"}, '{{"ref": {{"id": {}}}}}'),
        ({"type": "text", "path": "ref", "format": "reference"}, '{{"ref": {}}}'),
        ({"type": "text", "path": "a[].b", "aggregate": "max"}, '{{"a": [{{"b": {}}}]}}'),
    ],
)
def test_a_column_of_text_keeps_every_digit(
    tmp_path: Path, serve: Serve, column: dict[str, Any], at: str
) -> None:
    assert read(tmp_path, serve, listed(*NUMBERS, at=at), column) == NUMBERS


def test_around_the_rows_and_in_their_keys(tmp_path: Path, serve: Serve) -> None:
    body = f'{{"root": {LONG}, "items": [{{"top": 1.10, "lines": [{{"id": {LONGER}}}]}}]}}'
    columns: dict[str, Any] = {
        "root": {"type": "text", "path": "$root.root"},
        "top": {"type": "text", "path": "$parent.top"},
        "id": "text",
    }
    tables = {"t": resource(columns, "GET /t", rows="items[].lines[]")}
    with opened(serve(answering(body)), tmp_path, resources=tables) as session:
        assert select(session, "SELECT root, top, id FROM @t") == [(LONG, "1.10", LONGER)]


def test_json_is_written_as_it_came(tmp_path: Path, serve: Serve) -> None:
    nested = f'{{"a":[1.10,{{"b":{LONG}}}],"c":1E400,"d":-0.50,"e":"1.10","f":[true,null]}}'
    column = {"type": "json", "path": "$value"}
    assert read(tmp_path, serve, listed(nested, at="{}"), column) == [nested]
    assert read(tmp_path, serve, listed(nested, at='{{"v": {}}}'), "json") == [nested]


def test_a_number_deep_in_json(tmp_path: Path, serve: Serve) -> None:
    deep = "[" * 200 + LONG + "]" * 200
    assert read(tmp_path, serve, listed(deep, at='{{"v": {}}}'), "json") == [deep]


@pytest.mark.parametrize("number", [LONG, f"-{LONG}", "9223372036854775808", HUGE, "1e300"])
def test_an_integer_column_takes_no_longer_ones(tmp_path: Path, serve: Serve, number: str) -> None:
    with pytest.raises(BadResponse, match=r"answered with a v of shop\.all\.t .* 64-bit integer"):
        read(tmp_path, serve, listed(number, at='{{"v": {}}}'), "integer")


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("50.0", 50),
        ('"50"', 50),
        ('"50.0"', 50),
        ("5e1", 50),
        ("9007199254740993.0", 9007199254740993),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_an_integer_in_any_form(tmp_path: Path, serve: Serve, number: str, value: int) -> None:
    assert read(tmp_path, serve, listed(number, at='{{"v": {}}}'), "integer") == [value]


@pytest.mark.parametrize("number", ["50.5", '"50.5"', '"1e400"', "-9223372036854775809", "true"])
def test_what_is_no_integer(tmp_path: Path, serve: Serve, number: str) -> None:
    with pytest.raises(BadResponse, match="64-bit integer"):
        read(tmp_path, serve, listed(number, at='{{"v": {}}}'), "integer")


@pytest.mark.parametrize("kind", ["real", "decimal"])
def test_a_number_column_has_the_nearest_number(tmp_path: Path, serve: Serve, kind: str) -> None:
    body = listed(LONG, "1.10", at='{{"v": {}}}')
    assert read(tmp_path, serve, body, kind) == [float(LONG), 1.1]


def test_a_number_that_sql_cannot_hold_is_an_error_only_where_it_is_read(
    tmp_path: Path, serve: Serve
) -> None:
    tables = {"t": resource({"a": "real", "b": "decimal"}, "GET /t", rows="items[]")}
    body = '{"items": [{"a": 1E400, "b": 1.5}]}'
    with opened(serve(answering(body)), tmp_path, resources=tables) as session:
        assert select(session, "SELECT b FROM @t") == [(1.5,)]
        with pytest.raises(BadResponse, match=r"with a a of shop\.all\.t .*1E400"):
            select(session, "SELECT a FROM @t")


# Ids and what leads on --------------------------------------------------------------------------


def pages_of(script: dict[str | None, str], parameter: str) -> Script:
    """Answer by the parameter's value."""

    def answer(asked: Asked) -> None:
        query = dict(parse_qsl(asked.target.partition("?")[2]))
        sent = {**query, **(json.loads(asked.body) if asked.body else {})}
        value = sent.get(parameter)
        answering(script[None if value is None else str(value)])(asked)

    return answer


@pytest.mark.parametrize("number", ["7", LONG, HUGE])
@pytest.mark.parametrize(
    ("paging", "more", "done"),
    [
        ({"kind": "after_id", "parameter": "after"}, '"has_more": true', '"has_more": false'),
        ({"kind": "cursor_token", "path": "n", "parameter": "after"}, '"n": {}', '"n": null'),
    ],
)
def test_a_number_leads_to_the_next_page(
    tmp_path: Path, serve: Serve, paging: dict[str, Any], more: str, done: str, number: str
) -> None:
    first = f'{{"items": [{{"id": {number}}}], {more.format(number)}}}'
    script = {None: first, number: f'{{"items": [{{"id": 9}}], {done}}}'}
    tables = {"t": resource({"id": "text"}, "GET /t", rows="items[]", paging=paging)}
    with opened(serve(pages_of(script, "after")), tmp_path, resources=tables) as session:
        assert select(session, "SELECT id FROM @t") == [(number,), ("9",)]


def test_a_long_token_goes_into_a_body_as_a_number(tmp_path: Path, serve: Serve) -> None:
    paging = {"kind": "cursor_token", "path": "n", "parameter": "after", "location": "body"}
    tables = {"t": resource({"id": "text"}, "POST /t", rows="items[]", paging=paging)}
    script: dict[str | None, str] = {
        None: f'{{"items": [{{"id": 1}}], "n": {LONG}}}',
        LONG: '{"items": [{"id": 2}]}',
    }
    server = serve(pages_of(script, "after"))
    with opened(server, tmp_path, resources=tables) as session:
        assert select(session, "SELECT id FROM @t") == [("1",), ("2",)]
    assert f'"after":{LONG}' in server.asked[1].body.decode()


def test_long_ids_tell_the_rows_of_pages_apart(tmp_path: Path, serve: Serve) -> None:
    """As floats they were the same, which looked like a row that came twice."""
    paging = {"kind": "cursor_token", "path": "n", "parameter": "after"}
    columns = {"id": "text", "name": "text"}
    tables = {"t": resource(columns, "GET /t", rows="items[]", paging=paging)}
    script: dict[str | None, str] = {
        None: f'{{"items": [{{"id": {LONG}}}], "n": "b"}}',
        "b": f'{{"items": [{{"id": {LONGER}}}]}}',
    }
    with opened(serve(pages_of(script, "after")), tmp_path, resources=tables) as session:
        assert select(session, "SELECT id FROM @t") == [(LONG,), (LONGER,)]


def test_a_column_that_holds_only_beside_a_number(tmp_path: Path, serve: Serve) -> None:
    column = {"type": "text", "path": "id", "null_unless": {"kind": [1.5, 2**63]}}
    body = listed("1.50", "1.5", str(2**63), LONG, "2", at='{{"id": "x", "kind": {}}}')
    assert read(tmp_path, serve, body, column) == ["x", "x", "x", None, None]


def test_a_long_number_in_json_goes_out_as_it_is(tmp_path: Path, serve: Serve) -> None:
    columns: dict[str, Any] = {"filter": {"type": "text", "path": "$parameter"}, "id": "text"}
    parameters = {"filter": {"in": "body", "format": "json", "required": True}}
    tables = {"t": resource(columns, "POST /t", rows="items[]", parameters=parameters)}
    server = serve(answering(listed("1")))
    with opened(server, tmp_path, resources=tables) as session:
        sql = "SELECT id FROM @t WHERE filter = ?"
        assert select(session, sql, (f'{{"ids": [{LONG}], "x": 1.5}}',)) == [("1",)]
    assert server.asked[0].body.decode() == f'{{"filter":{{"ids":[{LONG}],"x":1.5}}}}'


# Half a character --------------------------------------------------------------------------------

BROKEN = [b"\\ud800", b"x\\udc00y", b"\\udc00\\ud800", b"\xed\xa0\x80", b"\xff", b"caf\xe9"]


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize("place", [b'"%s"', b'{"b": ["%s"]}', b'{"%s": 1}'])
def test_half_a_character_is_an_error_only_where_it_is_read(
    tmp_path: Path, serve: Serve, text: bytes, place: bytes
) -> None:
    body = b'{"items": [{"id": "\\ud83d\\ude00", "a": %s}]}' % (place % text)
    columns = {"id": "text", "a": "json"}
    tables = {"t": resource(columns, "GET /t", rows="items[]")}
    with opened(serve(answering(body)), tmp_path, resources=tables) as session:
        assert select(session, "SELECT id FROM @t") == [("😀",)]
        with pytest.raises(BadResponse, match=r"with a a of shop\.all\.t .* half a character"):
            select(session, "SELECT * FROM @t")


def test_a_byte_that_is_none_in_csv(tmp_path: Path, serve: Serve) -> None:
    body = b"\xef\xbb\xbfid,a\n1,caf\xe9\n2,caf\xc3\xa9\n"
    tables = {"t": resource({"id": "text", "a": "text"}, "GET /t", response="csv")}
    server = serve(lambda asked: asked.answer(body, headers={"content-type": "text/csv"}))
    with opened(server, tmp_path, resources=tables) as session:
        assert select(session, "SELECT id FROM @t") == [("1",), ("2",)]
        with pytest.raises(BadResponse, match=r"with a a of shop\.all\.t .* half a character"):
            select(session, "SELECT a FROM @t")


def test_what_is_written_out_with_a_backslash_is_whole(tmp_path: Path, serve: Serve) -> None:
    body = rb'{"items": [{"v": "\\ud800"}]}'
    assert read(tmp_path, serve, body, "text") == [r"\ud800"]


def test_a_byte_order_mark(tmp_path: Path, serve: Serve) -> None:
    body = b"\xef\xbb\xbf" + listed(LONG, at='{{"v": {}}}').encode()
    assert read(tmp_path, serve, body, "text") == [LONG]


@pytest.mark.parametrize(
    "body", [b'{"items": [NaN]}', b'{"items": [01]}', b'{"items":', b"\xff", b""]
)
def test_what_is_no_json_stays_an_error(tmp_path: Path, serve: Serve, body: bytes) -> None:
    with pytest.raises(BadResponse, match="not JSON"):
        read(tmp_path, serve, body, {"type": "text", "path": "$value"})


# The parsers ------------------------------------------------------------------------------------
