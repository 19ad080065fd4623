"""Rows as Arrow's batches, by value, in the libraries that read them."""

from __future__ import annotations

import datetime
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import billql
from billql.dbapi.connection import Connection
from support import accounts

UTC = datetime.UTC
INSTANT = datetime.datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TABLE = """
CREATE TABLE t (n INTEGER, amount DECIMAL REAL, made TIMESTAMP TEXT, day DATE TEXT,
    paid BOOLEAN INTEGER, note TEXT, raw BLOB, month MONTH TEXT);
INSERT INTO t VALUES
    (1, 0.1, '2026-03-01T12:30:00Z', '2026-03-01', 1, 'é', x'00ff', '2026-03'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (9007199254740993, -1234567.891, '1970-01-01T00:00:00Z', '1969-12-31', 0, '', x'', '1970-01');
"""
SCHEMA = {
    "n": pa.int64(),
    "amount": pa.decimal128(38, 18),
    "made": pa.timestamp("s", tz="UTC"),
    "day": pa.date32(),
    "paid": pa.bool_(),
    "note": pa.string(),
    "raw": pa.binary(),
    "month": pa.string(),
}
ROWS: list[tuple[Any, ...]] = [
    (
        *(1, Decimal("0.1"), INSTANT, datetime.date(2026, 3, 1), True),
        *("é", b"\x00\xff", "2026-03"),
    ),
    (None,) * 8,
    (
        *(9007199254740993, Decimal("-1234567.891"), datetime.datetime(1970, 1, 1, tzinfo=UTC)),
        *(datetime.date(1969, 12, 31), False, "", b"", "1970-01"),
    ),
]


@pytest.fixture
def connection() -> Iterator[Connection]:
    with billql.connect(environ={}) as connection:
        connection.executescript(TABLE)
        yield connection


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in table.to_pylist()]


def test_types_and_values(connection: Connection) -> None:
    table = connection.execute("SELECT * FROM t").fetch_arrow_table()
    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == SCHEMA
    assert rows_of(table) == ROWS


def test_no_rows_have_the_same_types(connection: Connection) -> None:
    table = connection.execute("SELECT * FROM t WHERE FALSE").fetch_arrow_table()
    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == SCHEMA
    assert table.num_rows == 0


def test_polars(connection: Connection) -> None:
    frame = pl.DataFrame(connection.execute("SELECT * FROM t"))
    assert frame.schema["amount"] == pl.Decimal(38, 18)
    assert frame.schema["made"] == pl.Datetime("ms", "UTC")
    assert frame.rows() == ROWS
    assert pl.from_arrow(connection.execute("SELECT * FROM t").fetch_arrow_table()).equals(frame)  # type: ignore[arg-type]


def test_pandas(connection: Connection) -> None:
    """Without a warning, of which one would be an error here."""
    frame = connection.execute("SELECT * FROM t").fetch_arrow_table().to_pandas()
    assert list(frame["amount"]) == [row[1] for row in ROWS]
    assert list(frame["made"].dropna()) == [pd.Timestamp(row[2]) for row in ROWS if row[2]]
    if int(pd.__version__.split(".")[0]) >= 3:
        direct = pd.DataFrame.from_arrow(connection.execute("SELECT n, note FROM t"))
        assert list(direct["note"].dropna()) == ["é", ""]


def test_duckdb(connection: Connection) -> None:
    sources = {
        "cursor": connection.execute("SELECT * FROM t"),
        "reader": connection.execute("SELECT * FROM t").fetch_record_batch(),
        "whole": connection.execute("SELECT * FROM t").fetch_arrow_table(),
    }
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for name, source in sources.items():
            database.register(name, source)
            sql = f"SELECT * REPLACE (epoch(made) AS made) FROM {name} ORDER BY day NULLS LAST"
            assert database.sql(sql).fetchall() == [
                (*row[:2], row[2] and row[2].timestamp(), *row[3:])
                for row in (ROWS[2], ROWS[0], ROWS[1])
            ]


def test_pyarrow_reads_a_cursor(connection: Connection) -> None:
    reader = pa.RecordBatchReader.from_stream(connection.execute("SELECT n FROM t"))
    assert reader.read_all()["n"].to_pylist() == [row[0] for row in ROWS]


def test_expressions(connection: Connection) -> None:
    sql = "SELECT sum(amount) AS total, count(*) AS n, max(made) AS last, NULL AS missing FROM t"
    table = connection.execute(sql).fetch_arrow_table()
    assert table.schema.types == [pa.float64(), pa.int64(), pa.string(), pa.string()]
    assert rows_of(table) == [(-1234567.791, 3, "2026-03-01T12:30:00Z", None)]
    connection.decimals = True
    exact = connection.execute(sql).fetch_arrow_table()
    assert exact.schema.types[0] == pa.decimal128(38, 18)
    assert rows_of(exact)[0][0] == Decimal("-1234567.791")


@pytest.mark.parametrize(
    "amount",
    [
        *(0.0, -0.0, 0.1, 1e14, 123456789012345.0, 1e15, 1e-6, 1.5e-7, 1e-18, 0.1 + 0.2, 1 / 3),
        *(2 / 3 * 1e9, 99999999.999999, 999999999.9999999, 4503599627370497.5, -7.05, 1e19),
    ],
)
def test_amounts_have_the_digits_that_people_read(connection: Connection, amount: float) -> None:
    expected = Decimal(f"{amount:.15g}")
    connection.execute("INSERT INTO t (amount) VALUES (?)", (amount,))
    column = connection.execute("SELECT amount FROM t WHERE n IS NULL").fetch_arrow_table()[
        "amount"
    ]
    assert column.to_pylist()[1:] == [expected]


def test_rows_that_are_left(connection: Connection) -> None:
    cursor = connection.execute("SELECT n FROM t")
    assert cursor.fetchone() == (1,)
    assert cursor.fetch_arrow_table()["n"].to_pylist() == [None, 9007199254740993]
    assert cursor.fetchall() == []
    assert cursor.fetch_arrow_table().num_rows == 0


def test_batches(connection: Connection) -> None:
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1000) "
    reader = connection.execute(f"{numbers} SELECT n FROM c").fetch_record_batch(300)
    assert [batch.num_rows for batch in reader] == [300, 300, 300, 100]
    with pytest.raises(billql.InterfaceError, match="0 rows"):
        connection.execute("SELECT 1").fetch_record_batch(0)


def test_noise_of_sums(connection: Connection) -> None:
    connection.executescript("CREATE TABLE s (a DECIMAL REAL); INSERT INTO s VALUES (0.1), (0.2)")
    sql = "SELECT sum(a) - 0.3 AS x FROM s"
    expected = connection.execute(sql).fetchall()
    assert rows_of(connection.execute(sql).fetch_arrow_table()) == expected


def test_what_has_no_rows(connection: Connection) -> None:
    for cursor in (connection.cursor(), connection.execute("CREATE TABLE u (a)")):
        with pytest.raises(billql.ProgrammingError):
            cursor.fetch_arrow_table()
    returned = connection.execute("INSERT INTO u VALUES (1), (2) RETURNING a").fetch_arrow_table()
    assert rows_of(returned) == [(1,), (2,)]
    cursor = connection.execute("SELECT 1")
    cursor.close()
    with pytest.raises(billql.ClosedError):
        cursor.fetch_arrow_table()


def test_a_value_that_does_not_fit(connection: Connection) -> None:
    connection.execute("INSERT INTO t (made) VALUES ('soon')")
    with pytest.raises(billql.DataError, match="'soon' in row 4"):
        connection.execute("SELECT made FROM t").fetch_arrow_table()


def test_limits_hold(connection: Connection) -> None:
    with billql.connect(environ={}, max_rows=100) as bounded:
        numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c"
        with pytest.raises(billql.RowLimit):
            bounded.execute(numbers).fetch_arrow_table()
        assert bounded.execute(f"{numbers} LIMIT 100").fetch_arrow_table().num_rows == 100


def test_a_reader_may_be_read_in_another_thread(connection: Connection) -> None:
    reader = connection.execute("SELECT n FROM t").fetch_record_batch(1)
    tables: list[pa.Table] = []
    thread = threading.Thread(target=lambda: tables.append(reader.read_all()))
    thread.start()
    thread.join()
    assert tables[0].num_rows == 3


def test_a_reader_outlives_its_cursor() -> None:
    def begun() -> pa.RecordBatchReader:
        connection = billql.connect(environ={})
        connection.executescript(TABLE)
        return connection.execute("SELECT n FROM t").fetch_record_batch(1)

    assert begun().read_all().num_rows == 3


@pytest.mark.parametrize("end", ["another statement", "cursor", "connection"])
def test_a_reader_whose_rows_are_gone(connection: Connection, end: str) -> None:
    """Its table would look whole."""
    cursor = connection.execute(
        "SELECT n FROM t UNION ALL SELECT value FROM generate_series(1, 20000)"
    )
    reader = cursor.fetch_record_batch(100)
    assert reader.read_next_batch().num_rows == 100
    if end == "another statement":
        cursor.execute("SELECT 1")
    else:
        (cursor if end == "cursor" else connection).close()
    with pytest.raises((billql.ProgrammingError, billql.ClosedError)):
        reader.read_all()


def test_without_pyarrow(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(billql.NotSupportedError, match="pyarrow") as caught:
        connection.execute("SELECT 1").fetch_arrow_table()
    assert "billql[arrow]" in (caught.value.hint or "")


def test_an_error_of_the_api(tmp_path: Path) -> None:
    """An API that fails on its third page: its error is raised, and no part looks whole."""
    accounts.define(tmp_path)
    pages: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        pages.append(str(request.url))
        if len(pages) == 3:
            return httpx.Response(400, json={"message": "it is broken"})
        rows = [{"id": f"{len(pages)}-{number}", "owner": "a"} for number in range(accounts.SIZE)]
        return httpx.Response(200, json={"data": rows, "has_more": True})

    with accounts.connect(
        tmp_path, "http://127.0.0.1:1", ["anna"], http_transport=httpx.MockTransport(answer)
    ) as connection:
        cursor = connection.execute("SELECT connection FROM acme.billing.bills")
        with pytest.raises(billql.ApiError, match="it is broken"):
            cursor.fetch_record_batch(2)
        with pytest.raises(billql.ProgrammingError, match="failed"):
            cursor.fetchall()
