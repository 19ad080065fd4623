"""What a statement would cost, in numbers, without a request."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

import billql
from billql.dbapi.connection import Connection
from billql.errors import SqlError

INVOICES, ITEMS = "digitalocean.billing.invoices", "digitalocean.billing.invoice_items"


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with billql.connect(sandbox=True, environ={}) as connection:
        connection.execute("CREATE TABLE mine (id TEXT)")
        connection.execute("INSERT INTO mine VALUES ('a'), ('b')")
        yield connection
        assert connection.execute("SELECT sum(requests) FROM billql.catalog.scans") is not None
        assert connection.cache_info().responses == 0


def read(connection: Connection, sql: str) -> list[tuple[str, int, int | None]]:
    found = connection.estimate(sql).scans
    return [(scan.resource.rpartition(".")[2], scan.requests, scan.readings) for scan in found]


@pytest.mark.parametrize(
    ("sql", "scans"),
    [
        ("SELECT 1", []),
        ("SELECT * FROM mine", []),
        ("SELECT * FROM billql.catalog.columns WHERE provider = 'stripe'", []),
        ("SHOW TABLES", []),
        ("USE stripe.billing", []),
        (f"SELECT * FROM {INVOICES}", [("invoices", 5, 1)]),
        (f"CREATE TABLE made AS SELECT * FROM {INVOICES}", [("invoices", 5, 1)]),
        (f"SELECT * FROM {ITEMS} WHERE invoice_uuid = 'a'", [("invoice_items", 1, 1)]),
        (
            f"SELECT * FROM {INVOICES} JOIN {ITEMS} USING (invoice_uuid)",
            [("invoices", 5, 1), ("invoice_items", 1, 1000)],
        ),
        (
            f"SELECT * FROM {INVOICES} JOIN {ITEMS} USING (invoice_uuid) "
            "WHERE invoice_period = '2026-01'",
            [("invoices", 5, 1), ("invoice_items", 1, 100)],
        ),
        (f"SELECT * FROM mine JOIN {ITEMS} ON invoice_uuid = id", [("invoice_items", 1, None)]),
        (
            f"SELECT * FROM {ITEMS} WHERE invoice_uuid IN (SELECT id FROM mine)",
            [("invoice_items", 2, 1)],
        ),
        (
            f"SELECT (SELECT count(*) FROM {ITEMS} WHERE invoice_uuid = id) FROM mine",
            [("invoice_items", 1, None)],
        ),
        (
            f"SELECT 1 FROM {INVOICES} UNION ALL SELECT 2 FROM {INVOICES}",
            [("invoices", 5, 1), ("invoices", 5, 1)],
        ),
    ],
)
def test_scans(connection: Connection, sql: str, scans: list[tuple[str, int, int | None]]) -> None:
    assert read(connection, sql) == scans
    whole = connection.estimate(sql)
    assert whole.requests == sum(requests * (times or 1) for _, requests, times in scans)
    assert whole.is_minimum == any(times is None for *_, times in scans)
    assert (whole.missing, whole.costs) == ((), [])


def test_parameters(connection: Connection) -> None:
    sql = f"SELECT * FROM {ITEMS} WHERE invoice_uuid = ?"
    assert connection.estimate(sql, ("a",)).requests == 1


def test_money(connection: Connection) -> None:
    found = connection.estimate("SELECT * FROM aws.costs.totals WHERE day >= '2026-01-01'")
    (cost,) = found.costs
    assert (cost.currency, cost.amount) == ("USD", Decimal("0.01") * found.requests)
    assert str(found) == f"about {found.requests} request for USD 0.01"
    unknown = connection.estimate(f"SELECT * FROM mine JOIN {ITEMS} ON invoice_uuid = id")
    assert str(unknown) == "at least 1 request"


def test_what_is_missing(connection: Connection) -> None:
    found = connection.estimate(f"SELECT * FROM {ITEMS}")
    assert found.missing == ((ITEMS, "invoice_uuid"),)
    assert found.scans[0].detail == "needs invoice_uuid"


@pytest.mark.parametrize(
    ("sql", "offset"),
    [("SELECT nope FROM mine", 7), ("SELCT 1", 0), (f"DELETE FROM {INVOICES}", 12)],
)
def test_errors_are_placed_in_the_text(connection: Connection, sql: str, offset: int) -> None:
    with pytest.raises(SqlError) as caught:
        connection.estimate(sql)
    assert (caught.value.sql, caught.value.offset) == (sql, offset)


@pytest.mark.parametrize("sql", ["CREATE {} AS SELECT 1", "REFRESH {} WHERE a"])
def test_what_depends_on_scopes_is_refused(connection: Connection, sql: str) -> None:
    named = sql.format("MATERIALIZED VIEW v")
    with pytest.raises(billql.NotSupportedError, match=rf"^What {named[:4]}.* is not estimated"):
        connection.estimate(named)
    assert connection.estimate("DROP MATERIALIZED VIEW v").requests == 0


def test_a_read_only_session_explains_no_writing() -> None:
    with billql.connect(environ={}, read_only=True) as connection, pytest.raises(billql.ReadOnly):
        connection.estimate("CREATE TABLE t (a)")
