"""Two inner sides that are read by key: the keys of both are fetched ahead, and none that nobody
needs, though their need depends on rows that have not arrived.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import apsw
import httpx
import pytest

from billql.errors import ApiError
from support.ledger import Item, Ledger, List, expected, plain, session
from support.server import PATIENCE, Gate
from support.shop import select

KEYS = 40
WINDOW = 8


def _keyed(rows: tuple[Item, ...]) -> List:
    columns = {"key": "text", "size": "integer", "next": "text"}
    return List(columns, rows, paging="none", key="key")


def _name(number: int) -> str:
    return f"e{number % KEYS:02}"


LISTS: Mapping[str, List] = {
    "heads": List(
        {"id": "text", "name": "text"},
        tuple({"id": _name(n), "name": _name(n + 20)} for n in range(KEYS)),
    ),
    # Every tenth key has no row.
    "first": _keyed(
        tuple({"key": _name(n), "size": n, "next": _name(n * 7 + 1)} for n in range(KEYS) if n % 10)
    ),
    "second": _keyed(
        tuple({"key": _name(n), "size": n, "next": _name(n + 3)} for n in range(KEYS))
    ),
    "third": _keyed(tuple({"key": _name(n), "size": n, "next": _name(n)} for n in range(KEYS))),
}

WITHOUT = [_name(n) for n in range(0, KEYS, 10)]
"""The keys that the first list has no row for."""


def _fill(database: apsw.Connection) -> None:
    database.execute("CREATE TABLE n (id TEXT, x INTEGER)")
    database.executemany("INSERT INTO n VALUES (?, ?)", [(_name(n), n) for n in range(KEYS)])


def _asked(ledger: Ledger, name: str) -> list[str]:
    return sorted(one.rpartition("=")[2] for one in ledger.asked if one.startswith(f"/{name}?"))


NEEDED = {
    "a LEFT JOIN without a partner": (
        "SELECT n.id, s.size FROM n LEFT JOIN @first f ON f.key = n.id "
        "JOIN @second s ON s.key = n.id WHERE f.size IS NULL"
    ),
    "a LEFT JOIN under a condition": (
        "SELECT n.id, s.size FROM n LEFT JOIN @first f ON f.key = n.id AND f.size >= 0 "
        "JOIN @second s ON s.key = n.id AND f.key IS NULL"
    ),
    "NOT EXISTS": (
        "SELECT n.id, s.size FROM n JOIN @second s ON s.key = n.id "
        "WHERE NOT EXISTS (SELECT 1 FROM @first f WHERE f.key = n.id)"
    ),
    "NOT EXISTS under a condition": (
        "SELECT h.id, s.size FROM @heads h JOIN @second s ON s.key = h.id "
        "WHERE NOT EXISTS (SELECT 1 FROM @first f WHERE f.key = h.id AND f.size >= 0)"
    ),
    "a count": (
        "SELECT n.id, s.size FROM n JOIN @second s ON s.key = n.id "
        "WHERE (SELECT count(*) FROM @first f WHERE f.key = n.id) = 0"
    ),
    "a CASE": (
        "SELECT n.id, CASE WHEN EXISTS (SELECT 1 FROM @first f WHERE f.key = n.id) THEN 0 "
        "ELSE (SELECT size FROM @second s WHERE s.key = n.id) END FROM n"
    ),
    "an OR": (
        "SELECT n.id FROM n WHERE (SELECT size FROM @first f WHERE f.key = n.id) >= 0 "
        "OR (SELECT size FROM @second s WHERE s.key = n.id) >= 0"
    ),
    "a coalesce": (
        "SELECT n.id, coalesce((SELECT size FROM @first f WHERE f.key = n.id), "
        "(SELECT size FROM @second s WHERE s.key = n.id)) FROM n"
    ),
    "a HAVING": (
        "SELECT n.id, count(f.size) FROM n LEFT JOIN @first f ON f.key = n.id GROUP BY n.id "
        "HAVING count(f.size) = 0 AND EXISTS (SELECT 1 FROM @second s WHERE s.key = n.id)"
    ),
    "a materialized CTE": (
        "WITH m AS MATERIALIZED (SELECT n.id FROM n LEFT JOIN @first f ON f.key = n.id "
        "WHERE f.size IS NULL) SELECT m.id, s.size FROM m JOIN @second s ON s.key = m.id"
    ),
    "NOT IN": (
        "SELECT n.id, s.size FROM n JOIN @second s ON s.key = n.id "
        "WHERE n.id NOT IN (SELECT f.key FROM n JOIN @first f ON f.key = n.id)"
    ),
}
"""Statements that need the second list for the keys alone for which the first has no row."""


@pytest.mark.parametrize("statement", NEEDED)
def test_no_key_is_sent_that_nobody_needs(tmp_path: Path, statement: str) -> None:
    ledger, books = Ledger(LISTS), plain(LISTS)
    _fill(books)
    with session(ledger, tmp_path) as opened:
        _fill(opened.database)
        rows = select(opened, NEEDED[statement])
    assert sorted(rows) == sorted(expected(books, NEEDED[statement]))
    assert _asked(ledger, "second") == WITHOUT
    assert _asked(ledger, "first") == [_name(n) for n in range(KEYS)]
    books.close()


def test_no_key_is_made_of_missing_rows(tmp_path: Path) -> None:
    sql = (
        "SELECT n.id, s.size FROM n JOIN @second s "
        "ON s.key = coalesce((SELECT next FROM @first f WHERE f.key = n.id), n.id)"
    )
    ledger = Ledger(LISTS)
    with session(ledger, tmp_path) as opened:
        _fill(opened.database)
        assert len(select(opened, sql)) == KEYS
    assert _asked(ledger, "second") == sorted(
        {*WITHOUT, *(row["next"] for row in LISTS["first"].rows)}
    )


AHEAD = {
    "two inner sides": (
        "SELECT h.id, s.size FROM @heads h JOIN @first f ON f.key = h.id "
        "JOIN @second s ON s.key = h.name"
    ),
    "a chain": (
        "SELECT h.id, s.size FROM @heads h JOIN @first f ON f.key = h.id "
        "JOIN @second s ON s.key = f.next"
    ),
    "a chain of three": (
        "SELECT n.id, s.size FROM n JOIN @first f ON f.key = n.id "
        "JOIN @third t ON t.key = f.next JOIN @second s ON s.key = t.next"
    ),
    "LEFT JOINs": (
        "SELECT n.id, s.size FROM n LEFT JOIN @first f ON f.key = n.id "
        "LEFT JOIN @second s ON s.key = n.id"
    ),
    "scalars": (
        "SELECT n.id, (SELECT size FROM @first f WHERE f.key = n.id), "
        "(SELECT size FROM @second s WHERE s.key = n.id) FROM n"
    ),
    "a scalar in a scalar": (
        "SELECT n.id, (SELECT (SELECT size FROM @second s WHERE s.key = f.next) "
        "FROM @first f WHERE f.key = n.id) FROM n"
    ),
    "EXISTS": (
        "SELECT n.id FROM n WHERE EXISTS (SELECT 1 FROM @first f WHERE f.key = n.id) "
        "AND EXISTS (SELECT 1 FROM @second s WHERE s.key = n.id)"
    ),
    "a CASE": (
        "SELECT n.id, CASE WHEN x % 2 THEN (SELECT size FROM @first f WHERE f.key = n.id) "
        "ELSE (SELECT size FROM @second s WHERE s.key = n.id) END FROM n"
    ),
    "a CREATE TABLE AS": (
        "CREATE TABLE made AS SELECT n.id, s.size FROM n JOIN @first f ON f.key = n.id "
        "JOIN @second s ON s.key = f.next"
    ),
    "an UPDATE FROM two": (
        "UPDATE n SET x = s.x FROM @first f, (SELECT key, size AS x FROM @second) s "
        "WHERE f.key = n.id AND s.key = f.next"
    ),
    "an UPDATE": (
        "UPDATE n SET x = (SELECT s.size FROM @first f JOIN @second s ON s.key = f.next "
        "WHERE f.key = n.id)"
    ),
}
"""Statements that read a second list by key, whose keys come from behind a first."""


@pytest.mark.parametrize("statement", AHEAD)
def test_keys_behind_keys_are_fetched_ahead(tmp_path: Path, statement: str) -> None:
    ledger, gate, asked = Ledger(LISTS), Gate(WINDOW), []

    def hold(request: httpx.Request) -> None:
        # A statement that may stop early opens its window key by key.
        if request.url.path == "/second":
            asked.append(request)
            if len(asked) > 2:
                gate()

    ledger.before = hold
    with session(ledger, tmp_path) as opened:
        _fill(opened.database)
        select(opened, AHEAD[statement])
    assert gate.most == WINDOW
    assert len(ledger.asked) == len(set(ledger.asked))


def test_a_tree_is_walked_level_by_level(tmp_path: Path) -> None:
    """The rows of a recursive CTE lead to others: those of a level are fetched together."""
    sql = (
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT 8 * n + j.value FROM r JOIN @second s "
        "ON s.key = printf('e%02d', n) JOIN json_each('[0, 1, 2, 3, 4, 5, 6, 7]') j "
        "WHERE 8 * n + j.value < 16) SELECT n FROM r"
    )
    ledger, gate = Ledger(LISTS), Gate(WINDOW - 1)
    ledger.before = lambda request: None if len(ledger.asked) <= 2 else gate()
    with session(ledger, tmp_path) as opened:
        assert [n for (n,) in select(opened, sql)] == [1, *range(8, 16)]
    assert gate.most >= WINDOW - 1
    assert len(ledger.asked) == 9


def test_keys_that_lead_to_others_stay_on_their_way(tmp_path: Path) -> None:
    """While the statement waits for what lies behind the first key, others do not wait with it."""
    ledger, ahead = Ledger(LISTS), threading.Event()

    def hold(request: httpx.Request) -> None:
        if len(_asked(ledger, "first")) == 2 * WINDOW:
            ahead.set()
        if request.url.path == "/second" and len(_asked(ledger, "second")) == 1:
            assert ahead.wait(PATIENCE)

    ledger.before = hold
    with session(ledger, tmp_path) as opened:
        _fill(opened.database)
        select(opened, AHEAD["a chain"])
    assert ahead.is_set()


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_key_that_fails_fails_the_statement(tmp_path: Path, name: str) -> None:
    ledger = Ledger(LISTS)
    failed = httpx.Response(400, json={"message": "No such key", "id": "none"})
    ledger.before = lambda request: (
        failed if f"{request.url.path}?{request.url.params}" == f"/{name}?key=e17" else None
    )
    with session(ledger, tmp_path) as opened:
        _fill(opened.database)
        with pytest.raises(ApiError, match="No such key"):
            select(opened, AHEAD["a chain"])
        rows = opened.execute(AHEAD["a chain"].replace("@", "shop.all."))
        assert next(rows)[0] == "e01"
        rows.close()
        ledger.before = lambda request: None
        assert len(select(opened, AHEAD["a chain"])) == KEYS - len(WITHOUT)


def test_two_statements_at_once(tmp_path: Path) -> None:
    ledger = Ledger(LISTS)
    with session(ledger, tmp_path, cache_ttl=0) as opened:
        _fill(opened.database)
        texts = [AHEAD[one].replace("@", "shop.all.") for one in ("a chain", "LEFT JOINs")]
        one, other = map(opened.execute, texts)
        pairs = list(zip(one, other, strict=False))
        assert len(pairs) == KEYS - len(WITHOUT)
        assert [row[0] for _, row in pairs] == [_name(n) for n in range(len(pairs))]
