"""Planning and binding, seen from SQL: what is sent, what EXPLAIN tells, what is cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

import billql
from support import acme
from support.clock import FakeClock

PROVIDER = (
    acme.PROVIDER
    + """\
concurrency: 4
paging:
  list: {kind: after_id, size: 10}
"""
)

SERVICE = """\
billql: 1
description: What Acme bills.
resources:
  bills:
    description: One row for each bill.
    columns:
      id: {type: text, description: The id.}
      owner: {type: text, description: Who owes it; nobody for bills of the house.}
      amount: {type: integer, description: What is owed., currency: currency, minor: true}
      currency: {type: text, description: The currency., value: USD}
      created: {type: timestamp, description: When it was made., format: epoch}
      lines: {type: json, description: Its lines.}
      tag: {type: text, description: A tag to filter on., path: $parameter, hidden: true}
    methods:
      list:
        request: GET /bills
        description: Gives the bills, newest first.
        parameters:
          owner: {null: nobody}
          created[gte]: {column: created, operator: ">=", format: epoch}
          created[lt]: {column: created, operator: "<", format: epoch}
          lines: {name: "expand[]", value: lines, when_read: [lines]}
          more: {name: "expand[]", value: currency, when_read: [currency]}
        rows: data[]
        paging: list
        order: [-created]
        split_by: created
        freshness: {seconds: 1000, unless: {owner: open}}
      tagged:
        request: GET /bills
        description: Gives the bills that have a tag.
        parameters:
          tag: {required: true}
        rows: data[]
        paging: list
      get:
        request: GET /bills/{id}
        description: Gives one bill.
        parameters:
          id: {in: path, required: true}
        single: true
        missing: empty
    unique: [id]
    examples:
      - question: What is owed?
        sql: SELECT sum(amount) FROM acme.billing.bills
"""
BILLS: list[dict[str, Any]] = [
    {
        "id": f"b{number}",
        "owner": None if number % 5 == 0 else f"o{number % 3}",
        "amount": number,
        "created": 1_700_000_000 + number // 3 * 60,
    }
    for number in range(400)
][::-1]
"""Newest first, three in the same second."""


class Api:
    """The API of these definitions; remembers the queries that it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[tuple[str, str]]] = []
        self.bills = BILLS

    def __call__(self, request: httpx.Request) -> httpx.Response:
        parts = urlsplit(str(request.url))
        query = parse_qsl(parts.query)
        self.asked.append(query)
        said = dict(query)
        if parts.path != "/bills":
            found = [bill for bill in BILLS if parts.path == f"/bills/{bill['id']}"]
            return httpx.Response(200 if found else 404, json=found[0] if found else {})
        bills = [bill for bill in self.bills if self._fits(bill, said)]
        if "starting_after" in said:
            ids = [bill["id"] for bill in bills]
            bills = bills[ids.index(said["starting_after"]) + 1 :]
        size = int(said["limit"])
        assert size <= 10
        return httpx.Response(200, json={"data": bills[:size], "has_more": len(bills) > size})

    def _fits(self, bill: dict[str, Any], said: dict[str, str]) -> bool:
        owner = said.get("owner")
        return bool(
            (owner is None or bill["owner"] == (None if owner == "nobody" else owner))
            and bill["created"] >= int(said.get("created[gte]", "0"))
            and bill["created"] < int(said.get("created[lt]", "9999999999"))
        )


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def connection(api: Api, clock: FakeClock, tmp_path: Path) -> Iterator[billql.Connection]:
    acme.define(tmp_path, PROVIDER, billing=SERVICE)
    with acme.connect(tmp_path, api, clock=clock.moment) as connection:
        yield connection


def rows(connection: billql.Connection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("", "list; about 100 requests"),
        ("WHERE owner = 'o1'", "list; sends owner =; about 10 requests"),
        (
            "WHERE owner = 'o1' AND amount > 5",
            "list; sends owner =; SQLite checks amount >; about 10 requests",
        ),
        ("WHERE owner IS NULL", "list; sends owner is null; about 10 requests"),
        (
            "WHERE owner COLLATE NOCASE = 'o1'",
            "list; SQLite checks owner COLLATE NOCASE; about 100 requests",
        ),
        (
            "WHERE created >= '2025-01-01' AND created < '2026-01-01'",
            "list; sends created >=, created <; about 9 requests",
        ),
        ("WHERE id = 'b1'", "get; sends id =; about 1 request"),
        ("WHERE tag = 'x'", "tagged; sends tag =; about 10 requests"),
        ("WHERE tag LIKE 'x%'", "needs tag"),
        ("LIMIT 5", "list; sends limit; about 100 requests"),
    ],
)
def test_explain_tells_what_a_scan_does(
    connection: billql.Connection, where: str, told: str
) -> None:
    sql = f"EXPLAIN QUERY PLAN SELECT amount FROM acme.billing.bills {where}"
    ((*_, detail),) = rows(connection, sql)
    assert detail.partition("INDEX ")[2].partition(":")[2] == told


def test_explain_sends_nothing(connection: billql.Connection, api: Api) -> None:
    rows(connection, "EXPLAIN QUERY PLAN SELECT * FROM acme.billing.bills WHERE id = 'b1'")
    rows(connection, "EXPLAIN SELECT * FROM acme.billing.bills")
    assert api.asked == []


def test_null_is_asked_for_where_the_api_can_say_it(
    connection: billql.Connection, api: Api
) -> None:
    found = rows(connection, "SELECT count(*) FROM acme.billing.bills WHERE owner IS NULL LIMIT 1")
    assert found == [(80,)]
    assert all(("owner", "nobody") in query for query in api.asked)
    rows(
        connection, "SELECT count(*) FROM acme.billing.bills WHERE owner IS NOT NULL AND id = 'b1'"
    )
    assert api.asked[-1] == []


def test_parameters_that_share_a_name_go_side_by_side(
    connection: billql.Connection, api: Api
) -> None:
    rows(connection, "SELECT id FROM acme.billing.bills LIMIT 1")
    assert api.asked == [[("limit", "1")]]
    api.asked.clear()
    rows(connection, "SELECT currency, lines FROM acme.billing.bills LIMIT 1")
    assert api.asked == [[("expand[]", "lines"), ("expand[]", "currency"), ("limit", "1")]]


def test_how_long_an_answer_stays_true(
    connection: billql.Connection, api: Api, clock: FakeClock
) -> None:
    """A definition says 1,000 seconds, but not for the owner `open`; the session says 300."""
    for owner in ("o1", "open"):
        sql = f"SELECT count(*) FROM acme.billing.bills WHERE owner = '{owner}' LIMIT 1"
        rows(connection, sql)
    asked = len(api.asked)
    clock.turn(500)
    rows(connection, "SELECT count(*) FROM acme.billing.bills WHERE owner = 'o1'")
    assert len(api.asked) == asked
    rows(connection, "SELECT count(*) FROM acme.billing.bills WHERE owner = 'open'")
    assert len(api.asked) == asked + 1


def test_a_long_list_is_cut_by_time(connection: billql.Connection, api: Api) -> None:
    window = "created >= '2023-11-14T00:00:00Z' AND created < '2023-11-16T00:00:00Z'"
    sql = f"SELECT id, amount FROM acme.billing.bills WHERE {window}"
    found = rows(connection, sql)
    assert sorted(amount for _, amount in found) == list(range(400))
    starts = [query for query in api.asked if "starting_after" not in dict(query)]
    assert len(starts) == 5, "the first page, and four windows"
    assert len(api.asked) <= 40 + len(starts)


def test_a_cut_list_keeps_its_order(connection: billql.Connection) -> None:
    window = "created >= '2023-11-14T00:00:00Z' AND created < '2023-11-16T00:00:00Z'"
    sql = f"SELECT created FROM acme.billing.bills WHERE {window} ORDER BY created DESC"
    plan = rows(connection, f"EXPLAIN QUERY PLAN {sql}")
    assert not any("ORDER BY" in detail for *_, detail in plan)
    found = [created for (created,) in rows(connection, sql)]
    assert len(found) == 400
    assert found == sorted(found, reverse=True)


def test_a_broken_promise_of_order_is_an_error(connection: billql.Connection, api: Api) -> None:
    window = "created >= '2023-11-14T00:00:00Z' AND created < '2023-11-16T00:00:00Z'"
    api.bills = BILLS[::-1]
    for sql in (
        f"SELECT id FROM acme.billing.bills WHERE {window} ORDER BY created DESC LIMIT 5",
        f"SELECT max(created) FROM acme.billing.bills WHERE {window}",
        "SELECT id FROM acme.billing.bills ORDER BY created DESC",
    ):
        with pytest.raises(billql.Error, match="another order than its API promises"):
            rows(connection, sql)
    sql = f"SELECT created FROM acme.billing.bills WHERE {window} ORDER BY +created DESC LIMIT 1"
    assert rows(connection, sql) == [("2023-11-15T00:26:20Z",)]


def test_a_limit_is_not_cut(connection: billql.Connection, api: Api) -> None:
    window = "created >= '2023-11-14T00:00:00Z' AND created < '2023-11-16T00:00:00Z'"
    sql = f"SELECT id FROM acme.billing.bills WHERE {window} AND amount >= 0 LIMIT 15"
    assert len(rows(connection, sql)) == 15
    assert len(api.asked) == 2
