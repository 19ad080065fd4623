"""Lists of values in one request: as many as an address carries, and no row of two requests twice.

The API refuses what servers refuse: an address of more than 8,000 bytes, a list of more than 100
values. Every statement is answered by a plain table as well.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

import billql
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
    methods:
      list:
        request: METHOD /things
        description: Gives the things of some ids.
        parameters:
          id: {FILTER}
        rows: data[]
        order: [n]
    examples:
      - question: What is there?
        sql: SELECT * FROM acme.stock.things WHERE id = 'x'
"""

THINGS: list[dict[str, Any]] = [
    {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, str(number % 1500))), "n": number}
    for number in range(1600)
]
NAMES = ["comma", "repeat", "brackets", "body"]


class Api:
    """An API of lists; `more` says how many rows it gives that nobody has asked for."""

    def __init__(self, lists: str, more: int) -> None:
        self.lists = lists
        self._more = {one["id"] for one in THINGS[:more]}
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if len(request.url.raw_path) > 8000:
            return httpx.Response(414)
        said = parse_qsl(request.url.query.decode())
        wanted = [value for name, value in said if name in ("id", "id[]")]
        if self.lists == "comma":
            wanted = wanted[0].split(",")
        elif self.lists == "body":
            wanted = json.loads(request.content)["id"]
        if len(wanted) > 100:
            return httpx.Response(400, json={"message": "too many ids"})
        given = self._more.union(wanted)
        rows: list[dict[str, Any]] = [one for one in THINGS if one["id"] in given]
        return httpx.Response(200, json={"data": rows})


@pytest.fixture(scope="module", params=NAMES)
def lists(request: pytest.FixtureRequest) -> str:
    """A way to take several values."""
    return str(request.param)


@pytest.fixture(scope="module", params=[0, 40])
def asked(
    lists: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Api, billql.Connection]]:
    """An API that gives what it is asked for, or more, and a connection to it.

    It has a table with the same rows.
    """
    api, folder = Api(lists, request.param), tmp_path_factory.mktemp("stock")
    taken = "in: body, lists: repeat" if lists == "body" else f"lists: {lists}"
    service = SERVICE.replace("METHOD", "POST" if lists == "body" else "GET")
    filtered = f"{taken}, required: true, match: superset"
    acme.define(folder, stock=service.replace("FILTER", filtered))
    with acme.connect(folder, api, cache_ttl=0.0) as connection:
        connection.execute("CREATE TABLE plain (id TEXT, n INTEGER)")
        connection.executemany("INSERT INTO plain VALUES (:id, :n)", THINGS)
        yield api, connection


@pytest.fixture
def api(asked: tuple[Api, billql.Connection]) -> Api:
    """The API, which has been asked nothing yet."""
    asked[0].asked = 0
    return asked[0]


@pytest.fixture
def connection(asked: tuple[Api, billql.Connection]) -> billql.Connection:
    """The connection to it."""
    return asked[1]


def listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


ALL = listed(one["id"] for one in THINGS)


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT * FROM @ WHERE id IN ({})", listed(one["id"] for one in THINGS[:1000])),
        ("SELECT count(*), count(DISTINCT id) FROM @ WHERE id IN ({})", ALL),
        ("SELECT n FROM @ WHERE id IN ({}) AND n > 1490", ALL),
        ("SELECT n FROM @ WHERE id IN ({}) ORDER BY n LIMIT 7 OFFSET 990", ALL),
        ("SELECT n FROM @ WHERE id IN ({}) ORDER BY n DESC LIMIT 3", ALL),
        ("SELECT max(n), min(n) FROM @ WHERE id IN ({})", ALL),
        ("SELECT n FROM @ WHERE id IN ({}, '', ',', 5)", ALL),
        ("SELECT n FROM @ WHERE id IN ({}) OR id = ''", ALL),
    ],
)
def test_a_long_list_is_asked_for_in_parts(
    connection: billql.Connection, api: Api, sql: str, values: str
) -> None:
    sql = sql.format(values)
    expected = connection.execute(sql.replace("@", "plain")).fetchall()
    found = connection.execute(sql.replace("@", "acme.stock.things")).fetchall()
    assert sorted(found) == sorted(expected)
    assert 10 <= api.asked <= 19


def test_long_values_make_short_lists(connection: billql.Connection, api: Api) -> None:
    long = listed("ä" * 300 + str(number) for number in range(9))
    sql = f"SELECT * FROM acme.stock.things WHERE id IN ({long})"
    assert connection.execute(sql).fetchall() == []
    assert api.asked == (1 if api.lists == "body" else 5)
