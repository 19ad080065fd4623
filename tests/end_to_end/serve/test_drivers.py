"""Drivers of Python's other than psycopg: asyncpg, pg8000, ADBC, and SQLAlchemy over two."""

from __future__ import annotations

import asyncio
import datetime
import io
from decimal import Decimal
from typing import Any

import adbc_driver_postgresql.dbapi
import asyncpg
import pg8000.native
import pytest
import sqlalchemy

from billql.serve.postgres.server import PostgresServer

UTC = datetime.UTC
FIRST = "SELECT id, amount, created, day, paid, rate FROM charges WHERE id = 1"
VALUES = [1, Decimal("12.5"), datetime.datetime(2026, 1, 5, 10, tzinfo=UTC),
          datetime.date(2026, 1, 5), True, 0.1]  # fmt: skip


def test_pg8000_reads_and_sends_values(server: PostgresServer) -> None:
    host, port = server.address
    connection = pg8000.native.Connection("billql", host=host, port=port, database="billql")
    try:
        assert connection.run(FIRST) == [VALUES]
        found = connection.run(
            "SELECT id FROM charges WHERE amount > :low AND created < :end "
            "AND customer IN (:a, :b) ORDER BY id",
            low=Decimal("7.25"), end=datetime.datetime(2026, 2, 1, tzinfo=UTC), a="Ada", b="Bob",
        )  # fmt: skip
        assert found == [[1]]
        with pytest.raises(pg8000.native.DatabaseError) as caught:
            connection.run("SELECT amuont FROM charges")
        assert caught.value.args[0]["C"] == "42703"
    finally:
        connection.close()


def test_asyncpg_reads_in_binary_by_parts_and_by_copy(server: PostgresServer) -> None:
    asyncio.run(_with_asyncpg(*server.address))


async def _with_asyncpg(host: str, port: int) -> None:
    connection = await asyncpg.connect(host=host, port=port, user="billql", database="billql")
    try:
        assert list(await connection.fetchrow(FIRST)) == VALUES
        row = await connection.fetchrow(
            "SELECT ARRAY[1, 2], interval '1 day 02:00', '{\"a\": 1}'::jsonb"
        )
        assert list(row) == [[1, 2], datetime.timedelta(days=1, hours=2), '{"a": 1}']
        prepared = await connection.prepare(
            "SELECT id FROM charges WHERE created > $1 AND day < $2"
        )
        assert [one.name for one in prepared.get_parameters()] == ["timestamptz", "date"]
        days = datetime.datetime(2026, 1, 6, tzinfo=UTC), datetime.date(2026, 2, 1)
        assert [list(one) for one in await prepared.fetch(*days)] == [[2]]
        wanted = (
            "SELECT id FROM charges WHERE customer = ANY($1::text[]) AND amount > $2 ORDER BY id"
        )
        assert [one["id"] for one in await connection.fetch(wanted, ["Ada"], Decimal(7))] == [1, 2]
        async with connection.transaction():
            cursor = connection.cursor("SELECT id FROM charges ORDER BY id", prefetch=3)
            assert [one["id"] async for one in cursor] == list(range(1, 9))
        with pytest.raises(asyncpg.UndefinedColumnError):
            await connection.fetch("SELECT amuont FROM charges")
        out = io.BytesIO()
        await connection.copy_from_query("SELECT id FROM charges WHERE id < 3", output=out)
        assert out.getvalue() == b"1\n2\n"
        with pytest.raises(asyncpg.QueryCanceledError):
            await _cancelled(connection)
        assert await connection.fetchval("SELECT 1") == 1
    finally:
        await connection.close()


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT max(i) FROM n"


async def _cancelled(connection: Any) -> None:
    await connection.execute("SET statement_timeout = '200ms'")
    try:
        await connection.fetch(ENDLESS)
    finally:
        await connection.execute("RESET statement_timeout")


@pytest.mark.parametrize("driver", ["psycopg", "pg8000"])
def test_sqlalchemy_inspects_schemas_by_value(server: PostgresServer, driver: str) -> None:
    host, port = server.address
    engine = sqlalchemy.create_engine(f"postgresql+{driver}://billql@{host}:{port}/billql")
    try:
        inspector = sqlalchemy.inspect(engine)
        schemas = inspector.get_schema_names()
        assert {"public", "digitalocean_billing", "stripe_billing", "billql_catalog"} <= set(
            schemas
        )
        assert not any(name.startswith("pg_") for name in schemas)
        assert "invoices" in inspector.get_table_names("digitalocean_billing")
        columns = inspector.get_columns("invoices", "digitalocean_billing")
        assert [(one["name"], str(one["type"]), one["nullable"]) for one in columns] == [
            ("invoice_uuid", "TEXT", True),
            ("invoice_id", "TEXT", True),
            ("invoice_period", "TEXT", True),
            ("amount", "NUMERIC", True),
            ("currency", "TEXT", True),
            ("connection", "TEXT", True),
        ]
        assert columns[3]["comment"]
        assert (
            inspector.get_pk_constraint("invoices", "stripe_billing")["constrained_columns"] == []
        )
        assert inspector.get_foreign_keys("invoices", "stripe_billing") == []
        assert inspector.get_indexes("invoices", "stripe_billing") == []
        assert not inspector.has_table("nothing", "stripe_billing")
        names = [one["name"] for one in inspector.get_columns("invoices", "stripe_billing")]
        assert "query" not in names
        charges = sqlalchemy.Table("charges", sqlalchemy.MetaData(), autoload_with=engine)
        total = sqlalchemy.func.sum(charges.c.amount)
        with engine.connect() as connection:
            found = connection.execute(
                sqlalchemy.select(charges.c.customer, total)
                .where(charges.c.amount > 0)
                .group_by(charges.c.customer)
                .order_by(total.desc())
                .limit(2)
            ).fetchall()
        assert [tuple(row) for row in found] == [
            ("Cy_d", Decimal("1000000.01")),
            ("Ünal", Decimal("99.99")),
        ]
    finally:
        engine.dispose()


def test_adbc_reads_arrow(server: PostgresServer) -> None:
    host, port = server.address
    with (
        adbc_driver_postgresql.dbapi.connect(f"postgresql://billql@{host}:{port}/billql") as found,
        found.cursor() as cursor,
    ):
        cursor.execute("SELECT id, amount, created, day, note, rate, paid FROM charges ORDER BY id")
        table = cursor.fetch_arrow_table()
        assert table.num_rows == 8
        assert [str(kind) for kind in table.schema.types][2:4] == [
            "timestamp[us, tz=UTC]",
            "date32[day]",
        ]
        assert table.column("amount").to_pylist()[:3] == ["12.5", "7.25", "-3"]
        described = found.adbc_get_table_schema("invoices", db_schema_filter="digitalocean_billing")
        assert described.names[:3] == ["invoice_uuid", "invoice_id", "invoice_period"]
