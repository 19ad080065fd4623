"""Currencies are not mixed: sums know the currency beside an amount."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import billql
from support.books import books

NOTES: list[str] = []


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[billql.Connection]:
    NOTES.clear()
    with books(tmp_path, warn=NOTES.append) as connection:
        connection.execute("CREATE TABLE own (amount DECIMAL, currency TEXT)")
        connection.execute("INSERT INTO own VALUES (1.5, 'USD'), (2, 'EUR')")
        yield connection


def run(connection: billql.Connection, sql: str, *values: object) -> list[Any]:
    cursor = connection.execute(sql.replace("@", "own.all."), values)
    assert cursor.description is not None
    return [tuple(column[0] for column in cursor.description), *cursor.fetchall()]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT money_sum(amount) FROM @invoices WHERE id < 4",
        "SELECT money_sum(i.amount) FROM @invoices AS i WHERE id < 4",
        "SELECT money_sum(amount) + 1 FROM @invoices WHERE id < 4",
        "SELECT abs(money_sum(invoices.amount)) FROM @invoices WHERE id < 4",
        "SELECT count(*) FROM @invoices WHERE id < 4 HAVING money_sum(amount) > 0",
        "SELECT money_sum(i.amount) FROM @payments p JOIN @invoices i ON i.id = p.invoice AND id<4",
        "WITH x AS (SELECT * FROM @invoices WHERE id < 4) SELECT money_sum(amount) FROM x",
        "SELECT money_sum(a) FROM (SELECT amount AS a, currency FROM @invoices WHERE id < 4) AS x",
        "SELECT money_sum(a) FROM (SELECT amount AS a, currency FROM @invoices WHERE id < 4)",
        "SELECT money_sum(s) FROM (SELECT currency AS c, sum(amount) AS s FROM @invoices "
        "WHERE id < 4 GROUP BY 1)",
        "SELECT money_sum(amount, currency) FROM @invoices WHERE id < 4",
        "SELECT money_sum(amount * 2, currency) FROM @invoices WHERE id < 4",
        "SELECT money_sum(amount) OVER (ORDER BY id) FROM @invoices WHERE id < 4",
        "SELECT (SELECT money_sum(amount) FROM @invoices WHERE id < 4)",
    ],
)
def test_two_currencies_are_an_error(connection: billql.Connection, sql: str) -> None:
    with pytest.raises(billql.BadValue, match=r"would add amounts in JPY and USD") as caught:
        run(connection, sql.replace("id<4", "i.id < 4"))
    assert "GROUP BY currency, or choose one: WHERE currency = '" in str(caught.value.hint)


def test_views_and_own_tables(connection: billql.Connection) -> None:
    connection.execute("CREATE VIEW v AS SELECT amount AS a, currency AS c FROM own.all.invoices")
    with pytest.raises(billql.BadValue, match="JPY, KWD, USD, USDC and no currency"):
        run(connection, "SELECT money_sum(a) FROM v")
    with pytest.raises(billql.BadValue, match="EUR and USD"):
        run(connection, "SELECT money_sum(amount) FROM own")
    connection.execute("CREATE VIEW sums AS SELECT sum(amount) AS s FROM own")
    ((sql,),) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'sums'").fetchall()
    assert sql == "CREATE VIEW sums AS SELECT sum(amount) AS s FROM own"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "SELECT currency, money_sum(amount) FROM @invoices WHERE id < 5 GROUP BY currency",
            [("currency", "money_sum(amount)"), ("JPY", 4396080.0), ("USD", 3240.55)],
        ),
        (
            "SELECT money(money_sum(paid), currency) FROM @payments WHERE id < 13",
            [("money(money_sum(paid), currency)",), (2694.3,)],
        ),
        ("SELECT money_sum(monthly) AS m FROM @prices", [("m",), (1234590.0,)]),
        ("SELECT money_sum(hours) FROM @invoices", [("money_sum(hours)",), (54.5,)]),
        ("SELECT money_sum(DISTINCT tax) FROM @invoices WHERE id < 3",
         [("money_sum(DISTINCT tax)",), (615.71,)]),
        ("SELECT coalesce(0, money_sum(amount)) AS z FROM @invoices WHERE id < 3", [("z",), (0,)]),
        ("SELECT money_sum(amount) FROM @invoices WHERE id < 3 UNION SELECT 1",
         [("money_sum(amount)",), (1,), (3240.55,)]),
        ("SELECT total(amount), count(*) FROM @invoices WHERE currency = 'USD'",
         [("total(amount)", "count(*)"), (3240.55, 2)]),
    ],
)  # fmt: skip
def test_one_currency_is_added(
    connection: billql.Connection, sql: str, expected: list[Any]
) -> None:
    assert run(connection, sql) == expected
    assert NOTES == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(amount) FROM @invoices WHERE id < 4",
        "SELECT count(*), avg(i.amount) AS mean FROM @invoices i WHERE id < 4",
        "SELECT * FROM (SELECT round(total(amount), 1) FROM @invoices WHERE id < 4)",
        "SELECT month, sum(amount) FROM @invoices WHERE id < 4 GROUP BY month",
        "SELECT id, sum(amount) OVER (ORDER BY id) FROM @invoices WHERE id < 4",
        "SELECT total(amount) OVER w AS t FROM @invoices WHERE id < 4 WINDOW w AS ()",
        "SELECT avg(amount) FILTER (WHERE id < 4) FROM @invoices",
        "SELECT sum(amount) FILTER (WHERE id < 4) OVER (ORDER BY id) FROM @invoices",
        "SELECT sum(amount) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) "
        "FROM @invoices WHERE id < 4",
        "SELECT sum(DISTINCT amount) FROM @invoices WHERE id < 4",
        "SELECT sum(amount - coalesce(tax, 0)) FROM @invoices WHERE id < 4",
        "SELECT sum(amount / 100.0) + 1 FROM @invoices WHERE id < 4",
        "SELECT sum(CASE WHEN id < 4 THEN amount ELSE 0 END) FROM @invoices",
        "SELECT sum(iif(id < 4, i.amount, 0)) FROM @invoices AS i",
        "WITH x AS (SELECT month, sum(amount) AS s FROM @invoices WHERE id < 4 GROUP BY 1) "
        "SELECT month, s FROM x",
        "WITH x AS (SELECT currency AS c, sum(amount) AS s FROM @invoices WHERE id < 4 GROUP BY 1) "
        "SELECT sum(s) FROM x",
        "SELECT avg(n) FROM (SELECT i.amount - tax AS n, i.currency FROM @invoices i WHERE id < 4)",
        "SELECT sum(gross) FROM taxed WHERE id < 4",
        "SELECT s FROM sums",
        "SELECT * FROM oversums",
        "WITH a AS (SELECT 1) SELECT s, n FROM main.oversums, a, sums",
        "SELECT 1 WHERE 'x' NOT IN (SELECT s FROM sums)",
        "SELECT 1 WHERE 7 NOT IN oversums",
        "SELECT s FROM main.sums",
        'SELECT Main.sums.s, x.n FROM "main".Sums, main.oversums AS x',
        "SELECT s FROM temp.held",
        "SELECT * FROM (SELECT held.s FROM held)",
        "WITH sums AS (SELECT s AS n FROM main.sums) SELECT n FROM sums",
        "WITH x AS (SELECT * FROM temp.held) SELECT s FROM x UNION ALL SELECT 1",
        "SELECT n FROM other.oversums",
        "SELECT sum(gross) FROM main.taxed AS t WHERE t.id < 4",
        "SELECT sum(main.taxed.gross) FROM main.taxed WHERE id < 4",
        "SELECT avg(gross) FROM (SELECT gross, currency FROM temp.few)",
        "WITH x AS (SELECT gross AS g, currency AS c FROM temp.few) SELECT total(g) FROM x",
    ],
)
def test_sums_of_several_currencies_are_noted(connection: billql.Connection, sql: str) -> None:
    views = (
        "taxed AS SELECT id, amount + tax AS gross, currency FROM own.all.invoices",
        "sums AS SELECT sum(amount), 2 * total(amount) AS s FROM own.all.invoices WHERE id < 4",
        "oversums AS SELECT s + 1 AS n FROM sums",
    )
    for view in views:
        connection.execute(f"CREATE VIEW {view}")
    connection.execute("CREATE TEMP VIEW held AS SELECT * FROM sums")
    connection.execute("CREATE TEMP VIEW few AS SELECT * FROM taxed WHERE id < 4")
    connection.execute("ATTACH ':memory:' AS other")
    connection.execute("CREATE TABLE other.held AS SELECT * FROM own.all.invoices WHERE id < 4")
    connection.execute("CREATE VIEW other.sums AS SELECT sum(amount) AS s FROM held")
    connection.execute("CREATE VIEW other.oversums(n) AS SELECT s + 1 FROM sums")
    cursor = connection.execute(sql.replace("@", "own.all."))
    assert cursor.fetchall()
    (note,) = NOTES
    assert note.startswith("A sum or an average is of amounts in JPY and USD.")
    assert "GROUP BY c" in note


@pytest.mark.parametrize("sum_", ["sum", "money_sum"])
def test_a_currency_is_chosen_as_it_is_written(connection: billql.Connection, sum_: str) -> None:
    connection.execute("CREATE TABLE lower AS SELECT amount, lower(currency) AS currency FROM own")
    try:
        hint = str(run(connection, f"SELECT {sum_}(amount) FROM lower") and NOTES[0])
    except billql.BadValue as error:
        hint = str(error.hint)
    chosen = hint.partition("choose one: ")[2].rstrip(".")
    assert run(connection, f"SELECT count(*) FROM lower {chosen}")[1] == (1,)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT currency, sum(amount) FROM @invoices GROUP BY currency",
        "SELECT sum(amount) FROM @invoices WHERE currency = 'JPY'",
        "SELECT sum(amount) OVER (PARTITION BY currency) FROM @invoices",
        "SELECT sum(amount) OVER (ORDER BY id ROWS CURRENT ROW) FROM @invoices",
        "SELECT sum(amount) FILTER (WHERE currency = 'JPY') FROM @invoices",
        "SELECT sum(CASE currency WHEN 'USD' THEN amount END) AS usd, "
        "sum(CASE WHEN currency = 'JPY' THEN amount ELSE 0 END) AS jpy, "
        "sum(iif(currency = 'KWD', amount, 0)) FROM @invoices",
        "SELECT sum(CASE WHEN amount > 0 THEN 1 ELSE 0 END), sum(amount > 0) FROM @invoices",
        "SELECT group_concat(amount), min(amount), max(amount), count(amount) FROM @invoices",
        "SELECT sum(hourly) FROM @prices",
        "SELECT sum(a) FROM (SELECT amount AS a, currency FROM @invoices), "
        "(SELECT currency FROM @prices)",
        "EXPLAIN QUERY PLAN SELECT sum(amount) FROM @invoices",
    ],
)
def test_sums_of_one_currency_are_not(connection: billql.Connection, sql: str) -> None:
    connection.execute(sql.replace("@", "own.all.")).fetchall()
    assert NOTES == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT s FROM v",
        "SELECT s, n FROM v, (SELECT count(*) AS n FROM v)",
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT n + 1 FROM a WHERE n < 3) "
        "SELECT s FROM v, a",
        "WITH own AS (SELECT 7 AS amount, 'JPY' AS currency) SELECT s, amount FROM v, own",
        "WITH v AS (SELECT 7 AS s) SELECT s FROM v",
        "SELECT s FROM main.v",
        "SELECT main.v.s, V.* FROM main.v",
        "WITH own AS (SELECT 7 AS amount, 'JPY' AS currency), x AS (SELECT s FROM main.v) "
        "SELECT * FROM x, own",
        "SELECT a.s FROM v AS a JOIN v AS b ON a.s = b.s AND a.s IN (SELECT s FROM v)",
        'SELECT "sum(amount)" FROM v',
        "CREATE TABLE made AS SELECT s FROM v",
        "INSERT INTO filled SELECT s FROM v",
    ],
)
@pytest.mark.parametrize("before", ["SELECT 1", "CREATE TEMP TABLE own (amount, currency)"])
def test_views_give_the_same_rows(connection: billql.Connection, sql: str, before: str) -> None:
    found = []
    with closing(sqlite3.connect(":memory:")) as plain:
        plain.execute("CREATE TABLE own (amount REAL, currency TEXT)")
        plain.execute("INSERT INTO own VALUES (1.5, 'USD'), (2, 'EUR')")
        for each in (connection, plain):
            each.execute("CREATE VIEW v AS SELECT sum(amount), 2 * sum(amount) AS s FROM own")
            each.execute("CREATE TABLE filled (s)")
            each.execute(before)
            cursor = each.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall() if names else []
            found.append((names, rows, each.execute("SELECT * FROM filled").fetchall()))
    assert found[0] == found[1]


def test_parameters_keep_their_numbers(connection: billql.Connection) -> None:
    sql = (
        "SELECT sum(amount) FILTER (WHERE id < ?), sum(CASE WHEN id < ?2 THEN amount ELSE ? END), "
        "? FROM @invoices WHERE id > ?"
    )
    assert run(connection, sql, 3, 2, 0, "x", 0)[1] == (3240.55, 1694.3, "x")
    assert NOTES == []


def test_a_sum_before_over_keeps_its_value(connection: billql.Connection) -> None:
    names, *rows = run(
        connection,
        "SELECT sum(tax) FILTER (WHERE id < 3) OVER (ORDER BY id), id FROM @invoices WHERE id < 4",
    )
    assert names == ("sum(tax) FILTER (WHERE id < 3) OVER (ORDER BY id)", "id")
    assert rows == [(321.92, 1), (615.71, 2), (615.71, 3)]


def test_names_of_expressions_stay(connection: billql.Connection) -> None:
    names, *_ = run(
        connection, "SELECT sum(amount) * 2, sum(tax), total(amount)AS t FROM @invoices WHERE id=1"
    )
    assert names == ("sum(amount) * 2", "sum(tax)", "t")
    connection.execute("CREATE TABLE s AS SELECT money_sum(tax) FROM own.all.invoices WHERE id = 1")
    assert run(connection, 'SELECT "money_sum(tax)" FROM s')[1] == (321.92,)


def test_errors_show_what_was_written(connection: billql.Connection) -> None:
    with pytest.raises(billql.SqlError) as caught:
        run(connection, "SELECT sum(amount), money_sum(amount), amuont FROM @invoices")
    assert caught.value.offset == len("SELECT sum(amount), money_sum(amount), ")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT amount - 1694.25 FROM @invoices WHERE id = 1", 0.05),
        ("SELECT tax + 0.2 - 0.3 FROM @invoices WHERE id = 7", 0.0),
        ("SELECT sum(amount) - 3240.55 + 1e-9 FROM @invoices WHERE id < 3", 1e-9),
        ("SELECT amount / 3 FROM @invoices WHERE id = 1", 1694.3 / 3),
        ("SELECT 1.00000000000001 + 0", 1.00000000000001),
        ("SELECT hours * 0.1 + 0.2 - 0.3 FROM @payments, (SELECT 1.0 AS hours)", 0.0),
        ("SELECT a - 1694.25, b FROM (SELECT amount AS a, amount / 3 AS b FROM @invoices)", 0.05),
        ("SELECT sum(gross) - 3092.5 - 615.66 FROM noisy WHERE id < 3", 148.1),
        ("SELECT less, amount / 3 FROM noisy WHERE id = 1", 0.05),
        ("SELECT third FROM noisy WHERE id = 1", 1694.3 / 3 - 1694.25),
        ("SELECT sum(paid) / 100.0 - 2694.25 FROM @payments WHERE id < 13", 0.05),
    ],
)
def test_differences_have_the_digits_of_their_parts(
    connection: billql.Connection, sql: str, expected: float
) -> None:
    connection.execute(
        "CREATE VIEW noisy AS SELECT id, amount + tax AS gross, amount - 1694.25 AS less, amount, "
        "amount / 3 - 1694.25 AS third FROM own.all.invoices"
    )
    found = connection.execute(sql.replace("@", "own.all.")).fetchone()
    assert found is not None
    assert f"{found[0]:.15g}" == f"{expected:.15g}"


@pytest.mark.parametrize(
    ("sql", "names", "expected"),
    [
        ("SELECT (amount - 1694.25)/3, id FROM @", ["(amount - 1694.25)/3", "id"], 0.05 / 3),
        ("SELECT 1/(amount-1694.25) AS x, (id+id)/2 FROM @", ["x", "(id+id)/2"], 20),
        (
            "SELECT (sum(amount) - 1694.25) * 2 / 3 FROM @",
            ["(sum(amount) - 1694.25) * 2 / 3"],
            0.1 / 3,
        ),
        (
            'SELECT "(amount - 1694.25)/3" AS x FROM (SELECT (amount - 1694.25)/3 FROM @)',
            ["x"],
            0.05 / 3,
        ),
        (
            "SELECT (amount - 1694.25)/3 FROM @ UNION SELECT NULL WHERE 0",
            ["(amount - 1694.25)/3"],
            0.05 / 3,
        ),
        ("SELECT (amount - 1694.25)/3 AS x FROM @ GROUP BY (amount - 1694.25)/3", ["x"], 0.05 / 3),
    ],
)
def test_quotients_are_those_of_amounts_without_noise(
    connection: billql.Connection, sql: str, names: list[str], expected: float
) -> None:
    connection.execute("CREATE TEMP TABLE one AS SELECT * FROM own.all.invoices WHERE id = 1")
    for table in ("own.all.invoices WHERE id = 1", "one"):
        if table != "one" and "@ " in sql:
            continue
        cursor = connection.execute(sql.replace("@", table))
        assert [column[0] for column in cursor.description or ()] == names
        (row,) = cursor.fetchall()
        assert row[0] == expected
    connection.execute(f"CREATE TABLE made AS {sql.replace('@', 'one')}")
    assert connection.execute("SELECT * FROM made").fetchall() == [row]
    assert [name for _, name, *_ in connection.execute("PRAGMA table_info(made)")] == names


def test_a_union_is_ordered_by_what_stands_in_it(connection: billql.Connection) -> None:
    sql = "SELECT (amount - 1694.25) / 3 FROM own UNION SELECT 1 ORDER BY (amount - 1694.25) / 3"
    assert len(connection.execute(sql).fetchall()) == 3


def test_programs_read_no_noise(connection: billql.Connection) -> None:
    connection.decimals = True
    sql = "SELECT tax + 0.2 - 0.3 AS rest, amount - 12.3 FROM own.all.invoices WHERE id = 7"
    assert list(map(str, connection.execute(sql).fetchall()[0])) == ["0", "0.045678"]


@pytest.mark.parametrize(
    ("sql", "is_amount"),
    [
        ("SELECT sum(amount) FROM own", False),
        ("SELECT sum(amount) FROM temp.own", False),
        ("SELECT sum(amount) FROM main.own", True),
        ("SELECT sum(amount) FROM other.own", False),
        ("SELECT sum(s.amount) FROM (SELECT amount FROM other.own) AS s", False),
        ("WITH s AS (SELECT * FROM main.own) SELECT sum(amount) FROM s", True),
    ],
)
def test_tables_of_one_name_in_several_databases(
    connection: billql.Connection, sql: str, is_amount: bool
) -> None:
    """SQLite looks for a name in temp first: https://sqlite.org/lang_naming.html."""
    connection.execute("ATTACH ':memory:' AS other")
    connection.execute("CREATE TEMP TABLE own AS SELECT 1 AS amount")
    connection.execute("CREATE TABLE other.own AS SELECT 2 AS amount")
    cursor = connection.execute(sql)
    cursor.fetchall()
    assert [one is not None for one in cursor.amounts()] == [is_amount]
    assert bool(NOTES) == is_amount
