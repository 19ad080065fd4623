"""DigitalOcean's definitions: every example runs, every amount is a number, every list is whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest

import billql
from billql.definitions.catalog import Table
from billql.sandbox import Sandbox
from contracts.held import held
from support.changed_definitions import unlimited
from support.shipped import CATALOG

TABLES = [CATALOG.table(name) for name in CATALOG.names() if name.startswith("digitalocean.")]
EXAMPLES = [
    pytest.param(example.sql, id=f"{table.name}-{number}")
    for table in TABLES
    for number, example in enumerate(table.resource.examples)
]
MONEY = [
    pytest.param(table, name, id=f"{table.name}.{name}")
    for table in TABLES
    for name, column in table.resource.columns.items()
    if column.type == "decimal"
]
KEYS = {
    "invoice_uuid": "(SELECT invoice_uuid FROM digitalocean.billing.invoices LIMIT 1)",
    "account_urn": "'do:team:12345678-1234-1234-1234-123456789012'",
    "start_date": "date('now', '-20 days')",
    "project_id": "(SELECT id FROM digitalocean.projects.projects LIMIT 1)",
}
"""A value for each key column; all but the one of a range are compared with =."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[billql.Connection]:
    definitions = unlimited("digitalocean", tmp_path_factory.mktemp("definitions"))
    with (
        held() as see,
        Sandbox(intercept=see) as sandbox,
        billql.connect(
            tokens=sandbox.tokens, urls=sandbox.urls, definitions=[definitions]
        ) as connection,
    ):
        yield connection


def rows(connection: billql.Connection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


def condition(table: Table) -> str:
    """What a SELECT from a table must say: the columns that some method needs and none does not."""
    needed = [
        {
            parameter.filters(name)
            for name, parameter in method.parameters.items()
            if parameter.required
        }
        for method in table.resource.methods.values()
    ]
    keys = min(needed, key=len)
    terms = [f"{key} {'>=' if key == 'start_date' else '='} {KEYS[str(key)]}" for key in keys]
    return " AND ".join(terms) or "true"


@pytest.mark.parametrize("sql", EXAMPLES)
def test_every_example_gives_rows(connection: billql.Connection, sql: str) -> None:
    assert rows(connection, sql)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_can_be_read(connection: billql.Connection, table: Table) -> None:
    columns = [name for name in table.resource.columns if name not in table.echo_columns]
    columns += [name for name in table.echo_columns if not table.resource.columns[name].hidden]
    listed = ", ".join(f'"{name}"' for name in columns)
    assert rows(connection, f"SELECT {listed} FROM {table.name} WHERE {condition(table)}")


@pytest.mark.parametrize(("table", "column"), MONEY)
def test_amounts_behave_as_numbers(
    connection: billql.Connection, table: Table, column: str
) -> None:
    where = condition(table)
    source = f"FROM {table.name} WHERE {where}"
    amounts = [row[0] for row in rows(connection, f"SELECT {column} {source}")]
    numbers = [amount for amount in amounts if amount is not None]
    assert all(type(number) is float for number in numbers)

    ((total, largest, over),) = rows(
        connection, f"SELECT sum({column}), max({column}), max({column}) > 100 {source}"
    )
    if not numbers:
        assert (total, largest) == (None, None)
        return
    assert total == pytest.approx(sum(numbers))  # type: ignore[arg-type]
    assert largest == max(numbers)  # type: ignore[type-var]
    assert over == (max(numbers) > 100)  # type: ignore[type-var, operator]
    ordered = rows(connection, f"SELECT {column} {source} ORDER BY {column}")
    assert [row[0] for row in ordered if row[0] is not None] == sorted(numbers)  # type: ignore[type-var]
    between = rows(connection, f"SELECT count(*) {source} AND {column} BETWEEN 9 AND 100")
    assert between == [(sum(9 <= number <= 100 for number in numbers),)]  # type: ignore[operator]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_currency_stands_beside_every_amount(table: Table) -> None:
    for name, column in table.resource.columns.items():
        assert column.type != "decimal" or column.currency is not None, name


def test_items_add_up_to_their_invoice(connection: billql.Connection) -> None:
    differing = rows(
        connection,
        """
        SELECT i.invoice_uuid, i.amount, money_sum(it.amount) AS items
        FROM digitalocean.billing.invoices i
        JOIN digitalocean.billing.invoice_items it USING (invoice_uuid)
        GROUP BY i.invoice_uuid, i.amount HAVING items IS NOT i.amount
        """,
    )
    assert differing == []
    assert rows(connection, "SELECT count(*) FROM digitalocean.billing.invoices") == [(24,)]


def test_charges_and_csv_lines_add_up_to_their_invoice(connection: billql.Connection) -> None:
    for resource in ("invoice_charges", "invoice_csv"):
        ((invoices, agreeing),) = rows(
            connection,
            f"""
            SELECT count(*), sum(total IS amount) FROM (
                SELECT i.amount, money_sum(c.amount) AS total
                FROM digitalocean.billing.invoices i
                JOIN digitalocean.billing.{resource} c ON c.invoice_uuid = i.invoice_uuid
                GROUP BY i.invoice_uuid)
            """,
        )
        assert (invoices, agreeing) == (24, 24), resource


def test_a_month_of_insights_is_all_its_days(connection: billql.Connection) -> None:
    ((days, first, last),) = rows(
        connection,
        """
        SELECT count(DISTINCT start_date), min(start_date), max(start_date)
        FROM digitalocean.billing.insights
        WHERE account_urn = 'do:team:12345678-1234-1234-1234-123456789012'
          AND start_date BETWEEN '2026-01-01' AND '2026-01-31'
        """,
    )
    assert (days, first, last) == (31, "2026-01-01", "2026-01-31")


def test_an_unknown_key_is_an_empty_answer(connection: billql.Connection) -> None:
    for resource in ("invoice_items", "invoice_summary", "invoice_csv", "invoice_pdf"):
        unknown = "00000000-0000-0000-0000-000000000000"
        sql = f"SELECT * FROM digitalocean.billing.{resource} WHERE invoice_uuid = '{unknown}'"
        assert rows(connection, sql) == [], resource


def test_the_preview_has_items(connection: billql.Connection) -> None:
    ((amount, items),) = rows(
        connection,
        """
        SELECT p.amount, (SELECT money_sum(amount) FROM digitalocean.billing.invoice_items
                          WHERE invoice_uuid = 'preview')
        FROM digitalocean.billing.invoice_preview p
        """,
    )
    assert amount == items


@pytest.mark.parametrize(("most", "requests"), [(200, 2), (50, 5), (20, 12)])
def test_the_billing_history_takes_pages_as_large_as_they_come(most: int, requests: int) -> None:
    """Pages of 200 are asked for, and an API that gives fewer says where they go on."""
    entries = [
        {"date": f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z", "amount": "1.00"} for n in range(230)
    ]
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url)
        page = int(request.url.params.get("page", "1"))
        size = min(most, int(request.url.params.get("per_page", "20")))
        after = request.url.copy_merge_params({"page": str(page + 1), "per_page": str(size)})
        links = {"pages": {"next": str(after)}} if page * size < len(entries) else {}
        shown = entries[(page - 1) * size : page * size]
        return httpx.Response(200, json={"billing_history": shown, "links": links})

    transport = httpx.MockTransport(answer)
    with billql.connect(tokens={"digitalocean": "t"}, http_transport=transport) as connection:
        counted = rows(
            connection, "SELECT count(*), sum(amount) FROM digitalocean.billing.billing_history"
        )
    assert counted == [(230, 230.0)]
    assert len(sent) == requests


def test_pages_of_the_billing_history_are_requested_at_once() -> None:
    """The address of the last page shows them: five other requests are under way together."""
    sent: list[int] = []
    together = threading.Barrier(5, timeout=30)

    def answer(request: httpx.Request) -> httpx.Response:
        params = request.url.params
        number, size = int(params.get("page", "1")), int(params["per_page"])
        sent.append(number)
        if 2 <= number <= 6:
            together.wait()
        first = (number - 1) * size
        shown = [
            {"date": "2026-01-01T00:00:00Z", "description": str(n), "amount": "1.00"}
            for n in range(first, min(first + size, 4000))
        ]
        links = {
            name: str(request.url.copy_merge_params({"page": str(to)}))
            for name, to in (("next", number + 1), ("last", 20))
        }
        body = {
            "billing_history": shown,
            "links": {"pages": links} if number < 20 else {},
            "meta": {"total": 4000},
        }
        return httpx.Response(200, json=body)

    transport = httpx.MockTransport(answer)
    with billql.connect(tokens={"digitalocean": "t"}, http_transport=transport) as connection:
        (found,) = rows(
            connection,
            """
            SELECT count(DISTINCT description), sum(amount)
            FROM digitalocean.billing.billing_history
            """,
        )
    assert found == (4000, 4000.0)
    assert sorted(sent) == list(range(1, 21))


def test_every_numbered_list_is_asked_for_in_pages_of_200(connection: billql.Connection) -> None:
    for table in TABLES:
        for method in table.resource.methods.values():
            paging = method.paging
            paginator = table.provider.paging[paging] if isinstance(paging, str) else paging
            assert paginator is None or paginator.size == 200, table.name


def test_an_id_that_no_droplet_has_is_not_sent() -> None:
    """The document has ids from 1 on."""
    with (
        Sandbox(size="small") as sandbox,
        billql.connect(tokens=sandbox.tokens, urls=sandbox.urls) as connection,
    ):
        for condition in ("id = 0", "id = -1", "id IN (0, -1)"):
            sql = f"SELECT name FROM digitalocean.droplets.droplets WHERE {condition}"
            assert rows(connection, sql) == []
        assert len(sandbox.requests) == 0
        (found,) = rows(connection, "SELECT id FROM digitalocean.droplets.droplets LIMIT 1")
        sql = f"SELECT id FROM digitalocean.droplets.droplets WHERE id = {found[0]}"
        assert rows(connection, sql) == [found]
