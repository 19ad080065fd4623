"""AS OF: histories as they were, in any place of a statement where a table can stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from billql import errors
from billql.dbapi.connection import Connection
from support.bills import Bills, connect


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    """The amount of one line is 1 on the 15th, 2 on the 16th and 3 from the 18th on."""
    api = Bills()
    with connect(api, tmp_path) as connection:
        for days, amount in ((0, "1"), (1, "2"), (2, "3")):
            api.pass_days(days)
            api.add("i1", "2026-03", ("cpu", amount), state="draft")
            for name in ("spend", "the other"):
                verb = "REFRESH" if days else "CREATE"
                select = "" if days else " AS SELECT * FROM bills.all.lines"
                connection.execute(f'{verb} MATERIALIZED VIEW "{name}"{select}')
        yield connection


def rows(db: Connection, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
    return db.execute(sql, values).fetchall()


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("'2026-03-15T12:00:00Z'", 1),
        ("'2026-03-15 13:00+01:00'", 1),
        ("'2026-03-15'", 1),
        ("'2026-03-16'", 2),
        ("'2026-03-16T11:59:59Z'", 1),
        ("'2026-03-17'", 2),
        ("'2026-03'", 3),
        ("'2026'", 3),
        ("'2999-01-01'", 3),
    ],
)
def test_a_time_is_any_spelling_and_a_day_is_its_end(
    db: Connection, value: str, amount: int
) -> None:
    for form in ("AS OF", "FOR SYSTEM_TIME AS OF", "for system_time\n as /* x */ of"):
        assert rows(db, f"SELECT amount FROM spend {form} {value}") == [(amount,)]


def test_a_number_is_a_refresh(db: Connection) -> None:
    listed = "SELECT refresh FROM billql.catalog.refreshes WHERE history = 'spend' AND added > 0"
    numbers = [number for (number,) in rows(db, listed)]
    found = [rows(db, f"SELECT amount FROM spend AS OF {number}")[0][0] for number in numbers]
    assert found == [1, 2, 3]
    assert rows(db, "SELECT amount FROM spend AS OF ?", (numbers[1],)) == [(2,)]


@pytest.mark.parametrize(
    ("sql", "values", "expected"),
    [
        ("SELECT a.amount, b.amount FROM spend AS OF '2026-03-15' a, spend AS OF ? AS b", 1,
         (1, 2)),
        ("SELECT a.amount, spend.amount FROM spend AS OF ? JOIN spend a USING (invoice)", 1,
         (3, 2)),
        ("SELECT spend.amount FROM main.spend AS OF ? WHERE spend.invoice = 'i1'", 1, (2,)),
        ("WITH x AS (SELECT amount FROM spend AS OF ?) SELECT * FROM x", 1, (2,)),
        ("SELECT (SELECT amount FROM spend AS OF ?) + (SELECT amount FROM SPEND)", 1, (5,)),
        ("SELECT 1 WHERE 2 IN (SELECT amount FROM spend AS OF ?)", 1, (1,)),
        ("SELECT amount FROM (spend AS OF ?)", 1, (2,)),
        ("SELECT \"the other\".amount FROM \"the other\" AS OF ?", 1, (2,)),
        ("SELECT o.amount FROM [the other] AS OF ? o LEFT JOIN spend ON TRUE", 1, (2,)),
        ("SELECT 'FROM spend AS OF 1', amount FROM spend AS OF ? -- AS OF 1", 1,
         ("FROM spend AS OF 1", 2)),
        ("SELECT sum(amount) FROM spend AS OF ? UNION SELECT 9 WHERE FALSE", 1, (2,)),
        ("SELECT money_sum(amount) AS total FROM spend AS OF ? GROUP BY currency", 1, (2,)),
        ("SELECT amount FROM bills.all.lines AS OF ?", 1, (2,)),
        ("SELECT l.amount FROM bills.all.lines AS OF ? l", 1, (2,)),
    ],
)  # fmt: skip
def test_it_stands_where_a_table_can(
    db: Connection, sql: str, values: int, expected: tuple[Any, ...]
) -> None:
    assert rows(db, sql, ("2026-03-16",) * values) == [expected]
    named = rows(db, sql.replace("?", ":when"), {"when": "2026-03-16"})
    assert named == [expected]


def test_an_alias_called_of_stays_one(db: Connection) -> None:
    assert rows(db, "SELECT of.amount FROM spend AS of") == [(3,)]
    assert rows(db, "SELECT of.amount FROM spend AS of, spend AS OF 4") == [(3,)]


def test_a_view_may_read_what_was(db: Connection) -> None:
    db.execute("CREATE VIEW reported AS SELECT amount FROM spend AS OF '2026-03-16'")
    assert rows(db, "SELECT * FROM reported") == [(2,)]
    db.execute("CREATE TABLE kept AS SELECT * FROM spend AS OF '2026-03-16'")
    assert rows(db, "SELECT amount FROM kept") == [(2,)]


def test_its_columns_are_those_of_the_history(db: Connection) -> None:
    cursor = db.execute("SELECT * FROM spend AS OF '2026-03-16'")
    now = db.execute("SELECT * FROM spend")
    assert cursor.description == now.description
    assert cursor.amounts() == now.amounts() != ()


@pytest.mark.parametrize(
    ("sql", "kind", "message"),
    [
        ("SELECT * FROM spend AS OF '2026-03-14'", errors.BadValue, "begins with refresh 1"),
        ("SELECT * FROM spend AS OF 0", errors.BadValue, "begins with refresh 1"),
        ("SELECT * FROM spend AS OF 'yesterday'", errors.BadValue, "'yesterday' is no time"),
        ("SELECT * FROM spend AS OF 1.5", errors.BadValue, "1.5 is no time"),
        ("SELECT * FROM spend FOR SYSTEM_TIME", errors.SqlError, "needs a time"),
        ("SELECT * FROM spend FOR SYSTEM_TIME AS OF", errors.SqlError, "needs a time"),
        ("SELECT * FROM nothing AS OF '2026'", errors.UnknownName, "nothing keeps no history"),
        ("SELECT * FROM bills.all.credits AS OF 1", errors.UnknownName, "credits keeps no history"),
        (
            "WITH spend AS (SELECT 1) SELECT * FROM spend AS OF 1",
            errors.UnknownName,
            "spend keeps no history",
        ),
    ],
)
def test_what_was_never_known_is_an_error(
    db: Connection, sql: str, kind: type[errors.Error], message: str
) -> None:
    with pytest.raises(kind, match=message):
        rows(db, sql)


def test_an_error_behind_it_stands_where_it_was_written(db: Connection) -> None:
    sql = "SELECT amount FROM spend AS OF '2026' WHERE nothing = 1"
    with pytest.raises(errors.SqlError) as caught:
        rows(db, sql)
    assert caught.value.offset == sql.index("nothing")


def test_a_number_from_before_a_history_is_not_of_it(db: Connection) -> None:
    db.execute("CREATE MATERIALIZED VIEW late AS SELECT * FROM bills.all.lines")
    with pytest.raises(errors.BadValue, match="What late was as of 1 is not known"):
        rows(db, "SELECT * FROM late AS OF 1")
