"""Statements of PostgreSQL's send as few requests as the same in billql's own SQL."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

import billql
from billql.serve.postgres.server import PostgresServer
from support.wire_server import dsn

INVOICES = "FROM stripe.billing.invoices"
PAIRS = [
    ("status = 'open' AND created >= '2026-10-01'", "status = 'open' AND created >= '2026-10-01'"),
    ("status = 'open' LIMIT 5", "status = 'open' LIMIT 5"),
    ("true ORDER BY created DESC LIMIT 5", "true ORDER BY created DESC LIMIT 5"),
    ("customer = ANY('{a,b}'::text[])", "customer IN ('a', 'b')"),
    ("customer = ANY(ARRAY['a', 'b'])", "customer IN ('a', 'b')"),
    (
        "created BETWEEN '2026-10-01T00:00:00Z' AND timestamptz '2026-10-05'",
        "created BETWEEN '2026-10-01T00:00:00Z' AND '2026-10-05T00:00:00Z'",
    ),
    ("created::date = '2026-10-05'", "date(created) = '2026-10-05'"),
    (
        "date_trunc('month', created) = '2026-10-01'",
        "date_trunc('month', created) = '2026-10'",
    ),
    ("id = 'x'", "id = 'x'"),
]


@pytest.fixture(scope="module")
def own() -> Iterator[billql.Connection]:
    with billql.connect(sandbox=True) as connection:
        yield connection


@pytest.mark.parametrize(("condition", "same"), PAIRS)
def test_conditions_reach_the_api(
    server: PostgresServer, own: billql.Connection, condition: str, same: str
) -> None:
    explain = f"EXPLAIN (FORMAT JSON) SELECT id {INVOICES} WHERE {condition}"
    with psycopg.connect(dsn(server)) as connection:
        found = connection.execute(explain).fetchone()
    assert found is not None
    plan = found[0][0]["Plan"]
    wanted = own.estimate(f"SELECT id {INVOICES} WHERE {same}")
    assert plan["Requests"] == wanted.requests
    assert plan["Total Cost"] > 0
    assert [one["Detail"] for one in plan["Plans"]] == [one.detail for one in wanted.scans]
