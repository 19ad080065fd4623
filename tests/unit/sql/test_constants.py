"""The texts that a statement itself compares something with."""

from __future__ import annotations

from typing import Any

import pytest

from billql.sql.constants import compared_texts
from billql.sql.statements import parse


@pytest.mark.parametrize(
    ("sql", "bindings", "expected"),
    [
        ("SELECT 'Total' FROM t WHERE a = 'x'", (), {"x"}),
        ("SELECT 'Total', 5 UNION SELECT a FROM t ORDER BY 1", (), set()),
        ("SELECT a FROM t WHERE 'it''s' <= a", (), {"it's"}),
        ("SELECT a FROM t WHERE a IN ('x', 'y', 5) AND f('z')", (), {"x", "y", "5"}),
        ("SELECT a FROM t WHERE a BETWEEN 'x' AND 'y'", (), {"x", "y"}),
        ("SELECT a FROM t WHERE (a, b) > ('x', 1)", (), {"x", "1"}),
        ("SELECT CASE a WHEN 'x' THEN 'y' ELSE 'z' END FROM t", (), {"x"}),
        ("SELECT a FROM t WHERE a IS NOT 'x' OR a IS DISTINCT FROM 'y'", (), {"x", "y"}),
        ("SELECT a FROM t WHERE a > ? AND b = ?", ["x", 5], {"x", "5"}),
        ("SELECT a FROM t WHERE a > :a", {"a": "x", "b": None}, {"x"}),
        ("SELECT * FROM (SELECT a UNION ALL SELECT 'Total' LIMIT 5) WHERE a < 'x'", (), {"x"}),
        ("SELECT a FROM t WHERE a IN (SELECT 'y' AS b) AND (SELECT 'z') AND 'x' IS a", (), {"x"}),
        ("SELECT ')' FROM t) WHERE a = 'x'", (), {"x"}),
    ],
)
def test_texts_that_are_compared(sql: str, bindings: Any, expected: set[str]) -> None:
    assert compared_texts(parse(sql), bindings) == expected
