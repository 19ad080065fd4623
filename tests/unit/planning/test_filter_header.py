"""Conditions in a filter header: what a statement compares with becomes one JSON object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billql.definitions.catalog import Table
from billql.messages import Request
from billql.planning.plan import Constraint
from support.planning import bound, table, where

BILLS = """
description: One row for each bill.
columns:
  id: {type: integer, description: The id.}
  owner: {type: text, description: Who owes it.}
  paid: {type: boolean, description: Whether it is paid.}
  at: {type: timestamp, description: When it was issued.}
methods:
  list:
    request: GET /bills
    description: Returns the bills, newest first.
    parameters:
      id: {in: filter}
      owner: {in: filter, name: owner.name, lists: repeat, match: superset}
      paid: {in: filter}
      from: {in: filter, name: at, column: at, operator: ">=", format: no_zone}
      to: {in: filter, name: at, column: at, operator: "<", format: no_zone}
      sort: {in: filter, name: +order_by, value: at}
    rows: data[]
    paging: {kind: page_number, total: total, size: 500, least: 25}
    order: [-at]
examples:
  - {question: 'What is owed?', sql: SELECT 1}
"""
FILTER = {
    **{"header": "X-Filter", "all": "+and", "any": "+or"},
    "operators": {">=": "+gte", "<": "+lt"},
}


@pytest.fixture(scope="module")
def bills() -> Table:
    return table(BILLS, filter=FILTER)


def filters(request: Request) -> Any:
    (found,) = (text for name, text in request.headers if name == "X-Filter")
    assert found.isascii()
    found = json.loads(found)
    assert found.pop("+order_by") == "at"
    return found


@pytest.mark.parametrize(
    ("column", "operator", "value", "sent"),
    [
        ("id", "=", 7, {"id": 7}),
        ("paid", "=", 1, {"paid": True}),
        ("owner", "=", "ü\n\"'", {"owner.name": "ü\n\"'"}),
        ("owner", "=", "", {}),
        ("owner", "=", "x" * 5000, {}),
        ("owner", "in", {"a"}, {"owner.name": "a"}),
        ("owner", "in", {"a", "b"}, {"+or": [{"owner.name": "a"}, {"owner.name": "b"}]}),
        ("at", ">=", "2026-01", {"at": {"+gte": "2026-01-01T00:00:00"}}),
        ("at", "<", "2026-01-02T03:04:05Z", {"at": {"+lt": "2026-01-02T03:04:05"}}),
    ],
)
def test_a_condition_is_sent_or_left_to_sqlite(
    bills: Table, column: str, operator: str, value: Any, sent: Any
) -> None:
    found = [filters(one.first) for one in bound(bills, where(column, operator, value)).lists]
    assert found == [sent]


def test_several_conditions_all_hold(bills: Table) -> None:
    plan = bound(bills, where("at", ">=", "2026-01-01"), where("at", "<", "2026-02-01"))
    assert [filters(one.first) for one in plan.lists] == [
        {"+and": [{"at": {"+gte": "2026-01-01T00:00:00"}}, {"at": {"+lt": "2026-02-01T00:00:00"}}]}
    ]


def test_values_that_are_too_long_together_are_lists_of_their_own(bills: Table) -> None:
    plan = bound(bills, where("owner", "in", {"x" * 3000, "y" * 3000}))
    sent = [filters(one.first) for one in plan.lists]
    assert {one["owner.name"][0] for one in sent} == {"x", "y"}


def test_nothing_is_compared(bills: Table) -> None:
    assert [filters(one.first) for one in bound(bills).lists] == [{}]


def test_lists_with_other_conditions_are_other_lists(bills: Table) -> None:
    one, other = (bound(bills, where("id", "=", number)).lists[0].first for number in (1, 2))
    assert one != other


@pytest.mark.parametrize(("column", "value", "wanted"), [("id", 7, 3), ("owner", "a", None)])
def test_a_limit_is_sent_beside_what_is_exact(
    bills: Table, column: str, value: Any, wanted: int | None
) -> None:
    limit = Constraint("", "limit", usable=True, value=3), 3
    assert bound(bills, where(column, "=", value), limit).wanted == wanted
