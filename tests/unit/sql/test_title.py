"""The title of a statement's result."""

from __future__ import annotations

import pytest

from billql.sql.statements import each_statement
from billql.sql.title import title_of


@pytest.mark.parametrize(
    ("sql", "titles"),
    [
        ("SELECT 1", [None]),
        ("SELECT * FROM digitalocean.billing.invoices i", ["invoices"]),
        ("select * from [my table], b", ["my table"]),
        ('SELECT (SELECT 1 FROM "a".b c) FROM d', ["b"]),
        ("SELECT * FROM (VALUES (1))", [None]),
        ("SELECT 1 FROM", [None]),
        ("-- Spend by month\n-- and more\nSELECT 1 FROM t", ["Spend by month"]),
        ("/* Spend */ SELECT 1", ["Spend"]),
        ("/*\n * Spend\n */ SELECT 1", ["Spend"]),
        ("--\n\nSELECT 1 FROM t", ["t"]),
        ("SELECT 1 FROM a;\n-- Two\nSELECT 2; SELECT 3 FROM c", ["a", "Two", "c"]),
    ],
)
def test_titles(sql: str, titles: list[str | None]) -> None:
    assert [title_of(statement) for statement in each_statement(sql)] == titles
