"""Choosing a plan: constraints in, a method with what it takes and what it costs out."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.catalog import Table
from billql.planning.plan import IMPOSSIBLE, Constraint, Order, Plan, with_points
from billql.planning.planner import choose_plan, widened
from support.planning import table_of

PAGES = {"kind": "page_number", "total": "total", "size": 100}
GET: dict[str, Any] = {"parameters": {"id": {"in": "path", "required": True}}, "single": True}
DAYS = {
    "from": {"column": "day", "operator": ">="},
    "to": {"column": "day", "operator": "<="},
}
LIMIT = Constraint("rowid", "limit", True, 10, literal=True)
OFFSET = Constraint("rowid", "offset", True, 5, literal=True)


def listed(**parameters: Any) -> dict[str, Any]:
    """Return a method that lists bills by pages of 100, with parameters."""
    return {"parameters": parameters, "paging": PAGES}


def is_(column: str, operator: Any = "=", value: Any = "x", **changes: Any) -> Constraint:
    """Return a constraint with a value that stands in the statement."""
    return Constraint(column, operator, True, value, literal=True)._replace(**changes)


def open_(column: str, operator: Any = "=", **changes: Any) -> Constraint:
    """Return a constraint with a value that is known only when the statement runs."""
    return Constraint(column, operator, True)._replace(**changes)


def planned(
    table: Table,
    *constraints: Constraint,
    used: str = "id",
    order: str = "",
    connections: int = 1,
) -> Plan:
    """Plan a scan; `used` names columns, and `order` terms such as `-day`."""
    terms = [Order(term.removeprefix("-"), term.startswith("-")) for term in order.split()]
    return choose_plan(table, constraints, frozenset(used.split()), terms, connections)


def limited(table: Table, *constraints: Constraint, **question: Any) -> tuple[bool, bool]:
    """Return whether a plan takes the LIMIT, and whether it skips the rows of the OFFSET."""
    plan = planned(table, *constraints, LIMIT, OFFSET, **question)
    numbers = plan.arguments[len(plan.pushed) :]
    assert numbers in ((), (len(constraints), len(constraints) + 1))
    assert (plan.limit is None) == (plan.offset is None) == (numbers == ())
    return bool(numbers), plan.skips


# Which method.


@pytest.fixture(scope="module")
def bills() -> Table:
    return table_of(
        {
            "list": {**listed(owner={}, **DAYS), "order": ["-day"]},
            "get": GET,
        }
    )


@pytest.mark.parametrize(
    ("constraints", "method"),
    [
        ([], "list"),
        ([is_("id")], "get"),
        ([open_("id")], "get"),
        ([open_("id", "in")], "get"),
        ([is_("owner"), is_("id")], "get"),
        ([is_("id", ">")], "list"),
        ([is_("id", usable=False)], "list"),
        ([is_("id", collation="NOCASE")], "list"),
        ([is_("id", "is null", None)], "list"),
        ([is_("id", "other")], "list"),
        ([is_("owner")], "list"),
    ],
)
def test_a_row_is_got_by_its_key_and_listed_without(
    bills: Table, constraints: list[Constraint], method: str
) -> None:
    plan = planned(bills, *constraints)
    assert (plan.table, plan.method, plan.missing) == ("acme.billing.bills", method, ())


@pytest.mark.parametrize(
    ("constraint", "method"),
    [
        (is_("owner"), "by_owner"),
        (is_("amount"), "by_amount"),
        (is_("day", ">"), "all"),
    ],
)
def test_the_list_that_the_api_filters_is_read(constraint: Constraint, method: str) -> None:
    table = table_of(
        {"all": listed(), "by_owner": listed(owner={}), "by_amount": listed(amount={})}
    )
    assert planned(table, constraint).method == method


def test_of_equal_methods_the_first_is_read() -> None:
    assert planned(table_of({"one": listed(), "two": listed()})).method == "one"
    assert planned(table_of({"two": listed(), "one": listed()})).method == "two"


@pytest.mark.parametrize(
    "better", [{"expected_rows": 200}, {"paging": {**PAGES, "size": 200}}, {"single": True}]
)
def test_fewer_requests_are_cheaper(better: dict[str, Any]) -> None:
    plan = planned(table_of({"list": listed(), "short": {**listed(), **better}}))
    assert plan.method == "short"


def test_the_cost_is_that_of_its_requests_and_rows() -> None:
    plan = planned(table_of({"list": {**listed(), "expected_rows": 950}}))
    assert (plan.rows, plan.description.requests, plan.cost) == (950, 10, 10_950)
    plan = planned(table_of({"list": {"parameters": {}}}))
    assert (plan.rows, plan.description.requests, plan.cost) == (1000, 1, 2000)
    plan = planned(table_of({"get": GET}), is_("id"))
    assert (plan.rows, plan.description.requests, plan.cost) == (1, 1, 1001)


@pytest.mark.parametrize(
    "scans",
    [
        [[], [is_("day", ">")], [is_("day", ">"), is_("day", "<")]],
        [[], [is_("day", ">")], [is_("owner")], [is_("owner"), is_("day", ">")]],
    ],
)
def test_a_narrower_constraint_is_cheaper(bills: Table, scans: list[list[Constraint]]) -> None:
    """From the dearest to the cheapest."""
    costs = [planned(bills, *constraints).cost for constraints in scans]
    assert costs == sorted(set(costs), reverse=True)


def test_a_list_of_values_takes_more_requests_than_one(bills: Table) -> None:
    one, several = planned(bills, is_("id")), planned(bills, open_("id", "in"))
    assert several.description.requests > one.description.requests
    assert several.cost > one.cost
    assert planned(bills, open_("owner", "in")).cost > planned(bills, is_("owner")).cost


def test_what_the_api_cannot_filter_makes_no_plan_cheaper(bills: Table) -> None:
    assert planned(bills, is_("amount")).cost == planned(bills).cost
    assert planned(bills, is_("owner", usable=False)).cost == planned(bills).cost


def test_a_filter_beside_a_key_makes_no_plan_cheaper() -> None:
    """Or SQLite would read a table once for each term of an OR."""
    many = {"paging": PAGES, "expected_rows": 10_000}
    keyed = table_of({"list": {"parameters": {"owner": {"required": True}, **DAYS}, **many}})
    key = planned(keyed, is_("owner"))
    assert (key.description.requests, key.cost) == (10, 11_000)
    both = planned(keyed, is_("owner"), is_("day", ">"))
    assert (both.description.requests, both.cost) == (3, 10_300)
    filtered = table_of({"list": {"parameters": {"owner": {}, **DAYS}, **many}})
    assert planned(filtered, is_("owner"), is_("day", ">")).cost == 3_300
    # Of two constraints on a key, the weaker one counts.
    twice = planned(keyed, is_("owner"), open_("owner", "in"))
    assert (twice.description.requests, twice.cost) == (4, 20_200)


def test_each_connection_takes_requests_of_its_own(bills: Table) -> None:
    one, three = planned(bills), planned(bills, connections=3)
    assert three.description.requests == 3 * one.description.requests
    assert (three.rows, three.cost) == (3 * one.rows, 3 * one.cost)
    selected = planned(bills, is_("connection"), connections=3)
    assert (selected.cost, selected.rows) == (one.cost, one.rows)
    several = planned(bills, open_("connection", "in"), connections=3)
    assert several.cost == three.cost


# Keys.


def test_a_scan_without_its_key_is_refused_by_its_cost() -> None:
    plan = planned(table_of({"list": listed(owner={"required": True})}))
    assert (plan.cost, plan.missing) == (IMPOSSIBLE, ("owner",))
    assert plan.cost == 1e18
    assert plan.description.missing == ("owner",)


@pytest.mark.parametrize(
    ("constraint", "missing"),
    [
        (is_("owner"), ()),
        (open_("owner"), ()),
        (open_("owner", "in"), ()),
        (is_("owner", usable=False), ("owner",)),
        (is_("owner", "is null", None), ("owner",)),
        (is_("owner", ">"), ("owner",)),
        (is_("owner", "other"), ("owner",)),
        (is_("owner", collation="NOCASE"), ("owner",)),
        (is_("amount"), ("owner",)),
    ],
)
def test_what_fills_a_key(constraint: Constraint, missing: tuple[str, ...]) -> None:
    plan = planned(table_of({"list": listed(owner={"required": True})}), constraint)
    assert plan.missing == missing
    assert (plan.cost == IMPOSSIBLE) is bool(missing)


@pytest.mark.parametrize(
    ("parameter", "constraint"),
    [
        ({"required": True, "null": "none"}, is_("owner", "is null", None)),
        ({"required": True, "ignores_case": True}, is_("owner", collation="NOCASE")),
    ],
)
def test_what_else_fills_a_key_if_the_api_can_say_it(
    parameter: dict[str, Any], constraint: Constraint
) -> None:
    assert planned(table_of({"list": listed(owner=parameter)}), constraint).missing == ()


def test_both_ends_of_a_range_may_be_keys() -> None:
    ends = {name: {**end, "required": True} for name, end in DAYS.items()}
    table = table_of({"list": listed(**ends)})
    assert planned(table).missing == ("day",)
    assert planned(table, is_("day", ">=")).missing == ("day",)
    assert planned(table, is_("day", ">="), is_("day", "<")).missing == ()
    assert planned(table, is_("day")).missing == ()
    defaulted = {**ends, "to": {**ends["to"], "default": "today"}}
    assert planned(table_of({"list": listed(**defaulted)}), is_("day", ">=")).missing == ()


def test_of_methods_without_their_keys_the_one_that_misses_least_is_named() -> None:
    required = {"required": True}
    table = table_of(
        {"both": listed(owner=required, amount=required), "one": listed(amount=required)}
    )
    assert planned(table).missing == ("amount",)
    assert planned(table, is_("owner")).missing == ("amount",)
    assert planned(table, is_("owner"), is_("amount")).method == "both"


REGION = {"type": "text", "path": "$parameter"}


@pytest.mark.parametrize(
    ("default", "used", "constraint", "missing"),
    [
        (None, "id", None, ()),
        (None, "id region", None, ("region",)),
        (None, "id region", is_("region"), ()),
        (None, "id region", open_("region", "in"), ()),
        (None, "id region", is_("region", "other"), ("region",)),
        (None, "id region", is_("region", usable=False), ("region",)),
        ("eu", "id region", None, ()),
        (None, "id region", is_("region", "is null", None), ("region",)),
    ],
)
def test_a_column_that_shows_what_was_requested_needs_a_value_if_it_is_read(
    default: str | None, used: str, constraint: Constraint | None, missing: tuple[str, ...]
) -> None:
    parameter = {"null": "none"} if default is None else {"default": default}
    table = table_of({"list": listed(region=parameter)}, region=REGION)
    constraints = () if constraint is None else (constraint,)
    assert planned(table, *constraints, used=used).missing == missing


def test_a_missing_column_is_named_once() -> None:
    table = table_of({"list": listed(region={"required": True})}, region=REGION)
    assert planned(table, used="region").missing == ("region",)


# What is pushed down.


@pytest.mark.parametrize(
    ("parameter", "constraint", "is_pushed"),
    [
        ({}, is_("owner"), True),
        ({}, open_("owner"), True),
        ({}, open_("owner", "in"), True),
        ({}, is_("owner", usable=False), False),
        ({}, is_("owner", ">"), False),
        ({}, is_("owner", "other"), False),
        ({}, is_("owner", "is null", None), False),
        ({"null": "none"}, is_("owner", "is null", None), True),
        ({}, is_("owner", collation="NOCASE"), False),
        ({"ignores_case": True}, is_("owner", collation="NOCASE"), True),
        ({"ignores_case": True}, is_("owner", collation="RTRIM"), False),
        ({"ignores_case": True}, open_("owner", "in", collation="NOCASE"), False),
        ({"column": "day", "operator": ">="}, is_("day", ">"), True),
        ({"column": "day", "operator": ">="}, is_("day", ">="), True),
        ({"column": "day", "operator": ">="}, is_("day", "<"), False),
        ({"column": "day", "operator": ">="}, is_("day"), True),
        ({"column": "day", "operator": ">="}, open_("day", "in"), True),
        ({"column": "day", "operator": "<"}, is_("day", "<="), True),
        ({"column": "day", "operator": "<"}, is_("day", ">="), False),
        ({"column": "day"}, is_("day", ">="), False),
    ],
)
def test_what_a_parameter_can_carry(
    parameter: dict[str, Any], constraint: Constraint, is_pushed: bool
) -> None:
    plan = planned(table_of({"list": listed(owner=parameter)}), is_("amount"), constraint)
    assert plan.arguments == ((1,) if is_pushed else ())
    assert [one.number for one in plan.pushed] == [*plan.arguments]


def test_arguments_are_numbered_as_sqlite_offers_them(bills: Table) -> None:
    constraints = is_("amount"), is_("day", ">="), is_("lines"), is_("owner"), LIMIT
    plan = planned(bills, *constraints)
    assert plan.arguments == (1, 3)
    assert [one.constraint.column for one in plan.pushed] == ["day", "owner"]
    arguments = plan.bind_arguments(["2025-01-01", "o1"])
    assert [value for _, value in arguments.pushed] == ["2025-01-01", "o1"]
    assert (arguments.limit, arguments.offset) == (None, 0)


@pytest.mark.parametrize(
    ("operator", "collation", "is_pushed"),
    [
        ("=", None, True),
        ("in", None, True),
        ("=", "NOCASE", False),
        (">", None, False),
        ("other", None, False),
    ],
)
def test_what_selects_connections(
    bills: Table, operator: Any, collation: str | None, is_pushed: bool
) -> None:
    plan = planned(bills, open_("connection", operator, collation=collation), connections=2)
    assert len(plan.arguments) == is_pushed
    assert len(plan.description.selects) == is_pushed


@pytest.mark.parametrize(
    ("used", "constants"),
    [
        ("id", ()),
        ("id lines", (("expand[]", "lines"),)),
        ("id amount", (("expand[]", "amount"), ("view", "full"))),
        ("amount lines", (("expand[]", "lines"), ("expand[]", "amount"), ("view", "full"))),
    ],
)
def test_a_parameter_that_is_sent_for_the_columns_that_are_read(
    used: str, constants: tuple[tuple[str, str], ...]
) -> None:
    table = table_of(
        {
            "list": listed(
                lines={"name": "expand[]", "value": "lines", "when_read": ["lines"]},
                more={"name": "expand[]", "value": "amount", "when_read": ["amount"]},
                view={"value": "full", "when_read": ["amount", "day"]},
                version={"value": 2},
            )
        }
    )
    assert planned(table, used=used).description.constants == constants


# Order.


@pytest.mark.parametrize(
    ("promised", "wanted", "is_consumed"),
    [
        (["-day"], "-day", True),
        (["-day"], "day", False),
        (["day"], "-day", False),
        (["-day"], "id -day", False),
        (["-day"], "day id", False),
        (["-day", "id"], "-day id", True),
        (["-day", "id"], "-day", True),
        (["-day", "id"], "id", False),
        (["-day", "id"], "id -day", False),
        ([], "-day", False),
    ],
)
def test_an_order_is_consumed_if_the_api_promises_it(
    promised: list[str], wanted: str, is_consumed: bool
) -> None:
    plan = planned(table_of({"list": {**listed(), "order": promised}}), order=wanted)
    terms = tuple(Order(one.removeprefix("-"), one.startswith("-")) for one in wanted.split())
    assert plan.order == (terms if is_consumed else ())


@pytest.mark.parametrize(
    ("promised", "wanted", "ties"),
    [
        (["-day"], "-day", 0),
        (["-day"], "-day id", 1),
        (["-day", "id"], "-day -id", 1),
        (["-day", "id"], "-day amount -id", 2),
        (["-day", "id"], "-day id -owner", 1),
    ],
)
def test_what_no_api_promises_is_sorted_where_rows_are_equal(
    promised: list[str], wanted: str, ties: int
) -> None:
    table = table_of({"list": {**listed(), "order": promised}})
    plan = planned(table, LIMIT, order=wanted)
    assert (len(plan.order), plan.ties) == (len(wanted.split()), ties)
    # How many rows are equal to the last one is unknown.
    assert (plan.limit is None) is (ties > 0)
    order = [Order(one.removeprefix("-"), one.startswith("-")) for one in wanted.split()]
    plan = choose_plan(table, [], frozenset(), order, sorts_ties=False)
    assert (len(plan.order), plan.ties) == ((0, 0) if ties else (len(order), 0))


@pytest.mark.parametrize(
    ("terms", "is_consumed"), [("day*", True), ("day* id", False), ("day id*", True)]
)
def test_computed_times_that_are_equal_are_in_no_order(terms: str, is_consumed: bool) -> None:
    table = table_of({"list": {**listed(), "order": ["day", "id"]}})
    order = [Order(one.rstrip("*"), False, one.endswith("*")) for one in terms.split()]
    plan = choose_plan(table, [], frozenset(), order)
    assert (bool(plan.order), plan.ties) == (is_consumed, 0)


@pytest.mark.parametrize(
    ("constraints", "connections", "is_consumed"),
    [
        ([is_("owner")], 1, True),
        ([open_("owner")], 1, True),
        ([open_("owner", "in")], 1, False),
        ([], 2, False),
        ([is_("connection")], 2, True),
        ([open_("connection", "in")], 2, False),
        ([open_("connection", "in")], 1, False),
    ],
)
def test_rows_of_several_lists_come_in_no_order(
    bills: Table, constraints: list[Constraint], connections: int, is_consumed: bool
) -> None:
    plan = planned(bills, *constraints, order="-day", connections=connections)
    assert bool(plan.order) is is_consumed


@pytest.mark.parametrize(
    ("constraints", "is_consumed"), [([], False), ([is_("owner")], True), ([is_("day")], False)]
)
def test_several_defaults_come_in_no_order(
    constraints: list[Constraint], is_consumed: bool
) -> None:
    method = {**listed(owner={"default": ["a", "b"]}, **DAYS), "order": ["-day"]}
    plan = planned(table_of({"list": method}), *constraints, order="-day")
    assert bool(plan.order) is is_consumed


def test_one_default_leaves_the_order() -> None:
    method = {**listed(region={"default": "eu"}), "order": ["-day"]}
    assert planned(table_of({"list": method}, region=REGION), order="-day").order


@pytest.mark.parametrize(
    ("promised", "wanted", "is_consumed"),
    [
        (["-day"], "-day", True),
        (["day", "id"], "day id", True),
        (["id"], "id", False),
        (["id", "day"], "id day", False),
    ],
)
def test_windows_follow_each_other_in_time(
    promised: list[str], wanted: str, is_consumed: bool
) -> None:
    limit = {"column": "day", "days": 7}
    method = {**listed(**DAYS), "order": promised, "window_limit": limit}
    assert bool(planned(table_of({"list": method}), order=wanted).order) is is_consumed


def test_one_row_is_in_every_order(bills: Table) -> None:
    assert planned(bills, is_("id"), order="amount -owner").order
    assert not planned(bills, open_("id", "in"), order="amount").order


# LIMIT and OFFSET.


@pytest.mark.parametrize(
    ("constraints", "takes", "skips"),
    [
        ([], True, True),
        ([is_("owner")], True, True),
        ([open_("owner")], True, False),
        ([open_("day")], True, False),
        ([is_("owner"), open_("day", ">=")], True, False),
        ([is_("owner", usable=False)], False, False),
        ([is_("amount")], False, False),
        ([is_("owner"), is_("amount")], False, False),
        ([is_("owner", "other")], False, False),
        ([is_("owner", collation="NOCASE")], False, False),
        ([open_("owner", "in")], False, False),
        ([is_("id")], True, True),
        # The value stands in the statement, and cannot be sent.
        ([is_("owner", value="")], True, False),
        ([is_("day", ">=", "long ago")], True, False),
        ([is_("day", ">=", "2025-01-01")], True, True),
        ([is_("day", "=", "2025-01-01")], True, True),
    ],
)
def test_a_limit_is_taken_if_the_api_returns_just_the_rows(
    bills: Table, constraints: list[Constraint], takes: bool, skips: bool
) -> None:
    assert limited(bills, *constraints) == (takes, skips)


def test_a_limit_beside_an_order(bills: Table) -> None:
    assert limited(bills, order="-day") == (True, True)
    assert limited(bills, order="day") == (False, False)


def test_a_limit_of_several_connections(bills: Table) -> None:
    assert limited(bills, connections=2) == (True, False)
    assert limited(bills, is_("connection"), connections=2) == (True, True)
    assert limited(bills, open_("connection", "in"), connections=2) == (False, False)


@pytest.mark.parametrize(
    ("parameters", "constraint", "is_exact"),
    [
        ({"owner": {"match": "superset"}}, is_("owner"), False),
        ({"owner": {"ignores_case": True}}, is_("owner"), False),
        ({"owner": {"ignores_case": True}}, is_("owner", collation="NOCASE"), False),
        ({"owner": {"null": "none"}}, is_("owner", "is null", None), True),
        ({"from": DAYS["from"]}, is_("day", ">"), True),
        ({"from": DAYS["from"]}, is_("day", "="), False),
        ({"to": DAYS["to"]}, is_("day", "="), False),
        (DAYS, is_("day", "="), True),
        ({**DAYS, "to": {**DAYS["to"], "match": "superset"}}, is_("day", "="), False),
        ({**DAYS, "to": {**DAYS["to"], "match": "superset"}}, is_("day", ">="), True),
    ],
)
def test_which_filters_return_just_the_rows(
    parameters: dict[str, Any], constraint: Constraint, is_exact: bool
) -> None:
    table = table_of({"list": listed(**parameters)})
    plan = planned(table, constraint, LIMIT)
    assert plan.arguments[:1] == (0,)
    assert plan.description.is_exact is is_exact
    assert (plan.limit is not None) is is_exact


@pytest.mark.parametrize(
    ("operator", "whole", "constraint", "is_exact"),
    [
        (">=", False, ">=", True),
        (">=", False, ">", True),
        ("<", False, "<", True),
        ("<", False, "<=", True),
        # Events within the last second are returned too, or those of the second before the first.
        ("<=", False, "<=", False),
        ("<=", False, "<", False),
        (">", False, ">", False),
        (">", False, ">=", False),
        ("<=", True, "<=", True),
        (">", True, ">=", True),
    ],
)
def test_a_bound_between_seconds_is_not_exact(
    operator: str, whole: bool, constraint: Any, is_exact: bool
) -> None:
    parameters = {"bound": {"column": "at", "operator": operator, "format": "epoch"}}
    table = table_of({"list": listed(**parameters)}, at={"type": "timestamp", "whole": whole})
    plan = planned(table, is_("at", constraint, "2025-01-01T00:00:00Z"), LIMIT)
    assert (plan.limit is not None) is is_exact


def test_an_offset_without_its_limit_is_left_to_sqlite(bills: Table) -> None:
    plan = planned(bills, OFFSET)
    assert (plan.arguments, plan.limit, plan.offset, plan.skips) == ((), None, None, False)
    plan = planned(bills, LIMIT._replace(usable=False), OFFSET)
    assert (plan.arguments, plan.skips) == ((), False)


def test_a_limit_without_an_offset(bills: Table) -> None:
    for constraints in ((LIMIT,), (LIMIT, OFFSET._replace(usable=False))):
        plan = planned(bills, *constraints)
        assert (plan.arguments, plan.limit, plan.offset, plan.skips) == ((0,), 0, None, False)
        assert plan.bind_arguments([10]).limit == 10


def test_limits_stand_behind_the_pushed_values(bills: Table) -> None:
    plan = planned(bills, OFFSET, is_("owner"), LIMIT)
    assert plan.arguments == (1, 2, 0)
    assert (plan.limit, plan.offset) == (1, 2)
    arguments = plan.bind_arguments(["o1", 10, 5])
    assert (arguments.limit, arguments.offset) == (10, 5)


# What a plan is.


def test_statements_of_one_form_have_one_plan(bills: Table) -> None:
    one = planned(bills, is_("owner", value="a"), LIMIT)
    other = planned(bills, is_("owner", value="b"), LIMIT._replace(value=99))
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, planned(bills, is_("owner")), planned(bills, is_("owner"), used="day")}) == 3


def test_no_plan_holds_a_value(bills: Table) -> None:
    residual = is_("amount", value="a-residue")
    plan = planned(bills, is_("owner", value="a-secret"), is_("day", ">", "2025-01-01"), residual)
    assert plan.description.residual
    assert [value for value in ("a-secret", "2025-01-01", "a-residue") if value in repr(plan)] == []


@pytest.mark.parametrize(
    ("constraints", "is_correlated"),
    [
        ([], False),
        ([is_("id")], False),
        ([open_("id")], True),
        ([open_("id", "in")], False),
        ([open_("day", ">=")], False),
        ([open_("amount")], False),
        ([is_("id"), open_("connection")], True),
        ([is_("id"), open_("connection", "in")], False),
    ],
)
def test_a_scan_is_correlated_if_a_value_comes_from_another(
    bills: Table, constraints: list[Constraint], is_correlated: bool
) -> None:
    assert planned(bills, *constraints).correlated is is_correlated


def test_a_range_of_one_value_is_that_value() -> None:
    low, high = is_("owner", ">=", "a"), is_("owner", "<=", "a")
    assert [one.operator for one in with_points([low, high])] == ["=", "<="]
    for other in (
        high._replace(value="b"),
        high._replace(usable=False),
        high._replace(literal=False),
        high._replace(column="id"),
        high._replace(collation="NOCASE"),
        high._replace(operator="<"),
    ):
        assert with_points([low, other]) == [low, other]
    unusable = low._replace(usable=False)
    assert with_points([unusable, high]) == [unusable, high]


# Numbers that are compared with keys.


@pytest.mark.parametrize(
    ("constraint", "value", "method"),
    [
        (open_("id"), 5, "list"),
        (open_("id"), 5.0, "list"),
        (open_("id"), "5", "get"),
        (open_("id"), None, "get"),
        (is_("id"), 5, "get"),
        (open_("id", "in"), frozenset({"a", 5}), "list"),
        (open_("id", "in"), frozenset({"a", "5"}), "get"),
        (open_("id", "in"), frozenset[str](), "get"),
    ],
)
def test_a_number_beside_a_key_may_stand_for_several_texts(
    bills: Table, constraint: Constraint, value: Any, method: str
) -> None:
    plan = planned(bills, constraint)
    assert plan.method == "get"
    wider, values = widened(bills, plan, [value], 1)
    assert wider.method == method
    assert [*values] == ([value] if method == "get" else [])


def test_a_number_beside_a_filter_is_no_key(bills: Table) -> None:
    plan = planned(bills, open_("owner"))
    assert widened(bills, plan, [5], 1) == (plan, [5])


def test_a_wider_plan_keeps_the_other_values(bills: Table) -> None:
    plan = planned(bills, open_("id"), open_("owner"), is_("amount"), open_("day", ">="))
    # The values of an owner and a day are wanted for the list, those of an amount never.
    assert (plan.method, plan.wanted, plan.arguments) == ("get", 1, (0, 1, 3))
    wider, values = widened(bills, plan, [5, "o1", "2026-01-01"], 1)
    assert (wider.method, wider.arguments) == ("list", (1, 3))
    assert values == ("o1", "2026-01-01")
    keyed = table_of(
        {
            "list": listed(owner={}),
            "get": {**GET, "parameters": {**GET["parameters"], "owner": {}}},
        }
    )
    plan = planned(keyed, open_("owner"), open_("id"))
    assert (plan.method, plan.arguments) == ("get", (0, 1))
    wider, values = widened(keyed, plan, ["o1", 5], 1)
    assert (wider.method, wider.arguments, values) == ("list", (0,), ("o1",))


def test_the_only_method_is_read_by_the_text_of_a_number() -> None:
    table = table_of({"get": GET})
    plan = planned(table, open_("id"))
    assert widened(table, plan, [5], 1) == (plan, [5])


def test_a_wider_plan_must_have_the_order_that_sqlite_relies_on(bills: Table) -> None:
    plan = planned(bills, open_("id"), order="-day")
    assert widened(bills, plan, [5], 1)[0].method == "list"
    plan = planned(bills, open_("id"), order="amount")
    assert plan.order
    assert widened(bills, plan, [5], 1) == (plan, [5])
