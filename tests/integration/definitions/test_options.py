"""Words of definitions that change what is read: `aggregate`, `reference`, `unknown_value`.

What a word makes possible never changes an answer, and each says just what it says: the tests also
go the other way, over an API that does something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import billql
from support import acme

PROVIDER = (
    acme.PROVIDER
    + """\
errors:
  message: error.message
  code: error.code
  unknown_value: {code: nobody, parameter: error.about}
paging:
  list: {kind: after_id, size: 3}
"""
)

SERVICE = """\
billql: 1
description: What was ordered.
resources:
  orders:
    description: One row for each order.
    columns:
      id: {type: text, description: The id.}
      owner: {type: text, description: Whose it is., format: reference}
      owner_object:
        {type: json, description: All of whose it is., path: owner, format: reference, hidden: true}
      state: {type: text, description: Where it stands., values: [open, shut]}
      kind: {type: text, description: What kind it is.}
      seller: {type: text, description: Who sold it., path: $parameter, hidden: true}
      first_due:
        type: timestamp
        description: When its first part is due.
        path: plan.parts[].due
        aggregate: min
        format: epoch
      last_due:
        type: timestamp
        description: When its last part is due.
        path: plan.parts[].due
        aggregate: max
        format: epoch
      largest: {type: integer, description: The largest amount., path: "amounts[]", aggregate: max}
    methods:
      list:
        request: GET /orders
        description: Gives the orders.
        parameters:
          owner: {}
          state: {default: any}
          sold_by: {column: seller, default: house}
          kinds: {column: kind, lists: comma}
          due_from: {column: first_due, operator: ">=", format: epoch}
          due_before: {column: first_due, operator: "<", format: epoch}
          expand: {value: owner, when_read: [owner_object]}
        rows: data[]
        paging: list
      get:
        request: GET /orders/{id}
        description: Gives one order.
        parameters:
          id: {in: path, required: true}
        missing: empty
        single: true
    unique: [id]
    examples:
      - question: What was ordered?
        sql: SELECT count(*) FROM acme.sales.orders
"""


def order(number: int) -> dict[str, Any]:
    return {
        "id": f"o{number}",
        "owner": f"c{number % 3}",
        "state": "open",
        "plan": {
            "parts": [{"due": 1_700_000_000 + 86400 * ((number + 1) * n % 7)} for n in range(3)]
        },
        "amounts": [number, 2 * number, None],
    }


class Api:
    """Acme's API, which refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.orders = [order(number) for number in range(8)]
        self.asked: list[dict[str, str]] = []
        self.refuse: Callable[[dict[str, str]], httpx.Response | None] = lambda said: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        said = dict(request.url.params)
        self.asked.append(said)
        refused = self.refuse(said)
        if refused is not None:
            return refused
        if request.url.path != "/orders":
            found = [one for one in self.orders if request.url.path.endswith(f"/{one['id']}")]
            return httpx.Response(200, json=found[0]) if found else httpx.Response(404)
        orders = [one for one in self.orders if self._fits(one, said)]
        ids = [one["id"] for one in orders]
        start = ids.index(said["starting_after"]) + 1 if "starting_after" in said else 0
        page = orders[start : start + 3]
        if said.get("expand") == "owner":
            page = [{**one, "owner": {"id": one["owner"], "name": "Wile"}} for one in page]
        return httpx.Response(200, json={"data": page, "has_more": start + 3 < len(orders)})

    def _fits(self, one: dict[str, Any], said: dict[str, str]) -> bool:
        parts = (one["plan"] or {}).get("parts", [])
        due = min((part["due"] for part in parts if "due" in part), default=None)
        low, high = int(said.get("due_from", 0)), int(said.get("due_before", 10**10))
        bounded = "due_from" in said or "due_before" in said
        fits = low <= due < high if due is not None else not bounded
        return fits and ("owner" not in said or said["owner"] == one["owner"])


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def connection(api: Api, tmp_path: Path) -> Iterator[billql.Connection]:
    acme.define(tmp_path, PROVIDER, sales=SERVICE)
    with acme.connect(tmp_path, api, cache_ttl=0.0) as connection:
        yield connection


def rows(connection: billql.Connection, sql: str) -> list[Any]:
    return connection.execute(sql.replace("orders", "acme.sales.orders", 1)).fetchall()


# take


def test_the_least_and_the_greatest_of_several(connection: billql.Connection, api: Api) -> None:
    api.orders = [
        {"id": "several", "plan": {"parts": [{"due": 120}, {"due": 60}, {}]}, "amounts": [7, 9, 8]},
        {"id": "one", "plan": {"parts": [{"due": 0}]}, "amounts": [0]},
        {"id": "none", "plan": {"parts": []}, "amounts": [None]},
        {"id": "nothing", "plan": None},
    ]
    assert rows(connection, "SELECT id, first_due, last_due, largest FROM orders") == [
        ("several", "1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z", 9),
        ("one", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0),
        ("none", None, None, None),
        ("nothing", None, None, None),
    ]


@pytest.mark.parametrize("amounts", [7, {"0": 7}, "7", [7, "seven"]])
def test_what_is_no_list_of_values_is_an_error(
    connection: billql.Connection, api: Api, amounts: object
) -> None:
    api.orders = [{"id": "o1", "plan": None, "amounts": amounts}]
    with pytest.raises(billql.BadResponse, match=r"a largest of .* that cannot be read"):
        rows(connection, "SELECT largest FROM orders")


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "="])
@pytest.mark.parametrize("due", [1_699_999_999, 1_700_000_000, 1_700_086_400, 1_700_200_000])
def test_a_range_on_the_least_is_pushed_down_and_right(
    connection: billql.Connection, api: Api, operator: str, due: int
) -> None:
    condition = f"first_due {operator} strftime('%Y-%m-%dT%H:%M:%SZ', {due}, 'unixepoch')"
    expected = rows(connection, f"SELECT id FROM orders WHERE +{condition}")
    assert not any("due_from" in said or "due_before" in said for said in api.asked)
    api.asked.clear()
    assert rows(connection, f"SELECT id FROM orders WHERE {condition}") == expected
    bounds = {"due_from", "due_before"} & api.asked[0].keys()
    assert len(bounds) == (2 if operator == "=" else 1)


# reference


def test_an_object_stands_beside_its_id(connection: billql.Connection, api: Api) -> None:
    assert rows(connection, "SELECT * FROM orders LIMIT 1")[0][:2] == ("o0", "c0")
    assert "expand" not in api.asked[-1]
    found = rows(connection, "SELECT owner, owner_object ->> 'name' FROM orders WHERE owner = 'c1'")
    assert found == [("c1", "Wile")] * 3
    assert api.asked[-1]["expand"] == "owner"


def test_an_id_is_no_object(connection: billql.Connection) -> None:
    """One order is given by its id, where nothing is expanded."""
    sql = "SELECT owner, owner_object FROM orders WHERE id = 'o4'"
    assert rows(connection, sql) == [("c1", None)]


def test_an_object_that_comes_unasked_has_its_id(connection: billql.Connection, api: Api) -> None:
    api.orders[0]["owner"] = {"id": "c9", "name": "Sam"}
    sql = "SELECT owner FROM orders WHERE id = 'o0'"
    assert rows(connection, sql) == [("c9",)]


@pytest.mark.parametrize("column", ["owner", "owner_object"])
@pytest.mark.parametrize("owner", [{"name": "Sam"}, {"id": {}}, ["c1"]])
def test_what_is_neither_is_an_error(
    connection: billql.Connection, api: Api, column: str, owner: object
) -> None:
    api.orders[0]["owner"] = owner
    with pytest.raises(billql.BadResponse, match="cannot be read"):
        rows(connection, f"SELECT {column} FROM orders WHERE id = 'o0'")


# unknown_value


def refusal(status: int = 400, code: str | None = "nobody", about: str | None = "owner") -> Any:
    error = {"message": "There is nobody of that name.", "code": code, "about": about}
    return httpx.Response(status, json={"error": error})


def test_a_value_that_names_nothing_has_no_rows(connection: billql.Connection, api: Api) -> None:
    api.refuse = lambda said: refusal() if said.get("owner") == "c9" else None
    assert rows(connection, "SELECT id FROM orders WHERE owner = 'c9'") == []
    assert rows(connection, "SELECT count(*) FROM orders WHERE owner = 'c9' AND id <> 'x'") == [
        (0,)
    ]
    assert api.asked[-1]["owner"] == "c9"
    several = rows(
        connection, "SELECT DISTINCT owner FROM orders WHERE owner IN ('c0', 'c9', 'c2')"
    )
    assert sorted(several) == [("c0",), ("c2",)]
    joined = (
        "WITH k(c) AS (VALUES ('c9'), ('c1')) SELECT k.c, count(o.id) FROM k "
        "LEFT JOIN orders o ON o.owner = k.c GROUP BY k.c"
    )
    assert rows(connection, joined) == [("c1", 3), ("c9", 0)]


def test_a_parameter_is_known_by_the_apis_name_for_it(
    connection: billql.Connection, api: Api
) -> None:
    api.refuse = lambda said: refusal(about="sold_by") if said["sold_by"] == "x" else None
    assert rows(connection, "SELECT id FROM orders WHERE seller = 'x'") == []


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("owner = 'c9'", refusal(code="no_such_page")),
        ("owner = 'c9'", refusal(code=None)),
        ("owner = 'c9'", refusal(code="nobody ")),
        ("owner = 'c9'", refusal(about=None)),
        ("owner = 'c9'", refusal(about="")),
        ("owner = 'c9'", refusal(about="starting_after")),
        ("owner = 'c9'", refusal(about="seller")),
        ("owner = 'c9'", refusal(about="expand")),
        ("owner = 'c9'", refusal(status=401)),
        ("owner = 'c9'", refusal(status=403)),
        ("owner = 'c9'", refusal(status=404)),
        ("owner = 'c9'", refusal(status=409)),
        ("owner = 'c9'", refusal(status=422)),
        ("owner = 'c9'", httpx.Response(400, json={"error": "nobody"})),
        ("owner = 'c9'", httpx.Response(400, content=b"nobody")),
        ("+owner = 'c9'", refusal()),
        ("true", refusal()),
        ("owner = 'c9'", refusal(about="state")),
        ("true", refusal(about="state")),
        ("true", refusal(about="sold_by")),
        ("first_due >= '2023-11-20'", refusal(about="due_from")),
        ("first_due = '2023-11-20T00:00:00Z'", refusal(about="due_from")),
    ],
)
def test_every_other_refusal_stays_an_error(
    connection: billql.Connection, api: Api, condition: str, answer: httpx.Response
) -> None:
    api.refuse = lambda said: answer
    with pytest.raises(billql.ApiError, match=f"answered {answer.status_code}") as caught:
        rows(connection, f"SELECT id FROM orders WHERE {condition}")
    assert caught.value.status == answer.status_code


def test_one_unknown_value_of_several_in_a_request_is_an_error(
    connection: billql.Connection, api: Api
) -> None:
    """The others may have rows, which nobody has seen."""
    api.refuse = lambda said: refusal(about="kinds")
    with pytest.raises(billql.ApiError, match="There is nobody of that name"):
        rows(connection, "SELECT id FROM orders WHERE kind IN ('x', 'y')")
    assert api.asked[-1]["kinds"] == "x,y"
    assert rows(connection, "SELECT id FROM orders WHERE kind IN ('x')") == []


def test_a_later_page_that_is_refused_is_an_error(connection: billql.Connection, api: Api) -> None:
    api.orders = [{**order(number), "owner": "c1"} for number in range(8)]
    api.refuse = lambda said: refusal() if "starting_after" in said else None
    with pytest.raises(billql.ApiError, match="There is nobody of that name"):
        rows(connection, "SELECT id FROM orders WHERE owner = 'c1'")


def test_a_row_that_is_got_is_missing_only_with_404(
    connection: billql.Connection, api: Api
) -> None:
    assert rows(connection, "SELECT state FROM orders WHERE id = 'x'") == []
    api.refuse = lambda said: refusal(about=None)
    with pytest.raises(billql.ApiError, match="answered 400"):
        rows(connection, "SELECT state FROM orders WHERE id = 'x'")
