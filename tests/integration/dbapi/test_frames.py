"""Data frames are made of results: polars and pandas, with amounts as floats and as decimals."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pytest

import billql
from billql.sandbox import Sandbox

INVOICES = "SELECT invoice_uuid, amount FROM digitalocean.billing.invoices"
AMOUNTS = {False: pl.Float64(), True: pl.Decimal(38, 18)}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="small", until=datetime.date(2026, 3, 15)) as sandbox:
        yield sandbox


@pytest.fixture(params=[False, True], ids=["floats", "decimals"])
def connection(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[billql.Connection]:
    with billql.connect(
        environ={}, tokens=sandbox.tokens, urls=sandbox.urls, decimals=request.param
    ) as connection:
        yield connection


def amount(connection: billql.Connection, text: str) -> float | Decimal:
    return Decimal(text) if connection.decimals else float(text)


def test_amounts_of_a_resource(connection: billql.Connection) -> None:
    rows = connection.execute(INVOICES).fetchall()
    frame = pl.read_database(INVOICES, connection)
    assert frame.schema == {"invoice_uuid": pl.String(), "amount": AMOUNTS[connection.decimals]}
    assert frame.rows() == rows
    assert len(rows) > 5


@pytest.mark.parametrize("end", ["LIMIT 0", "WHERE invoice_uuid = 'nobody'"])
def test_no_rows_have_the_same_types(connection: billql.Connection, end: str) -> None:
    frame = pl.read_database(f"{INVOICES} {end}", connection)
    assert frame.schema == pl.read_database(INVOICES, connection).schema
    assert frame.is_empty()


def test_batches_have_the_same_types(connection: billql.Connection) -> None:
    whole = pl.read_database(INVOICES, connection)
    frames = pl.read_database(INVOICES, connection, iter_batches=True, batch_size=3)
    assert pl.concat(frames).equals(whole)


def test_every_type_of_the_definitions(connection: billql.Connection) -> None:
    for resource in (
        "digitalocean.billing.balances",
        "digitalocean.billing.billing_history",
        "stripe.core.payouts",
        "stripe.core.customers",
        "metronome.pricing.products",
    ):
        sql = f"SELECT * FROM {resource}"
        frame = pl.read_database(sql, connection, infer_schema_length=None)
        assert frame.rows() == connection.execute(sql).fetchall()


def test_expressions(connection: billql.Connection) -> None:
    sql = (
        "SELECT sum(amount) AS s, money_sum(amount) AS m, count(*) AS n, max(invoice_uuid) AS u "
        "FROM digitalocean.billing.invoices"
    )
    kind = AMOUNTS[connection.decimals]
    frame = pl.read_database(sql, connection)
    assert frame.schema == {"s": kind, "m": kind, "n": pl.Int64(), "u": pl.String()}
    assert frame.rows() == connection.execute(sql).fetchall()


def test_local_tables(connection: billql.Connection) -> None:
    """What is declared in a way that SQLite takes for a hint only."""
    connection.execute(
        "CREATE TABLE t (a DECIMAL, b DECIMAL(10, 2), c NUMERIC(4, 1), d DATE, e DATETIME, "
        "f BOOLEAN, g VARCHAR(5))"
    )
    values: list[Any] = [1.005, 2.675, 3.14159, "2026-01-01", "2026-01-01T00:00:00Z", 1, "g"]
    connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    (row,) = pl.read_database("SELECT * FROM t", connection).rows()
    # Nothing is rounded to the digits that a declaration mentions.
    assert row == (amount(connection, "1.005"), amount(connection, "2.675"), *values[2:])


@pytest.mark.filterwarnings("ignore:pandas only supports SQLAlchemy")
def test_pandas_reads_the_same(connection: billql.Connection) -> None:
    frame = pd.read_sql_query(INVOICES, connection, coerce_float=False)  # type: ignore[call-overload,unused-ignore]
    assert [tuple(row) for row in frame.itertuples(index=False)] == connection.execute(
        INVOICES
    ).fetchall()


def test_what_a_frame_gives_is_a_parameter(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE t (day, amount, paid, note)")
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2026-01-01", None]),
            "amount": pd.array([1.5, None], dtype="Float64"),
            "paid": pd.array([True, None], dtype="boolean"),
            "note": ["a", None],
        }
    )
    rows = list(frame.astype(object).itertuples(index=False, name=None))
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
    assert connection.execute("SELECT day, amount * 1.0, paid, note FROM t").fetchall() == [
        ("2026-01-01T00:00:00Z", amount(connection, "1.5"), 1, "a"),
        (None, None, None, None),
    ]
