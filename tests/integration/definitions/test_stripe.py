"""Stripe's definitions: every example runs, every filter is sent and right, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import stripe

import billql
from billql.definitions.catalog import Table
from billql.definitions.methods import Parameter
from billql.sandbox import Sandbox
from billql.sandbox.stripe.clocks import CLOCK, CUSTOMER
from contracts.held import held
from support.changed_definitions import unlimited
from support.shipped import CATALOG

TABLES = [CATALOG.table(name) for name in CATALOG.names() if name.startswith("stripe.")]
EXAMPLES = [
    pytest.param(example.sql, id=f"{table.name}-{number}")
    for table in TABLES
    for number, example in enumerate(table.resource.examples)
]
PARAMETERS = [
    (table, method, name, parameter)
    for table in TABLES
    for method, how in table.resource.methods.items()
    for name, parameter in how.parameters.items()
    if parameter.value is None
]
SENT = [
    pytest.param(table, method, name, id=f"{table.name}-{method}-{name}")
    for table, method, name, parameter in PARAMETERS
    if parameter.location == "query"
]
FILTERS = [
    pytest.param(table, name, parameter, id=f"{table.name}-{name}")
    for table, method, name, parameter in PARAMETERS
    if method == "list"
    and not parameter.required
    and (parameter.column or name) not in table.echo_columns
    and name != "test_clock"  # Nobody sees what is on one without asking for it.
]
EXPANDED = [
    pytest.param(table, method, name, id=f"{table.name}-{method}-{name}")
    for table in TABLES
    for method, how in table.resource.methods.items()
    for name, parameter in how.parameters.items()
    if parameter.when_read
]
IDS = [
    pytest.param(table, name, id=f"{table.name}-{name}")
    for table, method, name, parameter in PARAMETERS
    if method == "list"
    and parameter.location == "query"
    and not parameter.required
    and table.columns[parameter.column or name].references is not None
]
"""The filters that are ids of other things."""
PAIRS = [table for table in TABLES if table.resource.methods.keys() >= {"list", "get"}]
KEYS = {
    "stripe.billing.credit_balance_summary": (
        "customer IN (SELECT customer FROM stripe.billing.credit_grants)"
    ),
    "stripe.billing.meter_event_summaries": (
        "meter IN (SELECT id FROM stripe.billing.meters) "
        "AND customer IN (SELECT id FROM stripe.core.customers LIMIT 10) "
        "AND start_time >= date('now', '-9 days') AND start_time < date('now')"
    ),
    "stripe.billing.invoice_lines": (
        "invoice IN (SELECT id FROM stripe.billing.invoices LIMIT 10)"
    ),
    "stripe.billing.subscription_items": (
        "subscription IN (SELECT id FROM stripe.billing.subscriptions LIMIT 10)"
    ),
    "stripe.billing.credit_note_lines": (
        "credit_note IN (SELECT id FROM stripe.billing.credit_notes LIMIT 10)"
    ),
    "stripe.billing.quote_lines": "quote IN (SELECT id FROM stripe.billing.quotes LIMIT 10)",
    "stripe.core.customer_balance_transactions": (
        "customer IN (SELECT id FROM stripe.core.customers)"
    ),
}
"""What a SELECT from a table must say, where it must say something."""
VALUES = {
    "boolean": 1,
    "date": "2026-01-31",
    "integer": 7,
    "text": "some",
    "timestamp": "2026-01-31T00:00:00Z",
}
"""A value for a column of each type."""

SEARCHES = [
    ("core.customers", "created>0", "created > '1970-01-01T00:00:00Z'"),
    ("core.charges", "amount>1000", "amount > 1000"),
    ("core.payment_intents", 'status:"succeeded"', "status = 'succeeded'"),
    ("billing.invoices", 'status:"open"', "status = 'open'"),
    ("billing.subscriptions", 'status:"canceled"', "status = 'canceled'"),
    ("catalog.products", 'active:"true"', "active = 1"),
    ("catalog.prices", 'active:"false"', "active = 0"),
]

SUMMARY = {
    "object": "billing.credit_balance_summary",
    "balances": [
        {
            "available_balance": {
                "monetary": {"currency": "usd", "value": 1000},
                "type": "monetary",
            },
            "ledger_balance": {"monetary": {"currency": "usd", "value": 1000}, "type": "monetary"},
        }
    ],
    "customer": "cus_QsEHa3GKweMwih",
    "livemode": False,
}
"""The example of Stripe's reference, as it stands there."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with held() as see, Sandbox(size="small", intercept=see) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def connect(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., billql.Connection]:
    """Connect to the sandbox, which needs no mercy: without the limit of the definition."""
    root = unlimited("stripe", tmp_path_factory.mktemp("definitions"))
    given: dict[str, Any] = {"tokens": sandbox.tokens, "urls": sandbox.urls, "definitions": [root]}
    return lambda **options: billql.connect(**{**given, **options})


@pytest.fixture(scope="module")
def connection(connect: Callable[..., billql.Connection]) -> Iterator[billql.Connection]:
    with connect(warn=lambda text: None) as connection:
        yield connection


def rows(connection: billql.Connection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


class Api:
    """Answers by path, and notes what it was asked."""

    def __init__(self, answers: Mapping[str, Any], status: int = 200) -> None:
        self.answers = answers
        self.status = status
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        nothing = {"object": "list", "data": [], "has_more": False}
        return httpx.Response(self.status, json=self.answers.get(request.url.path, nothing))

    def select(self, sql: str) -> list[tuple[object, ...]]:
        transport = httpx.MockTransport(self)
        with billql.connect(tokens={"stripe": "sk_test"}, http_transport=transport) as connection:
            return connection.execute(sql).fetchall()

    @property
    def sent(self) -> dict[str, str]:
        """The parameters of the only request."""
        (request,) = self.requests
        return dict(parse_qsl(urlsplit(str(request.url)).query))


def page(*items: Mapping[str, Any], more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(items), "has_more": more}


def type_of(table: Table, column: str) -> str:
    return table.resource.columns[column].type


def comparison(table: Table, name: str, parameter: Parameter, value: object = None) -> str:
    """A condition that a parameter can be filled with; what is not given is any fitting value."""
    column = parameter.column or name
    taken = {"[a-z]{3}": "usd"}.get(parameter.pattern or "", VALUES[type_of(table, column)])
    told = (*parameter.values, taken)[0] if value is None else value
    quoted = f"'{told}'" if isinstance(told, str) else str(told)
    return f"{column} {parameter.operator} {quoted}"


# The sandbox.


@pytest.mark.parametrize("sql", EXAMPLES)
def test_every_example_gives_rows(connection: billql.Connection, sql: str) -> None:
    assert rows(connection, sql)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_can_be_read(connection: billql.Connection, table: Table) -> None:
    columns = table.resource.columns
    listed = ", ".join(f'"{name}"' for name, column in columns.items() if not column.hidden)
    condition = KEYS.get(table.name, "true")
    found = rows(connection, f"SELECT {listed} FROM {table.name} WHERE {condition} LIMIT 200")
    assert found


@pytest.mark.parametrize("table", PAIRS, ids=lambda table: table.name)
def test_an_object_is_the_same_alone_and_in_its_list(
    sandbox: Sandbox,
    connection: billql.Connection,
    connect: Callable[..., billql.Connection],
    table: Table,
) -> None:
    condition = KEYS.get(table.name, "true")
    (listed,) = rows(connection, f"SELECT * FROM {table.name} WHERE {condition} LIMIT 1")
    columns = [name for name, column in table.resource.columns.items() if not column.hidden]
    known = dict(zip(columns, listed, strict=True))
    parameters = table.resource.methods["get"].parameters.items()
    keys = [name for name, parameter in parameters if parameter.required]
    told = " AND ".join(f"{key} = '{known[key]}'" for key in keys)
    with connect(cache_ttl=0.0) as other:
        sandbox.requests.clear()
        assert rows(other, f"SELECT * FROM {table.name} WHERE {told}") == [listed]
        # What the statement before had asked for ahead may still arrive.
        paths = [urlsplit(entry.target).path for entry in sandbox.requests]
        assert len([path for path in paths if path.endswith(f"/{known['id']}")]) == 1
        unknown = told.replace(f"id = '{known['id']}'", "id = 'none'")
        assert rows(other, f"SELECT * FROM {table.name} WHERE {unknown}") == []


@pytest.mark.parametrize(("table", "name", "parameter"), FILTERS)
def test_a_filter_gives_the_rows_that_sqlite_would(
    sandbox: Sandbox,
    connection: billql.Connection,
    connect: Callable[..., billql.Connection],
    table: Table,
    name: str,
    parameter: Parameter,
) -> None:
    column = parameter.column or name
    keys = KEYS.get(table.name, "true")
    known = rows(
        connection, f"SELECT {column} FROM {table.name} WHERE {keys} AND {column} IS NOT NULL"
    )
    values = sorted(row[0] for row in known)  # type: ignore[type-var]
    assert values, "the sandbox's story has no value"
    condition = comparison(table, name, parameter, values[len(values) // 2])
    expected = rows(connection, f"SELECT * FROM {table.name} WHERE {keys} AND +{condition}")
    with connect(cache_ttl=0.0) as other:
        sandbox.requests.clear()
        found = rows(other, f"SELECT * FROM {table.name} WHERE {keys} AND {condition}")
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    targets = [dict(parse_qsl(urlsplit(entry.target).query)) for entry in sandbox.requests]
    assert any((parameter.name or name) in target for target in targets)


@pytest.mark.parametrize(("table", "name"), IDS)
def test_an_id_of_nothing_has_no_rows(
    sandbox: Sandbox, connection: billql.Connection, table: Table, name: str
) -> None:
    """Stripe answers 400 where SQL would say: no rows."""
    sandbox.requests.clear()
    column = table.resource.methods["list"].parameters[name].column or name
    keys = KEYS.get(table.name, "true")
    sql = f"SELECT * FROM {table.name} WHERE {keys} AND {column} = 'nobody'"
    assert rows(connection, sql) == []
    assert 400 in {entry.status for entry in sandbox.requests}
    for entry in sandbox.requests:
        if entry.status == 400:
            assert dict(parse_qsl(urlsplit(entry.target).query))[name] == "nobody"


def test_of_several_ids_the_known_ones_have_rows(connection: billql.Connection) -> None:
    sql = "SELECT customer, count(*) FROM stripe.billing.invoices WHERE customer IN ({}) GROUP BY 1"
    ((known,),) = rows(connection, "SELECT customer FROM stripe.billing.invoices LIMIT 1")
    expected = rows(connection, sql.format(f"'{known}'"))
    assert expected
    assert rows(connection, sql.format(f"'cus_nope', '{known}', 'cus_none'")) == expected


def test_nobody_has_a_summary_and_usage(connection: billql.Connection) -> None:
    nobody = "WHERE customer = 'cus_nope'"
    assert rows(connection, f"SELECT 1 FROM stripe.billing.credit_balance_summary {nobody}") == []
    used = (
        "AND meter IN (SELECT id FROM stripe.billing.meters) "
        "AND start_time >= '2026-01-01' AND start_time < '2026-01-03'"
    )
    assert (
        rows(connection, f"SELECT 1 FROM stripe.billing.meter_event_summaries {nobody} {used}")
        == []
    )


@pytest.mark.parametrize(
    ("condition", "found", "sent"),
    [
        ("= 'in_transit'", ["po_2"], None),
        ("IN ('in_transit', 'nowhere')", ["po_2"], None),
        ("= 'paid'", ["po_1"], "paid"),
        ("IN ('paid', 'nowhere')", ["po_1"], "paid"),
    ],
)
def test_a_status_that_the_filter_does_not_know_is_found(
    condition: str, found: list[str], sent: str | None
) -> None:
    """Payouts can be in transit, and their list cannot be asked for those alone."""
    payouts = [{"id": "po_1", "status": "paid"}, {"id": "po_2", "status": "in_transit"}]
    api = Api({"/v1/payouts": page(*payouts)})
    assert api.select(f"SELECT id FROM stripe.core.payouts WHERE status {condition}") == [
        (id,) for id in found
    ]
    assert api.sent.get("status") == sent


@pytest.mark.parametrize(
    ("table", "name", "parameter"),
    [
        pytest.param(table, name, parameter, id=f"{table.name}-{name}")
        for table, method, name, parameter in PARAMETERS
        if method == "list"
        and parameter.location == "query"
        and type_of(table, parameter.column or name) == "text"
    ],
)
def test_an_empty_text_is_not_sent(
    connection: billql.Connection,
    sandbox: Sandbox,
    table: Table,
    name: str,
    parameter: Parameter,
) -> None:
    """Stripe refuses a filter that is empty, and other APIs take it for none."""
    column = parameter.column or name
    before = len(sandbox.requests)
    where = KEYS.get(table.name, "true")
    assert rows(connection, f"SELECT 1 FROM {table.name} WHERE {where} AND {column} = ''") == []
    sent = [entry.target for entry in list(sandbox.requests)[before:]]
    assert not any(f"{parameter.name or name}=&" in f"{target}&" for target in sent)


def test_a_group_of_events_is_no_type_of_one(connection: billql.Connection) -> None:
    """The API takes `invoice.*` as a pattern, and SQL does not."""
    events = "SELECT type FROM stripe.core.events WHERE"
    assert rows(connection, f"{events} type = 'invoice.*' LIMIT 1") == []
    (paid,) = set(rows(connection, f"{events} type IN ('invoice.*', 'invoice.paid')"))
    assert paid == ("invoice.paid",)


def test_another_wrong_value_stays_an_error(connection: billql.Connection) -> None:
    sql = "SELECT id FROM stripe.core.customers WHERE query = 'no query'"
    with pytest.raises(billql.ApiError, match="answered 400"):
        rows(connection, sql)


@pytest.mark.parametrize(("resource", "query", "condition"), SEARCHES)
def test_a_search_finds_what_the_list_has(
    connection: billql.Connection, resource: str, query: str, condition: str
) -> None:
    found = rows(connection, f"SELECT id FROM stripe.{resource} WHERE query = '{query}'")
    assert found
    listed = rows(connection, f"SELECT id FROM stripe.{resource} WHERE {condition}")
    assert sorted(found) == sorted(listed)


@pytest.mark.parametrize(
    ("resource", "column"),
    [
        ("billing.invoices", "discounts"),
        ("billing.subscriptions", "discounts"),
        ("catalog.coupons", "applies_to"),
        ("catalog.prices", "tiers"),
        ("catalog.prices", "currency_options"),
    ],
)
def test_what_is_named_is_expanded(
    connection: billql.Connection, resource: str, column: str
) -> None:
    counted = f"SELECT count(*), sum(json_valid({column})) FROM stripe.{resource}"
    ((_, valid),) = rows(connection, f"{counted} WHERE {column} NOT IN ('[]', '{{}}')")
    assert isinstance(valid, int)
    assert valid > 0


def test_canceled_subscriptions_are_there(connection: billql.Connection) -> None:
    canceled = "SELECT count(*) FROM stripe.billing.subscriptions WHERE +status = 'canceled'"
    ((count,),) = rows(connection, canceled)
    assert isinstance(count, int)
    assert count > 0
    assert rows(connection, canceled.replace("+status", "status")) == [(count,)]


@pytest.mark.parametrize("resource", ["core.customers", "billing.subscriptions", "billing.quotes"])
def test_what_is_on_a_test_clock_comes_if_it_is_asked_for(
    connection: billql.Connection, resource: str
) -> None:
    source = f"SELECT id, test_clock FROM stripe.{resource}"
    ((key, clock),) = rows(connection, f"{source} WHERE test_clock = '{CLOCK}'")
    assert clock == CLOCK
    assert rows(connection, f"{source} WHERE id = '{key}'") == [(key, CLOCK)]
    assert (key, CLOCK) not in rows(connection, source)
    if resource != "core.customers":
        assert rows(connection, f"{source} WHERE customer = '{CUSTOMER}'") == [(key, CLOCK)]


def test_prices_that_are_not_active_are_there(connection: billql.Connection) -> None:
    counted = "SELECT count(*), sum(active), count(DISTINCT id) FROM stripe.catalog.prices"
    ((count, active, different),) = rows(connection, counted)
    assert isinstance(count, int)
    assert isinstance(active, int)
    assert 0 < active < count == different


def test_a_restricted_key_is_refused_in_the_apis_words(
    sandbox: Sandbox, connect: Callable[..., billql.Connection]
) -> None:
    tokens = {"stripe": sandbox.restricted("stripe", "rak_customer_read")}
    with connect(tokens=tokens) as connection:
        assert rows(connection, "SELECT id FROM stripe.core.customers LIMIT 1")
        with pytest.raises(billql.CredentialRefused) as caught:
            rows(connection, "SELECT id FROM stripe.billing.invoices")
    assert f"{sandbox.urls['stripe']}/v1/invoices answered 403" in caught.value.message
    assert "does not have the required permissions" in caught.value.message


# Answers that are served as they are.


@pytest.mark.parametrize(("table", "method", "name"), SENT)
def test_a_filter_is_sent(table: Table, method: str, name: str) -> None:
    parameters = table.resource.methods[method].parameters
    asked = {
        key: parameter
        for key, parameter in parameters.items()
        if parameter.value is None and (parameter.required or key == name)
    }
    conditions = [comparison(table, key, parameter) for key, parameter in asked.items()]
    if table.name == "stripe.billing.meter_event_summaries" and method == "list":
        conditions = [c.replace("< '2026-01-31", "< '2026-02-28") for c in conditions]
    api = Api({"/v1/billing/credit_balance_summary": SUMMARY})
    api.select(f"SELECT 1 FROM {table.name} WHERE {' AND '.join(conditions)}")
    told = parameters[name].name or name
    for request in api.requests:
        assert told in dict(parse_qsl(urlsplit(str(request.url)).query))
    assert api.requests


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_currency_stands_beside_every_amount(table: Table) -> None:
    for name, column in table.resource.columns.items():
        if table.name == "stripe.billing.credit_note_lines":
            continue  # The API does not tell it there.
        assert column.minor == (column.currency is not None), name
        assert not column.minor or column.type in ("integer", "decimal"), name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_sqlite_can_tell_whether_a_parameter_is_used(table: Table) -> None:
    columns = list(table.resource.columns)
    special = [name for name, column in table.resource.columns.items() if column.hidden]
    for method in table.resource.methods.values():
        for parameter in method.parameters.values():
            special += parameter.when_read
    for name in special:
        assert columns.index(name) < 63, name  # https://sqlite.org/c3ref/index_info.html


def test_the_credit_balance_summary_of_the_reference() -> None:
    api = Api({"/v1/billing/credit_balance_summary": SUMMARY})
    sql = (
        "SELECT * FROM stripe.billing.credit_balance_summary WHERE customer = 'cus_QsEHa3GKweMwih'"
    )
    assert api.select(sql) == [
        ("cus_QsEHa3GKweMwih", None, 0, "usd", 1000, "monetary", 1000, "monetary")
    ]
    assert api.sent == {
        "customer": "cus_QsEHa3GKweMwih",
        "filter[type]": "applicability_scope",
        "filter[applicability_scope][price_type]": "metered",
    }


def test_the_credit_balance_summary_has_a_row_for_each_currency() -> None:
    euros = json.loads(json.dumps(SUMMARY["balances"]).replace("usd", "eur").replace("1000", "0"))
    answer = {**SUMMARY, "balances": [*json.loads(json.dumps(SUMMARY["balances"])), *euros]}
    assert Api({"/v1/billing/credit_balance_summary": answer}).select(
        "SELECT currency, available_value, ledger_value, typeof(available_value) "
        "FROM stripe.billing.credit_balance_summary WHERE customer = 'cus_QsEHa3GKweMwih'"
    ) == [("usd", 1000, 1000, "integer"), ("eur", 0, 0, "integer")]


@pytest.mark.parametrize(
    ("condition", "sent"),
    [
        (
            "credit_grant = 'credgr_1'",
            {"filter[type]": "credit_grant", "filter[credit_grant]": "credgr_1"},
        ),
        (
            "price = 'price_1'",
            {
                "filter[type]": "applicability_scope",
                "filter[applicability_scope][prices][0][id]": "price_1",
            },
        ),
        (
            "price_type = 'metered'",
            {
                "filter[type]": "applicability_scope",
                "filter[applicability_scope][price_type]": "metered",
            },
        ),
    ],
)
def test_what_a_credit_balance_summary_counts_can_be_said(
    condition: str, sent: dict[str, str]
) -> None:
    for key in ("customer", "customer_account"):
        api = Api({"/v1/billing/credit_balance_summary": {**SUMMARY, key: "some"}})
        sql = f"SELECT * FROM stripe.billing.credit_balance_summary WHERE {key} = 'some'"
        assert len(api.select(f"{sql} AND {condition}")) == 1
        assert api.sent == {key: "some", **sent}


def test_a_credit_balance_summary_needs_its_customer() -> None:
    with pytest.raises(billql.ParameterMissing, match="customer"):
        Api({}).select("SELECT * FROM stripe.billing.credit_balance_summary")


def test_an_amount_of_0_is_0() -> None:
    charge = {"id": "ch_1", "currency": "usd", "created": 1, "amount": 500, "amount_refunded": 0}
    api = Api({"/v1/charges": page(charge, {**charge, "id": "ch_2", "amount_refunded": 200})})
    assert api.select(
        "SELECT sum(amount - amount_refunded), min(amount_refunded), count(amount_refunded) "
        "FROM stripe.core.charges"
    ) == [(800, 0, 2)]


def test_amounts_in_major_units_follow_their_currency() -> None:
    entries = [
        {"id": f"txn_{currency}", "currency": currency, "created": 1, "net": 1050}
        for currency in ("jpy", "kwd", "usd")
    ]
    assert Api({"/v1/balance_transactions": page(*entries)}).select(
        "SELECT currency, money(net, currency) FROM stripe.core.balance_transactions"
    ) == [("jpy", 1050.0), ("kwd", 1.05), ("usd", 10.5)]


def test_fractions_of_a_minor_unit_are_kept() -> None:
    price = {"id": "price_1", "currency": "usd", "unit_amount_decimal": "0.015"}
    assert Api({"/v1/prices/price_1": price}).select(
        "SELECT unit_amount, unit_amount_decimal, money(unit_amount_decimal, currency) "
        "FROM stripe.catalog.prices WHERE id = 'price_1'"
    ) == [(None, 0.015, 0.00015)]


def test_the_balance_loses_no_state_and_no_currency() -> None:
    def amounts(first: int) -> list[dict[str, Any]]:
        usd = {"amount": first, "currency": "usd", "source_types": {"card": first}}
        return [usd, {"amount": first + 1, "currency": "eur"}]

    answer = {
        "object": "balance",
        "available": amounts(1),
        "pending": amounts(3),
        "connect_reserved": amounts(5),
        "instant_available": amounts(7),
        "issuing": {"available": amounts(9)},
        "refund_and_dispute_prefunding": {"available": amounts(11), "pending": amounts(13)},
        "livemode": True,
    }
    states = (
        "available",
        "pending",
        "connect_reserved",
        "instant_available",
        "issuing_available",
        "refund_and_dispute_prefunding_available",
        "refund_and_dispute_prefunding_pending",
    )
    sql = "SELECT state, currency, amount, livemode FROM stripe.core.balance ORDER BY amount"
    assert Api({"/v1/balance": answer}).select(sql) == [
        (state, currency, 2 * number + 1 + place, 1)
        for number, state in enumerate(states)
        for place, currency in enumerate(("usd", "eur"))
    ]
    bare = {name: answer[name] for name in ("object", "available", "pending", "livemode")}
    assert len(Api({"/v1/balance": bare}).select(sql)) == 4


@pytest.mark.parametrize(("table", "method", "name"), EXPANDED)
def test_what_must_be_expanded_is_expanded_only_if_it_is_named(
    table: Table, method: str, name: str
) -> None:
    how = table.resource.methods[method]
    parameters = how.parameters
    conditions = [
        comparison(table, key, parameter)
        for key, parameter in parameters.items()
        if parameter.required
    ]
    one = {"id": "some", "available": [], "pending": []}
    api = Api({how.path.replace("{id}", "some"): one} if how.single or not how.paging else {})
    source = f"FROM {table.name} WHERE {' AND '.join(conditions) or 'true'}"
    api.select(f"SELECT * {source}")
    assert api.requests
    assert not any("expand[]" in request.url.params for request in api.requests)
    api.requests.clear()
    (column,) = parameters[name].when_read
    api.select(f"SELECT {column} {source}")
    assert api.requests
    for request in api.requests:
        assert request.url.params.get_list("expand[]") == [parameters[name].value]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        pytest.param(table, column, id=f"{table.name}-{column}")
        for table in TABLES
        for column in {
            column: None
            for how in table.resource.methods.values()
            for parameter in how.parameters.values()
            for column in parameter.when_read
        }
    ],
)
def test_what_must_be_expanded_can_be_read(
    connection: billql.Connection, table: Table, column: str
) -> None:
    where = KEYS.get(table.name, "true")
    ((count, valid),) = rows(
        connection,
        f"SELECT count(*), count({column}) - sum(json_valid({column}) AND {column} IS NOT NULL) "
        f"FROM {table.name} WHERE {where}",
    )
    assert count
    assert not valid


def test_a_subscriptions_period_is_the_one_that_stripe_filters_by() -> None:
    """The greatest start and the least end of its items, where all of its items are shown."""

    def subscription(key: str, *periods: tuple[int, int], more: bool = False) -> dict[str, Any]:
        words = ("current_period_start", "current_period_end")
        items = [dict(zip(words, period, strict=True)) for period in periods]
        return {"id": key, "created": 1, "items": {"data": items, "has_more": more}}

    both = page(subscription("sub_2", (60, 3600), (120, 7200)), subscription("sub_1", (0, 60)))
    api = Api({"/v1/subscriptions": both})
    source = "FROM stripe.billing.subscriptions WHERE current_period_end < '1970-01-02'"
    assert api.select(f"SELECT id, current_period_start, current_period_end {source}") == [
        ("sub_2", "1970-01-01T00:02:00Z", "1970-01-01T01:00:00Z"),
        ("sub_1", "1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z"),
    ]
    assert api.sent == {"status": "all", "current_period_end[lt]": "86400", "limit": "100"}
    some = page(subscription("sub_3", (0, 60), more=True))
    sql = "SELECT current_period_start, current_period_end FROM stripe.billing.subscriptions"
    assert Api({"/v1/subscriptions": some}).select(sql) == [(None, None)]


def test_discounts_are_objects() -> None:
    discount = {"id": "di_1", "source": {"coupon": "spring", "type": "coupon"}}
    api = Api({"/v1/invoices": page({"id": "in_1", "created": 1, "discounts": [discount]})})
    read = "SELECT discounts ->> '$[0].source.coupon' FROM stripe.billing.invoices"
    assert api.select(read) == [("spring",)]


def test_several_fields_are_expanded_in_one_request() -> None:
    price = {"id": "price_1", "tiers": [{"up_to": None}], "currency_options": {"usd": {}}}
    api = Api({"/v1/prices/price_1": price})
    sql = "SELECT tiers, currency_options FROM stripe.catalog.prices WHERE id = 'price_1'"
    assert api.select(sql) == [('[{"up_to":null}]', '{"usd":{}}')]
    (request,) = api.requests
    pairs = parse_qsl(urlsplit(str(request.url)).query)
    assert pairs == [("expand[]", "tiers"), ("expand[]", "currency_options")]


def test_a_search_is_made_if_a_query_is_given() -> None:
    class Pages(Api):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            first = "page" not in request.url.params
            item = {"id": "cus_1" if first else "cus_2", "email": "sammy@example.com"}
            return httpx.Response(
                200,
                json={
                    "object": "search_result",
                    "data": [item],
                    "has_more": first,
                    "next_page": "second" if first else None,
                },
            )

    api = Pages({})
    sql = "SELECT id FROM stripe.core.customers WHERE query = 'email:\"sammy@example.com\"'"
    assert api.select(sql) == [("cus_1",), ("cus_2",)]
    first, second = api.requests
    assert first.url.path == "/v1/customers/search"
    assert dict(first.url.params) == {"query": 'email:"sammy@example.com"', "limit": "100"}
    assert second.url.params["page"] == "second"


def test_a_page_that_fails_is_an_error() -> None:
    class Failing(Api):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if "starting_after" not in request.url.params:
                return httpx.Response(200, json=page({"id": "in_1", "created": 1}, more=True))
            words = "You cannot do this."
            return httpx.Response(403, json={"error": {"message": words, "type": "api_error"}})

    with pytest.raises(billql.CredentialRefused, match="You cannot do this"):
        Failing({}).select("SELECT id FROM stripe.billing.invoices")


def test_a_window_of_usage_is_one_row_or_many() -> None:
    api = Api({})
    meter = (
        "SELECT * FROM stripe.billing.meter_event_summaries WHERE meter = 'm' AND customer = 'c'"
    )
    api.select(f"{meter} AND start_time >= '2026-01-01' AND start_time < '2026-02-01'")
    window = {"customer": "c", "start_time": "1767225600", "end_time": "1769904000"}
    assert api.sent == {**window, "value_grouping_window": "day", "limit": "100"}
    assert api.requests[0].url.path == "/v1/billing/meters/m/event_summaries"
    api.requests.clear()
    whole = "start_time = '2026-01-01T00:00:00Z' AND end_time = '2026-02-01T00:00:00Z'"
    api.select(f"{meter} AND {whole}")
    assert api.sent == {**window, "limit": "100"}
    api.requests.clear()
    api.select(
        f"{meter} AND {whole.replace('=', '>=', 1).partition(' AND')[0]} "
        "AND start_time < '2026-01-02' AND value_grouping_window = 'hour'"
    )
    assert api.sent["value_grouping_window"] == "hour"


def test_every_request_names_the_version_whose_shapes_are_defined() -> None:
    api = Api({})
    api.select("SELECT id FROM stripe.core.customers")
    assert api.requests[0].headers["stripe-version"] == stripe.api_version
