"""Row values beside RIGHT and FULL JOIN are not looked up, and nothing else is changed."""

from __future__ import annotations

import pytest

from billql.sql.row_values import row_value_edits
from billql.sql.source_map import apply_edits
from billql.sql.statements import parse


def edited(sql: str) -> str:
    return apply_edits(sql, sorted(row_value_edits(parse(sql))))


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("(x, y) IN (SELECT 1, 2)", "+((x, y) IN (SELECT 1, 2))"),
        ("NOT (x, f(y)) in (VALUES (1, 2))", "NOT +((x, f(y)) in (VALUES (1, 2)))"),
        ("x = 1 AND (x, (y)) IN (SELECT 1, 2)", "x = 1 AND +((x, (y)) IN (SELECT 1, 2))"),
        (
            "((x, y) IN (SELECT x, y FROM b WHERE (x, y) IN (VALUES (1, 2))) OR y)",
            "(+((x, y) IN (SELECT x, y FROM b WHERE +((x, y) IN (VALUES (1, 2))))) OR y)",
        ),
    ],
)
def test_what_is_not_looked_up(condition: str, found: str) -> None:
    for join in ("RIGHT JOIN", "FULL OUTER JOIN"):
        select = f"SELECT * FROM a {join} b ON a.x = b.x WHERE "
        assert edited(select + condition) == select + found


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM a LEFT JOIN b WHERE (x, y) IN (SELECT 1, 2)",
        "SELECT * FROM a RIGHT JOIN b WHERE (x) IN (1, 2) AND max(x, y) IN (1, 2)",
        "SELECT * FROM a RIGHT JOIN b WHERE (x, y) NOT IN (SELECT 1, 2) AND x + (y) IN (1)",
        "SELECT * FROM a RIGHT JOIN b WHERE (x, y) IN t AND (x, y) = (1, 2)",
        "SELECT * FROM a RIGHT JOIN b WHERE x) IN (SELECT 1",
        "SELECT * FROM a RIGHT JOIN b WHERE (x, y) IN (SELECT 1",
        "SELECT * FROM a RIGHT JOIN b WHERE (x, y) IN",
    ],
)
def test_what_stays(sql: str) -> None:
    assert edited(sql) == sql
