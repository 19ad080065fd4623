"""The texts that a statement itself compares something with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billql.fetching._constant_texts import ConstantText, constant_texts
from billql.sql.statements import parse
from billql.sql.tokenizer import Token


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
        ("SELECT a FROM t WHERE a > 'Oct' || 'ober' AND b", (), {"October"}),
        ("SELECT a FROM t WHERE upper('x') || lower('Y') <= a || 'z'", (), {"Xy"}),
        ("SELECT a FROM t WHERE a || 'x' = b || 'y' OR a > -'1' + 2 * (3 + 4)", (), {"13"}),
        ("SELECT a FROM t WHERE a COLLATE time NOT IN ('x' || 'y', b, 'z')", (), {"xy", "z"}),
        ("SELECT a FROM t WHERE a NOT BETWEEN 'x' || 1 AND coalesce(NULL, 'y')", (), {"x1", "y"}),
        ("SELECT a WHERE (a, b) = ('x' || 'y', (upper('z')))", (), {"xy", "Z"}),
        (
            "SELECT CASE a WHEN 'x' || 'y' THEN b = 'z' END WHERE CASE WHEN a THEN 'w' END",
            (),
            {"xy", "z"},
        ),
        ("SELECT a FROM t WHERE a > CAST(5 AS TEXT) AND a < CAST(a AS TEXT)", (), {"5"}),
        ('SELECT a FROM t WHERE a = "b" OR a = upper("b") OR a = NULL OR a IS NULL', (), set()),
        ("SELECT a FROM t WHERE a = (SELECT 'x') OR a IN (VALUES ('x')) OR a = x'00'", (), set()),
        ("SELECT a WHERE a = ?2 AND b = ? AND c = ?9", ["u", "x", "z"], {"u", "x", "z"}),
        ("SELECT ?, a WHERE a = ? || 'y' AND b = ?3", ["u", "x", "z"], {"u", "x", "xy", "z"}),
        ("SELECT a WHERE a = :x || 'y' AND b < :z || ''", {"x": "x"}, {"x", "xy"}),
        ("SELECT a WHERE a =", (), set()),
        ("SELECT a WHERE < 'x' AND IN ('y', ", (), {"x"}),
    ],
)
def test_texts_that_are_compared(sql: str, bindings: Any, expected: set[str]) -> None:
    assert {one.text for one in constant_texts(parse(sql), bindings)} == expected


@pytest.mark.parametrize(
    ("condition", "columns"),
    [
        ("a NOT IN ('x', 'y' || 'z')", ["a", "a"]),
        ("t.At BETWEEN 'x' AND 'y'", ["at", "at"]),
        ("'x' < \"A b\"", ["a b"]),
        ("max(a) > 'x' OR a || 'y' > 'x'", ["", ""]),
        ("CASE a WHEN 'x' THEN 1 WHEN 'y' THEN CASE WHEN b = 'z' THEN 2 END END", ["a", "a", "b"]),
        ("a COLLATE time IS NOT DISTINCT FROM 'x'", ["a"]),
        ("(a, b) > ('x', 1)", ["a", "b"]),
    ],
)
def test_the_columns_beside_them(condition: str, columns: list[str]) -> None:
    found = constant_texts(parse(f"SELECT 1 FROM t WHERE {condition}"), ())
    assert [one.column for one in found] == columns
    assert ConstantText("x", columns[0]) in constant_texts(parse(f"SELECT {condition}"), ())


class Looks(tuple[Token, ...]):
    """Tokens that count how many of them are looked at."""

    seen = 0

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        Looks.seen += len(found) if isinstance(at, slice) else 1
        return found

    def __iter__(self) -> Iterator[Token]:
        Looks.seen += len(self)
        return super().__iter__()


@pytest.mark.parametrize("value", ["'x'", "?", "?2", ":a", "'x' || ?"])
def test_a_long_list_is_looked_at_a_few_times(value: str) -> None:
    statement = parse(f"SELECT a FROM t WHERE a IN ({', '.join([value] * 900)})")
    tokens = Looks(statement.tokens)
    Looks.seen = 0
    bindings = {"a": "x"} if value == ":a" else ["x"] * 900
    assert len(list(constant_texts(statement._replace(tokens=tokens), bindings))) > 900
    assert Looks.seen < 40 * len(tokens)
