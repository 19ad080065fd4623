"""Whether a statement may leave a scan before its end, as SQLite's own programs tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from billql.fetching._early_stop import early_stops
from billql.sqlite.session import Session
from support.shop import Shop, opened, select

# `things` comes in the order of its id, `events` in none that is known.

READS_ALL = [
    "SELECT * FROM @events",
    "SELECT * FROM @events WHERE name > 'a'",
    "SELECT count(*) FROM @events",
    "SELECT count(*) FROM @events LIMIT 1",
    "SELECT sum(id), max(name) FROM @events LIMIT 5",
    "SELECT name, count(*) FROM @events GROUP BY name LIMIT 3",
    "SELECT * FROM @events ORDER BY name",
    "SELECT * FROM @events ORDER BY name LIMIT 3",
    "SELECT * FROM @events ORDER BY name DESC LIMIT 3 OFFSET 2",
    "SELECT * FROM @events a JOIN @things b ON a.id = b.id",
    "SELECT * FROM @events a LEFT JOIN @things b ON a.id = b.id",
    "SELECT * FROM @events a JOIN @things b ON a.id = b.id ORDER BY a.name LIMIT 2",
    "SELECT id FROM @events UNION SELECT id FROM @things",
    "SELECT id FROM @events UNION ALL SELECT id FROM @things",
    "SELECT id FROM @events UNION SELECT id FROM @events LIMIT 3",
    "SELECT id FROM @events INTERSECT SELECT id FROM @events LIMIT 3",
    "SELECT id FROM @events EXCEPT SELECT id FROM @events LIMIT 3",
    "SELECT id FROM @events UNION ALL SELECT id FROM @things ORDER BY 1",
    "SELECT * FROM n WHERE id IN (SELECT id FROM @events)",
    "SELECT id, row_number() OVER (ORDER BY name) FROM @events",
    "SELECT id, sum(id) OVER (PARTITION BY name) FROM @events LIMIT 3",
    "WITH e AS MATERIALIZED (SELECT * FROM @events) SELECT * FROM e",
    "WITH e AS MATERIALIZED (SELECT * FROM @events) SELECT * FROM e, e AS f LIMIT 3",
    "SELECT (SELECT count(*) FROM @events)",
    "SELECT (SELECT max(name) FROM @events) FROM n LIMIT 1",
    "SELECT * FROM n JOIN @details d ON d.thing_id = n.id",
    "SELECT * FROM n LEFT JOIN @details d ON d.thing_id = n.id",
    "SELECT DISTINCT name FROM @events",
    # SQLite makes of it: ORDER BY name LIMIT 30.
    "SELECT * FROM (SELECT name, id FROM @events LIMIT 30) ORDER BY name",
    "SELECT group_concat(name) FROM @events HAVING count(*) > 1",
]

LEAVES = [
    "SELECT * FROM @events LIMIT 3",
    "SELECT * FROM @events LIMIT 3 OFFSET 5",
    "SELECT * FROM @events WHERE name LIKE 'e%' LIMIT 3",
    "SELECT * FROM @things ORDER BY id LIMIT 3",
    "SELECT DISTINCT name FROM @events LIMIT 3",
    "SELECT EXISTS (SELECT 1 FROM @events)",
    "SELECT * FROM n WHERE EXISTS (SELECT 1 FROM @events e WHERE e.name = n.id)",
    "SELECT * FROM n WHERE NOT EXISTS (SELECT 1 FROM @events e WHERE e.name = n.id)",
    "SELECT (SELECT name FROM @events)",
    "SELECT (SELECT name FROM @events e WHERE e.id = n.id) FROM n",
    "SELECT * FROM n WHERE id IN (SELECT id FROM @events LIMIT 3)",
    "SELECT * FROM @events a JOIN @things b ON a.id = b.id LIMIT 3",
    "SELECT * FROM n JOIN @details d ON d.thing_id = n.id LIMIT 1",
    "SELECT id FROM @events UNION ALL SELECT id FROM @things LIMIT 3",
    "SELECT id FROM @things INTERSECT SELECT id FROM @things LIMIT 3",
    "SELECT * FROM (SELECT id FROM @events UNION ALL SELECT id FROM @things) LIMIT 3",
    "SELECT * FROM (SELECT id FROM @events LIMIT 3)",
    "WITH e AS (SELECT * FROM @events) SELECT * FROM e LIMIT 3",
    "SELECT count(*) FROM (SELECT 1 FROM @events LIMIT 10)",
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with opened(Shop(), tmp_path_factory.mktemp("shop")) as session:
        session.database.execute("CREATE TABLE n (id INTEGER)")
        for name in ("things", "events", "details"):
            session.engine.register([f"shop.all.{name}"])
        yield session


def program(session: Session, sql: str) -> list[tuple[Any, ...]]:
    quoted = re.sub(r"@(\w+)", r'"shop.all.\1"', sql)
    return list(session.database.execute(f"EXPLAIN {quoted}"))


@pytest.mark.parametrize("sql", READS_ALL)
def test_reads_all(session: Session, sql: str) -> None:
    assert not early_stops(program(session, sql)).scans


@pytest.mark.parametrize("sql", LEAVES)
def test_may_leave(session: Session, sql: str) -> None:
    assert early_stops(program(session, sql)).scans


@pytest.mark.parametrize("sql", [sql for sql in LEAVES if " b " not in sql and "= n.id" not in sql])
def test_leaving_costs_little(tmp_path: Path, sql: str) -> None:
    """What it is for: what is left early has been asked for little."""
    shop = Shop(things=1000, events=1000)
    with opened(shop, tmp_path) as session:
        session.database.execute("CREATE TABLE n (id INTEGER); INSERT INTO n VALUES (1)")
        select(session, sql)
    assert len(shop.asked) <= 2
