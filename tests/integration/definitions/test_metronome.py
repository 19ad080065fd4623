"""Metronome's definitions: every example runs, every page comes whole, cents are exact dollars."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from billql import errors
from billql.definitions.catalog import Catalog, Table
from billql.sandbox import Sandbox
from billql.sandbox.api import Request
from billql.sqlite.session import Session
from billql.sqlite.shared import Options
from contracts.held import held
from support.changed_definitions import changed
from support.shipped import CATALOG

Rows = list[tuple[object, ...]]

TABLES = [CATALOG.table(name) for name in CATALOG.names() if name.startswith("metronome.")]
USD = "2714e483-4ff1-48e4-9e25-ac732e8f24f2"
EXAMPLES = [
    pytest.param(example.sql, id=f"{table.name}-{number}")
    for table in TABLES
    for number, example in enumerate(table.resource.examples)
]
DOLLARS = [
    pytest.param(table, name, id=f"{table.name}.{name}")
    for table in TABLES
    for name, column in table.resource.columns.items()
    if column.divide is not None
]
GOT = [
    pytest.param(table, method, id=f"{table.name}-{method}")
    for table in TABLES
    for method in ("get", "list_of_invoice")
    if method in table.resource.methods and len(table.resource.methods) > 1
]

CUSTOMERS = "metronome.customers.customers c JOIN"
CONTRACTS = f"{CUSTOMERS} metronome.contracts.contracts k ON k.customer_id = c.id JOIN"
TODAY = "strftime('%Y-%m-%dT00:00:00Z', 'now')"
WEEK = "t.day >= date('now', '-7 days') AND t.day < date('now')"
SOURCES = {
    "metronome.contracts.seat_balances": (
        f"{CONTRACTS} metronome.contracts.seat_balances t "
        "ON t.customer_id = c.id AND t.contract_id = k.id"
    ),
    "metronome.customers.costs": (
        f"{CUSTOMERS} metronome.customers.costs t ON t.customer_id = c.id AND {WEEK}"
    ),
    "metronome.invoices.invoice_breakdowns": (
        f"{CUSTOMERS} metronome.invoices.invoice_breakdowns t ON t.customer_id = c.id AND {WEEK}"
    ),
    "metronome.pricing.rates": (
        "metronome.pricing.rate_cards r JOIN metronome.pricing.rates t ON t.rate_card_id = r.id"
    ),
    "metronome.usage.usage": (f"metronome.usage.usage t WHERE {WEEK}"),
    "metronome.usage.usage_groups": (
        f"{CUSTOMERS} metronome.customers.billable_metrics m ON m.customer_id = c.id "
        "JOIN metronome.usage.usage_groups t ON t.customer_id = c.id "
        "AND t.billable_metric_id = m.id AND t.group_key = m.group_keys ->> '$[0][0]' "
        f"AND {WEEK}"
    ),
}
"""How to read all of a table that needs more than a customer; the table is `t`."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with held() as see, Sandbox(size="small", intercept=see) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def session(sandbox: Sandbox) -> Iterator[Session]:
    session = open_session(sandbox)
    yield session
    session.close()


def open_session(sandbox: Sandbox, definitions: Sequence[Path] = ()) -> Session:
    options = Options(
        environ={}, tokens=sandbox.tokens, urls=sandbox.urls, catalog=Catalog(definitions)
    )
    return Session(":memory:", lambda: options)


def rows(session: Session, sql: str, bindings: tuple[object, ...] = ()) -> Rows:
    return list(session.execute(sql, bindings))


def needed(table: Table) -> set[str]:
    """Give the columns that every method needs."""
    return set.intersection(
        *(
            {
                str(parameter.filters(name))
                for name, parameter in method.parameters.items()
                if parameter.required and parameter.default is None
            }
            for method in table.resource.methods.values()
        )
    )


def source(table: Table) -> str:
    """Give what to select from to read all of a table, which is called `t`."""
    if table.name in SOURCES:
        return SOURCES[table.name]
    if "customer_id" in needed(table):
        return f"{CUSTOMERS} {table.name} t ON t.customer_id = c.id"
    return f"{table.name} t"


def shown(table: Table) -> str:
    columns = table.resource.columns.items()
    return ", ".join(f't."{name}"' for name, column in columns if not column.hidden)


@pytest.mark.parametrize("sql", EXAMPLES)
def test_every_example_gives_rows(session: Session, sql: str) -> None:
    assert rows(session, sql)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_can_be_read(session: Session, table: Table) -> None:
    assert rows(session, f"SELECT {shown(table)} FROM {source(table)} LIMIT 100")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_currency_stands_beside_every_amount(table: Table) -> None:
    for name, column in table.resource.columns.items():
        assert column.type != "decimal" or column.currency is not None, name
        assert column.divide is None or column.currency == "currency", name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_keys_that_are_needed_are_named(session: Session, table: Table) -> None:
    keys = needed(table)
    if not keys:
        assert rows(session, f"SELECT 1 FROM {table.name} LIMIT 1") == [(1,)]
        return
    with pytest.raises(errors.ParameterMissing) as caught:
        rows(session, f"SELECT 1 FROM {table.name}")
    assert caught.value.column in keys
    assert all(key in str(caught.value) for key in keys)


# Money -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "column"), DOLLARS)
def test_dollars_are_a_hundredth_of_cents(session: Session, table: Table, column: str) -> None:
    columns = table.resource.columns
    raw = next(
        name
        for name, one in columns.items()
        if one.divide is None and (one.path or name) == columns[column].path
    )
    unit = columns[columns[raw].currency or ""]
    unit_id = str(columns[raw].currency).replace("_name", "_id")
    assert unit.type == "text"
    found = rows(session, f"SELECT t.{raw}, t.{column}, t.{unit_id} FROM {source(table)}")
    assert found
    for amount, dollars, credit_type in found:
        if credit_type != USD or amount is None:
            assert dollars is None
        elif dollars is not None:
            assert dollars == float(amount) / 100  # type: ignore[arg-type]
    counted = [row for row in found if row[0] is not None and row[2] == USD]
    if counted and table.name not in ("metronome.pricing.rates", "metronome.account.alerts"):
        assert all(dollars is not None for _, dollars, _ in counted)


def test_flat_rates_and_subscriptions_have_prices_in_dollars(session: Session) -> None:
    found = rows(
        session,
        "SELECT t.rate_type, t.price, t.price_usd "
        f"FROM {SOURCES['metronome.pricing.rates']} WHERE t.credit_type_id = '{USD}'",
    )
    assert {row[0] for row in found} >= {"FLAT"}
    for kind, price, dollars in found:
        if kind in ("FLAT", "SUBSCRIPTION") and price is not None:
            assert dollars == float(str(price)) / 100
        else:
            assert dollars is None


def test_ledgers_explain_balances(session: Session) -> None:
    ((balances, agreeing, moving),) = rows(
        session,
        """
        SELECT count(*), sum(balance IS moved), sum(moved <> 0) FROM (
            SELECT b.balance, money_sum(l.amount) AS moved
            FROM metronome.customers.customers c
            JOIN metronome.contracts.balances b ON b.customer_id = c.id
            JOIN metronome.contracts.balance_ledger l
              ON l.customer_id = c.id AND l.balance_id = b.id
            GROUP BY b.id)
        """,
    )
    assert balances == agreeing != 0
    assert moving


def test_balances_add_up_to_the_net_balance(session: Session) -> None:
    found = rows(
        session,
        """
        SELECT n.balance, coalesce((
            SELECT money_sum(b.balance) FROM metronome.contracts.balances b
            WHERE b.customer_id = c.id AND b.credit_type_id = n.credit_type_id), 0.0)
        FROM metronome.customers.customers c
        JOIN metronome.contracts.net_balance n ON n.customer_id = c.id
        """,
    )
    assert all(net == total for net, total in found)
    assert any(net for net, _ in found)


def test_the_union_of_balances_is_commits_and_credits(session: Session) -> None:
    found = rows(
        session,
        """
        SELECT c.id,
               (SELECT count(*) FROM metronome.contracts.balances b WHERE b.customer_id = c.id),
               (SELECT count(*) FROM metronome.contracts.commits m WHERE m.customer_id = c.id),
               (SELECT count(*) FROM metronome.contracts.credits r WHERE r.customer_id = c.id)
        FROM metronome.customers.customers c
        """,
    )
    assert all(both == int(str(commits)) + int(str(given)) for _, both, commits, given in found)
    assert any(commits and given for _, _, commits, given in found)


def test_the_ledger_of_grants_explains_what_is_left(session: Session) -> None:
    found = rows(
        session,
        """
        SELECT g.balance_including_pending, g.balance_excluding_pending,
               money_sum(l.amount), money_sum(l.amount) FILTER (WHERE NOT l.pending)
        FROM metronome.customers.customers c
        JOIN metronome.credits.grants g ON g.customer_id = c.id
        JOIN metronome.credits.ledger l ON l.customer_id = c.id AND l.credit_grant_id = g.id
        GROUP BY g.id
        """,
    )
    assert found
    assert all(left == moved and final == booked for left, final, moved, booked in found)


def test_lines_and_adjustments_add_up_to_their_invoice(session: Session) -> None:
    found = rows(
        session,
        """
        SELECT i.total, money_sum(l.total),
               (SELECT sum(a.value ->> 'total') FROM json_each(i.invoice_adjustments) a)
        FROM metronome.customers.customers c
        JOIN metronome.invoices.invoices i ON i.customer_id = c.id
        JOIN metronome.invoices.invoice_lines l
          ON l.customer_id = c.id AND l.invoice_id = i.id AND l.credit_type_id = i.credit_type_id
        WHERE l.applied_commit_or_credit_type IS NOT 'POSTPAID'
        GROUP BY i.id
        """,
    )
    assert len(found) > 10
    for total, lines, adjustments in found:
        assert float(str(total)) == float(str(lines)) + float(str(adjustments or 0))


# What is sent ----------------------------------------------------------------------------------


def bodies(sql: str) -> tuple[list[dict[str, object]], str]:
    """Run a query on one customer's balances; give the bodies that were sent, and the plan."""
    sent: list[dict[str, object]] = []

    def listen(request: Request) -> None:
        if "customerBalances" in request.path:
            sent.append(orjson.loads(request.body))

    with Sandbox(size="small", intercept=listen) as sandbox:
        session = open_session(sandbox)
        ((customer,),) = rows(
            session,
            "SELECT k.customer_id FROM metronome.customers.customers c "
            "JOIN metronome.contracts.contracts k ON k.customer_id = c.id LIMIT 1",
        )
        assert rows(session, sql, (customer,))
        plan = "\n".join(
            str(row[3]) for row in rows(session, f"EXPLAIN QUERY PLAN {sql}", (customer,))
        )
        session.close()
    return sent, plan


@pytest.mark.parametrize(
    ("columns", "flags"),
    [
        ("id", set()),
        ("id, name, access_schedule", set()),
        ("id, balance", {"include_balance"}),
        ("id, balance_usd", {"include_balance"}),
        ("id, ledger", {"include_ledgers"}),
        ("*", {"include_balance", "include_ledgers"}),
    ],
)
def test_amounts_and_ledgers_are_asked_for_only_where_they_are_read(
    columns: str, flags: set[str]
) -> None:
    sql = f"SELECT {columns} FROM metronome.contracts.balances WHERE customer_id = ?"
    sent, plan = bodies(sql)
    both = {"include_balance", "include_ledgers"}
    assert sent
    assert all(body.keys() & both == flags for body in sent)
    assert {flag for flag in both if f"{flag}=true" in plan} == flags


def test_the_ledger_asks_for_ledgers_alone() -> None:
    sql = "SELECT amount FROM metronome.contracts.balance_ledger WHERE customer_id = ?"
    sent, _ = bodies(sql)
    assert all(body["include_ledgers"] is True for body in sent)
    assert not any("include_balance" in body for body in sent)


def test_parameters_of_balances_are_sent_as_they_are_given() -> None:
    sql = """
        SELECT id FROM metronome.contracts.balances
        WHERE customer_id = ? AND covering_date = '2026-01-01T00:00:00Z'
          AND starting_at = '2025-01-01T00:00:00Z' AND effective_before = '2027-01-01T00:00:00Z'
          AND include_contract_balances = true AND include_archived = false
          AND exclude_zero_balances = false
    """
    sent, _ = bodies(sql)
    expected = {
        "covering_date": "2026-01-01T00:00:00Z",
        "starting_at": "2025-01-01T00:00:00Z",
        "effective_before": "2027-01-01T00:00:00Z",
        "include_contract_balances": True,
        "include_archived": False,
        "exclude_zero_balances": False,
    }
    assert all(expected.items() <= body.items() for body in sent)


def test_nothing_is_left_out_unless_it_is_asked_for(session: Session) -> None:
    def count(condition: str) -> int:
        ((found,),) = rows(
            session,
            "SELECT count(*) FROM metronome.customers.customers c "
            f"JOIN metronome.contracts.balances b ON b.customer_id = c.id WHERE {condition}",
        )
        assert isinstance(found, int)
        return found

    everything = count("true")
    assert everything == count("b.include_archived = true AND b.include_contract_balances = true")
    assert everything > count("b.include_archived = false") > 0
    assert everything > count("b.include_contract_balances = false") > 0
    assert everything > count("b.exclude_zero_balances = true") > 0
    assert everything > count(f"b.covering_date = {TODAY}") > 0

    archived = "SELECT sum(archived_at IS NOT NULL), count(*) FROM"
    customers = rows(session, f"{archived} metronome.customers.customers")
    assert customers == [(1, len(rows(session, "SELECT 1 FROM metronome.customers.customers")))]
    statuses = rows(session, f"SELECT DISTINCT t.status FROM {source_of('account.alerts')}")
    assert sorted(statuses, key=str) == [("archived",), ("disabled",), ("enabled",)]
    for name in ("pricing.products", "customers.billable_metrics"):
        assert rows(session, f"{archived} metronome.{name}")[0][0]


def source_of(name: str) -> str:
    return source(CATALOG.table(f"metronome.{name}"))


MOMENTS_IN_OTHER_SPELLINGS = [
    "'2026-01-01'",
    "'2026-01-01 00:00'",
    "'2026-01-01T01:00:00.000+01:00'",
    "datetime('2026-01-01')",
    "2026",
]


@pytest.mark.parametrize("moment", MOMENTS_IN_OTHER_SPELLINGS)
def test_hidden_moments_take_every_spelling(session: Session, moment: str) -> None:
    sql = (
        "SELECT b.id, b.covering_date FROM metronome.customers.customers c "
        "JOIN metronome.contracts.balances b ON b.customer_id = c.id WHERE b.covering_date = {}"
    )
    found = rows(session, sql.format(moment))
    assert found == rows(session, sql.format("'2026-01-01T00:00:00Z'"))
    assert {row[1] for row in found} == {"2026-01-01T00:00:00Z"}


def test_a_hidden_moment_that_is_no_time_is_an_error(session: Session) -> None:
    sql = (
        "SELECT id FROM metronome.contracts.balances WHERE customer_id = 'x' AND covering_date = {}"
    )
    with pytest.raises(errors.BadValue, match="yesterday"):
        rows(session, sql.format("'yesterday'"))
    with pytest.raises(errors.BadValue, match="yesterday"):
        rows(session, sql.format("?"), ("yesterday",))


def test_what_the_api_refuses_is_an_error_in_its_words() -> None:
    sql = (
        "SELECT g.value FROM metronome.customers.customers c "
        "JOIN metronome.customers.billable_metrics m ON m.customer_id = c.id "
        "JOIN metronome.usage.usage_groups g "
        "ON g.customer_id = c.id AND g.billable_metric_id = m.id "
        "WHERE g.day >= '2026-01-01' AND g.day < '2026-01-03' "
        "AND g.group_key = 'nothing'"
    )
    with (
        Sandbox(size="small") as sandbox,
        closing(open_session(sandbox)) as session,
        pytest.raises(errors.ApiError, match="nothing"),
    ):
        rows(session, sql)


# Filters and methods ---------------------------------------------------------------------------

MONTHS_AGO = "strftime('%Y-%m-%dT00:00:00Z', 'now', 'start of month', '-{} months')"
FILTERS = [
    ("invoices.invoices", "t.status = 'VOID'"),
    ("invoices.invoices", "t.status IN ('DRAFT', 'VOID')"),
    ("invoices.invoices", "t.status = 'void'"),
    ("invoices.invoices", f"t.start_timestamp >= {MONTHS_AGO.format(3)}"),
    ("invoices.invoices", f"t.start_timestamp > {MONTHS_AGO.format(3)}"),
    ("invoices.invoices", f"t.end_timestamp < {MONTHS_AGO.format(3)}"),
    ("invoices.invoices", f"t.end_timestamp <= {MONTHS_AGO.format(3)}"),
    ("invoices.invoices", f"t.end_timestamp = {MONTHS_AGO.format(3)}"),
    ("invoices.invoices", f"t.credit_type_id = '{USD}'"),
    ("invoices.invoice_lines", "t.invoice_status = 'FINALIZED' AND t.total < 0"),
    ("invoices.invoice_lines", f"t.invoice_credit_type_id = '{USD}'"),
    (
        "invoices.invoice_lines",
        f"t.invoice_start_timestamp BETWEEN {MONTHS_AGO.format(4)} AND '9999'",
    ),
    ("credits.grants", f"t.credit_type_id = '{USD}'"),
    ("credits.grants", f"t.expires_at >= {MONTHS_AGO.format(2)}"),
    ("credits.grants", f"t.expires_at > {MONTHS_AGO.format(2)}"),
    ("credits.grants", f"t.effective_at < {MONTHS_AGO.format(2)}"),
    ("credits.grants", f"t.effective_at <= {MONTHS_AGO.format(2)}"),
    ("credits.ledger", f"t.effective_at >= {MONTHS_AGO.format(2)}"),
    ("credits.ledger", f"t.effective_at < {MONTHS_AGO.format(2)} AND t.credit_type_id = '{USD}'"),
    ("contracts.contracts", "t.starting_at >= '2026-01-01T00:00:00Z'"),
    ("contracts.contracts", "t.starting_at > '2025-12-31'"),
    ("contracts.seat_balances", "t.seat_id IN ('user_001', 'user_003', 'nobody')"),
    ("customers.customers", "t.archived_at IS NOT NULL"),
]


@pytest.mark.parametrize(("name", "condition"), FILTERS)
def test_filters_give_what_sqlite_would(session: Session, name: str, condition: str) -> None:
    table = CATALOG.table(f"metronome.{name}")
    rows(session, "DROP TABLE IF EXISTS temp.whole")
    rows(session, f"CREATE TEMP TABLE whole AS SELECT {shown(table)} FROM {source(table)}")
    expected = rows(session, f"SELECT * FROM temp.whole t WHERE {condition}")
    found = rows(session, f"SELECT {shown(table)} FROM {source(table)} WHERE {condition}")
    assert sorted(found, key=repr) == sorted(expected, key=repr)


WINDOWED = [
    "metronome.customers.costs",
    "metronome.invoices.invoice_breakdowns",
    "metronome.usage.usage",
]


@pytest.mark.parametrize(
    "condition",
    [
        "t.day = date('now', '-9 days')",
        "t.day BETWEEN date('now', '-20 days') AND date('now', '-9 days')",
        "t.day > date('now', '-20 days') AND t.day < date('now', '-9 days')",
        "t.day >= datetime('now', '-20 days') AND t.day <= datetime('now', '-9 days')",
        "t.day IN (date('now', '-3 days'), date('now', '-40 days'))",
    ],
)
@pytest.mark.parametrize("name", WINDOWED)
def test_days_may_be_asked_for_in_any_way(session: Session, name: str, condition: str) -> None:
    table = CATALOG.table(name)
    joined = f"{CUSTOMERS} {name} t ON t.customer_id = c.id"
    rows(session, "DROP TABLE IF EXISTS temp.whole")
    everything = f"SELECT {shown(table)} FROM {joined} AND t.day >= date('now', '-60 days')"
    rows(session, f"CREATE TEMP TABLE whole AS {everything}")
    expected = rows(session, f"SELECT * FROM temp.whole t WHERE {condition}")
    found = rows(session, f"SELECT {shown(table)} FROM {joined} AND {condition}")
    assert expected
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_long_windows_of_breakdowns_are_cut(sandbox: Sandbox, session: Session) -> None:
    before = len(sandbox.requests)
    rows(
        session,
        "SELECT count(*) FROM metronome.customers.customers c "
        "JOIN metronome.invoices.invoice_breakdowns t ON t.customer_id = c.id "
        "AND t.day BETWEEN date('now', '-399 days') AND date('now', '-300 days')",
    )
    asked = [one.target for one in list(sandbox.requests)[before:] if "breakdowns" in one.target]
    windows = {
        tuple(re.findall(r"(?:starting_on|ending_before)=(\d{4}-\d\d-\d\d)T00%3A00%3A00Z", one))
        for one in asked
    }
    days = [
        (datetime.date.fromisoformat(end) - datetime.date.fromisoformat(start)).days
        for start, end in windows
    ]
    assert sorted(days) == [30, 35, 35]


@pytest.mark.parametrize("size", ["HOUR", "DAY", "NONE"])
def test_usage_is_the_same_in_windows_of_any_size(session: Session, size: str) -> None:
    found = rows(
        session,
        f"""
        SELECT t.customer_id, t.billable_metric_id, sum(t.value), count(*)
        FROM {SOURCES["metronome.usage.usage"]} AND t.window_size = '{size}'
        GROUP BY 1, 2
        """,
    )
    whole = rows(
        session,
        f"SELECT t.customer_id, t.billable_metric_id, sum(t.value) "
        f"FROM {SOURCES['metronome.usage.usage']} GROUP BY 1, 2",
    )
    assert [row[:3] for row in found] == whole
    assert {row[3] for row in found} == {{"HOUR": 168, "DAY": 7, "NONE": 1}[size]}


@pytest.mark.parametrize(("table", "method"), GOT)
def test_what_is_got_is_what_is_listed(session: Session, table: Table, method: str) -> None:
    """One row by its key equals the row of the list, for the first few and the last."""
    key = "invoice_id" if method == "list_of_invoice" else "id"
    places = {name: place for place, name in enumerate(re.findall(r'"(\w+)"', shown(table)))}
    whole = rows(session, f"SELECT {shown(table)} FROM {source(table)}")
    keys = list(dict.fromkeys(row[places[key]] for row in whole))
    owned = "customer_id" in needed(table)
    for one in [*keys[:8], keys[-1]]:
        expected = [row for row in whole if row[places[key]] == one]
        owner = expected[0][places["customer_id"]] if owned else None
        expected = [row for row in expected if not owned or row[places["customer_id"]] == owner]
        condition = f"t.{key} = ?" + (" AND t.customer_id = ?" if owned else "")
        sql = f"SELECT {shown(table)} FROM {table.name} t WHERE {condition}"
        bindings = (one, owner) if owned else (one,)
        assert rows(session, sql, bindings) == expected
        ((*_, plan),) = rows(session, f"EXPLAIN QUERY PLAN {sql}", bindings)
        assert f":{method};" in str(plan)


@pytest.mark.parametrize(("table", "method"), GOT)
def test_an_unknown_key_is_an_empty_answer(session: Session, table: Table, method: str) -> None:
    key = "invoice_id" if method == "list_of_invoice" else "id"
    condition = f"t.{key} = '00000000-0000-0000-0000-000000000000'"
    if "customer_id" in needed(table):
        condition += " AND t.customer_id = (SELECT min(id) FROM metronome.customers.customers)"
    assert rows(session, f"SELECT 1 FROM {table.name} t WHERE {condition}") == []


def test_a_contract_can_be_read_as_it_was(session: Session) -> None:
    contract = f"FROM {CUSTOMERS} metronome.contracts.contracts k ON k.customer_id = c.id"
    then = rows(
        session,
        f"""
        SELECT t.id, t.customer_id, k.starting_at {contract}
        JOIN metronome.contracts.contracts t ON t.customer_id = k.customer_id AND t.id = k.id
        WHERE t.as_of_date = {TODAY}
        """,
    )
    assert then == rows(session, f"SELECT k.id, k.customer_id, k.starting_at {contract}")


def test_the_log_comes_newest_first(session: Session) -> None:
    sql = "SELECT timestamp FROM metronome.account.audit_logs ORDER BY timestamp DESC LIMIT 30"
    found = rows(session, sql)
    assert len(found) == 30
    assert found == sorted(found, key=str, reverse=True)
    assert "TEMP B-TREE" not in str(rows(session, f"EXPLAIN QUERY PLAN {sql}"))
    resource = "SELECT resource_type, resource_id FROM metronome.account.audit_logs LIMIT 1"
    ((kind, id),) = rows(session, resource)
    sql = "SELECT action FROM metronome.account.audit_logs WHERE resource_type = ? "
    assert rows(session, f"{sql} AND resource_id = ? LIMIT 1", (kind, id))


def test_the_whole_log_is_read(session: Session) -> None:
    """The log's last page is an empty one, and a later page is asked for by its token alone."""
    whole = rows(session, "SELECT id, timestamp FROM metronome.account.audit_logs")
    assert len(set(whole)) == len(whole) > 100
    middle = sorted(str(row[1]) for row in whole)[len(whole) // 2]
    for condition in (f"timestamp >= '{middle}'", f"timestamp < '{middle}'"):
        found = rows(session, f"SELECT id FROM metronome.account.audit_logs WHERE {condition}")
        later = condition.startswith("timestamp >=")
        assert len(found) == sum((str(row[1]) >= middle) == later for row in whole)


def test_several_keys_are_several_answers(session: Session) -> None:
    """A list that the API takes must not hide which row answers to which key."""
    ids = "(SELECT id FROM metronome.customers.customers)"
    ledger = "SELECT count(*), count(DISTINCT customer_id) FROM metronome.credits.ledger"
    everything = rows(session, ledger)
    assert everything == rows(session, f"{ledger} WHERE customer_id IN {ids}") != [(0, 0)]
    alerts = "SELECT count(*) FROM metronome.account.alerts WHERE customer_id IN"
    some = rows(session, f"{alerts} {ids} AND alert_statuses IN ('ENABLED', 'DISABLED')")
    assert rows(session, f"{alerts} {ids}") > some > [(0,)]


# Pages -----------------------------------------------------------------------------------------

PAGED = [
    ("log_pages", "account.audit_logs"),
    ("pages", "invoices.invoices"),
    ("pages", "customers.billable_metrics"),
    ("posted_pages", "credits.grants"),
    ("posted_pages", "pricing.products"),
    ("posted_pages_without_size", "account.alerts"),
    ("posted_pages_without_size", "usage.usage"),
    ("body_pages", "contracts.balances"),
    ("body_pages", "contracts.commits"),
    ("body_pages", "contracts.credits"),
    ("nested_body_cursors", "contracts.seat_balances"),
]


@pytest.fixture(scope="module")
def small_pages(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session whose definitions ask for pages of two rows."""
    folder = tmp_path_factory.mktemp("definitions")
    root = changed("metronome", folder, r"\bsize: \d+", "size: 2")
    session = open_session(sandbox, (root,))
    yield session
    session.close()


@pytest.mark.parametrize(("paging", "name"), PAGED)
def test_every_page_is_read(
    sandbox: Sandbox, session: Session, small_pages: Session, paging: str, name: str
) -> None:
    table = CATALOG.table(f"metronome.{name}")
    assert {method.paging for method in table.resource.methods.values()} <= {paging, None}
    sql = f"SELECT {shown(table)} FROM {source(table)}"
    before = len(sandbox.requests)
    statement = small_pages.execute(sql)
    found = list(statement)
    if paging.endswith("without_size"):
        assert any("next_page=" in entry.target for entry in list(sandbox.requests)[before:])
    scan = next(scan for scan in statement.scans if scan.resource == table.name)
    assert scan.pages > max(1, len(found) / (200 if paging.endswith("without_size") else 4))
    assert sorted(found, key=repr) == sorted(rows(session, sql), key=repr)


def test_all_paging_variants_are_used() -> None:
    used = {method.paging for table in TABLES for method in table.resource.methods.values()}
    # The contracts come whole as the documents have it; `test_contracts` gives them a cursor.
    paged = {"body_cursors", *(paging for paging, _ in PAGED)}
    assert set(TABLES[0].provider.paging) == paged
    assert used == {None, *paged}


def test_hidden_columns_are_parameters_alone() -> None:
    for table in TABLES:
        for name, column in table.resource.columns.items():
            assert not column.hidden or name in table.echo_columns, name


UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "sql",
    [
        f"metronome.customers.costs WHERE customer_id = '{UNKNOWN}' AND {WEEK.replace('t.', '')}",
        f"metronome.customers.plans WHERE customer_id = '{UNKNOWN}'",
        f"metronome.customers.billable_metrics WHERE customer_id = '{UNKNOWN}'",
        f"metronome.invoices.invoices WHERE customer_id = '{UNKNOWN}'",
        f"metronome.invoices.invoice_lines WHERE customer_id = '{UNKNOWN}'",
        f"metronome.invoices.invoice_lines WHERE customer_id = '{UNKNOWN}' "
        f"AND invoice_id = '{UNKNOWN}'",
        f"metronome.invoices.invoice_breakdowns WHERE customer_id = '{UNKNOWN}' "
        f"AND {WEEK.replace('t.', '')}",
        "metronome.contracts.seat_balances "
        f"WHERE customer_id = '{UNKNOWN}' AND contract_id = '{UNKNOWN}'",
    ],
)
def test_a_customer_whom_nobody_knows_has_no_rows(session: Session, sql: str) -> None:
    assert rows(session, f"SELECT customer_id FROM {sql}") == []


def test_customers_whom_nobody_knows_do_not_hide_others(session: Session) -> None:
    everybody = "SELECT id FROM metronome.customers.customers"
    counted = "SELECT count(*) FROM metronome.invoices.invoices WHERE customer_id IN"
    ((known,),) = rows(session, f"{counted} ({everybody})")
    assert known
    strangers = f"{everybody} UNION VALUES ('{UNKNOWN}'), ('no UUID'), (NULL)"
    assert rows(session, f"{counted} ({strangers})") == [(known,)]
