"""What is put beside columns that are conditions, and that it changes no answer."""

from __future__ import annotations

import itertools

import apsw
import pytest

from billql.sql.source_map import apply_edits
from billql.sql.statements import parse
from billql.sql.truth_values import truth_edits


def edited(sql: str) -> str:
    return apply_edits(sql, truth_edits(parse(sql), lambda: {"open"}))


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("open", "(open AND open <> 0)"),
        ("(open)", "((open AND open <> 0))"),
        ("t.open", "(t.open AND t.open <> 0)"),
        ('"open"', '("open" AND "open" <> 0)'),
        ("main.t.OPEN", "(main.t.OPEN AND main.t.OPEN <> 0)"),
        ("NOT open", "(NOT open AND open <> 1)"),
        ("NOT NOT open", "(NOT NOT open AND open <> 0)"),
        ("NOT ((open))", "(NOT ((open)) AND open <> 1)"),
        ("open IS TRUE", "(open IS TRUE AND open <> 0)"),
        ("open IS FALSE", "(open IS FALSE AND open <> 1)"),
        ("NOT open IS NOT TRUE", "(NOT open IS NOT TRUE AND open <> 0)"),
        ("NOT open = 0", "(NOT open = 0 AND open <> 0)"),
        ("NOT (open = TRUE)", "(NOT (open = TRUE) AND open <> TRUE)"),
        ("NOT open <> 1", "(NOT open <> 1 AND open = 1)"),
        ("id AND open OR NOT open", "id AND (open AND open <> 0) OR (NOT open AND open <> 1)"),
        ("id BETWEEN 0 AND 1 AND open", "id BETWEEN 0 AND 1 AND (open AND open <> 0)"),
    ],
)
def test_what_follows_stands_beside(condition: str, found: str) -> None:
    assert edited(f"SELECT id FROM t WHERE {condition}") == f"SELECT id FROM t WHERE {found}"


@pytest.mark.parametrize(
    "sql",
    [
        # NULL is wanted as well, or nothing follows.
        *(
            f"SELECT id FROM t WHERE {one}"
            for one in (
                *("open IS NOT TRUE", "open IS NOT FALSE", "NOT open IS TRUE", "open IS NULL"),
                *("open IS NOT DISTINCT FROM TRUE", "NOT open IN (0)", "NOT (open AND id > 1)"),
                # They can be sent as they are.
                *("open = 1", "open <> 0", "open > 0"),
                # Another value is compared, whose affinity would be lost.
                *("(open) = '1'", "((open)) + 0", "(open, id) = (1, 2)", "id BETWEEN 0 AND open"),
                *("id BETWEEN CASE WHEN 1 AND 0 THEN 1 END AND open", "open || '' = '1'"),
                *("open COLLATE NOCASE", "other", "open(id)", "t.open.other"),
            )
        ),
        # It would change the name of a column.
        "SELECT id OR open FROM t",
        "SELECT id AND open, count(*) FROM t GROUP BY id AND open ORDER BY id OR open",
        # It is stored, and is to be the same for other programs.
        "CREATE VIEW v AS SELECT id FROM t WHERE open",
        "CREATE INDEX i ON t (id) WHERE open",
        "CREATE TEMP TRIGGER r AFTER DELETE ON u BEGIN SELECT id FROM t WHERE open; END",
    ],
)
def test_nothing_stands_beside(sql: str) -> None:
    assert edited(sql) == sql


def test_a_column_may_have_other_names() -> None:
    found = edited(
        "WITH c AS (SELECT open AS o FROM t), d AS (SELECT o AS p FROM c) "
        "SELECT o AS q FROM d WHERE p AND d.o AND q AND r"
    )
    assert found.endswith("WHERE (p AND p <> 0) AND (d.o AND d.o <> 0) AND (q AND q <> 0) AND r")


def test_other_statements_are_not_looked_at() -> None:
    def fail() -> set[str]:
        raise AssertionError("no column is a condition")

    assert not list(truth_edits(parse("SELECT open FROM t WHERE id = 1 AND x > 2"), fail))


CONDITIONS = (
    *("open", "NOT open", "NOT NOT open", "(open)", "NOT (open)", "open IS TRUE", "open IS FALSE"),
    *("open IS NOT TRUE", "open IS NOT FALSE", "NOT open IS TRUE", "NOT open IS NOT FALSE"),
    *("NOT open = 0", "NOT open = 1", "NOT open <> TRUE", "NOT (open == FALSE)", "(open) = '1'"),
    *("NOT (open OR open IS NULL)", "(open AND 2) = 1", "NOT (NOT open)"),
)
VALUES = (0, 1, 2, -1, 0.5, 0.0, None, "1", "0", "0.0", " 1", "abc", "1x", "", b"1", b"", "true")


@pytest.mark.parametrize(
    "affinity", ["INTEGER", "TEXT", "REAL", "BLOB", "NUMERIC", "TEXT COLLATE NOCASE"]
)
def test_answers_are_the_same_for_any_value(affinity: str) -> None:
    database = apsw.Connection(":memory:")
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, open {affinity})")
    database.executemany("INSERT INTO t (open) VALUES (?)", [(one,) for one in VALUES])
    shapes = (
        "SELECT id FROM t WHERE {0}",
        "SELECT id FROM t WHERE id < 3 OR {0} AND {1}",
        "SELECT id FROM t WHERE ({0} OR {1}) AND id > 1",
        "SELECT a.id, b.i FROM t a LEFT JOIN (SELECT id AS i FROM t) b ON {0} AND b.i = a.id",
        "SELECT open, count(*) FROM t GROUP BY open HAVING {0} OR {1}",
        "SELECT id, (SELECT count(*) FROM t u WHERE {0} AND u.id > t.id) FROM t WHERE {1}",
        "SELECT count(*) FILTER (WHERE {0}), sum(CASE WHEN {1} AND {0} THEN 1 ELSE 2 END) FROM t",
    )
    edits = 0
    for shape in shapes:
        for one, other in itertools.product(CONDITIONS, repeat=2):
            sql = shape.format(one, other)
            made = edited(sql)
            edits += made != sql
            assert sorted(map(repr, database.execute(made))) == sorted(
                map(repr, database.execute(sql))
            ), made
    assert edits > 500
