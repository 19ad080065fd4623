"""Binding alone: constraints and values in, requests out."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from billql.definitions.catalog import Table
from billql.errors import BadValue, NotSupportedError, ParameterMissing, RequestLimit
from billql.planning.binder import BoundPlan, bind, narrowed_to
from billql.planning.intervals import Span
from billql.planning.partition import Point, Several, Window
from billql.planning.plan import Constraint
from billql.planning.planner import choose_plan
from support.planning import BILLS, NOW, bound, connections, table, table_of, values_of, where


@pytest.fixture(scope="module")
def bills() -> Table:
    return table()


def queries(found: BoundPlan) -> list[dict[str, str]]:
    """Return what each list is asked for, but for the region that every one has."""
    sent = [dict(one.first.query) for one in found.lists]
    assert all(one.pop("region") for one in sent)
    return sent


@pytest.mark.parametrize(
    ("column", "operator", "value", "sent"),
    [
        ("owner", "=", "o1", [{"owner": "o1"}]),
        ("owner", "is null", None, [{"owner": "nobody"}]),
        ("owner", "=", None, []),
        ("owner", "in", {"o1", "o2"}, [{"owner": "o1"}, {"owner": "o2"}]),
        ("owner", "in", set(), []),
        ("owner", "in", {"o1", None}, [{"owner": "o1"}]),
        ("owner", "in", {f"o{n}" for n in range(17)}, [{}]),
        ("owner", "=", "", [{}]),
        ("state", "in", {"paid", "open"}, [{"states": "open,paid"}]),
        ("state", "=", "a,b", [{}]),
        ("day", "=", "2025-01-31", [{"from": "2025-01-31", "to": "2025-01-31"}]),
        ("day", ">", "2025-01-31", [{"from": "2025-02-01"}]),
        ("day", "<", "2025-01-31", [{"to": "2025-01-30"}]),
        ("day", ">=", "2025-01", [{"from": "2025-01-01"}]),
        ("day", ">=", "long ago", [{}]),
        ("day", "=", "long ago", []),
        ("amount", "=", 1, [{}]),
    ],
)
def test_a_constraint_is_sent_or_left_to_sqlite(
    bills: Table, column: str, operator: str, value: Any, sent: list[dict[str, str]]
) -> None:
    assert queries(bound(bills, where(column, operator, value))) == sent


def test_both_ends_of_a_range_go_into_one_request(bills: Table) -> None:
    ends = where("day", ">=", "2025-01-02"), where("day", "<", "2025-01-05")
    assert queries(bound(bills, *ends)) == [{"from": "2025-01-02", "to": "2025-01-04"}]
    crossed = where("day", ">", "2025-01-02"), where("day", "<", "2025-01-01")
    assert queries(bound(bills, *crossed)) == []


def test_values_of_several_columns_multiply(bills: Table) -> None:
    found = bound(bills, where("owner", "in", {"a", "b"}), where("region", "in", {"eu", "us"}))
    sent = [(dict(one.first.query)["owner"], one.echoed["region"]) for one in found.lists]
    assert sent == [("a", "eu"), ("a", "us"), ("b", "eu"), ("b", "us")]
    assert all(
        one.parts == {"owner": Point(one.points["owner"], frozenset(), asked=True)}
        for one in found.lists
    )
    assert found.reads == {"owner"}


def test_a_long_list_is_sent_in_chunks(bills: Table) -> None:
    found = bound(bills, where("state", "in", {f"s{n:03}" for n in range(250)}))
    sent = [one["states"].split(",") for one in queries(found)]
    assert [len(one) for one in sent] == [100, 100, 50]
    assert [*itertools.chain(*sent)] == [f"s{n:03}" for n in range(250)]
    assert found.lists[2].parts["state"] == Several(frozenset(sent[2]))


def test_a_default_is_sent_and_shown(bills: Table) -> None:
    (found,) = bound(bills).lists
    assert dict(found.first.query) == {"region": "eu"}
    assert found.echoed == {"connection": "acme", "region": "eu"}
    assert found.requested == {}
    assert found.single_value_params == frozenset()
    (found,) = bound(bills, where("region", "=", "us")).lists
    assert dict(found.first.query) == {"region": "us"}
    assert found.single_value_params == {"region"}


def test_several_defaults_take_a_request_each() -> None:
    shown = table(
        BILLS.replace("owner: {'null': nobody}", "owner: {default: [a, b], match: superset}")
    )
    known = frozenset({"a", "b"})
    found = bound(shown)
    assert [one.parts["owner"] for one in found.lists] == [
        Point("a", known, asked=False),
        Point("b", known, asked=False),
    ]
    assert found.reads == {"owner", "id"}
    assert queries(bound(shown, where("owner", "=", "c"))) == [{"owner": "c"}]


def test_what_recognizes_a_row_of_several_lists_is_requested_too() -> None:
    """Where the API shows it only on request, rows that are in no list's part would look alike."""
    shown = table(
        BILLS.replace(
            "owner: {'null': nobody}", "owner: {default: [a, b], match: superset}"
        ).replace("when_read: [lines]", "when_read: [id]")
    )
    used = frozenset({"amount"})
    assert queries(bound(shown, used=used)) == [
        {"owner": "a", "expand": "lines"},
        {"owner": "b", "expand": "lines"},
    ]
    assert queries(bound(shown, where("owner", "=", "c"), used=used)) == [{"owner": "c"}]


def test_a_constant_is_sent_if_its_column_is_read(bills: Table) -> None:
    assert queries(bound(bills, used=frozenset({"lines"}))) == [{"expand": "lines"}]


def by_day() -> Table:
    one_day = "from: {column: day, required: true, by: day}"
    return table(
        BILLS.replace('from: {column: day, operator: ">="}', one_day)
        .replace('      to: {column: day, operator: "<="}\n', "")
        .replace("    order: [-day]", "    window_limit: {column: day, days: 1, most: 9}")
    )


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        ([("=", "2025-01-31")], ["2025-01-31"]),
        ([("in", {"2025-01-31", "2025-01-02"})], ["2025-01-02", "2025-01-31"]),
        ([(">=", "2025-01-31"), ("<", "2025-02-02")], ["2025-01-31", "2025-02-01"]),
        ([(">", "2025-01-31"), ("<=", "2025-02-01")], ["2025-02-01"]),
        ([(">=", "2025-02-09")], ["2025-02-09", "2025-02-10"]),
        ([(">=", "2025-02-09"), ("<", "2030-01-01")], ["2025-02-09", "2025-02-10"]),
        ([(">", "2025-02-10")], []),
        ([("=", "2025-02-11")], []),
        ([(">", "2025-02-03"), ("<", "2025-02-01")], []),
    ],
)
def test_a_range_is_requested_day_by_day_up_to_today(terms: Any, days: list[str]) -> None:
    found = bound(by_day(), *(where("day", operator, value) for operator, value in terms))
    assert [one["from"] for one in queries(found)] == days


@pytest.mark.parametrize("terms", [[], [("<", "2025-02-01")], [("<=", "2025-02-01")]])
def test_days_without_a_first_one_cannot_be_requested(terms: Any) -> None:
    with pytest.raises(ParameterMissing, match="without a value for day"):
        bound(by_day(), *(where("day", operator, value) for operator, value in terms))


def test_too_many_days_are_an_error() -> None:
    with pytest.raises(BadValue, match="takes 10 requests, one for every day; 9 is the limit"):
        bound(by_day(), where("day", ">=", "2025-02-01"))


def by_month(kind: str, match: str) -> str:
    calendar = f"""year: {{column: day, required: true, by: month, format: year{match}}}
      month: {{column: day, required: true, by: month, format: month_of_year{match}}}"""
    return (
        BILLS.replace('from: {column: day, operator: ">="}', calendar)
        .replace('      to: {column: day, operator: "<="}\n', "")
        .replace("    order: [-day]", "    window_limit: {column: day, months: 1, most: 5}")
        .replace("day: {type: date", f"day: {{type: {kind}")
    )


MONTHS = table(by_month("month", ""))
SHOWN = by_month("month, path: $parameter", "")
DAYS_BY_MONTH = table(by_month("date", ", match: superset"))


@pytest.mark.parametrize(
    ("asked", "terms", "months"),
    [
        (MONTHS, [("=", "2025-01")], ["2025-1"]),
        (MONTHS, [("in", {"2025-01", "2024-12"})], ["2024-12", "2025-1"]),
        (MONTHS, [(">=", "2024-12"), ("<", "2025-02")], ["2024-12", "2025-1"]),
        (MONTHS, [(">=", "2024-12-02"), ("<=", "2025-01-31")], ["2025-1"]),
        (MONTHS, [(">=", "2025-01")], ["2025-1", "2025-2"]),
        (MONTHS, [("=", "2025-03")], []),
        (DAYS_BY_MONTH, [("=", "2025-01-31")], ["2025-1"]),
        (
            DAYS_BY_MONTH,
            [(">=", "2024-12-31"), ("<", "2025-02-02")],
            ["2024-12", "2025-1", "2025-2"],
        ),
        (DAYS_BY_MONTH, [(">=", "2025-01-31"), ("<", "2025-02-01")], ["2025-1"]),
        (DAYS_BY_MONTH, [(">", "2025-01-31")], ["2025-2"]),
        (DAYS_BY_MONTH, [("=", "2025-02-11")], []),
    ],
)
def test_a_range_is_requested_month_by_month_up_to_now(
    asked: Table, terms: Any, months: list[str]
) -> None:
    found = bound(asked, *(where("day", operator, value) for operator, value in terms))
    assert [f"{one['year']}-{one['month']}" for one in queries(found)] == months


def test_a_month_that_was_requested_is_shown() -> None:
    shown = table(SHOWN)
    found = bound(shown, where("day", ">=", "2025-01"), used=frozenset(["day"]))
    assert [one.echoed["day"] for one in found.lists] == ["2025-01", "2025-02"]


def test_days_of_one_month_are_no_days_of_another() -> None:
    """A row is in the list of its own month alone, so none is read twice."""
    found = bound(DAYS_BY_MONTH, where("day", ">=", "2024-12-31"))
    assert [one.parts["day"] for one in found.lists] == [
        Window(None, "2024-12-31", True),
        Window("2025-01-01", "2025-01-31", True),
        Window("2025-02-01", None, True),
    ]
    assert not any(one.parts for one in bound(MONTHS, where("day", ">=", "2024-12")).lists)


@pytest.mark.parametrize("asked", [MONTHS, DAYS_BY_MONTH])
def test_too_many_months_are_an_error(asked: Table) -> None:
    with pytest.raises(BadValue, match="takes 6 requests, one for every month; 5 is the limit"):
        bound(asked, where("day", ">=", "2024-09-01"))
    assert len(bound(asked, where("day", ">", "2024-09-30")).lists) == 5


def test_a_constant_is_sent_whatever_is_read(bills: Table) -> None:
    """So a report is grouped by the same columns in every statement."""
    grouped = table(BILLS.replace("expand: {value: lines, when_read: [lines]}", "by: {value: day}"))
    assert queries(bound(grouped, used=frozenset())) == [{"by": "day"}]
    assert queries(bound(grouped, used=frozenset(bills.columns))) == [{"by": "day"}]


def windowed(**changes: str) -> Table:
    definition = BILLS.replace(
        "    order: [-day]", "    window_limit: {column: day, days: 10, most: 3}\n    order: [-day]"
    )
    for old, new in changes.items():
        definition = definition.replace(f"{old}: {{column: day,", f"{old}: {{column: day, {new},")
    return table(definition)


def test_a_window_is_split_newest_first() -> None:
    range_ = where("day", ">=", "2025-01-01"), where("day", "<=", "2025-01-25")
    found = bound(windowed(), *range_)
    assert [(one["from"], one["to"]) for one in queries(found)] == [
        ("2025-01-21", "2025-01-25"),
        ("2025-01-11", "2025-01-20"),
        ("2025-01-01", "2025-01-10"),
    ]
    assert all(one.parts == {} for one in found.lists)


def test_each_window_of_a_superset_has_a_part_with_open_outer_ends() -> None:
    inexact = windowed(to="match: superset")
    found = bound(inexact, where("day", ">=", "2025-01-01"), where("day", "<=", "2025-01-25"))
    assert [one.parts["day"] for one in found.lists] == [
        Window("2025-01-21", None, asked=True),
        Window("2025-01-11", "2025-01-20", asked=True),
        Window(None, "2025-01-10", asked=True),
    ]


def test_too_many_windows_are_an_error() -> None:
    with pytest.raises(BadValue, match="takes 4 requests, one for every 10 days; 3 is the limit"):
        bound(windowed(), where("day", ">=", "2025-01-01"), where("day", "<=", "2025-01-31"))


def test_today_ends_a_window() -> None:
    found = bound(windowed(to="default: today"), where("day", ">=", "2025-02-09"))
    assert queries(found) == [{"from": "2025-02-09", "to": "2025-02-10"}]


def test_a_part_of_a_list_has_the_rest_of_its_request(bills: Table) -> None:
    plan = choose_plan(bills, [where("owner", "=", "a")[0]], frozenset({"id"}))
    (whole,) = bind(bills, plan, ["a"], connections(bills, "acme"), NOW).lists
    day = 739_252
    part = narrowed_to(bills, plan, whole, "day", Span(day, day + 1), ends=False)
    sent = dict(part.first.query)
    assert sent == {"owner": "a", "from": "2025-01-01", "to": "2025-01-02", "region": "eu"}
    assert part.requested == whole.requested


def test_connections_are_read_one_after_the_other(bills: Table) -> None:
    names = ("one", "two", "three")
    found = bound(bills, names=names)
    assert [one.connection.name for one in found.lists] == [*names]
    found = bound(bills, where("connection", "in", {"three", "one", "four"}), names=names)
    assert [one.echoed["connection"] for one in found.lists] == ["one", "three"]
    assert bound(bills, where("connection", "=", "four"), names=names).lists == ()


@pytest.mark.parametrize(
    ("constraint", "wanted", "skip"),
    [
        (Constraint("owner", "=", True, "o1"), 12, 2),
        (Constraint("owner", "=", True), 12, 0),
        (Constraint("amount", "=", True, 1), None, 0),
    ],
)
def test_a_limit_is_wanted_only_if_sqlite_filters_nothing(
    bills: Table, constraint: Constraint, wanted: int | None, skip: int
) -> None:
    limits = Constraint("rowid", "limit", True, 10), Constraint("rowid", "offset", True, 2)
    plan = choose_plan(bills, [constraint, *limits], frozenset({"id"}))
    values = values_of(plan, "o1", 10, 2)
    found = bind(bills, plan, values, connections(bills, "acme"), NOW)
    assert (found.wanted, found.skip) == (wanted, skip)


def test_a_value_that_cannot_be_encoded_wants_every_row(bills: Table) -> None:
    constraints = [Constraint("owner", "=", True), Constraint("rowid", "limit", True)]
    plan = choose_plan(bills, constraints, frozenset({"id"}))
    one = connections(bills, "acme")
    assert bind(bills, plan, values_of(plan, "", 5), one, NOW).wanted is None
    assert bind(bills, plan, values_of(plan, "a", 5), one, NOW).wanted == 5
    assert bind(bills, plan, values_of(plan, "a", -1), one, NOW).wanted is None


@pytest.mark.parametrize("key", ["", "..", "a/../b", "k\n", None])
def test_a_key_that_cannot_be_has_no_rows(bills: Table, key: str | None) -> None:
    assert bound(bills, where("id", "=", key)).lists == ()


def test_is_null_has_no_row_with_a_key_and_is_sent_for_another_column(bills: Table) -> None:
    """`column IS ?`, where the value turns out to be NULL."""
    key, owner = (Constraint(one, "=", True, accepts_null=True) for one in ("id", "owner"))
    assert bound(bills, (key, None)).lists == ()
    assert queries(bound(bills, (owner, None))) == [{"owner": "nobody"}]
    assert queries(bound(bills, (owner, "o1"))) == [{"owner": "o1"}]
    state = Constraint("state", "=", True, accepts_null=True)
    assert queries(bound(bills, (state, None))) == [{}]


def test_a_number_in_the_statement_is_sent_as_the_text_that_sqlite_makes_of_it(
    bills: Table,
) -> None:
    assert queries(bound(bills, (Constraint("owner", "=", True, 5, literal=True), 5))) == [
        {"owner": "5"}
    ]
    assert queries(bound(bills, where("owner", "=", 5))) == [{}]


def test_a_value_that_a_filter_does_not_take_is_left_to_sqlite_if_a_row_may_have_it() -> None:
    filtered = table(BILLS.replace("column: state, lists: comma", "column: state, values: [open]"))
    assert queries(bound(filtered, where("state", "=", "open"))) == [{"states": "open"}]
    assert queries(bound(filtered, where("state", "=", "paid"))) == [{}]
    assert bound(filtered, where("state", "=", "lost")).lists == ()


def test_keys_become_addresses(bills: Table) -> None:
    found = bound(bills, where("id", "in", {"k 1", "k/2", 5}))
    assert [one.first.url for one in found.lists] == [
        "https://acme.example/bills/5",
        "https://acme.example/bills/k%201",
        "https://acme.example/bills/k%2F2",
    ]
    assert all(one.first.body is None for one in found.lists)


KEYED = BILLS.replace("owner: {'null': nobody}", "owner: {required: true}")


@pytest.mark.parametrize(
    ("operator", "collation", "error", "message"),
    [
        ("=", None, ParameterMissing, "cannot be read without a value for owner"),
        ("=", "NOCASE", NotSupportedError, "finds owner byte by byte"),
        ("other", "NOCASE", ParameterMissing, "cannot be read without a value for owner"),
    ],
)
def test_a_missing_key_is_an_error(
    operator: Any, collation: str | None, error: type[Exception], message: str
) -> None:
    keyed = table(KEYED)
    usable = collation is not None
    constraint = Constraint("owner", operator, usable, collation=collation)
    plan = choose_plan(keyed, [constraint], frozenset({"id"}))
    assert plan.missing == ("owner",)
    with pytest.raises(error, match=message):
        bind(keyed, plan, (), connections(keyed, "acme"), NOW)


def test_a_key_that_is_null_is_an_error() -> None:
    keyed = table(KEYED)
    constraint = Constraint("owner", "=", True, accepts_null=True)
    plan = choose_plan(keyed, [constraint], frozenset({"id"}))
    with pytest.raises(BadValue, match="owner cannot be NULL"):
        bind(keyed, plan, (None,), connections(keyed, "acme"), NOW)


def test_the_end_that_a_range_lacks_is_the_example() -> None:
    keyed = table_of(
        {
            "list": {
                "parameters": {
                    "since": {"column": "day", "operator": ">=", "required": True},
                    "until": {"column": "day", "operator": "<=", "required": True},
                }
            }
        }
    )
    with pytest.raises(ParameterMissing) as caught:
        bound(keyed, where("day", ">=", "2026-01-01"))
    assert caught.value.hint == "Add a condition such as: WHERE day <= '2025-01-01'"


def test_more_lists_than_any_api_answers_are_an_error(bills: Table) -> None:
    regions = {f"r{n}" for n in range(20_000)}
    owners = {f"o{n}" for n in range(6)}
    message = re.escape("takes more than 100,000 requests")
    with pytest.raises(RequestLimit, match=message):
        bound(bills, where("region", "in", regions), where("owner", "in", owners))
