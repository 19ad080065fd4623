"""The cookbook: every query on the page runs as it stands, and says what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import billql
from support.paths import ROOT
from support.shipped import UNLIMITED
from support.synced import SYNCED

PAGE = (ROOT / "docs" / "cookbook.md").read_text()
ALL = re.findall(r"^## (.+?)$.*?^```sql\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
RECIPES = [(question, sql) for question, sql in ALL if not sql.startswith(SYNCED)]
"""Without those over histories, which have tests of their own."""


@pytest.fixture(scope="module")
def connection() -> Iterator[billql.Connection]:
    with billql.connect(sandbox=True, limits=UNLIMITED) as connection:
        yield connection


def test_every_question_has_a_query() -> None:
    assert len(ALL) == PAGE.count("\n## ")


@pytest.mark.parametrize(("question", "sql"), RECIPES, ids=[question for question, _ in RECIPES])
def test_a_recipe(connection: billql.Connection, question: str, sql: str) -> None:
    rows = connection.execute(sql).fetchall()
    assert bool(rows) != ("-- expects no rows" in sql), question
