"""NULLS FIRST and NULLS LAST are left out where a promised order makes them idle."""

from __future__ import annotations

import pytest

from billql.sql.idle_nulls import idle_nulls
from billql.sql.source_map import apply_edits
from billql.sql.statements import parse

PROMISED: dict[str, list[tuple[str, ...]]] = {
    "a.b.t": [("-made", "id")],
    "a.b.u": [("made",), ("-id",)],
}


def left(sql: str) -> str:
    """Return a statement without the words that are idle."""
    found = list(idle_nulls(parse(sql), lambda name: PROMISED.get(name, [])))
    assert all(one.column in ("made", "id", "other") for one in found)
    return apply_edits(sql, [one.edit for one in found])


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            'SELECT * FROM "a.b.t" ORDER BY made DESC NULLS FIRST LIMIT 5',
            'SELECT * FROM "a.b.t" ORDER BY made DESC LIMIT 5',
        ),
        (
            'SELECT x FROM "a.b.t" AS t WHERE y = 1 ORDER BY t."MADE" desc nulls first;',
            'SELECT x FROM "a.b.t" AS t WHERE y = 1 ORDER BY t."MADE" desc;',
        ),
        (
            'SELECT x FROM "a.b.t" t ORDER BY made DESC NULLS FIRST, id ASC NULLS LAST',
            'SELECT x FROM "a.b.t" t ORDER BY made DESC, id ASC',
        ),
        (
            'SELECT * FROM "a.b.t" ORDER BY made DESC, other DESC NULLS FIRST, id NULLS LAST',
            'SELECT * FROM "a.b.t" ORDER BY made DESC, other DESC, id',
        ),
        (
            'SELECT made AS m, id FROM "a.b.u" ORDER BY m NULLS LAST',
            'SELECT made AS m, id FROM "a.b.u" ORDER BY m',
        ),
        (
            'SELECT t.made, max(id) OVER (ORDER BY id) FROM "a.b.t" AS t ORDER BY made DESC '
            "NULLS FIRST",
            'SELECT t.made, max(id) OVER (ORDER BY id) FROM "a.b.t" AS t ORDER BY made DESC',
        ),
        (
            'SELECT 1 IN (SELECT id FROM "a.b.u" ORDER BY id DESC NULLS FIRST) FROM z',
            'SELECT 1 IN (SELECT id FROM "a.b.u" ORDER BY id DESC) FROM z',
        ),
        (
            'EXPLAIN SELECT a IS DISTINCT FROM 1 FROM "a.b.u" ORDER BY id DESC NULLS FIRST',
            'EXPLAIN SELECT a IS DISTINCT FROM 1 FROM "a.b.u" ORDER BY id DESC',
        ),
    ],
)
def test_what_is_idle(sql: str, expected: str) -> None:
    assert left(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT * FROM "a.b.t" ORDER BY made DESC NULLS LAST',  # as SQLite sorts anyway
        'SELECT * FROM "a.b.t" ORDER BY made NULLS LAST',  # not the order that is promised
        'SELECT * FROM "a.b.t" ORDER BY id NULLS LAST',
        'SELECT * FROM "a.b.t" ORDER BY +made DESC NULLS FIRST',
        'SELECT * FROM "a.b.t" ORDER BY made COLLATE time DESC NULLS FIRST',
        'SELECT * FROM "a.b.t" ORDER BY 1 DESC NULLS FIRST',
        'SELECT * FROM "a.b.t" t ORDER BY other.made DESC NULLS FIRST',
        'SELECT nullif(made, 1) AS made FROM "a.b.t" ORDER BY made DESC NULLS FIRST',
        'SELECT nullif(made, 1) made FROM "a.b.t" ORDER BY made DESC NULLS FIRST',
        'SELECT made, nullif(made, 1) AS made FROM "a.b.t" ORDER BY made DESC NULLS FIRST',
        'SELECT * FROM "a.b.t", z ORDER BY made DESC NULLS FIRST',
        'SELECT * FROM z LEFT JOIN "a.b.t" t USING (id) ORDER BY made DESC NULLS FIRST',
        'SELECT * FROM "a.b.t" t LEFT JOIN z USING (id) ORDER BY made DESC NULLS FIRST',
        "SELECT * FROM (SELECT NULL AS made) ORDER BY made DESC NULLS FIRST",
        'SELECT made FROM "a.b.t" UNION ALL SELECT NULL ORDER BY made DESC NULLS FIRST',
        'SELECT NULL AS made UNION SELECT made FROM "a.b.t" ORDER BY made DESC NULLS FIRST',
        'SELECT NULL AS made UNION ALL SELECT made FROM "a.b.t" ORDER BY made DESC NULLS FIRST',
        "VALUES (1) ORDER BY made DESC NULLS FIRST",
        'SELECT lag(id) OVER (ORDER BY made DESC NULLS FIRST) FROM "a.b.t"',
        'SELECT group_concat(id ORDER BY made DESC NULLS FIRST) FROM "a.b.t"',
        "SELECT * FROM mine ORDER BY made DESC NULLS FIRST",
        'SELECT * FROM "a.b.t" ORDER BY',
        'SELECT * FROM "a.b.t" ORDER BY NULLS FIRST',
        "SELECT ORDER BY made DESC NULLS FIRST",
        "ORDER BY made DESC NULLS FIRST",
        "SELECT FROM ORDER BY made DESC NULLS FIRST",
    ],
)
def test_what_is_not(sql: str) -> None:
    assert left(sql) == sql
