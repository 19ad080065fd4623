"""The tables `billql.catalog.*`: definitions as they are written, and none loaded needlessly."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from billql import errors
from billql.definitions.catalog import Catalog
from billql.definitions.shared import built_in_root
from billql.docs.facts import resource as resource_facts
from billql.errors import ParameterMissing
from billql.sandbox import Sandbox
from billql.sqlite._catalog_listings import LISTINGS
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

from .sandboxed import open_session, rows

PROVIDER = """\
billql: 1
title: {title}
description: An API that bills.
version: 0.1.0
documentation: https://example.com/docs
url: https://api.example.com
auth: {{kind: bearer, secret: {secret}, help: Ask for one.}}
"""

SERVICE = """\
billql: 1
description: Bills of an account.
resources:
  invoices:
    description: One row for each.
    columns:
      account: {type: text, description: Whose it is., path: $parameter}
      id: {type: text, description: Its name.}
      day: {type: date, description: Its day.}
      amount: {type: decimal, description: What is billed., currency: currency}
      currency: {type: text, description: The currency.}
      archived: {type: boolean, description: Whether it is old., hidden: true}
      lines: {type: json, description: What is billed for.}
    methods:
      get:
        request: GET /v1/accounts/{account}/invoices/{id}
        description: Gives one.
        parameters:
          account: {in: path, required: true}
          id: {in: path, required: true}
          lines: {name: "expand[]", value: lines, when_read: [lines, amount]}
      list:
        request: POST /v1/accounts/{account}/invoices
        description: Gives some.
        parameters:
          account: {in: path, required: true}
          from: {in: body, column: day, operator: ">=", required: true}
          to: {in: body, column: day, operator: "<", match: superset, default: today}
          archived: {in: body, default: [true, false]}
          version: {in: header, value: 2}
    examples: [{question: Which are there?, sql: SELECT 1}]
"""

BROKEN = "billql: 1\ndescription: [\n"


def values(session: Session, sql: str) -> list[Any]:
    return [value for (value,) in session.execute(sql)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for provider in ("acme", "zenith"):
        folder = tmp_path / provider
        folder.mkdir()
        secret = f"{provider.upper()}_TOKEN"
        text = PROVIDER.format(title=provider.title(), secret=secret)
        (folder / "provider.yaml").write_text(text)
        for service in ("billing", "usage"):
            (folder / f"{service}.yaml").write_text(SERVICE)
    return tmp_path


@pytest.fixture
def session(root: Path) -> Iterator[Session]:
    environ = {"ZENITH_TOKEN": "tok_1", "BILLQL_ZENITH_URL": "http://127.0.0.1:1"}
    options = Options(environ=environ, catalog=Catalog([root]))
    session = Session(":memory:", lambda: options)
    yield session
    session.close()


@pytest.fixture(scope="module")
def built_in() -> Iterator[Session]:
    session = Session(":memory:", lambda: Options(environ={}))
    yield session
    session.close()


@functools.cache
def written() -> dict[str, dict[str, Any]]:
    """Read the definitions as YAML and nothing else: by provider and service."""
    return {
        provider.parent.name: {
            path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
            for path in sorted(provider.parent.glob("*.yaml"))
        }
        for provider in sorted(built_in_root().glob("*/provider.yaml"))
    }


def written_resources() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    yield from written_tables("resources")


def written_tables(kind: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for provider, files in written().items():
        for service, content in files.items():
            for name, table in content.get(kind, {}).items():
                yield provider, service, name, table


def needs(method: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Tell from a method as it is written what it cannot do without, and what it can filter on."""
    filters = {
        (parameter.get("column", name), "default" in parameter, parameter.get("required", False))
        for name, parameter in method.get("parameters", {}).items()
        if "value" not in parameter
    }
    required = {column for column, default, asked in filters if asked and not default}
    return required, {column for column, _, _ in filters} - required


def variables(auth: dict[str, Any]) -> str | None:
    """Return the environment variables of a credential as it is written, with those of AWS."""
    usual = {"user": "AWS_ACCESS_KEY_ID", "secret": "AWS_SECRET_ACCESS_KEY"}
    named = auth | usual if auth["kind"] == "aws_sigv4" else auth
    first = [named[key] for key in ("user", "client_id", "secret") if key in named]
    return ", ".join([*first, *named.get("also", {}).values()]) or None


def priced(resource: dict[str, Any]) -> str:
    """Return the sentence on what each request of a resource costs, if all cost the same."""
    prices = {json.dumps(method.get("price")) for method in resource.get("methods", {}).values()}
    price = json.loads(prices.pop()) if len(prices) == 1 else None
    return f" Each request costs {price['currency']} {price['amount']}." if price else ""


# The whole catalog -----------------------------------------------------------------------------


def test_every_provider_is_listed(built_in: Session) -> None:
    expected = [
        (
            name,
            files["provider"]["title"],
            files["provider"]["version"],
            variables(files["provider"]["auth"]),
            files["provider"]["description"].strip(),
        )
        for name, files in written().items()
    ]
    assert [row for row in built_in.execute("SHOW PROVIDERS") if row[0] != "billql"] == expected
    assert rows(built_in, "SHOW PROVIDERS LIKE 'billql'")[0][:2] == ("billql", "billql")
    told = "SELECT documentation, url FROM billql.catalog.providers WHERE provider = 'stripe'"
    stripe = written()["stripe"]["provider"]
    assert rows(built_in, told) == [(stripe["documentation"], stripe["url"])]


def test_every_service_is_listed(built_in: Session) -> None:
    for provider, files in written().items():
        expected = [(name, files[name]["description"].strip()) for name in files]
        expected.remove(("provider", files["provider"]["description"].strip()))
        assert rows(built_in, f"SHOW SERVICES IN {provider}") == expected


def test_every_resource_is_listed(built_in: Session) -> None:
    expected = [
        (f"{provider}.{service}.{name}", table["description"].strip() + priced(table))
        for kind in ("resources", "views")
        for provider, service, name, table in written_tables(kind)
    ]
    assert len(expected) > 50
    listed = "SELECT name, description FROM billql.catalog.resources WHERE provider <> 'billql'"
    assert rows(built_in, listed) == expected
    for provider, files in written().items():
        for service in files.keys() - {"provider"}:
            found = rows(built_in, f"SHOW RESOURCES IN {provider}.{service}")
            assert found == [one for one in expected if one[0].startswith(f"{provider}.{service}.")]
        assert len(rows(built_in, f"SHOW RESOURCES IN {provider}")) == sum(
            one[0].startswith(f"{provider}.") for one in expected
        )


def test_every_method_is_listed_with_what_it_needs(built_in: Session) -> None:
    for provider, service, name, resource in written_resources():
        found = rows(built_in, f"SHOW METHODS IN {provider}.{service}.{name}")
        assert [row[0] for row in found] == list(resource["methods"])
        for row, method in zip(found, resource["methods"].values(), strict=True):
            _, request, required, optional, description = row
            assert request == method["request"]
            assert description == method["description"].strip() + priced(
                {"methods": {"only": method}}
            )
            told = [set(filter(None, str(one).split(", "))) for one in (required, optional)]
            assert tuple(told) == needs(method)


def test_what_a_method_cannot_do_without_is_what_its_statements_need(built_in: Session) -> None:
    """A statement that says something of these columns alone, and reads no hidden ones, is
    planned, and one that leaves one of them out is not."""
    for provider, service, name, resource in written_resources():
        whole = f"{provider}.{service}.{name}"
        ways = [str(row[2]) for row in rows(built_in, f"SHOW METHODS IN {whole}")]
        for needed in ways:
            columns = needed.split(", ") if needed else []
            said = [f"{column} {condition(resource, column)}" for column in columns]
            assert "needs" not in plan(built_in, whole, said)
        fewest = min((set(filter(None, way.split(", "))) for way in ways), key=len)
        if fewest and all(fewest <= set(way.split(", ")) for way in ways):
            assert "needs" in plan(built_in, whole, [])


def condition(resource: dict[str, Any], column: str) -> str:
    """Give a condition on a column that fills whichever parameter needs it."""
    operators = {
        parameter.get("operator", "=")
        for method in resource["methods"].values()
        for name, parameter in method.get("parameters", {}).items()
        if parameter.get("column", name) == column and parameter.get("required")
    }
    is_time = resource["columns"][column]["type"] in ("date", "month", "timestamp")
    value = "'2026-01-01'" if is_time else "'x'"
    # A single value is within both bounds, where both are required.
    operator = "=" if len(operators) > 1 else operators.pop()
    return f"{operator} {value}"


def plan(session: Session, table: str, said: list[str]) -> str:
    where = f"WHERE {' AND '.join(said)}" if said else ""
    return str(rows(session, f"EXPLAIN QUERY PLAN SELECT * FROM {table} {where}")[0][-1])


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("stripe.billing.subscription_items", {"id", "subscription"}),
        ("stripe.billing.credit_balance_summary", {"customer", "customer_account"}),
        ("metronome.invoices.invoices", {"customer_id"}),
        ("stripe.billing.invoices", set()),
    ],
)
def test_one_of_several_is_required(built_in: Session, table: str, columns: set[str]) -> None:
    """DESCRIBE, the pages and the plan agree on what a query cannot do without."""
    assert {row[0] for row in rows(built_in, f"DESCRIBE {table}") if row[2]} == columns
    facts = resource_facts(built_in.engine.table(table))
    assert set(facts.keys) == columns
    assert ("needs" in plan(built_in, table, [])) is bool(columns)
    for column in columns:
        condition = f"{column} = 'x'"
        assert "needs" not in plan(built_in, table, [condition])


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("stripe.billing.subscriptions", "price"),
        ("stripe.billing.subscriptions", "plan"),
        ("metronome.customers.customers", "ingest_alias"),
        ("digitalocean.databases.databases", "tag_name"),
    ],
)
def test_what_may_be_left_out_is_not_required(built_in: Session, table: str, column: str) -> None:
    found = rows(built_in, f"DESCRIBE EXTENDED {table} ")
    assert [row[2] for row in found if row[0] == column] == [0]
    methods = rows(built_in, f"SHOW METHODS IN {table}")
    assert not any(column in str(row[2]).split(", ") for row in methods)
    assert any(column in str(row[3]).split(", ") for row in methods)


def test_every_parameter_is_listed(built_in: Session) -> None:
    listed = rows(
        built_in,
        "SELECT provider, service, resource, method, parameter, column, operator, location "
        "FROM billql.catalog.parameters",
    )
    expected = [
        (
            *(provider, service, resource_name, method_name),
            parameter.get("name", name),
            None if "value" in parameter else parameter.get("column", name),
            None if "value" in parameter else parameter.get("operator", "="),
            parameter.get("in", "query"),
        )
        for provider, service, resource_name, resource in written_resources()
        for method_name, method in resource["methods"].items()
        for name, parameter in method.get("parameters", {}).items()
    ]
    assert listed == expected


def test_every_resource_can_be_described(built_in: Session) -> None:
    for provider, service, name, resource in written_resources():
        ways = [needs(method)[0] for method in resource["methods"].values()]
        required = {column for way in ways if not any(one < way for one in ways) for column in way}
        extended = rows(built_in, f"DESCRIBE EXTENDED {provider}.{service}.{name}")
        assert extended[-1][:2] == ("connection", "text")
        assert [(row[:5], row[6:]) for row in extended[:-1]] == [
            (
                (
                    *(column, one["type"], int(column in required), int(one.get("hidden", False))),
                    int(one.get("hidden", False) and one.get("path") == "$parameter"),
                ),
                (one.get("currency"), one["description"].strip()),
            )
            for column, one in resource["columns"].items()
        ]
        brief = rows(built_in, f"DESCRIBE {provider}.{service}.{name}")
        assert brief == [row[:3] for row in extended if row[2] or not row[3]]


def test_every_example_is_listed(built_in: Session) -> None:
    for provider, service, name, resource in written_resources():
        assert rows(built_in, f"SHOW EXAMPLES IN {provider}.{service}.{name}") == [
            (number, one["question"].strip(), one["sql"].strip())
            for number, one in enumerate(resource["examples"], start=1)
        ]


def test_the_tables_describe_themselves(built_in: Session) -> None:
    assert values(
        built_in,
        "SELECT resource FROM billql.catalog.resources r "
        "WHERE r.provider = 'billql' AND r.service = 'catalog'",
    ) == list(LISTINGS)
    for name in LISTINGS:
        described = rows(built_in, f"DESCRIBE billql.catalog.{name}")
        declared = built_in.execute(f"SELECT * FROM billql.catalog.{name}").description or ()
        assert [(column, str(kind).upper()) for column, kind, _ in described] == [
            (column, str(kind).split()[0]) for column, kind in declared
        ]
    with pytest.raises(errors.UnknownName, match=r"no table billql\.catalog\.colums") as caught:
        rows(built_in, "SELECT * FROM billql.catalog.colums")
    assert caught.value.hint == "Did you mean billql.catalog.columns?"
    with pytest.raises(errors.UnknownName, match=r"no service billql\.catalogs"):
        rows(built_in, "SELECT * FROM billql.catalogs.columns")


# What a row tells --------------------------------------------------------------------------------


def test_methods(session: Session) -> None:
    assert rows(session, "SHOW METHODS IN acme.billing.invoices") == [
        ("get", "GET /v1/accounts/{account}/invoices/{id}", "account, id", "", "Gives one."),
        ("list", "POST /v1/accounts/{account}/invoices", "account, day", "archived", "Gives some."),
    ]


def test_parameters(session: Session) -> None:
    sql = """SELECT method, parameter, column, operator, required, match, location, description
             FROM billql.catalog.parameters
             WHERE provider = 'acme' AND service = 'billing' AND resource = 'invoices'"""
    assert rows(session, sql) == [
        ("get", "account", "account", "=", 1, "exact", "path", "Whose it is."),
        ("get", "id", "id", "=", 1, "exact", "path", "Its name."),
        (
            *("get", "expand[]", None, None, 0, None, "query"),
            "Always lines, if the statement reads lines, amount.",
        ),
        ("list", "account", "account", "=", 1, "exact", "path", "Whose it is."),
        ("list", "from", "day", ">=", 1, "exact", "body", "Its day."),
        (
            *("list", "to", "day", "<", 0, "superset", "body"),
            "Its day. Without a constraint, it is today.",
        ),
        (
            *("list", "archived", "archived", "=", 0, "exact", "body"),
            "Whether it is old. Without a constraint, it is true and false.",
        ),
        ("list", "version", None, None, 0, None, "header", "Always 2."),
    ]


def test_columns(session: Session) -> None:
    assert rows(session, "DESCRIBE EXTENDED acme.billing.invoices") == [
        ("account", "text", 1, 0, 0, "=, in", None, "Whose it is."),
        ("id", "text", 1, 0, 0, "=, in", None, "Its name."),
        ("day", "date", 1, 0, 0, "=, in, <, <=, >, >=", None, "Its day."),
        ("amount", "decimal", 0, 0, 0, "", "currency", "What is billed."),
        ("currency", "text", 0, 0, 0, "", None, "The currency."),
        ("archived", "boolean", 0, 1, 0, "=, in", None, "Whether it is old."),
        ("lines", "json", 0, 0, 0, "", None, "What is billed for."),
        (
            *("connection", "text", 0, 1, 0, "=, in", None),
            "The connection, and so the account, whose row it is.",
        ),
    ]
    assert "archived" not in values(
        session, "SELECT column FROM (SELECT * FROM billql.catalog.columns WHERE NOT hidden)"
    )


def test_what_a_tool_may_select(sandbox: Sandbox) -> None:
    session = open_session(sandbox)
    of_invoices = (
        "SELECT column FROM billql.catalog.columns WHERE provider = 'stripe' "
        "AND service = 'billing' AND resource = 'invoices'"
    )
    inputs = values(session, f"{of_invoices} AND input")
    assert "query" in inputs
    columns = values(session, f"{of_invoices} AND NOT input")
    assert "connection" in columns
    selected = ", ".join(f'"{name}"' for name in columns)
    assert len(rows(session, f"SELECT {selected} FROM stripe.billing.invoices LIMIT 1")) == 1
    for name in inputs:
        with pytest.raises(ParameterMissing):
            rows(session, f"SELECT {name} FROM stripe.billing.invoices")
    found = rows(
        session, "SELECT count(*) FROM stripe.billing.invoices WHERE query = 'status:\"open\"'"
    )
    assert found > [(0,)]


def test_connections(session: Session) -> None:
    assert rows(session, "SELECT * FROM billql.catalog.connections") == [
        ("acme", "acme", "https://api.example.com", "ACME_TOKEN", 0),
        ("zenith", "zenith", "http://127.0.0.1:1", "ZENITH_TOKEN", 1),
    ]
    assert rows(session, "SHOW CONNECTIONS IN zenith") == [
        ("zenith", "http://127.0.0.1:1", "ZENITH_TOKEN", 1)
    ]


def test_scans_are_those_of_the_last_statement_that_read_something(sandbox: Sandbox) -> None:
    session = open_session(sandbox)
    told = "SELECT number, resource, requests > 0, pages > 0, rows FROM billql.catalog.scans"
    assert rows(session, told) == []
    rows(session, "SELECT * FROM digitalocean.billing.invoices")
    expected = [(1, "digitalocean.billing.invoices", 1, 1, 24)]
    for _ in range(2):
        assert rows(session, told) == expected
        assert session.scans == []
    rows(session, "BEGIN")
    rows(session, "SELECT 1")
    assert rows(session, told) == expected
    sql = f"SELECT b.currency, s.* FROM digitalocean.billing.balances b, ({told}) s"
    assert rows(session, sql) == [("USD", *expected[0])]
    assert values(session, "SELECT resource FROM billql.catalog.scans") == [
        "digitalocean.billing.balances"
    ]
    with pytest.raises(errors.ParameterMissing):
        rows(session, "SELECT * FROM digitalocean.billing.invoice_items")
    assert rows(session, "SELECT resource, requests FROM billql.catalog.scans") == [
        ("digitalocean.billing.invoice_items", 0)
    ]
    session.close()


# As tables ---------------------------------------------------------------------------------------


def test_they_join_with_each_other_and_with_local_tables(built_in: Session) -> None:
    rows(built_in, "CREATE TEMP TABLE mine AS SELECT 'decimal' AS kind, 'stripe' AS api")
    sql = """SELECT count(*), count(DISTINCT c.resource) FROM mine
             JOIN billql.catalog.columns c ON c.type = mine.kind AND c.provider <> mine.api
             JOIN billql.catalog.resources r USING (provider, service, resource)
             WHERE r.kind = 'resource'"""
    expected = [
        (name, column)
        for provider, _, name, resource in written_resources()
        for column, one in resource["columns"].items()
        if one["type"] == "decimal" and provider != "stripe"
    ]
    assert rows(built_in, sql) == [(len(expected), len({name for name, _ in expected}))]


@pytest.mark.parametrize(
    "condition",
    [
        "provider = 'acme'",
        "'acme' = provider AND service = 'usage'",
        "provider = 'ACME'",
        "provider = 'ACME' COLLATE NOCASE",
        "provider IN ('acme', 'nobody')",
        "provider IN (SELECT 'acme')",
        "provider = 'acme' OR service = 'usage'",
        "provider = 'acme' OR provider = 'acme'",
        "provider = 'acme' OR resource = 'columns'",
        "provider = 'billql' AND resource = 'invoices'",
        "provider = 'acme' AND provider = 'zenith'",
        "provider = NULL",
        "provider IS NULL",
        "provider = 5",
        "provider = x'61636d65'",
        "provider LIKE 'z%' AND service <> 'usage'",
        "column = 'amount' AND position = 4",
        "rowid = rowid AND service = 'billing'",
    ],
)
def test_a_constraint_saves_work_and_changes_nothing(session: Session, condition: str) -> None:
    rows(session, "CREATE TABLE copy AS SELECT * FROM billql.catalog.columns")
    listed = rows(
        session, f"SELECT * FROM billql.catalog.columns WHERE {condition} ORDER BY 1, 2, 3, 4"
    )
    assert listed == rows(session, f"SELECT * FROM copy WHERE {condition} ORDER BY 1, 2, 3, 4")


@pytest.mark.parametrize(
    ("sql", "loaded", "count"),
    [
        ("SELECT provider, service FROM billql.catalog.services", set(), 5),
        ("SELECT service FROM billql.catalog.services WHERE provider = 'acme'", set(), 2),
        ("SELECT title FROM billql.catalog.providers", set(), 3),
        ("SELECT * FROM billql.catalog.connections", set(), 2),
        ("SHOW RESOURCES IN acme.usage", {"acme.usage"}, 1),
        ("SHOW METHODS IN Zenith.Usage", {"zenith.usage"}, 2),
        ("DESCRIBE Acme.BILLING.invoices", {"acme.billing"}, 6),
        ("SELECT * FROM billql.catalog.resources WHERE provider = 'billql'", set(), 12),
        ("SELECT * FROM billql.catalog.examples WHERE provider = 'ACME'", set(), 0),
        (
            "SELECT * FROM (SELECT 'acme' AS p, 'usage' AS s) JOIN billql.catalog.methods m "
            "ON m.provider = p AND m.service = s",
            {"acme.usage"},
            2,
        ),
        (
            "SELECT * FROM billql.catalog.examples WHERE service IN ('usage', 'none')",
            {"acme.usage", "zenith.usage"},
            2,
        ),
    ],
)
def test_only_what_is_asked_for_is_loaded(
    session: Session, root: Path, sql: str, loaded: set[str], count: int
) -> None:
    """What must not be loaded could not be."""
    for path in root.glob("*/[!p]*.yaml"):
        if f"{path.parent.name}.{path.stem}" not in loaded:
            path.write_text(BROKEN)
    assert len(rows(session, sql)) == count


def test_a_definition_with_a_mistake_hides_no_others(session: Session, root: Path) -> None:
    (root / "acme" / "billing.yaml").write_text(BROKEN)
    (root / "zenith" / "provider.yaml").write_text(BROKEN)
    services: dict[str, str] = dict(session.execute("SHOW SERVICES IN acme"))
    assert services["usage"] == "Bills of an account."
    fault = services["billing"]
    assert fault.startswith("Its definition cannot be read: ")
    assert "billing.yaml" in fault
    providers = {row[0]: row[1:] for row in session.execute("SHOW PROVIDERS")}
    assert providers["acme"][0] == "Acme"
    assert providers["zenith"][:3] == (None, None, None)
    assert "zenith/provider.yaml" in str(providers["zenith"][3])
    assert len(rows(session, "SHOW RESOURCES IN acme.usage")) == 1
    for sql in (
        "SHOW RESOURCES IN acme.billing",
        "SHOW METHODS IN acme.billing",
        "SHOW RESOURCES IN zenith.usage",
        "DESCRIBE acme.billing.invoices",
        "DESCRIBE zenith.usage.invoices",
        "SELECT * FROM billql.catalog.columns WHERE service = 'billing'",
        "SHOW CONNECTIONS",
    ):
        with pytest.raises(errors.DefinitionError):
            rows(session, sql)


@pytest.mark.parametrize("listing", ["resources", "columns", "methods", "parameters", "examples"])
def test_a_list_without_a_name_is_without_what_is_broken(root: Path, listing: str) -> None:
    """What is missing is named, once for each statement."""
    (root / "acme" / "billing.yaml").write_text(BROKEN)
    (root / "zenith" / "provider.yaml").write_text(BROKEN)
    notes: list[str] = []
    session = Session(
        ":memory:", lambda: Options(environ={}, catalog=Catalog([root])), notes.append
    )
    table = f"billql.catalog.{listing}"
    for _ in range(2):
        notes.clear()
        found = rows(
            session,
            f"SELECT provider, service FROM {table} UNION SELECT provider, service FROM {table} "
            "ORDER BY 1",
        )
        assert [one for one in found if one[0] != "billql"] == [("acme", "usage")]
        assert len(notes) == 2
        assert "The list is without what cannot be read: " in notes[0]
        assert [
            any(name in note for note in notes) for name in ("billing.yaml:3", "provider.yaml:3")
        ]
    notes.clear()
    assert set(rows(session, f"SELECT service FROM {table} WHERE provider = 'acme'")) == {
        ("usage",)
    }
    assert len(notes) == 1
    session.close()


def test_explain_tells_what_is_loaded(session: Session) -> None:
    def plan(condition: str) -> str:
        sql = f"EXPLAIN QUERY PLAN SELECT * FROM billql.catalog.columns c WHERE {condition}"
        return str(rows(session, sql)[0][-1])

    assert plan("type = 'text'").endswith(":all definitions")
    assert plan("resource = 'a' AND provider = 'b'").endswith(
        ":definitions of one provider, resource"
    )


def test_they_are_read_only(session: Session) -> None:
    for sql in (
        "INSERT INTO billql.catalog.providers (provider) VALUES ('x')",
        "DELETE FROM billql.catalog.providers",
        "DROP TABLE billql.catalog.providers",
        "CREATE TABLE billql.catalog.providers (a)",
        "CREATE TABLE billql.catalog.others (a)",
        'DROP TABLE "billql.catalog.providers"',
    ):
        with pytest.raises(errors.SqlError, match=r"can be read, but not made|no table billql"):
            rows(session, sql)


def test_views_over_them_last(session: Session, root: Path, tmp_path: Path) -> None:
    database = str(tmp_path / "mine.db")
    for sql in ("CREATE VIEW money AS SELECT * FROM billql.catalog.columns", "SELECT 1"):
        again = Session(database, lambda: Options(environ={}, catalog=Catalog([root])))
        rows(again, sql)
        assert rows(again, "SELECT DISTINCT currency FROM money WHERE currency <> ''") == [
            ("currency",)
        ]
        again.close()


def test_a_view_over_a_mistake_stops_nothing_else(root: Path) -> None:
    def open_session() -> Session:
        options = Options(environ={}, catalog=Catalog([root]))
        return Session(str(root / "mine.db"), lambda: options)

    first = open_session()
    rows(first, "CREATE TABLE budget (usd)")
    rows(first, "CREATE VIEW bills AS SELECT * FROM acme.billing.invoices")
    first.close()
    (root / "acme" / "billing.yaml").write_text(BROKEN)
    second = open_session()
    assert rows(second, "SELECT * FROM budget") == []
    with pytest.raises(errors.DefinitionError, match=r"billing\.yaml"):
        rows(second, "SELECT * FROM bills")
    with pytest.raises(errors.SqlError, match="no such table: budgets") as caught:
        rows(second, "SELECT * FROM budgets")
    assert caught.value.hint is None
    second.close()


def test_a_wrong_column_is_pointed_at(session: Session) -> None:
    for sql in (
        "SELECT titel FROM billql.catalog.providers",
        'SELECT titel FROM "billql.catalog.providers"',
        "SHOW PROVIDERS WHERE titel = 'x'",
    ):
        with pytest.raises(errors.SqlError, match="no such column: titel") as caught:
            rows(session, sql)
        assert (caught.value.sql, caught.value.offset) == (sql, sql.index("titel"))
        assert caught.value.hint == "Did you mean title?"
