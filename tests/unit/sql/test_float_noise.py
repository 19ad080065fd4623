"""The noise of sums and differences in floating point, and where nothing is taken away."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.sql.float_noise import added_columns, divided_groups, without_noise
from billql.sql.statements import parse

VIEW = "CREATE VIEW taxed AS SELECT id, a + b AS g, a / b AS m FROM t"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1234567.89 - 1234567.84, 0.05),
        (0.1 + 0.2 - 0.3, 0.0),
        (148.049999999999, 148.05),
        (100000148.05 - 100000000, 148.05),
        (5.26310884691849, 5.26310884691849),
        (100 / 3, 100 / 3),
        (0.00744, 0.00744),
        (123456789012.34, 123456789012.34),
        (1e-7, 1e-7),
        (1e20, 1e20),
        (float("inf"), float("inf")),
        (5, 5),
        ("0.30000000000000004", "0.30000000000000004"),
        (None, None),
    ],
)
def test_noise(value: object, expected: object) -> None:
    assert without_noise(value) == expected


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_a_difference_of_cents_has_cents(left: int, right: int) -> None:
    found = without_noise(left / 100 - right / 100)
    assert isinstance(found, float)
    assert f"{found:.15g}" == f"{(left - right) / 100:.15g}"


@pytest.mark.parametrize(
    ("sql", "added"),
    [
        ("SELECT a - b AS x FROM t", "x"),
        ("SELECT a - b FROM t", "a - b"),
        ("SELECT sum(a) x FROM t HAVING d / 3 >= avg(e)", "x"),
        ("SELECT coalesce(sum(a), 0) AS x FROM t GROUP BY b % 7", "x"),
        ("SELECT a AS x FROM t", ""),
        ("SELECT a / b - c AS x, a - c AS y, avg(a) - 1 AS z FROM t", "y"),
        ("SELECT sqrt(a) + 1 AS x FROM t", ""),
        ('SELECT "sqrt"(a) + 1 AS x FROM t', ""),
        ("SELECT a - 1.00000000000001 AS x FROM t", ""),
        ("SELECT a / 100.0 - b / 1000 AS x, a / 3 - b AS y, a / 100.5 - c AS z FROM t", "x"),
        ("SELECT CASE WHEN a THEN b - c END AS x, CAST(a - b AS REAL) AS y FROM t", "x y"),
        ("WITH m AS (SELECT sum(a) AS s, avg(a) AS v FROM t) SELECT s, v, s - v AS d FROM m", "s"),
        ("WITH m AS (SELECT sum(a) AS s, avg(a) AS v FROM t) SELECT * FROM m", "s"),
        (
            "WITH m AS (SELECT p, sum(a) AS s FROM t GROUP BY 1) "
            "SELECT p, s - lag(s) OVER (ORDER BY p) AS d, 100.0 * s / lag(s) OVER () AS r FROM m",
            "d",
        ),
        ("WITH m (s, v) AS (SELECT sum(a), avg(a) FROM t) SELECT s - 1 AS x FROM m", ""),
        ("WITH m (s, v) AS (SELECT sum(a), max(a) FROM t) SELECT s - 1 AS x FROM m", "x"),
        ("SELECT s.x - 1 AS y FROM (SELECT avg(a) AS x FROM t) AS s", ""),
        ("SELECT a - b AS x FROM t UNION ALL SELECT c FROM u", "x"),
        ("SELECT a - b AS x FROM t UNION ALL SELECT avg(c) FROM u", ""),
        ("SELECT a - b AS x FROM t UNION ALL SELECT * FROM u", "x"),
        ("SELECT g FROM taxed", "g"),
        ("SELECT g - 1 AS x, m - 1 AS y FROM taxed", "x"),
        ("SELECT * FROM taxed", "g"),
    ],
)
def test_columns_that_are_added_up(sql: str, added: str) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE t (a, b, c, d, e, p, id)")
        database.execute("CREATE TABLE u (c)")
        database.execute(VIEW)
        names = [column[0] for column in database.execute(sql).description]
    views = [parse(VIEW)] if "taxed" in sql else []
    found = added_columns(parse(sql), views, names)
    assert " ".join(names[place] for place in found) == added


@pytest.mark.parametrize(
    ("columns", "groups"),
    [
        ("(a - b) / 3", [0]),
        ("1 / (a - b), (a + b) * 2 / 7 AS x", [4, 13]),
        ("(a) / 3, a - b / 3, (a - b), (a - b) * 2", []),
        ("((a - b)) / 3", [0]),
        ("((a - b) / 3 - c) / 7", []),
        ("(avg(a) - b) / 3, (a - b / 3) / 7, (sqrt(a) - b) / 3", []),
        ("coalesce(a - b, 0) / 3, abs((a - b) / 3)", [28]),
        ("(a - b) / 2, (a - b) / 100.0", []),
        ("1.5 ( ) / 3", []),
        ("(SELECT a - b) / 3, a IN (a - b) / 3", []),
        ("(g - 1) / 3, (m - 1) / 3", [0]),
    ],
)
def test_differences_that_are_divided(columns: str, groups: list[int]) -> None:
    sql = f"SELECT {columns} FROM taxed, t"
    found = [token.start for _, token in divided_groups(parse(sql), [parse(VIEW)])]
    assert found == [len("SELECT ") + start for start in groups]
