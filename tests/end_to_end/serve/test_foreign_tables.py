"""A real PostgreSQL reads billql's tables by postgres_fdw, and joins them by their keys."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from billql.serve.postgres.server import PostgresServer


@pytest.fixture(scope="module")
def foreign(server: PostgresServer, real: str) -> Iterator[psycopg.Connection]:
    host, port = server.address
    with psycopg.connect(real, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fronted")
    with psycopg.connect(real.replace("dbname=billql", "dbname=fronted"), autocommit=True) as found:
        found.execute("CREATE EXTENSION postgres_fdw")
        found.execute(
            "CREATE SERVER bills FOREIGN DATA WRAPPER postgres_fdw OPTIONS "
            f"(host '{host}', port '{port}', dbname 'billql', use_remote_estimate 'true')"
        )
        found.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER bills OPTIONS (user 'billql')")
        found.execute("CREATE SCHEMA digitalocean_billing")
        found.execute(
            "IMPORT FOREIGN SCHEMA digitalocean_billing LIMIT TO (invoices, invoice_items) "
            "FROM SERVER bills INTO digitalocean_billing"
        )
        yield found


def test_filters_limits_and_aggregates_run_in_billql(foreign: psycopg.Connection) -> None:
    count = foreign.execute("SELECT count(*), sum(amount) FROM digitalocean_billing.invoices")
    rows, total = count.fetchone() or (0, 0)
    assert rows > 2
    assert total > 0
    some = foreign.execute(
        "SELECT invoice_period FROM digitalocean_billing.invoices "
        "WHERE invoice_period >= '2026-01' ORDER BY invoice_period DESC LIMIT 3"
    ).fetchall()
    assert len(some) == 3
    assert some == sorted(some, reverse=True)


def test_a_local_table_is_joined_by_key(foreign: psycopg.Connection) -> None:
    foreign.execute(
        "CREATE TABLE chosen AS SELECT invoice_uuid FROM digitalocean_billing.invoices "
        "ORDER BY invoice_period DESC LIMIT 2"
    )
    foreign.execute("ANALYZE chosen")
    join = (
        "SELECT c.invoice_uuid, sum(i.amount) FROM chosen c "
        "JOIN digitalocean_billing.invoice_items i USING (invoice_uuid) GROUP BY 1"
    )
    plan = "\n".join(line for (line,) in foreign.execute(f"EXPLAIN (VERBOSE) {join}"))
    assert "Nested Loop" in plan
    assert "invoice_uuid" in plan
    found = foreign.execute(join).fetchall()
    assert len(found) == 2
    assert all(amount > 0 for _, amount in found)


def test_a_table_without_its_key_is_refused_with_the_hint(foreign: psycopg.Connection) -> None:
    with pytest.raises(psycopg.Error) as caught:
        foreign.execute("SELECT * FROM digitalocean_billing.invoice_items")
    assert "invoice_uuid" in str(caught.value)


def test_postgres_computes_what_billql_does_not(foreign: psycopg.Connection) -> None:
    found = foreign.execute(
        "SELECT grouping(currency), count(*) FROM digitalocean_billing.invoices "
        "GROUP BY ROLLUP (currency) ORDER BY 1"
    ).fetchall()
    assert [group for group, _ in found] == [0, 1]
