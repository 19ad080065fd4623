"""Filters that take a list of words or a format alone: what they do not take has no rows.

Each is asked for words that it knows in other letters, for words that nobody knows and for both at
once, and answers as SQL does over a copy of the whole table; what cannot match costs no request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

import billql
from billql.definitions.catalog import Table
from billql.definitions.methods import Parameter
from billql.planning.capabilities import required_columns
from billql.planning.pushdown import key_columns_of
from billql.sandbox import Sandbox
from support.changed_definitions import unlimited
from support.shipped import CATALOG


def refuses_words(parameter: Parameter) -> bool:
    """Return whether a parameter has a pattern that a word is none of."""
    return parameter.pattern is not None and re.fullmatch(parameter.pattern, "nobody") is None


TABLES = [CATALOG.table(name) for name in CATALOG.names()]
CHOOSY = [
    (table, parameter.column or name, method)
    for table in TABLES
    for method, how in table.resource.methods.items()
    for name, parameter in how.parameters.items()
    if parameter.values or parameter.format == "uuid" or refuses_words(parameter)
]
"""Each column of which some method takes certain values alone."""
SHOWN = {
    (table.name, column): pytest.param(table, column, id=f"{table.name}-{column}")
    for table, column, _ in CHOOSY
    if column not in table.echo_columns
}
ECHOED = {
    (table.name, column): pytest.param(table, column, id=f"{table.name}-{column}")
    for table, column, _ in CHOOSY
    if column in table.echo_columns
}

ODD = ("'nobody'", "''", "' '", "'*'", "'a/b'", "'Ä'", "'5'", "5", "1.5", "x'61'", "NULL")
"""What no filter of words knows, as SQL writes it."""
UNKNOWN = "'nobody knows this'"

DAYS = "{0} >= date('now', '-9 days') AND {0} < date('now', '-6 days')"
KEYS: Mapping[str, str] = {
    "account_sid": "account_sid = (SELECT min(sid) FROM twilio.account.accounts)",
    "account_urn": "account_urn = 'do:team:12345678-1234-1234-1234-123456789012'",
    "aws.account_id": "account_id = '111122223333'",
    "aws.budget_name": "budget_name = 'Databases'",
    "aws.category": "category = 'Team'",
    "aws.dimension": "dimension = 'SERVICE'",
    "aws.end_day": "end_day >= date('now', '-60 days')",
    "aws.since": "since = date('now', '-60 days')",
    "aws.tag_key": "tag_key = 'team'",
    "cloudflare.account_id": "account_id = (SELECT min(id) FROM cloudflare.account.accounts)",
    "cloudflare.zone_id": "zone_id = (SELECT min(id) FROM cloudflare.zones.zones)",
    "credit_type_id": "credit_type_id = '2714e483-4ff1-48e4-9e25-ac732e8f24f2'",
    "credit_note": "credit_note = (SELECT max(id) FROM stripe.billing.credit_notes)",
    "customer": "customer = (SELECT max(customer) FROM stripe.billing.credit_grants)",
    "day": DAYS.format("day"),
    "from_day": "from_day = '2026-01-01'",
    "enterprise": "enterprise = 'acme'",
    "gcp.billing_account_id": "billing_account_id = '012345-567890-ABCDEF'",
    "gcp.service_id": "service_id = '6F81-5844-456A'",
    "group_key": "group_key = 'region'",
    "invoice": "invoice = (SELECT max(id) FROM stripe.billing.invoices)",
    "invoice_uuid": "invoice_uuid = 'preview'",
    "month": "month = strftime('%Y-%m', 'now', '-1 months')",
    "meter": "meter = (SELECT max(id) FROM stripe.billing.meters)",
    "digitalocean.project_id": "project_id = (SELECT max(id) FROM digitalocean.projects.projects)",
    "mongodb_atlas.invoice_id": "invoice_id = '65a1f0c2d3e4b5a697870001'",
    "mongodb_atlas.org_id": "org_id = '4888442a3354817a7320eb61'",
    "mongodb_atlas.project_id": "project_id = '32b6e34b3d91647abb20e7b1'",
    "openai.project_id": "project_id = (SELECT max(id) FROM openai.organization.projects)",
    "organization": "organization = 'acme'",
    "quote": "quote = (SELECT max(id) FROM stripe.billing.quotes)",
    "rate_card_id": "rate_card_id = (SELECT max(id) FROM metronome.pricing.rate_cards)",
    "start_date": DAYS.format("start_date"),
    "start_time": DAYS.format("start_time"),
    "usage_type": "usage_type = 'infra_host_usage'",
    "subscription": "subscription = (SELECT max(id) FROM stripe.billing.subscriptions)",
    "to_day": "to_day = '2026-03-31'",
}
"""What a statement must say of key columns, of one provider if it is named; Metronome's are found
in its sandbox."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="small", catalog=CATALOG) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def connection(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[billql.Connection]:
    """Connect to the sandbox, without the limit of Stripe's definition."""
    root = unlimited("stripe", tmp_path_factory.mktemp("definitions"))
    with billql.connect(
        tokens=sandbox.tokens, urls=sandbox.urls, definitions=[root], warn=lambda text: None
    ) as connection:
        yield connection


@pytest.fixture(scope="module")
def keys(connection: billql.Connection) -> Mapping[str, str]:
    """Say what a statement must say of each key column."""
    ((customer, contract),) = rows(
        connection,
        """
        SELECT k.customer_id, k.id FROM metronome.customers.customers c
        JOIN metronome.contracts.contracts k ON k.customer_id = c.id
        JOIN metronome.contracts.seat_balances s ON s.customer_id = c.id AND s.contract_id = k.id
        LIMIT 1
        """,
    )
    ((metric,),) = rows(
        connection,
        f"""
        SELECT id FROM metronome.customers.billable_metrics
        WHERE customer_id = '{customer}' AND group_keys ->> '$[0][0]' = 'region' LIMIT 1
        """,
    )
    return {
        **KEYS,
        "customer_id": f"customer_id = '{customer}'",
        "contract_id": f"contract_id = '{contract}'",
        "billable_metric_id": f"billable_metric_id = '{metric}'",
    }


def rows(connection: billql.Connection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


def required(table: Table) -> set[str]:
    """List the columns about which every statement must say something."""
    shown = {name for name in table.echo_columns if not table.columns[name].hidden}
    methods = table.resource.methods.values()
    by_all = set.intersection(*(set(required_columns(table, method)) for method in methods))
    columns = (key_columns_of(table, method) - set(table.echo_columns) for method in methods)
    return shown | by_all | min(columns, key=len)


def words(table: Table, column: str) -> set[str]:
    """List the words that filters of a column take."""
    return {
        str(word)
        for method in table.resource.methods.values()
        for name, parameter in method.parameters.items()
        if parameter.filters(name) == column
        for word in parameter.values
    }


def condition_on(table: Table, keys: Mapping[str, str], name: str) -> str:
    """Return the condition on a key column, of the table's provider if it has one of its own."""
    provider = table.name.partition(".")[0]
    return keys.get(f"{provider}.{name}") or keys.get(name, "true")


def said(table: Table, keys: Mapping[str, str], but: str) -> str:
    """Say what a table needs, but for one column."""
    unsaid = {"price_type", "customer_account", "price", "credit_grant"}
    terms = [condition_on(table, keys, name) for name in sorted(required(table) - {but} - unsaid)]
    return " AND ".join(("true", *terms))


def columns_of(table: Table) -> str:
    """List the columns that every statement may read."""
    unseen = set(table.echo_columns) - required(table)
    return ", ".join(f'"{name}"' for name in table.resource.columns if name not in unseen)


@pytest.mark.parametrize(("table", "column"), SHOWN.values())
def test_words_that_a_filter_does_not_take_have_no_rows(
    connection: billql.Connection,
    sandbox: Sandbox,
    keys: Mapping[str, str],
    table: Table,
    column: str,
) -> None:
    names = columns_of(table)
    whole = f"SELECT {names} FROM {table.name} WHERE {said(table, keys, '')}"
    copy = f'"a copy of {table.name}"'
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {copy} AS {whole}")
    found = rows(connection, f'SELECT DISTINCT "{column}" FROM {copy} ORDER BY 1 DESC LIMIT 2')
    real = [f"'{value}'" for (value,) in found if value is not None]
    assert real
    other = [
        written
        for value in real
        for written in (value.upper(), value.lower(), value.title(), f"{value[:-1]} '")
        if written != value
    ]
    for odd in (*real, *other, *ODD):
        for condition in (f"= {odd}", f"IN ({', '.join([odd, UNKNOWN, *real])})"):
            asked = f'{whole} AND "{column}" {condition}'
            expected = rows(connection, f'SELECT {names} FROM {copy} WHERE "{column}" {condition}')
            assert sorted(rows(connection, asked), key=repr) == sorted(expected, key=repr), (
                condition
            )
    before = len(sandbox.requests)
    assert rows(connection, f'{whole} AND "{column}" = {UNKNOWN}') == []
    sent = [entry.target for entry in list(sandbox.requests)[before:]]
    assert not sent


@pytest.mark.parametrize(("table", "column"), ECHOED.values())
def test_keys_and_options_that_cannot_be_have_no_rows(
    connection: billql.Connection,
    sandbox: Sandbox,
    keys: Mapping[str, str],
    table: Table,
    column: str,
) -> None:
    """A column that shows what was asked for has just what the API takes."""
    names = columns_of(table)
    start = f"SELECT {names} FROM {table.name} WHERE {said(table, keys, column)}"
    rows(
        connection, f"{start} AND {condition_on(table, keys, column)}"
    )  # what is looked up is kept now
    for odd in ODD:
        before = len(sandbox.requests)
        assert rows(connection, f'{start} AND "{column}" = {odd}') == []
        assert rows(connection, f'{start} AND "{column}" IN ({odd}, {UNKNOWN})') == []
        assert len(sandbox.requests) == before, odd
    for taken in words(table, column):
        rows(connection, f"{start} AND \"{column}\" IN ('{taken}', {UNKNOWN})")
    if column in keys:
        key = keys[column].partition("= ")[2]
        some = rows(connection, f"{start} AND {keys[column]}")
        mixed = f'{start} AND "{column}" IN ({key}, {UNKNOWN}, {", ".join(ODD)})'
        assert sorted(rows(connection, mixed), key=repr) == sorted(some, key=repr)
