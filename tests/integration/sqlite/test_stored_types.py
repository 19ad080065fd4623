"""CREATE TABLE AS keeps the declared types of amounts and times."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet
import pytest

import billql
from billql.output import Style, parquet
from billql.sql.amounts import Amount
from support.books import books


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[billql.Connection]:
    database = str(tmp_path / "own.db")
    with books(tmp_path, database=database, autocommit=True) as connection:
        yield connection


def declared(connection: billql.Connection, name: str) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, type FROM pragma_table_info(?)", (name,)).fetchall()


@pytest.mark.parametrize(
    ("sql", "types"),
    [
        (
            "CREATE TABLE t AS SELECT id, month, amount, currency, created FROM @invoices",
            ["INT", "MONTH TEXT", "DECIMAL REAL", "TEXT", "TIMESTAMP TEXT"],
        ),
        ("CREATE TEMP TABLE t AS SELECT created AS c FROM @invoices", ["TIMESTAMP TEXT"]),
        (
            "CREATE TABLE IF NOT EXISTS main.t AS "
            'WITH x AS (SELECT amount AS "a, (b" FROM @invoices) SELECT * FROM x',
            ["DECIMAL REAL"],
        ),
        (
            "CREATE TABLE t AS SELECT currency, money_sum(amount) AS s, count(*) AS n, "
            "amount - tax AS d FROM @invoices WHERE id < 3 GROUP BY currency",
            ["TEXT", "DECIMAL REAL", "", "DECIMAL REAL"],
        ),
        ("CREATE TABLE t AS SELECT paid FROM @payments WHERE id < ?", ["MINOR INTEGER"]),
        (
            "CREATE TABLE t AS SELECT currency, sum(paid) AS s, avg(paid) AS a, paid / 100.0 AS m, "
            "invoice FROM @payments GROUP BY currency",
            ["TEXT", "MINOR INTEGER", "MINOR REAL", "DECIMAL REAL", "INT"],
        ),
        (
            "CREATE TABLE t AS SELECT max(created), min(month) AS m, lag(created) OVER () AS b, "
            "max(created) FILTER (WHERE id > 1) OVER (ORDER BY id) AS f, max(id) AS n "
            "FROM @invoices",
            ["TIMESTAMP TEXT", "MONTH TEXT", "TIMESTAMP TEXT", "TIMESTAMP TEXT", ""],
        ),
        (
            "CREATE TABLE t AS SELECT date_trunc('month', created) AS m, "
            "date_trunc('week', created) AS w, date_trunc('hour', created) AS h, "
            "date(created) AS d, last_day(month) AS l, date(created) || '' AS x FROM @invoices",
            ["MONTH TEXT", "DATE TEXT", "TIMESTAMP TEXT", "DATE TEXT", "DATE TEXT", ""],
        ),
        (
            "CREATE TABLE t AS SELECT coalesce(a.created, b.created) AS c, "
            "coalesce(a.created, a.month) AS d, coalesce(a.created, 'never') AS n, "
            "max(a.created, b.created) AS e FROM @invoices a JOIN @invoices b USING (id)",
            ["TIMESTAMP TEXT", "", "", "TIMESTAMP TEXT"],
        ),
        (
            "CREATE TABLE t AS WITH x AS (SELECT customer, max(created) AS last FROM @invoices "
            "GROUP BY 1) SELECT last, max(last) OVER () AS latest FROM x",
            ["TIMESTAMP TEXT", "TIMESTAMP TEXT"],
        ),
        ("CREATE TABLE t AS SELECT 1 AS one, CAST(2 AS TEXT) AS two", ["", "TEXT"]),
    ],
)
def test_the_types_of_a_table(connection: billql.Connection, sql: str, types: list[str]) -> None:
    connection.execute(sql.replace("@", "own.all."), (13,) if "?" in sql else ())
    assert [declared for _, declared in declared(connection, "t")] == types
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_types_go_on_through_views_and_tables(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE a AS SELECT created, amount FROM own.all.invoices")
    connection.execute("CREATE VIEW v AS SELECT created AS c, amount FROM a")
    connection.execute("CREATE TABLE b AS SELECT * FROM v WHERE amount > 0")
    assert declared(connection, "b") == [("c", "TIMESTAMP TEXT"), ("amount", "DECIMAL REAL")]


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("SELECT * FROM lasts", ["TIMESTAMP TEXT", "MONTH TEXT", "DECIMAL REAL", "TEXT"]),
        ("SELECT max(l.last) AS l, first FROM main.lasts AS l", ["TIMESTAMP TEXT", "MONTH TEXT"]),
        ("SELECT temp.held.last FROM temp.held", ["TIMESTAMP TEXT"]),
        ("WITH x AS (SELECT last FROM held) SELECT lag(last) OVER () FROM x", ["TIMESTAMP TEXT"]),
        ("SELECT n.first FROM (SELECT first FROM lasts) AS n, held", ["MONTH TEXT"]),
        ("SELECT coalesce(last, first) AS mixed, b FROM lasts, named", ["", "MONTH TEXT"]),
        (
            "SELECT max(coalesce(last, last)), max(min(b), a) FROM lasts, named",
            ["TIMESTAMP TEXT", ""],
        ),
    ],
)
def test_the_types_of_functions_go_on_through_views(
    connection: billql.Connection, query: str, types: list[str]
) -> None:
    connection.execute(
        "CREATE VIEW lasts AS SELECT max(created) AS last, coalesce(month, month) AS first, "
        "sum(amount) AS s, currency FROM own.all.invoices GROUP BY currency"
    )
    connection.execute("CREATE TEMP VIEW held AS SELECT * FROM lasts")
    connection.execute("CREATE VIEW named(a, b) AS SELECT 1, min(month) FROM own.all.invoices")
    connection.execute(f"CREATE TABLE t AS {query}")
    assert [declared for _, declared in declared(connection, "t")] == types
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_minor_units_stay_minor(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE t AS SELECT paid, currency FROM own.all.payments")
    amount, none = connection.execute("SELECT paid, currency FROM t").amounts()
    assert (amount, none) == (Amount(None, 1, is_minor=True), None)
    connection.execute("CREATE TABLE u AS SELECT paid FROM t")
    assert declared(connection, "u") == [("paid", "MINOR INTEGER")]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT amount - 1694.25 FROM @invoices WHERE id = 1",
        "SELECT sum(amount) - 1694.25 FROM @invoices WHERE id = 1",
        "WITH x AS (SELECT amount - 1694.25 AS d FROM @invoices WHERE id = 1) SELECT d FROM x",
        "SELECT x.d e FROM (SELECT amount - 1694.25 AS d FROM @invoices WHERE id = 1) AS x",
    ],
)
def test_no_noise_is_stored(connection: billql.Connection, tmp_path: Path, query: str) -> None:
    query = query.replace("@", "own.all.")
    names = [column[0] for column in connection.execute(query).description or ()]
    connection.execute(f"CREATE TABLE t AS {query}")
    assert declared(connection, "t") == [(names[0], "DECIMAL REAL")]
    connection.execute("CREATE TABLE u (d)")
    connection.execute(f"INSERT INTO u {query}")
    with closing(sqlite3.connect(tmp_path / "own.db")) as other:
        for table in ("t", "u"):
            assert other.execute(f"SELECT * FROM {table}").fetchall() == [(0.05,)]


def test_other_programs_read_the_file(connection: billql.Connection, tmp_path: Path) -> None:
    connection.execute(
        "CREATE TABLE t AS SELECT created, max(month) AS month, amount, currency "
        "FROM own.all.invoices GROUP BY id"
    )
    with closing(sqlite3.connect(tmp_path / "own.db")) as other:
        found = other.execute("SELECT created, month FROM t ORDER BY created, month").fetchall()
    assert found[0] == ("2026-01-31T08:00:00Z", "2026-01")


def test_another_connection_sees_them(connection: billql.Connection, tmp_path: Path) -> None:
    with billql.connect(tmp_path / "own.db") as other:
        assert declared(other, "t") == []
        connection.execute("CREATE TABLE t AS SELECT amount FROM own.all.invoices")
        assert declared(other, "t") == [("amount", "DECIMAL REAL")]
        assert other.execute("SELECT max(amount) FROM t").fetchall() == [(4408080.0,)]


def test_a_table_that_is_there_stays(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE t (amount)")
    connection.execute("CREATE TABLE IF NOT EXISTS t AS SELECT amount FROM own.all.invoices")
    assert declared(connection, "t") == [("amount", "")]


def test_a_rollback_takes_it_back(connection: billql.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE t AS SELECT amount FROM own.all.invoices")
    assert declared(connection, "t") == [("amount", "DECIMAL REAL")]
    connection.execute("ROLLBACK")
    assert declared(connection, "t") == []


def test_a_statement_under_way_goes_on(connection: billql.Connection) -> None:
    reading = connection.execute("SELECT id FROM own.all.invoices ORDER BY id")
    assert reading.fetchone() == (1,)
    connection.execute("CREATE TABLE t AS SELECT amount FROM own.all.invoices")
    assert reading.fetchall() == [(number,) for number in range(2, 9)]


def test_parquet_of_history_has_decimals_and_instants(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE t AS SELECT amount, created FROM own.all.invoices")
    connection.decimals = True
    cursor = connection.execute("SELECT * FROM t")
    data = io.BytesIO()
    parquet.write(cursor.description or (), cursor, data, Style())
    data.seek(0)
    schema = pyarrow.parquet.read_schema(data)
    assert [str(field.type) for field in schema] == ["decimal128(38, 18)", "timestamp[ms, tz=UTC]"]
    assert cursor.description is not None
    assert cursor.description[0][1:6] == ("DECIMAL", None, None, 38, 18)
