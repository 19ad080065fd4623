"""A whole scan without a network: lists, an OFFSET, an order, a list that is split by time."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from billql.config.settings import Settings
from billql.errors import BadResponse, RowLimit
from billql.fetching._budget import Budget
from billql.fetching.scan import Scan
from billql.fetching.scan_stats import ScanStats
from billql.messages import Request, Response
from billql.planning.binder import bind
from billql.planning.plan import Constraint, Order
from billql.planning.planner import choose_plan
from support.lists import FakeSnapshot
from support.planning import NOW, connections, table, values_of

CHARGES = """
description: One row for each charge.
columns:
  id: {type: integer, description: The id.}
  owner: {type: text, description: Who is charged.}
  created: {type: timestamp, description: When.}
methods:
  list:
    request: GET /charges
    description: Returns the charges.
    parameters:
      owner: {}
      from: {column: created, operator: ">="}
      to: {column: created, operator: "<="}
    rows: data[]
    paging: {kind: after_id, parameter: after, size: 3, more: more}
    order: [-created]
    split_by: created
unique: [id]
examples:
  - {question: 'What was charged?', sql: SELECT 1}
"""

Charge = dict[str, Any]


def charges(*seconds: int) -> list[Charge]:
    """Return charges that were made so many seconds before noon, newest first."""
    return [{"id": n, "owner": "ab"[n % 2], "created": clock(one)} for n, one in enumerate(seconds)]


def clock(before_noon: int) -> str:
    left = 12 * 3600 - before_noon
    return f"2025-02-01T{left // 3600:02}:{left // 60 % 60:02}:{left % 60:02}Z"


class Api:
    """Serves charges in pages of three; `change` is called before each request, counted from 1."""

    def __init__(
        self, listed: list[Charge], change: Callable[[Api, int], None] | None = None
    ) -> None:
        self.listed = listed
        self.queries: list[dict[str, str]] = []
        self._change = change

    def respond(self, request: Request) -> Response:
        query = dict(request.query)
        self.queries.append(query)
        if self._change is not None:
            self._change(self, len(self.queries))
        found = [
            one
            for one in self.listed
            if query.get("from", "") <= one["created"] <= query.get("to", "9")
            and query.get("owner", one["owner"]) == one["owner"]
        ]
        if "after" in query:
            places = [place for place, one in enumerate(found) if str(one["id"]) == query["after"]]
            found = found[places[0] + 1 :]
        data = {"data": found[:3], "more": len(found) > 3}
        return Response(json.dumps(data).encode(), "application/json")


def scan(
    api: Api,
    *constraints: tuple[Constraint, Any],
    order: tuple[Order, ...] = (),
    settings: Settings | None = None,
    definition: str = CHARGES,
) -> Scan:
    read = table(definition)
    used = frozenset({"id", "created"})
    plan = choose_plan(read, [one for one, _ in constraints], used, order)
    values = values_of(plan, *(value for _, value in constraints))
    return Scan(
        FakeSnapshot(api.respond),
        Budget(settings or Settings()),
        read,
        plan,
        bind(read, plan, values, connections(read, "acme"), NOW),
        ScanStats("charges"),
        lambda: False,
    )


def ids(read: Scan) -> list[int]:
    return [row[0] for rows in read.batches() for row in rows]


def since(second: int) -> tuple[Constraint, Any]:
    return Constraint("created", ">=", usable=True), clock(second)


def test_the_pages_of_a_list_follow_each_other() -> None:
    api = Api(charges(0, 10, 20, 30, 40, 50, 60))
    read = scan(api)
    assert ids(read) == [0, 1, 2, 3, 4, 5, 6]
    assert [query.get("after") for query in api.queries] == [None, "2", "5"]
    assert (read.stats.pages, read.stats.rows) == (3, 7)


def test_a_page_is_passed_on_in_halves() -> None:
    read = scan(Api(charges(0, 10, 20, 30)))
    assert [len(rows) for rows in read.batches()] == [2, 1, 1, 0]


def test_the_first_request_is_known_before_it_is_sent() -> None:
    api = Api(charges(0))
    read = scan(api)
    (first,) = read.first_requests()
    assert api.queries == []
    read.begin()
    assert api.queries == [dict(first.request.query)]
    assert ids(read) == [0]
    assert len(api.queries) == 1


def test_a_long_list_is_split_by_time() -> None:
    api = Api(charges(*range(0, 300, 10)))
    read = scan(api, since(1000))
    assert sorted(ids(read)) == list(range(30))
    begun = [query for query in api.queries if "after" not in query]
    assert len(begun) == 1 + read.concurrency


def test_rows_of_one_second_that_a_split_divides_come_once() -> None:
    api = Api(charges(0, 10, 20, 20, 20, 20, *range(30, 300, 10)))
    assert sorted(ids(scan(api, since(1000)))) == list(range(33))


def test_a_list_that_changes_is_not_split_once_rows_were_passed_on() -> None:
    """The parts would have the rows again that the first reading has passed on."""

    def change(api: Api, number: int) -> None:
        if number == 2:
            api.listed.insert(3, api.listed[0])
        elif number == 3:
            del api.listed[3]
            api.listed.insert(0, {"id": 99, "owner": "a", "created": clock(0)})

    # The first page is not in order, so that it cannot be split; what is new on it is.
    seconds = [10, 20, 0, *range(30, 300, 10)]
    api = Api(charges(*seconds), change)
    assert sorted(ids(scan(api, since(1000)))) == [*range(len(seconds)), 99]


def test_an_order_that_is_broken_is_an_error() -> None:
    api = Api(charges(0, 20, 10))
    with pytest.raises(BadResponse, match="another order"):
        ids(scan(api, order=(Order("created", descending=True),)))


def test_rows_are_charged() -> None:
    api = Api(charges(0, 10, 20, 30))
    with pytest.raises(RowLimit):
        ids(scan(api, settings=Settings(max_rows=3)))


def test_a_scan_that_is_abandoned_leaves_no_reference_cycle() -> None:
    """A dry run makes a scan for each key; the garbage collector should not have to find them."""
    read = scan(Api(charges(0, 10, 20, 30)))
    begun = scan(Api(charges(0, 10, 20, 30)))
    next(begun.batches())
    left = [weakref.ref(read), weakref.ref(begun)]
    gc.disable()
    try:
        del read, begun
        assert [one() for one in left] == [None, None]
    finally:
        gc.enable()
