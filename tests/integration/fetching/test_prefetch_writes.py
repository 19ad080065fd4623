"""Coming keys are fetched ahead of what changes data, of scalars side by side, and of two joins of
one resource; and the search for them does not grow faster than the keys.
"""

from __future__ import annotations

from pathlib import Path

import pytest

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
