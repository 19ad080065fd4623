"""What stands beside a parameter is read from its text."""

from __future__ import annotations

import pytest

from billql.sql.compared import NUMBER, TEXT, UNKNOWN, Side, compared_with, defined_names
from billql.sql.statements import parse

A = Side("column", "a")
B = Side("column", "b")


@pytest.mark.parametrize(
    ("condition", "sides"),
    [
        # A column, on either side of every operator.
        *((f"a {operator} :x", {A}) for operator in ("=", "==", "<>", "!=", "<", "<=", ">", ">=")),
        *((f":x {operator} a", {A}) for operator in ("=", "<", ">=")),
        ("t.a = :x", {A}),
        ('"t"."A" = :x', {A}),
        ("p.s.r.a = :x", {A}),
        ("a IS :x", {A}),
        ("a IS NOT :x", {A}),
        ("a IS DISTINCT FROM :x", {A}),
        ("a IS NOT DISTINCT FROM :x", {A}),
        (":x IS a", {A}),
        (":x IS NOT a", {A}),
        (":x IS NOT DISTINCT FROM a", {A}),
        ("a COLLATE nocase = :x", {A}),
        ("(a) = :x", {A}),
        ("a = (:x)", {A}),
        ("a = ((:x))", {A}),
        ("NOT a = :x", {A}),
        ("b = 1 AND a = :x", {A}),
        # Several at once.
        ("a BETWEEN :x AND 5", {A}),
        ("a BETWEEN 5 AND :x", {A}),
        ("a NOT BETWEEN 5 AND :x", {A}),
        ("a BETWEEN b + 1 AND :x", {A}),
        (":x BETWEEN a AND b", {A}),
        ("a IN (:x)", {A}),
        ("a IN (1, :x, 3)", {A}),
        ("a NOT IN (1, abs(2), :x)", {A}),
        (":x IN (a, b)", {A}),
        ("a = :x OR b < :x", {A, B}),
        ("a BETWEEN 1 AND 2 AND b = :x", {B}),
        ("a = 1 AND :x", set()),
        # Expressions.
        ("sum(a) > :x", {NUMBER}),
        ("sum(a) FILTER (WHERE b) > :x", {NUMBER}),
        ("count(*) OVER (PARTITION BY b) > :x", {NUMBER}),
        (":x < sum(a) OVER (ORDER BY b)", {NUMBER}),
        ("a + b > :x", {NUMBER}),
        ("a * 2 > :x", {NUMBER}),
        ("- a > :x", {NUMBER}),
        (":x < -a", {NUMBER}),
        (":x < a * 2", {NUMBER}),
        ("(a - b) > :x", {NUMBER}),
        ("5 < :x", {NUMBER}),
        ("CAST(a AS INTEGER) = :x", {NUMBER}),
        ("CAST(text AS REAL) = :x", {NUMBER}),
        ("round(a, 2) BETWEEN :x AND 5", {NUMBER}),
        ("substr(a, 1, 4) = :x", {TEXT}),
        ("strftime('%Y', a) IN (:x, '2025')", {TEXT}),
        (":x = upper(a)", {TEXT}),
        ("a || b = :x", {TEXT}),
        (":x = a || b", {TEXT}),
        ("a LIKE :x", {TEXT}),
        ("a NOT LIKE :x", {TEXT}),
        ("a LIKE 'x' || :x", {TEXT}),
        (":x || '%' = 1", {TEXT}),
        ("'5' = :x", {TEXT}),
        ("CAST(a AS TEXT) = :x", {TEXT}),
        # What may yield anything.
        ("coalesce(a, 0) = :x", {UNKNOWN}),
        ("a ->> 'b' = :x", {UNKNOWN}),
        ("(SELECT max(a) FROM t) = :x", {UNKNOWN}),
        ("CASE WHEN a THEN 1 END = :x", {UNKNOWN}),
        ("NULL = :x", {UNKNOWN}),
        (":y = :x", {UNKNOWN}),
        # Nothing is compared.
        (":x IS NULL", {UNKNOWN}),
        ("f(a, :x)", set()),
        ("a IN (SELECT :x)", set()),
        ("a IN (f(:x))", set()),
        ("a IN (VALUES (:x))", set()),
    ],
)
def test_what_a_parameter_is_compared_with(condition: str, sides: set[Side]) -> None:
    statement = parse(f"SELECT * FROM t WHERE {condition}")
    assert compared_with(statement).get("x", set()) == sides


@pytest.mark.parametrize(
    "sql",
    ["SELECT :x", "SELECT 1 LIMIT :x", "INSERT INTO t VALUES (:x)", "SELECT '= :x'", ":x", "", "("],
)
def test_what_is_no_comparison(sql: str) -> None:
    assert not compared_with(parse(sql)).get("x")


def test_marks_of_names() -> None:
    found = compared_with(parse("SELECT 1 WHERE a = @x AND b = $y AND c = ? AND d = ?1"))
    assert found == {"x": {A}, "y": {B}}


@pytest.mark.parametrize("text", ["=", ")", "IN (", ":x =", "= :x", "a BETWEEN", "((:x", ":x)) ="])
def test_any_text_is_read(text: str) -> None:
    compared_with(parse(f"SELECT {text} :x"))
    defined_names(parse(f"WITH {text} AS"))


def test_names_that_a_statement_defines() -> None:
    sql = 'WITH k(a, "B") AS (SELECT 1, 2), m AS (SELECT f(c) AS d FROM t) SELECT e AS "F g" FROM k'
    assert defined_names(parse(sql)) >= {"a", "b", "d", "f g"}
    assert defined_names(parse(sql)).isdisjoint({"c", "e", "t"})
