"""Coming keys are fetched ahead of what changes data, of scalars side by side, and of two joins of
one resource; and the search for them does not grow faster than the keys.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from billql.sqlite.session import Session
from support.ledger import Item, Ledger, List
from support.ledger import session as of_ledger
from support.server import Gate
from support.shop import Shop, opened, select

KEYS = 40
WINDOW = 8

AHEAD = {
    "UPDATE": "UPDATE n SET size = (SELECT size FROM @details WHERE thing_id = n.id)",
    "UPDATE of two columns": (
        "UPDATE n SET (size, id) = (SELECT size, thing_id FROM @details WHERE thing_id = n.id)"
    ),
    "UPDATE FROM": "UPDATE n SET size = d.size FROM @details d WHERE d.thing_id = n.id",
    "UPDATE OR": "UPDATE OR IGNORE n SET size = (SELECT size FROM @details WHERE thing_id = n.id)",
    "DELETE": "DELETE FROM n WHERE (SELECT size FROM @details WHERE thing_id = n.id) > 0",
    "WITH … DELETE": (
        "WITH k AS MATERIALIZED (SELECT 0 AS least) DELETE FROM n "
        "WHERE (SELECT size FROM @details WHERE thing_id = n.id) > (SELECT least FROM k) "
        "RETURNING id"
    ),
    "INSERT … RETURNING": (
        "INSERT INTO made SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id "
        "RETURNING size"
    ),
    "INSERT … ON CONFLICT": (
        "INSERT INTO made SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id "
        "WHERE true ON CONFLICT (id) DO UPDATE SET size = excluded.size"
    ),
    "scalars": "SELECT "
    + ", ".join(f"(SELECT size FROM @details WHERE thing_id = {n + 1})" for n in range(KEYS)),
    "UNION ALL": " UNION ALL ".join(
        f"SELECT size FROM @details WHERE thing_id = {n + 1}" for n in range(KEYS)
    ),
    "ORs": "SELECT size FROM @details WHERE "
    + " OR ".join(f"(thing_id = {n + 1} AND size > {n})" for n in range(KEYS)),
    "the resource joined twice": (
        "SELECT a.size, b.size FROM n JOIN @details a ON a.thing_id = n.id "
        "JOIN @details b ON b.thing_id = n.id + 20 WHERE n.id <= 20"
    ),
}


@pytest.mark.parametrize("statement", AHEAD)
def test_keys_are_fetched_ahead(tmp_path: Path, statement: str) -> None:
    shop = Shop(things=KEYS)
    gate = Gate(WINDOW)
    shop.before = lambda request, number: None if number <= 2 else gate()
    with opened(shop, tmp_path) as session:
        session.database.execute(
            "CREATE TABLE n (id INTEGER, size); CREATE TABLE made (id INTEGER PRIMARY KEY, size);"
        )
        ids = [(number,) for number in range(1, KEYS + 1)]
        session.database.executemany("INSERT INTO n (id) VALUES (?)", ids)
        select(session, AHEAD[statement])
    assert sorted(shop.asked) == sorted(f"/things/{number}" for number in range(1, KEYS + 1))
    assert gate.most >= WINDOW


READ = "INSERT INTO made SELECT thing_id, size FROM @details WHERE thing_id = "

TRIGGERS = {
    "INSERT … SELECT": (
        f"AFTER INSERT ON t BEGIN {READ} NEW.id; END",
        "INSERT INTO t(id) SELECT id FROM n",
    ),
    "INSERT … VALUES": (
        f"AFTER INSERT ON t BEGIN {READ} new . id; END",
        f"INSERT INTO t VALUES {', '.join(f'({n + 1}, {n})' for n in range(KEYS))} RETURNING id",
    ),
    "a default": (
        f"BEFORE INSERT ON t BEGIN {READ} NEW.id + NEW.size - 5; END",
        "INSERT INTO main.t(id) SELECT id FROM n",
    ),
    "WHEN": (
        f"AFTER INSERT ON t WHEN NEW.id > 20 BEGIN {READ} NEW.id; END; "
        f"AFTER INSERT ON t WHEN NEW.id <= 20 BEGIN {READ} NEW.id; END",
        "REPLACE INTO t(id) SELECT id FROM n",
    ),
    "UPDATE": (
        f"AFTER UPDATE OF size ON n BEGIN {READ} NEW.size - 1; END; "
        f"AFTER UPDATE OF id ON n BEGIN {READ} NEW.id + 100; END",
        "UPDATE n SET size = id + 1",
    ),
    "UPDATE under a condition": (
        f"AFTER UPDATE ON n FOR EACH ROW BEGIN SELECT 1; {READ} OLD.id; END",
        "WITH k(id) AS (VALUES (0)) UPDATE n AS m SET size = 1 WHERE id > (SELECT id FROM k)",
    ),
    "DELETE": (f'AFTER DELETE ON n BEGIN {READ} "OLD"."id"; END', "DELETE FROM n WHERE id > 0;"),
    "INSTEAD OF": (
        f"INSTEAD OF INSERT ON v BEGIN {READ} NEW.id; END",
        "INSERT INTO v SELECT id FROM n",
    ),
    "what RAISE may leave out": (
        f"AFTER INSERT ON made WHEN NEW.id < 0 BEGIN SELECT RAISE(IGNORE); {READ} NEW.id; END",
        "INSERT INTO made SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id",
    ),
    "an UPDATE in a trigger": (
        "AFTER INSERT ON t BEGIN UPDATE made SET size = (SELECT size FROM @details "
        "WHERE thing_id = NEW.id) WHERE made.id = NEW.id; END",
        "INSERT INTO t(id) SELECT id FROM n",
    ),
}


@pytest.mark.parametrize("case", TRIGGERS)
def test_keys_of_triggers_are_fetched_ahead(tmp_path: Path, case: str) -> None:
    triggers, statement = TRIGGERS[case]
    shop, gate = Shop(things=KEYS), Gate(WINDOW)
    shop.before = lambda request, number: None if number <= 2 else gate()
    with opened(shop, tmp_path) as session:
        _fill(session, triggers)
        if "UPDATE made" in triggers:
            select(session, "INSERT INTO made SELECT id, 0 FROM n")
        select(session, statement)
        rows = select(session, "SELECT id, size FROM made")
    assert sorted(rows) == [(number, number * 100) for number in range(1, KEYS + 1)]
    assert sorted(shop.asked) == sorted(f"/things/{number}" for number in range(1, KEYS + 1))
    assert gate.most >= WINDOW


def _fill(session: Session, triggers: str = "") -> None:
    session.database.execute(
        "CREATE TABLE n (id INTEGER, size); CREATE TABLE made (id INTEGER PRIMARY KEY, size);"
        "CREATE TABLE t (id INTEGER UNIQUE, size DEFAULT (2 + 3));"
        "CREATE VIEW v AS SELECT id FROM t"
    )
    ids = [(number,) for number in range(1, KEYS + 1)]
    session.database.executemany("INSERT INTO n (id) VALUES (?)", ids)
    _add(session, triggers)


def _add(session: Session, triggers: str) -> None:
    for place, trigger in enumerate(triggers.split("; AFTER")):
        text = trigger if place == 0 else f"AFTER{trigger}"
        if text:
            text = text.removesuffix(" END") + " END"
            select(session, f"CREATE TEMP TRIGGER made_{place} {text}")


@pytest.mark.parametrize(
    ("triggers", "statement", "needed"),
    [
        # A row that is left out, as one of the numbers from 11 on, calls no trigger.
        (
            f"AFTER INSERT ON t BEGIN {READ} NEW.id; END",
            "INSERT OR IGNORE INTO t(id) SELECT id FROM n",
            range(1, 11),
        ),
        (
            f"AFTER INSERT ON t BEGIN {READ} NEW.id; END",
            "INSERT INTO t(id) SELECT id FROM n WHERE true ON CONFLICT DO NOTHING",
            range(1, 11),
        ),
        # What changes what it reads is not read again after the first change.
        ("", "UPDATE n SET id = (SELECT size FROM @details WHERE thing_id = n.id)", None),
        (
            f"AFTER UPDATE ON n WHEN NEW.id < 1000 BEGIN {READ} OLD.id; END",
            "UPDATE n SET id = id + 40",
            None,
        ),
    ],
)
def test_no_key_is_foretold_that_nobody_needs(
    tmp_path: Path, triggers: str, statement: str, needed: range | None
) -> None:
    shop = Shop(things=KEYS)
    with opened(shop, tmp_path) as session:
        _fill(session)
        session.database.execute("INSERT INTO t (id) SELECT id FROM n WHERE id > 10")
        _add(session, triggers)
        if needed is None:  # more keys than the first dry run of others would find
            session.database.execute(
                "WITH RECURSIVE r(id) AS (SELECT 41 UNION ALL SELECT id + 1 FROM r WHERE id < 200) "
                "INSERT INTO n (id) SELECT id FROM r"
            )
        select(session, statement)
    keys = range(1, 201) if needed is None else needed
    assert sorted(shop.asked) == sorted(f"/things/{number}" for number in keys)


def steps(tmp_path: Path, pages: int) -> int:
    """Return how many thousand steps SQLite takes for a join over pages by token, dry runs
    included.
    """
    rows: tuple[Item, ...] = tuple({"id": number} for number in range(100 * pages))
    details = tuple({"entry": 100 * page, "size": page} for page in range(pages))
    lists = {
        "things": List({"id": "integer"}, rows, paging="token"),
        "sizes": List({"entry": "integer", "size": "integer"}, details, paging="none", key="entry"),
    }
    taken = 0

    def count() -> bool:
        nonlocal taken
        taken += 1
        return False

    folder = tmp_path / str(pages)
    with of_ledger(Ledger(lists), folder) as session:
        session.database.set_progress_handler(count, 100, id="steps of the test")
        sql = "SELECT d.size FROM @things t JOIN @sizes d ON d.entry = t.id WHERE t.id % 100 = 0"
        assert len(select(session, sql)) == pages
    return taken


def test_dry_runs_are_linear(tmp_path: Path) -> None:
    assert steps(tmp_path, 40) < 3 * steps(tmp_path, 20)
