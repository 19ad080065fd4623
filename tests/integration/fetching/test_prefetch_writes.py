"""Coming keys are fetched ahead of what changes data, of scalars side by side, and of two joins of
one resource; and the search for them does not grow faster than the keys.
"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from billql.errors import ApiError
from billql.sqlite.session import Session
from support.ledger import Item, Ledger, List
from support.ledger import session as of_ledger
from support.server import Gate
from support.shop import Shop, opened, select

KEYS = 40
WINDOW = 8

SIZE = "(SELECT size FROM @details WHERE thing_id = {})"

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
    "INSERT … RETURNING a SELECT": (
        f"INSERT INTO made AS m (id) SELECT id FROM n RETURNING size, {SIZE.format('made.id')} AS s"
    ),
    "REPLACE … RETURNING a SELECT": (
        f"INSERT OR REPLACE INTO made SELECT id, 0 FROM n RETURNING {SIZE.format('id')}"
    ),
    "UPDATE … RETURNING a SELECT": f"UPDATE n SET id = id RETURNING {SIZE.format('n.id')}",
    "DELETE … RETURNING a SELECT": f"DELETE FROM n RETURNING id, {SIZE.format('n.id')}",
    "DO UPDATE": (
        "INSERT INTO old (id) SELECT id FROM n WHERE true "
        f"ON CONFLICT (id) DO UPDATE SET size = {SIZE.format('excluded.id')}"
    ),
    "DO UPDATE of several columns, under a condition": (
        f"INSERT INTO old AS o VALUES {', '.join(f'({n + 1}, 0)' for n in range(KEYS))} "
        "ON CONFLICT (id) DO UPDATE SET (size, id) = "
        "(SELECT size, thing_id FROM @details WHERE thing_id = o.id) WHERE size IS NULL"
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
            "CREATE TABLE old (id INTEGER PRIMARY KEY, size);"
        )
        ids = [(number,) for number in range(1, KEYS + 1)]
        session.database.executemany("INSERT INTO n (id) VALUES (?)", ids)
        session.database.executemany("INSERT INTO old (id) VALUES (?)", ids)
        select(session, AHEAD[statement])
    assert sorted(shop.asked) == sorted(f"/things/{number}" for number in range(1, KEYS + 1))
    assert gate.most >= WINDOW


@pytest.mark.parametrize(
    "statement", ["DO UPDATE", "DELETE … RETURNING a SELECT", "UPDATE FROM", "INSERT … RETURNING"]
)
def test_a_key_that_fails_undoes_all(tmp_path: Path, statement: str) -> None:
    """No more is requested then than was on its way, and the same statement can be run again."""
    shop = Shop(things=KEYS)
    failed = httpx.Response(400, json={"message": "Broken"})
    shop.before = lambda request, number: failed if request.url.path == "/things/9" else None
    with opened(shop, tmp_path) as session:
        _fill(session)
        session.database.execute(
            "CREATE TABLE old (id INTEGER PRIMARY KEY, size); INSERT INTO old SELECT id, 0 FROM n"
        )
        before = _held(session)
        with pytest.raises(ApiError, match="Broken"):
            select(session, AHEAD[statement])
        assert _held(session) == before
        assert len(shop.asked) <= 9 + 2 * WINDOW
        shop.before = lambda request, number: None
        select(session, AHEAD[statement])
        assert _held(session) != before


def _held(session: Session) -> list[list[tuple[object, ...]]]:
    return [select(session, f"SELECT * FROM {table}") for table in ("n", "made", "old")]


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
    "INSERT OR REPLACE": (
        f"AFTER INSERT ON t BEGIN {READ} NEW.id; END",
        "INSERT OR REPLACE INTO t(id) SELECT id FROM n",
    ),
    "a trigger called by a trigger": (
        f"AFTER INSERT ON t BEGIN INSERT INTO u VALUES (NEW.id + 5); END; "
        f"AFTER INSERT ON u WHEN NEW.id > 5 BEGIN {READ} NEW.id - 5; END",
        "INSERT INTO t(id) SELECT id FROM n",
    ),
    "triggers three deep": (
        "AFTER INSERT ON t BEGIN INSERT INTO u SELECT n.id FROM n WHERE n.id = NEW.id; END; "
        f"AFTER INSERT ON u BEGIN UPDATE n SET size = 1 WHERE n.id = NEW.id; END; "
        f"AFTER UPDATE OF size ON n BEGIN {READ} OLD.id; END",
        "INSERT INTO t(id) SELECT id FROM n",
    ),
    "a trigger that deletes": (
        f"AFTER UPDATE ON u BEGIN DELETE FROM n WHERE n.id = NEW.id; END; "
        f"BEFORE DELETE ON n BEGIN {READ} OLD.id; END",
        "UPDATE u SET id = id + 0",
    ),
    "INSTEAD OF, then a trigger": (
        "INSTEAD OF INSERT ON v BEGIN INSERT INTO t (id) VALUES (NEW.id); END; "
        f"AFTER INSERT ON t BEGIN {READ} NEW.id; END",
        "INSERT INTO v SELECT id FROM n",
    ),
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
        if statement.startswith("UPDATE u"):
            session.database.execute("INSERT INTO u SELECT id FROM n")
        select(session, statement)
        rows = select(session, "SELECT id, size FROM made")
    assert sorted(rows) == [(number, number * 100) for number in range(1, KEYS + 1)]
    assert sorted(shop.asked) == sorted(f"/things/{number}" for number in range(1, KEYS + 1))
    assert gate.most >= WINDOW


def _fill(session: Session, triggers: str = "") -> None:
    session.database.execute(
        "CREATE TABLE n (id INTEGER, size); CREATE TABLE made (id INTEGER PRIMARY KEY, size);"
        "CREATE TABLE t (id INTEGER UNIQUE, size DEFAULT (2 + 3)); CREATE TABLE u (id INTEGER);"
        "CREATE VIEW v AS SELECT id FROM t"
    )
    ids = [(number,) for number in range(1, KEYS + 1)]
    session.database.executemany("INSERT INTO n (id) VALUES (?)", ids)
    _add(session, triggers)


def _add(session: Session, triggers: str) -> None:
    for place, trigger in enumerate(filter(None, triggers.split(" END"))):
        select(session, f"CREATE TEMP TRIGGER made_{place} {trigger.removeprefix(';')} END")


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
        # A row that is new is not updated.
        (
            "",
            "INSERT INTO t(id) SELECT id FROM n WHERE true "
            f"ON CONFLICT (id) DO UPDATE SET size = {SIZE.format('t.id')}",
            range(11, KEYS + 1),
        ),
        (
            "",
            "INSERT INTO t(id, size) SELECT id, 0 FROM n WHERE true ON CONFLICT (id) DO UPDATE "
            f"SET size = {SIZE.format('t.id')} WHERE excluded.id < 21 RETURNING 1",
            range(11, 21),
        ),
        (
            "",
            f"INSERT OR IGNORE INTO t(id) SELECT id FROM n RETURNING {SIZE.format('t.id')}",
            range(1, 11),
        ),
        # No trigger calls itself.
        (
            f"AFTER INSERT ON u BEGIN {READ} NEW.id; INSERT INTO u VALUES (NEW.id + 20); END",
            "INSERT INTO u SELECT id FROM n WHERE id <= 20",
            range(1, 21),
        ),
        # What it has changed before is another by then.
        (
            f"AFTER INSERT ON u BEGIN DELETE FROM t WHERE id > 20; {READ} (SELECT id FROM t "
            "WHERE t.id = NEW.id); END",
            "INSERT INTO u SELECT id FROM n",
            range(11, 21),
        ),
        (
            "",
            "UPDATE n SET id = CASE WHEN id < 11 THEN id + 100 "
            f"ELSE {SIZE.format('n.id')} END WHERE id <= {KEYS}",
            range(11, KEYS + 1),
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
