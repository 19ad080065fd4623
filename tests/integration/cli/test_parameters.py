"""`--param`: a value takes the type of what it is compared with, or the type that is named."""

from __future__ import annotations

import datetime
from argparse import ArgumentTypeError
from collections.abc import Iterator
from typing import Any

import pytest

import billql
from billql.cli.parameters import Parameter, bind, parse
from billql.errors import InterfaceError
from billql.sql.statements import parse as parse_sql

DAY = datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def connection() -> Iterator[billql.Connection]:
    with billql.connect(sandbox=True, clock=lambda: DAY, autocommit=True) as connection:
        connection.executescript(
            "CREATE TABLE t (word TEXT, whole INTEGER, part REAL, day DATE, amount DECIMAL, any);"
            "INSERT INTO t VALUES ('012', 12, 1.5, '2026-01-31', 1.5, 12),"
            " ('1.50', 13, 2.5, '2026-02-01', 2.5, '012'), ('12', 14, 3.5, '2026', 3.5, 1.5);"
            "CREATE VIEW v AS SELECT word, whole, whole + 0 AS more, lower(word) AS small FROM t;"
            "CREATE TABLE other (id INTEGER PRIMARY KEY, word TEXT);"
            "INSERT INTO other VALUES (1, '012'), (12, '1.50')"
        )
        yield connection


def ask(connection: billql.Connection, sql: str, *arguments: str) -> list[tuple[Any, ...]]:
    statement = parse_sql(sql)
    values = bind([parse(one) for one in arguments], statement, connection)
    return connection.execute(statement, values).fetchall()


@pytest.mark.parametrize(
    ("condition", "text", "rows"),
    [
        # A column's type is SQLite's own business.
        ("word = :x", "012", [12]),
        ("word = :x", "12", [14]),
        ("word = :x", "1.50", [13]),
        ("word = :x", "1.5", []),
        ("t.word IN (:x, 'z')", "1.50", [13]),
        ("word BETWEEN :x AND :x", "1.50", [13]),
        (":x = word", "1.50", [13]),
        ("word IS :x", "1.50", [13]),
        ("word LIKE :x", "1.50", [13]),
        ("word LIKE '%' || :x", ".50", [13]),
        ("whole = :x", "012", [12]),
        ("whole = :x", "12", [12]),
        ("whole = :x", "12.0", [12]),
        ("whole IN (:x)", "012", [12]),
        ("whole BETWEEN :x AND 13", "013", [13]),
        ("whole > :x", "9", [12, 13, 14]),
        ("part = :x", "1.50", [12]),
        ("part > :x", "02.50", [14]),
        ("amount >= :x", "2.50", [13, 14]),
        ("day = :x", "2026-01-31", [12]),
        ("day = :x", "2026", [14]),
        ("day < :x", "2026-02", [12, 14]),
        # An expression's last operator or function.
        ("whole + 0 = :x", "012", [12]),
        ("length(word) > :x", "02", [12, 13]),
        ("round(part) BETWEEN :x AND 3", "3", [13]),
        ("CAST(word AS REAL) = :x", "1.5", [13]),
        ("CAST(whole AS TEXT) = :x", "12", [12]),
        ("substr(day, 1, 4) = :x AND whole = 12", "2026", [12]),
        ("strftime('%m', day) = :x", "01", [12]),
        ("strftime('%Y', day) = :x AND whole < 14", "2026", [12, 13]),
        ("lower(word) = :x", "1.50", [13]),
        ("word || '' = :x", "12", [14]),
        # No type, so the text's form.
        ("any = :x", "12", [12]),
        ("any = :x", "012", [13]),
        ("any = :x", "1.5", [14]),
        ("coalesce(part, 0) > :x", "2", [13, 14]),
        ("(SELECT max(whole) FROM t) > :x AND whole = 12", "9", [12]),
        ("whole = 12 AND :x IS NULL", "x", []),
        # Several at once.
        ("(:x IS NULL OR strftime('%Y', day) = :x) AND whole = 12", "2026", [12]),
        ("(:x = '' OR word = :x)", "1.50", [13]),
        ("whole + 0 > :x AND part < :x", "3", [12, 13]),
    ],
)
def test_the_type_of_what_it_is_compared_with(
    connection: billql.Connection, condition: str, text: str, rows: list[int]
) -> None:
    sql = f"SELECT whole FROM t WHERE {condition} ORDER BY whole"
    assert ask(connection, sql, f"x={text}") == [(row,) for row in rows]


@pytest.mark.parametrize(
    ("sql", "text", "value"),
    [
        ("SELECT count(*) FROM v WHERE more > :x", "9", 3),
        ("SELECT count(*) FROM v WHERE word = :x", "1.50", 1),
        ("SELECT count(*) FROM v WHERE whole = :x", "012", 1),
        ("SELECT count(*) FROM v WHERE small = :x", "12", 0),  # a view's expression has no type
        ("SELECT count(*) FROM v WHERE small = :x", "012", 1),
        ("SELECT whole FROM t JOIN other ON t.whole = id AND other.word = :x", "1.50", 12),
        ("SELECT t.whole FROM t JOIN other o USING (word) WHERE o.id = :x", "01", 12),
        ("SELECT sum(part) AS s FROM t HAVING s > :x", "7.0", 7.5),
        ("SELECT part FROM (SELECT sum(part) AS part FROM t) WHERE part > :x", "7", 7.5),
        ("SELECT s FROM (SELECT sum(part) AS s FROM t) WHERE s > :x", "7", 7.5),
        ("WITH k(word) AS (SELECT sum(part) FROM t) SELECT word FROM k WHERE word > :x", "7", 7.5),
        ("SELECT value FROM json_each('[5, 12]') WHERE value > :x", "9", 12),
        ("SELECT whole FROM t LIMIT 1 OFFSET :x", "2", 14),
        ("SELECT CASE WHEN max(part) > :x THEN 'y' ELSE 'n' END FROM t", "3", "y"),
        ("SELECT :x", "1.5", 1.5),
        ("SELECT :x", "012", "012"),
        ("SELECT @x", "12", 12),
        ("SELECT typeof(:x || '')", "1.50", "text"),
        ("SELECT :x || ''", "1.50", "1.50"),
        ("SELECT whole FROM main.t WHERE word = :x", "1.50", 13),
        ('SELECT whole FROM "t" AS "T t" WHERE "T t"."word" = :x', "1.50", 13),
    ],
)
def test_where_the_other_side_comes_from(
    connection: billql.Connection, sql: str, text: str, value: object
) -> None:
    assert ask(connection, sql, f"x={text}")[0][0] == value


INVOICES = "FROM digitalocean.billing.invoices"


@pytest.mark.parametrize(
    ("sql", "text", "rows"),
    [
        (f"SELECT invoice_period {INVOICES} WHERE invoice_period = :x", "2026-01", 1),
        (f"SELECT invoice_period {INVOICES} WHERE invoice_period >= :x", "2026", 2),
        (f"SELECT substr(invoice_period, 1, 4) AS y {INVOICES} WHERE y = :x", "2026", 0),
        (f"SELECT 1 {INVOICES} WHERE substr(invoice_period, 1, 4) = :x", "2026", 2),
        (f"SELECT 1 {INVOICES} i WHERE i.amount > :x", "05000.00", 9),
        (f"SELECT 1 {INVOICES} WHERE amount + 0 > :x", "05000.00", 9),
    ],
)
def test_resources(connection: billql.Connection, sql: str, text: str, rows: int) -> None:
    assert len(ask(connection, sql, f"x={text}")) == rows


def test_inserts_take_the_column_s_type(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE made (word TEXT, whole INTEGER)")
    ask(connection, "INSERT INTO made VALUES (:x, :x)", "x=012")
    assert connection.execute("SELECT * FROM made").fetchall() == [("012", 12)]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("x:text=012", "012"),
        ("x:text=", ""),
        ("x:text=a=b:c", "a=b:c"),
        (":x:integer=012", 12),
        ("x:integer=-9223372036854775808", -(2**63)),
        ("x:real=012.50", 12.5),
        ("x:real=1e3", 1000.0),
        ("x:real=5", 5.0),
        ("x:null", None),
    ],
)
def test_a_type_that_is_named(
    connection: billql.Connection, argument: str, value: str | float | None
) -> None:
    assert parse(argument) == Parameter("x", argument.partition("=")[2], True, value)
    ((found, kind),) = ask(connection, "SELECT :x, typeof(:x)", argument)
    kinds = {str: "text", float: "real", int: "integer", type(None): "null"}
    assert (found, kind) == (value, kinds[type(value)])
    ((equal,),) = ask(connection, "SELECT :x IS (1 + 1)", argument)
    assert not equal


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("x", "'x' is not of the form NAME=VALUE or NAME:TYPE=VALUE"),
        ("=5", "'=5' is not of the form"),
        ("a b=5", "'a b=5' is not of the form"),
        ("x:text", "'x:text' is not of the form"),
        ("x:int=5", "'int' is no type; use one of text, integer, real, null"),
        ("x:=5", "'' is no type"),
        ("x:integer=5.5", "'5.5' is no whole number"),
        ("x:integer=9223372036854775808", "has more digits than an integer of SQL"),
        ("x:integer=", "'' is no whole number"),
        ("x:real=a", "'a' is no number"),
        ("x:real=nan", "'nan' is no number"),
        ("x:null=5", "null has no value, and '5' was passed"),
    ],
)
def test_what_is_no_parameter(argument: str, message: str) -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        parse(argument)
    assert message in str(caught.value)


def test_a_text_where_a_number_is_compared(connection: billql.Connection) -> None:
    sql = "SELECT sum(part) FROM t HAVING sum(part) > :least"
    with pytest.raises(InterfaceError) as caught:
        ask(connection, sql, "least=abc")
    assert caught.value.message == (
        "The parameter :least is compared with a number, and 'abc' is none"
    )
    assert ask(connection, sql, "least:text=abc") == []


def test_a_text_and_a_number(connection: billql.Connection) -> None:
    sql = "SELECT 1 FROM t WHERE word = :x AND length(word) = :x"
    with pytest.raises(InterfaceError) as caught:
        ask(connection, sql, "x=3")
    assert caught.value.message == ("The parameter :x is compared with a text and with a number")
    assert "--param x:text=3" in str(caught.value.hint)
    ask(connection, sql, "x:integer=3")


def test_statements_of_a_script_take_types_of_their_own(connection: billql.Connection) -> None:
    arguments = [parse("x=012"), parse("unused=5")]
    for sql, value in (("SELECT word = :x FROM t", "012"), ("SELECT whole + 1 = :x FROM t", 12)):
        assert bind(arguments, parse_sql(sql), connection) == {"x": value, "unused": 5}
