"""convert(): by the last rate of a week, through the euro, and NULL with a note otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import billql
from billql.cli import main
from billql.errors import BadValue, Exit, OperationalError
from billql.sqlite.exchange_rates import CREATE

RATES = [
    ("USD", "2026-10-02", 1.16),
    ("USD", "2026-10-05", 1.2),
    ("JPY", "2026-10-02", 174.0),
    ("KWD", "2026-10-05", 0.36),
]


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def connection(notes: list[str]) -> Iterator[billql.Connection]:
    with closing(billql.connect(environ={}, warn=notes.append, autocommit=True)) as connection:
        connection.execute(CREATE)
        connection.executemany("INSERT INTO fx VALUES (?, ?, ?, 'test')", RATES)
        yield connection


def value(connection: billql.Connection, expression: str) -> Any:
    (row,) = connection.execute(f"SELECT {expression}").fetchall()
    return row[0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("convert(116, 'USD', 'EUR', '2026-10-02')", 100.0),
        ("convert(100, 'eur', 'usd', '2026-10-02')", 116.0),
        ("convert(0.1, 'EUR', 'USD', '2026-10-05')", 0.12),
        ("convert(116, 'USD', 'EUR', '2026-10-04')", 100.0),  # of the last day that has a rate
        ("convert(120, 'USD', 'EUR', '2026-10-12')", 100.0),  # seven days old
        ("convert(120, 'USD', 'EUR', '2026-10-05T23:59:59Z')", 100.0),
        ("convert(116, 'USD', 'EUR', '2026-10-05T01:00:00+02:00')", 100.0),  # in UTC it is the 4th
        # The dollar has a newer rate, the yen has not: both are those of one day.
        ("convert(116, 'USD', 'JPY', '2026-10-06')", 17400.0),
        ("convert(120, 'USD', 'KWD', '2026-10-05')", 36.0),
        ("convert('1.16', 'USD', 'EUR', '2026-10-02')", 1.0),
        ("convert(5, 'usd', 'USD', '1990-01-01')", 5.0),
        ("convert(5, 'XXX', 'xxx', '2026-10-02')", 5.0),
        ("convert(NULL, 'USD', 'EUR', '2026-10-02')", None),
        ("convert(1, NULL, 'EUR', '2026-10-02')", None),
        ("convert(1, 'USD', NULL, '2026-10-02')", None),
        ("convert(1, 'USD', 'EUR', NULL)", None),
    ],
)
def test_an_amount_is_converted(
    connection: billql.Connection, notes: list[str], expression: str, expected: float | None
) -> None:
    assert value(connection, expression) == expected
    assert notes == []


@pytest.mark.parametrize(
    "arguments",
    [
        "'USD', 'EUR', '2026-10-13'",  # eight days
        "'USD', 'EUR', '2026-10-01'",
        "'JPY', 'USD', '2026-10-10'",
        "'TWD', 'USD', '2026-10-05'",
    ],
)
def test_without_a_rate_it_is_null_and_noted(
    connection: billql.Connection, notes: list[str], arguments: str
) -> None:
    assert value(connection, f"convert(1, {arguments})") is None
    pair = arguments.replace("'", "").split(", ")
    (note,) = notes
    assert "NULL for 1 amount" in note
    assert f"({pair[0]} to {pair[1]})" in note


def test_the_note_counts_the_rows_of_one_statement(
    connection: billql.Connection, notes: list[str]
) -> None:
    rows = "(VALUES ('TWD', 1), ('TWD', 2), ('USD', 3), ('AED', 4))"
    sql = f"SELECT convert(column2, column1, 'EUR', '2026-10-02') FROM {rows}"
    first = connection.execute(sql)
    assert first.fetchone() == (None,)
    assert value(connection, "convert(1, 'USD', 'EUR', '2026-10-02')") is not None  # in between
    assert notes == []
    first.fetchall()
    assert len(notes) == 1
    assert "NULL for 3 amounts (AED to EUR, TWD to EUR)" in notes[0]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("convert(1, 'USD', 'EUR', '2026-10')", "has many"),
        ("convert(1, 'USD', 'EUR', '2026-02-30')", "takes a day"),
        ("convert(1, 'USD', 'EUR', 5)", "takes a day"),
        ("convert(1, '', 'EUR', '2026-10-02')", "takes currencies"),
        ("convert(1, 'USD', 5, '2026-10-02')", "takes currencies"),
        ("convert('much', 'USD', 'EUR', '2026-10-02')", "is not an amount"),
    ],
)
def test_other_arguments_are_errors(
    connection: billql.Connection, expression: str, message: str
) -> None:
    with pytest.raises(BadValue, match=message):
        value(connection, expression)


def test_rates_that_were_changed_count_in_the_next_statement(connection: billql.Connection) -> None:
    assert value(connection, "convert(1, 'EUR', 'USD', '2026-10-02')") == 1.16
    connection.execute("UPDATE fx SET per_eur = 1.5 WHERE currency = 'USD'")
    assert value(connection, "convert(1, 'EUR', 'USD', '2026-10-02')") == 1.5


def test_a_table_of_ones_own_must_have_one_rate_for_a_day(notes: list[str]) -> None:
    with closing(billql.connect(environ={}, warn=notes.append, autocommit=True)) as connection:
        connection.execute("CREATE TABLE fx (currency, day, per_eur)")
        connection.execute(
            "INSERT INTO fx VALUES ('usd', '2026-10-02', 1), ('USD', '2026-10-02', 2)"
        )
        with pytest.raises(BadValue, match="two rates of USD on 2026-10-02"):
            value(connection, "convert(1, 'EUR', 'USD', '2026-10-02')")
        connection.execute("UPDATE fx SET per_eur = 0")
        with pytest.raises(BadValue, match="no day or no rate"):
            value(connection, "convert(1, 'EUR', 'USD', '2026-10-02')")


def test_without_rates_it_says_how_to_get_some() -> None:
    with closing(billql.connect(environ={})) as connection:
        with pytest.raises(OperationalError, match="there is no table fx") as caught:
            value(connection, "convert(1, 'EUR', 'USD', '2026-10-02')")
        assert "billql fx import" in str(caught.value.hint)
        assert CREATE in str(caught.value.hint)


# The command ------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BILLQL_DATA", str(tmp_path / "data"))
    Path("ecb.csv").write_text("Date,USD,\n2026-10-02,1.16,\n2026-10-01,1.15,\n")
    Path("own.csv").write_text("currency,day,per_eur\nUSD,2026-10-02,1.25\nKWD,2026-10-02,0.36\n")
    return tmp_path


def query(sql: str, *options: str) -> int:
    return main(["query", "--format", "csv", *options, sql])


def test_rates_are_stored_in_a_file_of_the_users(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fx", "import", "ecb.csv"]) == Exit.OK
    assert main(["fx", "import", "own.csv"]) == Exit.OK
    err = capsys.readouterr().err
    assert "2 rates of 1 currency, 2026-10-01 to 2026-10-02, in " in err
    assert err.endswith("fx.db: 1 added, 1 changed\n")
    assert query("SELECT convert(1, 'EUR', 'USD', '2026-10-02') AS usd") == Exit.OK
    assert capsys.readouterr().out == "usd\n1.25\n"


def test_rates_in_a_database_precede_those_of_the_user(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fx", "import", "own.csv"]) == Exit.OK
    assert main(["fx", "import", "ecb.csv", "--db", "bills.db"]) == Exit.OK
    sql = "SELECT convert(1, 'EUR', 'USD', '2026-10-02') AS usd"
    assert query(sql, "--db", "bills.db") == Exit.OK
    assert capsys.readouterr().out == "usd\n1.16\n"
    with closing(sqlite3.connect("bills.db")) as database:
        stored = list(database.execute("SELECT * FROM fx ORDER BY day"))
    assert stored == [("USD", "2026-10-01", 1.15, "ECB"), ("USD", "2026-10-02", 1.16, "ECB")]


def test_a_source_can_be_named_and_the_same_rates_change_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["fx", "import", "own.csv", "--source", "treasury", "--db", "bills.db"])
    main(["fx", "import", "own.csv", "--source", "treasury", "--db", "bills.db"])
    assert capsys.readouterr().err.endswith("bills.db: 0 added, 0 changed\n")
    assert query("SELECT DISTINCT source FROM fx", "--db", "bills.db") == Exit.OK
    assert capsys.readouterr().out == "source\ntreasury\n"


def test_a_file_that_is_wrong_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.csv").write_text("currency,day,per_eur\nUSD,2026-10-02,1.3\nUSD,2026-10-03,x\n")
    Path("zip.csv").write_bytes(b"PK\x03\x04\xff\xfe")
    assert main(["fx", "import", "own.csv", "--db", "bills.db"]) == Exit.OK
    for name in ("bad.csv", "zip.csv", "none.csv", "."):
        assert main(["fx", "import", name, "--db", "bills.db"]) != Exit.OK
        assert f"error: {name}: " in capsys.readouterr().err
    assert query("SELECT per_eur FROM fx WHERE currency = 'USD'", "--db", "bills.db") == Exit.OK
    assert capsys.readouterr().out == "per_eur\n1.25\n"


def test_another_table_of_that_name_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect("bills.db")) as database:
        database.execute("CREATE TABLE fx (a)")
    assert main(["fx", "import", "own.csv", "--db", "bills.db"]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "bills.db: " in err
    assert CREATE in err
    Path("text.db").write_text("no database at all, but long enough to be looked at")
    assert main(["fx", "import", "own.csv", "--db", "text.db"]) == Exit.USAGE
    assert "text.db: " in capsys.readouterr().err
