"""The cookbook: every query on the page runs as it stands, and says what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import billql
from support.paths import ROOT

PAGE = (ROOT / "docs" / "cookbook.md").read_text()
RECIPES = re.findall(r"^## (.+?)$.*?^```sql\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def connection() -> Iterator[billql.Connection]:
    with billql.connect(sandbox=True) as connection:
        yield connection


def test_every_question_has_a_query() -> None:
    assert len(RECIPES) == PAGE.count("\n## ")


@pytest.mark.parametrize(("question", "sql"), RECIPES, ids=[question for question, _ in RECIPES])
def test_a_recipe(connection: billql.Connection, question: str, sql: str) -> None:
    rows = connection.execute(sql).fetchall()
    assert bool(rows) != ("-- expects no rows" in sql), question
