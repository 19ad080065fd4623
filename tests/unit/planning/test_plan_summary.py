"""What EXPLAIN QUERY PLAN shows of a plan."""

from __future__ import annotations

from typing import Any

import pytest

from billql.planning.plan import Constraint, Order
from billql.planning.plan_summary import summarize
from billql.planning.planner import choose_plan
from support.planning import table_of

METHODS: dict[str, Any] = {
    "list": {
        "parameters": {
            "owner": {"null": "nobody", "match": "superset"},
            "from": {"column": "day", "operator": ">="},
            "to": {"column": "day", "operator": "<="},
            "expand": {"value": "lines", "when_read": ["lines"]},
        },
        "paging": {"kind": "page_number", "total": "total", "size": 100},
        "order": ["-day"],
    },
    "get": {"parameters": {"id": {"in": "path", "required": True}}, "single": True},
}


def where(column: str, operator: Any = "=", **changes: Any) -> Constraint:
    return Constraint(column, operator, True, "x", literal=True)._replace(**changes)


LIMIT, OFFSET = where("rowid", "limit", value=5), where("rowid", "offset", value=2)


@pytest.mark.parametrize(
    ("constraints", "shown"),
    [
        ([], "list; about 10 requests"),
        ([where("id")], "get; sends id =; about 1 request"),
        ([where("id", "in")], "get; sends id in; about 2 requests"),
        (
            [where("day", ">="), where("day", "<")],
            "list; sends day >=, day <; about 1 request",
        ),
        ([where("day", "is null")], "list; SQLite checks day is null; about 10 requests"),
        ([where("amount", ">")], "list; SQLite checks amount >; about 10 requests"),
        ([where("amount", "other")], "list; SQLite checks amount; about 10 requests"),
        (
            [where("day", ">"), where("amount", ">"), where("lines")],
            "list; sends day >; SQLite checks amount >, lines =; about 3 requests",
        ),
        ([where("owner")], "list; sends owner =; SQLite checks again; about 1 request"),
        (
            [where("owner", "is null")],
            "list; sends owner is null; SQLite checks again; about 1 request",
        ),
        (
            [where("owner", collation="NOCASE")],
            "list; SQLite checks owner COLLATE NOCASE; about 10 requests",
        ),
        ([where("day", usable=False)], "list; SQLite checks day =; about 10 requests"),
        ([LIMIT], "list; sends limit; about 10 requests"),
        ([LIMIT, OFFSET], "list; sends limit, offset; about 10 requests"),
        (
            [where("day", ">", value="long ago"), LIMIT, OFFSET],
            "list; sends day >, limit; about 3 requests",
        ),
        ([where("amount"), LIMIT], "list; SQLite checks amount =; about 10 requests"),
    ],
)
def test_what_is_sent_and_what_is_left(constraints: list[Constraint], shown: str) -> None:
    plan = choose_plan(table_of(METHODS), constraints, frozenset({"id"}))
    assert summarize(plan.description) == shown


@pytest.mark.parametrize(
    ("constraints", "shown"),
    [
        ([], "list; reads all 3 connections; about 30 requests"),
        ([where("connection")], "list; reads connection =; about 10 requests"),
        ([where("connection", "in")], "list; reads connection in; about 30 requests"),
        (
            [where("connection"), where("day")],
            "list; reads connection =; sends day =; about 1 request",
        ),
        (
            [where("connection", ">")],
            "list; reads all 3 connections; SQLite checks connection >; about 30 requests",
        ),
        (
            [where("connection", "in"), where("owner")],
            "list; reads connection in; sends owner =; SQLite checks again; about 3 requests",
        ),
    ],
)
def test_which_connections_are_read(constraints: list[Constraint], shown: str) -> None:
    plan = choose_plan(table_of(METHODS), constraints, frozenset({"id"}), connections=3)
    assert summarize(plan.description) == shown


def test_a_constant_is_shown_if_it_is_sent() -> None:
    table, day = table_of(METHODS), where("day", ">")
    plan = choose_plan(table, [day], frozenset({"lines"}))
    assert summarize(plan.description) == "list; sends day >, expand=lines; about 3 requests"
    plan = choose_plan(table, [], frozenset({"lines"}))
    assert summarize(plan.description) == "list; sends expand=lines; about 10 requests"


def test_the_order_is_no_part_of_it() -> None:
    """SQLite itself shows whether it sorts."""
    table = table_of(METHODS)
    order = [Order("day", descending=True)]
    assert choose_plan(table, [], frozenset(), order).order
    sorted_, unsorted = (
        choose_plan(table, [], frozenset(), one).description for one in (order, ())
    )
    assert summarize(sorted_) == summarize(unsorted)


def test_a_refused_scan_names_its_keys_alone() -> None:
    required = {"required": True}
    table = table_of({"list": {"parameters": {"owner": required, "amount": required}}})
    plan = choose_plan(table, [where("day")], frozenset({"id"}), connections=2)
    assert summarize(plan.description) == "needs owner, amount"
    plan = choose_plan(table, [where("owner")], frozenset({"id"}))
    assert summarize(plan.description) == "needs amount"


def test_a_range_without_an_end_that_is_required_names_the_end() -> None:
    ends = {
        "since": {"column": "day", "operator": ">=", "required": True},
        "until": {"column": "day", "operator": "<=", "required": True},
    }
    table = table_of({"list": {"parameters": ends}})
    plan = choose_plan(table, [where("day", ">")], frozenset({"id"}))
    assert summarize(plan.description) == "needs day <="
    assert plan.missing == ("day",)
    plan = choose_plan(table, [], frozenset({"id"}))
    assert summarize(plan.description) == "needs day"
