"""Odd keys: what cannot be a key has no rows, and fails no statement.

Every statement is answered by the API and by a plain table of SQLite with the same rows. The API
answers 400 to what no API of its kind understands, so that nothing odd reaches it unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import billql
from billql.errors import NotSupportedError
from support import acme

SERVICE = """\
billql: 1
description: What is owned.
resources:
  things:
    description: One row for each thing.
    columns:
      id: {type: text, description: The id.}
      n: {type: integer, description: A number.}
      code: {type: text, description: A code in any case.}
    methods:
      list:
        request: GET /things
        description: Gives the things.
        parameters:
          code: {ignores_case: true}
          id: {lists: comma}
        rows: data[]
        expected_rows: 100000
      get:
        request: GET /things/{id}
        description: Gives one thing.
        parameters:
          id: {in: path, required: true}
        missing: empty
        single: true
    examples:
      - question: What is there?
        sql: SELECT * FROM acme.stock.things
  keyed:
    description: One row for each thing, one at a time.
    columns:
      id: {type: text, description: The id.}
      n: {type: integer, description: A number.}
      code: {type: text, description: A code in any case.}
    methods:
      get:
        request: GET /things/{id}
        description: Gives one thing.
        parameters:
          id: {in: path, required: true}
        missing: empty
        single: true
    examples:
      - question: What is a?
        sql: SELECT * FROM acme.stock.keyed WHERE id = 'a'
  numbered:
    description: One row for each thing, by its number.
    columns:
      n: {type: integer, description: A number.}
      id: {type: text, description: The id.}
      code: {type: text, description: A code in any case.}
    methods:
      get:
        request: GET /numbered/{n}
        description: Gives one thing.
        parameters:
          n: {in: path, required: true}
        missing: empty
        single: true
    examples:
      - question: What is 5?
        sql: SELECT * FROM acme.stock.numbered WHERE n = 5
  coded:
    description: One row for each thing, by its code in any case.
    columns:
      code: {type: text, description: A code in any case.}
      id: {type: text, description: The id.}
      n: {type: integer, description: A number.}
    methods:
      list:
        request: GET /things
        description: Gives the things of a code.
        parameters:
          code: {required: true, ignores_case: true}
        rows: data[]
    examples:
      - question: What is X?
        sql: SELECT * FROM acme.stock.coded WHERE code = 'X'
  daily:
    description: One row for each thing that is of a day.
    columns:
      day: {type: date, description: A day.}
      id: {type: text, description: The id.}
    methods:
      list:
        request: GET /days
        description: Gives the things of a day.
        parameters:
          day: {required: true}
        rows: data[]
    examples:
      - question: What is of today?
        sql: SELECT * FROM acme.stock.daily WHERE day = '2025-01-01'
"""

THINGS = [
    {"id": "a", "n": 1, "code": "X"},
    {"id": "A", "n": 2, "code": "x"},
    {"id": "5", "n": 5, "code": "y"},
    {"id": "x y", "n": 6, "code": "Y"},
    {"id": "c/d", "n": 7, "code": "z"},
    {"id": "ü", "n": -3, "code": None},
]
DAYS = [{"day": "2025-01-01", "id": "a"}, {"day": "2025-01-02", "id": "5"}]


class Api:
    """Refuses what is not said well, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(request.url.raw_path.decode())
        said = dict(request.url.params)
        if "" in said.values() or len(self.asked[-1]) > 8000:
            return httpx.Response(400, json={"message": "an empty or long value"})
        kind, _, key = path.removeprefix("/").partition("/")
        if kind == "days":
            rows: list[dict[str, Any]] = [one for one in DAYS if one["day"] == said["day"]]
            return httpx.Response(200, json={"data": rows})
        if not path.endswith(kind):
            if key == "" or min(key) < " " or not {".", ".."}.isdisjoint(key.split("/")):
                return httpx.Response(400, json={"message": "no key"})
            member = "n" if kind == "numbered" else "id"
            found = [one for one in THINGS if str(one[member]) == key]
            return httpx.Response(200 if found else 404, json=found[0] if found else {})
        rows = [
            one
            for one in THINGS
            if ("id" not in said or one["id"] in said["id"].split(","))
            and ("code" not in said or str(one["code"]).lower() == said["code"].lower())
        ]
        return httpx.Response(200, json={"data": rows})


@pytest.fixture
def api() -> Api:
    """An API that counts what it is asked."""
    return Api()


@pytest.fixture
def connection(tmp_path: Path, api: Api) -> Iterator[billql.Connection]:
    """A connection to Acme, beside tables with the same rows and some with odd keys."""
    acme.define(tmp_path, stock=SERVICE)
    with acme.connect(tmp_path, api, cache_ttl=0.0) as connection:
        connection.execute("CREATE TABLE plain (id TEXT, n INTEGER, code TEXT)")
        for one in THINGS:
            connection.execute("INSERT INTO plain VALUES (:id, :n, :code)", one)
        connection.execute("CREATE TABLE days (day TEXT COLLATE time, id TEXT)")
        for day in DAYS:
            connection.execute("INSERT INTO days VALUES (:day, :id)", day)
        connection.execute("CREATE TABLE odd (t TEXT, i INTEGER, r REAL, any)")
        for number, value in enumerate(ODD):
            whole = number if number != 3 else 5
            connection.execute("INSERT INTO odd VALUES (?, ?, ?, ?)", (value, whole, whole, value))
        yield connection


ODD: list[Any] = [
    *(
        "a",
        "",
        ".",
        "..",
        "../a",
        "a/..",
        "a\n",
        "\x00",
        "a\x00",
        " ",
        "a,b",
        ",",
        "5",
        "05",
        "5.0",
    ),
    *("x y", "c/d", "ü", "z" * 20_000, "?", "#", "%2e%2e", "a\\..", "\x7f", "2025-01-01", "2025"),
    *(None, 5, 5.0, 5.5, -3, 0, 1e300, float("inf"), b"a", b"", b"5", 2**63 - 1),
]


def same(connection: billql.Connection, sql: str, table: str, *bindings: Any) -> None:
    """Ask the API and a plain table; `@` stands for either."""
    plain = "days" if table == "daily" else "plain"
    expected = connection.execute(sql.replace("@", plain), bindings).fetchall()
    found = connection.execute(sql.replace("@", f"acme.stock.{table}"), bindings).fetchall()
    assert sorted(map(repr, found)) == sorted(map(repr, expected)), sql


KEYS = [("things", "id"), ("keyed", "id"), ("numbered", "n"), ("coded", "code"), ("daily", "day")]


@pytest.mark.parametrize(("table", "key"), KEYS)
@pytest.mark.parametrize("column", ["t", "i", "r", "any", "+t", "+i", "CAST(i AS TEXT)"])
def test_a_join_over_odd_keys(
    connection: billql.Connection, table: str, key: str, column: str
) -> None:
    for join in ("JOIN", "LEFT JOIN"):
        value = column.replace("t", "odd.t") if column in ("t", "+t") else column
        same(connection, f"SELECT odd.rowid, k.id FROM odd {join} @ k ON k.{key} = {value}", table)
    same(connection, f"SELECT id FROM @ WHERE {key} IN (SELECT {column} FROM odd)", table)


@pytest.mark.parametrize(("table", "key"), KEYS[:-1])
def test_odd_keys_one_by_one(connection: billql.Connection, table: str, key: str) -> None:
    for value in ODD:
        same(connection, f"SELECT id FROM @ WHERE {key} = ?", table, value)
        same(connection, f"SELECT id FROM @ WHERE {key} IN (?, ?)", table, value, "a")
        same(connection, f"SELECT id FROM @ WHERE {key} = (SELECT ?)", table, value)
        same(connection, f"SELECT id FROM @ WHERE {key} >= ? AND {key} = ?", table, value, "a")


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        ("id = ''", []),
        ("id = '..'", []),
        ("id = x'61'", []),
        ("id = 5", ["/things/5"]),
        ("id = '5'", ["/things/5"]),
        ("id = 5.0", ["/things/5.0"]),
        ("id = NULL", []),
        ("id IN ('a', '')", ["/things/a"]),
        ("id IN (5, '..')", ["/things/5"]),
        ("id = 'x y'", ["/things/x%20y"]),
        ("id IS 'a'", ["/things/a"]),
        ("id IS NOT DISTINCT FROM 'a'", ["/things/a"]),
        ("id = 'a' COLLATE BINARY", ["/things/a"]),
        ("id BETWEEN 'a' AND 'a' AND id = 'a'", ["/things/a"]),
        ("id BETWEEN 'a' AND 'a'", ["/things/a"]),
        ("id >= 'a' AND id <= 'a'", ["/things/a"]),
        ("id <= 'a' AND id >= 'a' AND n = 1", ["/things/a"]),
        ("id BETWEEN 5 AND 5", ["/things/5"]),
        ("(id, n) = ('a', 1)", ["/things/a"]),
        ("(id, n) IN (VALUES ('a', 1))", ["/things/a"]),
        ("id = (SELECT 'a')", ["/things/a"]),
        ("'a' == id", ["/things/a"]),
        ("id = 'a' AND id COLLATE NOCASE = 'A'", ["/things/a"]),
        ("id = 'a' OR id = ''", ["/things/a"]),
    ],
)
def test_a_key_is_found_however_it_is_written(
    connection: billql.Connection, api: Api, where: str, asked: list[str]
) -> None:
    same(connection, f"SELECT id FROM @ WHERE {where}", "keyed")
    assert api.asked == asked


@pytest.mark.parametrize(
    "where",
    [
        "n = '5'",
        "n = '05'",
        "n = ' 5 '",
        "n = '5.0'",
        "n = '5.00000000000000000000'",
        "n = '000000000000000000000000000005'",
        "n = '5e0'",
        "n = 5.0",
        "n = 5.5",
        "n = 'five'",
        "n = x'35'",
        "n = TRUE",
        "n = 1e300",
        "n = '1e300'",
        "n = '99999999999999999999999'",
        "n IS 5",
        "n BETWEEN 5 AND 5",
        "n BETWEEN '5' AND '5'",
        "n IN ('5', 1, 'x')",
    ],
)
def test_a_number_is_found_however_it_is_written(
    connection: billql.Connection, api: Api, where: str
) -> None:
    same(connection, f"SELECT id FROM @ WHERE {where}", "numbered")
    assert len(api.asked) <= 2


@pytest.mark.parametrize(
    "where",
    [
        "code = 'x'",
        "code COLLATE NOCASE = 'x'",
        "code = 'X' COLLATE NOCASE",
        "code COLLATE NOCASE IN ('x', 'X', 'y')",
        "code IN ('x', 'X')",
        "code COLLATE NOCASE = 'x' AND code = 'X'",
        "code COLLATE NOCASE IS 'x'",
    ],
)
@pytest.mark.parametrize("table", ["coded", "things"])
def test_an_api_that_ignores_case_finds_what_nocase_means(
    connection: billql.Connection, where: str, table: str
) -> None:
    same(connection, f"SELECT id, code FROM @ WHERE {where}", table)
    same(connection, f"SELECT id, code FROM @ WHERE {where} ORDER BY id LIMIT 1", table)


def test_another_collation_than_the_apis_is_said(connection: billql.Connection) -> None:
    for collation in ("NOCASE", "RTRIM"):
        with pytest.raises(NotSupportedError, match=f"id byte by byte.*{collation}") as caught:
            connection.execute(f"SELECT 1 FROM acme.stock.keyed WHERE id = 'a' COLLATE {collation}")
        assert "without COLLATE" in str(caught.value.hint)
    with pytest.raises(NotSupportedError, match=r"code byte by byte.*RTRIM"):
        connection.execute("SELECT 1 FROM acme.stock.coded WHERE code = 'a' COLLATE RTRIM")


OUTER = [
    "odd LEFT JOIN @ k ON 1 WHERE k.id = 'a'",
    "odd LEFT JOIN @ k ON k.n > odd.i WHERE k.id = 'a'",
    "odd LEFT OUTER JOIN @ AS k ON k.n = odd.i WHERE 'a' = k.id",
    "odd LEFT JOIN @ k WHERE k.id IS 'a' AND odd.i < 9",
    "odd LEFT JOIN @ k ON 1 WHERE odd.i < 9 AND k.id = 'a' COLLATE BINARY",
    "odd LEFT JOIN @ k ON 1 WHERE odd.i BETWEEN 1 AND 9 AND k.id = (SELECT 'a')",
    "odd LEFT JOIN @ k ON 1 WHERE CASE WHEN odd.i > 3 AND 1 THEN 1 END AND k.id = 'a'",
    'odd LEFT JOIN @ "k" ON 1 WHERE "k"."id" == \'a\'',
    "odd NATURAL LEFT JOIN @ k WHERE k.id = 'a'",
    "odd LEFT JOIN @ k ON k.id = odd.t WHERE k.id = '5'",
    "odd LEFT JOIN @ k ON 1 LEFT JOIN plain p ON p.n = k.n WHERE k.id = 'a'",
    "odd RIGHT JOIN @ k ON odd.t = k.id WHERE k.id = 'a'",
    "odd RIGHT JOIN @ k ON odd.i = k.n OR odd.t = 'x y' WHERE k.id = 'A'",
    "odd RIGHT JOIN @ k WHERE k.id = 'a'",
    "odd RIGHT JOIN @ k ON odd.t = k.id WHERE k.id = ':missing'",
    "odd FULL JOIN @ k ON odd.t = k.id WHERE k.id = 'a'",
    "odd FULL OUTER JOIN @ k ON odd.i = k.n WHERE k.id = 'A' AND odd.i = 2",
    "@ k RIGHT JOIN odd ON odd.t = k.id WHERE k.id = 'a'",
    "@ k FULL JOIN odd ON odd.i > k.n WHERE k.id = 'a'",
    "@ k LEFT JOIN odd ON odd.t = k.id WHERE k.id = 'a'",
]


@pytest.mark.parametrize("joined", OUTER)
def test_an_outer_join_finds_the_key_of_its_where(
    connection: billql.Connection, api: Api, joined: str
) -> None:
    same(connection, f"SELECT odd.rowid, k.* FROM {joined}", "keyed")
    assert set(api.asked) <= {"/things/a", "/things/A", "/things/5", "/things/:missing"}
    same(connection, f"SELECT (SELECT count(*) FROM {joined}) FROM plain", "keyed")
    same(connection, f"WITH q AS (SELECT k.n FROM {joined}) SELECT n FROM q", "keyed")


@pytest.mark.parametrize(
    "joined",
    [
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE k.id = 'a' OR odd.i = 7",
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE k.id IS NULL",
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE k.id = 'a' IS NULL",
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE k.id = 'a' ISNULL",
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE NOT k.id = 'a'",
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE k.id IS NOT 'a'",
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE coalesce(k.id, 'a') = 'a'",
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE k.n > 1",
        "odd LEFT JOIN @ k ON k.id = odd.t WHERE odd.t = 'a'",
        "odd LEFT JOIN (SELECT * FROM @ WHERE id = 'a') k ON 1 WHERE k.n = 1",
    ],
)
def test_an_outer_join_stays_one_where_it_must(connection: billql.Connection, joined: str) -> None:
    same(connection, f"SELECT odd.rowid, k.* FROM {joined}", "keyed")


def test_parameters_find_the_key_of_an_outer_join(connection: billql.Connection) -> None:
    left = "SELECT odd.rowid, k.n FROM odd LEFT JOIN @ k ON k.n < odd.i WHERE k.id = ?"
    same(connection, f"{left} AND odd.i < ?", "keyed", "a", 9)
    for value in ("a", "A", "", None, 5):
        right = "SELECT odd.rowid, k.n FROM odd RIGHT JOIN @ k ON k.n = odd.i WHERE k.id = ?1"
        same(connection, right, "keyed", value)


def test_a_mistake_in_a_join_is_shown_where_it_stands(connection: billql.Connection) -> None:
    sql = "SELECT nope FROM odd LEFT JOIN acme.stock.keyed k ON 1 WHERE k.id = 'a'"
    with pytest.raises(billql.Error, match="nope"):
        connection.execute(sql)
