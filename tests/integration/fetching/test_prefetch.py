"""Joins: the coming keys are fetched ahead, whatever they come from, and each key once."""

from __future__ import annotations

import threading
import time
from collections.abc import Container
from pathlib import Path

import httpx
import pytest

from billql.config.settings import Settings
from billql.errors import ApiError, RowLimit
from billql.sqlite.session import Session
from support.server import PATIENCE, Asked, Gate, Serve, Traffic
from support.shop import SIZE, Shop, opened, select, take

KEYS = 60
WINDOW = 8
"""How many requests the shop takes at once."""

JOINS = {
    "a resource": "SELECT t.id, d.size FROM @things t JOIN @details d ON d.thing_id = t.id",
    "a resource, filtered": (
        "SELECT t.id, d.size FROM @things t JOIN @details d ON d.thing_id = t.id "
        "WHERE t.name LIKE 't%' AND d.size > 0"
    ),
    "a local table": "SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id",
    "a comma": "SELECT n.id, d.size FROM n, @details d WHERE d.thing_id = n.id",
    "USING": "SELECT thing_id, size FROM m JOIN @details USING (thing_id)",
    "a CTE": (
        "WITH k AS MATERIALIZED (SELECT id FROM n) "
        "SELECT k.id, d.size FROM k JOIN @details d ON d.thing_id = k.id"
    ),
    "a recursive CTE": (
        "WITH RECURSIVE k(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM k WHERE id < 60) "
        "SELECT k.id, d.size FROM k JOIN @details d ON d.thing_id = k.id"
    ),
    "a CTE over a resource": (
        "WITH k AS MATERIALIZED (SELECT id FROM @things) "
        "SELECT k.id, d.size FROM k JOIN @details d ON d.thing_id = k.id"
    ),
    "a subquery": (
        "SELECT k.id, d.size FROM (SELECT id FROM n ORDER BY id DESC) k "
        "JOIN @details d ON d.thing_id = k.id"
    ),
    "a grouped subquery": (
        "SELECT k.id, d.size FROM (SELECT id, count(*) FROM @things GROUP BY id) k "
        "JOIN @details d ON d.thing_id = k.id"
    ),
    "json_each": (
        "SELECT k.value, d.size FROM json_each((SELECT json_group_array(id) FROM n)) k "
        "JOIN @details d ON d.thing_id = k.value"
    ),
    "VALUES": (
        f"SELECT k.column1, d.size FROM (VALUES {', '.join(f'({n})' for n in range(1, 61))}) k "
        "JOIN @details d ON d.thing_id = k.column1"
    ),
    "a LEFT JOIN": "SELECT n.id, d.size FROM n LEFT JOIN @details d ON d.thing_id = n.id",
    "a view": "SELECT id, size FROM v",
    "IN a subquery": "SELECT thing_id, size FROM @details WHERE thing_id IN (SELECT id FROM n)",
    "an expression": "SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id + 0",
    "an ORDER BY": (
        "SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id ORDER BY d.size DESC"
    ),
    "a key that repeats": (
        "SELECT n.id, d.size FROM n JOIN (VALUES (1), (2)) JOIN @details d ON d.thing_id = n.id"
    ),
    "a scalar subquery": (
        "SELECT id, (SELECT size FROM @details d WHERE d.thing_id = n.id) FROM n"
    ),
    "EXISTS": (
        "SELECT id, id * 100 FROM n "
        "WHERE EXISTS (SELECT 1 FROM @details d WHERE d.thing_id = n.id AND d.size > 0)"
    ),
    "CREATE TABLE AS": (
        "CREATE TABLE made AS SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id"
    ),
    "INSERT": (
        "INSERT INTO filled SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id"
    ),
    "INSERT with columns": (
        "INSERT INTO filled (size, id) "
        "SELECT d.size, n.id FROM n JOIN @details d ON d.thing_id = n.id"
    ),
    "REPLACE": (
        "REPLACE INTO filled SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id"
    ),
}


def prepared(session: Session) -> None:
    session.database.execute(
        "CREATE TABLE n (id INTEGER); CREATE TABLE m (thing_id INTEGER);"
        "CREATE TABLE filled (id INTEGER PRIMARY KEY, size)"
    )
    for table in "nm":
        session.database.executemany(
            f"INSERT INTO {table} VALUES (?)", [(number,) for number in range(1, KEYS + 1)]
        )
    session.database.execute(
        'CREATE VIEW v AS SELECT n.id, d.size FROM n JOIN "shop.all.details" d ON d.thing_id = n.id'
    )


def details(shop: Shop) -> list[str]:
    return [one for one in shop.asked if one.startswith("/things/")]


class Watch:
    """Holds keys until a whole window of them is under way.

    The first key is not held: a statement that may stop early opens its window key by key.
    """

    def __init__(self, shop: Shop) -> None:
        self.gate = Gate(WINDOW)
        shop.before = self

    def __call__(self, request: httpx.Request, number: int) -> None:
        if request.url.path.startswith("/things/") and request.url.path != "/things/1":
            self.gate()


@pytest.mark.parametrize("outer", JOINS)
def test_keys_are_fetched_ahead_and_each_once(tmp_path: Path, outer: str) -> None:
    shop = Shop(things=KEYS)
    watch = Watch(shop)
    with opened(shop, tmp_path) as session:
        prepared(session)
        rows = select(session, JOINS[outer])
        if not rows:
            table = "made" if "CREATE" in outer else "filled"
            rows = select(session, f"SELECT id, size FROM {table}")
    expected = [(number, number * 100) for number in range(1, KEYS + 1)]
    assert sorted(set(rows)) == expected
    assert len(rows) == KEYS * (2 if "repeats" in outer else 1)
    assert sorted(details(shop)) == sorted(f"/things/{number}" for number in range(1, KEYS + 1))
    assert watch.gate.most == WINDOW


def test_rows_come_in_the_order_of_a_nested_loop(tmp_path: Path) -> None:
    shop = Shop(things=KEYS)
    with opened(shop, tmp_path) as session:
        prepared(session)
        session.database.execute("CREATE TABLE mixed AS SELECT id * 7 % 61 AS id FROM n")
        rows = select(
            session, "SELECT k.id, d.size FROM mixed k CROSS JOIN @details d ON d.thing_id = k.id"
        )
    assert rows == [(number * 7 % 61, number * 7 % 61 * 100) for number in range(1, 61)]


class PagesHeld:
    """Answers a page of a list only when the statement has read all the rows before it."""

    def __init__(self, shop: Shop) -> None:
        self._free = [threading.Event() for _ in range(KEYS // SIZE + 1)]
        self.free(0)
        shop.before = self

    def free(self, page: int) -> None:
        self._free[page].set()

    def __call__(self, request: httpx.Request, number: int) -> None:
        query = request.url.params
        if request.url.path == "/things":
            assert self._free[int(query.get("page", "1")) - 1].wait(PATIENCE)
        elif request.url.path == "/events":
            assert self._free[int(query.get("after", "0")) // SIZE].wait(PATIENCE)


def sent_keys(session: Session) -> int:
    """Wait until all keys that were sent are answered; return how many they are."""
    (stats,) = [scan for scan in session.scans if scan.resource == "shop.all.details"]
    end = time.monotonic() + PATIENCE
    while stats.under_way:
        assert time.monotonic() < end, "a key is not answered"
        time.sleep(0.001)
    return stats.ended


@pytest.mark.parametrize("name", ["things", "events"])
def test_keys_of_each_further_page_are_fetched_ahead_too(tmp_path: Path, name: str) -> None:
    """At the end of a page there is nothing to foresee, which must not be held against the next."""
    shop = Shop(things=KEYS, events=KEYS)
    pages = PagesHeld(shop)
    sql = f"SELECT k.id, d.size FROM @{name} k CROSS JOIN @details d ON thing_id = k.id"
    rows, ahead = [], []
    with opened(shop, tmp_path) as session:
        for row in session.execute(sql.replace("@", "shop.all.")):
            rows.append(row)
            ahead.append(sent_keys(session) - len(rows))
            if len(rows) % SIZE == 0:
                pages.free(len(rows) // SIZE)
    assert rows == [(number, number * 100) for number in range(1, 61)]
    assert len(details(shop)) == KEYS
    # The coming keys of the page that is being read, a window of them at most.
    assert ahead == [min(WINDOW, SIZE - 1 - number % SIZE) for number in range(KEYS)]


def test_keys_without_a_row(tmp_path: Path) -> None:
    shop = Shop(things=20)
    sql = "SELECT n.id, d.size FROM n LEFT JOIN @details d ON d.thing_id = n.id"
    with opened(shop, tmp_path) as session:
        prepared(session)
        rows = select(session, sql)
    assert rows == [(n, n * 100 if n <= 20 else None) for n in range(1, 61)]
    assert len(details(shop)) == KEYS


def test_keys_that_are_null_or_no_keys_ask_nothing(tmp_path: Path) -> None:
    shop = Shop(things=20)
    with opened(shop, tmp_path) as session:
        session.database.execute("CREATE TABLE k (id); INSERT INTO k VALUES (1), (NULL), (2), (1)")
        rows = select(session, "SELECT * FROM k LEFT JOIN @details d ON d.thing_id = k.id")
    assert [row[0] for row in rows] == [1, None, 2, 1]
    assert sorted(details(shop)) == ["/things/1", "/things/2"]


def test_lists_behind_keys(tmp_path: Path) -> None:
    shop = Shop(things=KEYS)
    watch = Watch(shop)
    with opened(shop, tmp_path) as session:
        prepared(session)
        rows = select(session, "SELECT n.id, p.name FROM n JOIN @parts p ON p.thing_id = n.id")
    expected = [(n, f"{n}-{part}") for n in range(1, 61) for part in range(1, n % 4 + 1)]
    assert rows == expected
    assert len(details(shop)) == KEYS
    assert watch.gate.most == WINDOW


def test_a_chain_of_joins(tmp_path: Path) -> None:
    shop = Shop(things=KEYS)
    watch = Watch(shop)
    with opened(shop, tmp_path) as session:
        prepared(session)
        rows = select(
            session,
            "SELECT n.id, d.size, p.name FROM n JOIN @details d ON d.thing_id = n.id "
            "JOIN @parts p ON p.thing_id = d.size / 100",
        )
    assert len(rows) == sum(n % 4 for n in range(1, 61))
    assert len(details(shop)) == len(set(details(shop))) == 2 * KEYS
    assert watch.gate.most == WINDOW


def test_keys_that_travel_in_a_body(tmp_path: Path) -> None:
    shop = Shop(things=KEYS)
    shop.traffic = Traffic(WINDOW)
    with opened(shop, tmp_path) as session:
        prepared(session)
        rows = select(session, "SELECT n.id, p.name FROM n JOIN @posted p ON p.thing_id = n.id")
    assert rows == [(n, f"{n}-{part}") for n in range(1, 61) for part in (1, 2)]
    assert sorted(shop.asked) == sorted(f'/posted?{{"thing_id":{n}}}' for n in range(1, 61))
    assert shop.traffic.most == WINDOW


def test_many_keys(tmp_path: Path) -> None:
    """More keys than one scout brings."""
    shop = Shop(things=3000)
    with opened(shop, tmp_path) as session:
        session.database.execute(
            "CREATE TABLE k AS WITH RECURSIVE r(id) AS "
            "(SELECT 1 UNION ALL SELECT id + 1 FROM r WHERE id < 3000) SELECT id FROM r"
        )
        sql = "SELECT sum(d.size) FROM k JOIN @details d ON d.thing_id = k.id"
        assert select(session, sql) == [(sum(range(3001)) * 100,)]
    assert len(shop.asked) == len(set(shop.asked)) == 3000


def test_over_real_connections(serve: Serve, tmp_path: Path) -> None:
    gate = Gate(WINDOW)

    def script(asked: Asked) -> None:
        gate()
        asked.answer({"size": 7})

    server = serve(script)
    with opened(server, tmp_path) as session:
        prepared(session)
        assert select(session, JOINS["a local table"]) == [(n, 7) for n in range(1, 61)]
    assert sorted(server.targets) == sorted(f"/things/{number}" for number in range(1, 61))
    assert server.most_at_once == server.connections == WINDOW


# What is wasted.


@pytest.mark.parametrize(
    "outer", [name for name, sql in JOINS.items() if sql.startswith(("SELECT", "WITH"))]
)
def test_a_limit_wastes_a_window_at_most(tmp_path: Path, outer: str) -> None:
    shop = Shop(things=KEYS)
    with opened(shop, tmp_path) as session:
        prepared(session)
        sql = JOINS[outer].partition(" ORDER BY d.size")[0]
        assert len(select(session, f"{sql} LIMIT 1")) == 1
    assert 1 <= len(details(shop)) <= 1 + WINDOW


def test_a_statement_that_is_left_wastes_a_window_at_most(tmp_path: Path) -> None:
    shop = Shop(things=KEYS)
    with opened(shop, tmp_path) as session:
        prepared(session)
        assert len(take(session, JOINS["a local table"], 10)) == 10
    assert 10 <= len(details(shop)) <= 10 + WINDOW


CHAIN = (
    "SELECT count(*) FROM @things t JOIN @details d ON d.thing_id = t.id "
    "JOIN @parts p ON p.thing_id = d.thing_id"
)


def test_a_dry_run_counts_for_nothing(tmp_path: Path) -> None:
    """What it reads again counts neither as rows, nor as pages, nor as hits of the cache."""
    parts = sum(n % 4 for n in range(1, KEYS + 1))
    rows = KEYS + KEYS + parts
    with opened(
        Shop(things=KEYS), tmp_path, cache_ttl=0, settings=Settings(max_rows=rows)
    ) as session:
        statement = session.execute(CHAIN.replace("@", "shop.all."))
        assert list(statement) == [(parts,)]
        assert [
            (scan.resource, scan.requests, scan.pages, scan.rows, scan.cache_hits)
            for scan in statement.scans
        ] == [
            ("shop.all.things", 6, 6, KEYS, 0),
            ("shop.all.details", KEYS, KEYS, KEYS, 0),
            ("shop.all.parts", KEYS, KEYS, parts, 0),
        ]
    less = Settings(max_rows=rows - 1, attempts=1)
    with (
        opened(Shop(things=KEYS), tmp_path, cache_ttl=0, settings=less) as session,
        pytest.raises(RowLimit, match=f"more than the {rows - 1} rows"),
    ):
        select(session, CHAIN)


PAIRS = (
    "SELECT count(*) FROM @things t, @things o JOIN @parts p ON p.thing_id = o.id "
    "WHERE t.id <= 5 OR p.id < 0"
)


@pytest.mark.parametrize(("cells", "pages"), [(400, range(1000)), (600, [KEYS])])
def test_a_key_that_is_asked_for_again_is_decoded_once(
    tmp_path: Path, cells: int, pages: Container[int]
) -> None:
    """If the rows of all keys fit into the memo; if not, those that do."""
    with opened(Shop(things=KEYS), tmp_path, memo_cells=cells) as session:
        statement = session.execute(PAIRS.replace("@", "shop.all."))
        assert list(statement) == [(5 * sum(n % 4 for n in range(1, KEYS + 1)),)]
    decoded = {scan.resource: scan.pages for scan in statement.scans}
    assert decoded["shop.all.parts"] in pages


def test_a_failure_ends_all(tmp_path: Path) -> None:
    shop = Shop(things=KEYS)
    failed = httpx.Response(500, json={"message": "Broken"})
    shop.before = lambda request, number: failed if request.url.path == "/things/7" else None
    with opened(shop, tmp_path) as session:
        prepared(session)
        with pytest.raises(ApiError, match="/things/7 answered 500: Broken"):
            select(session, JOINS["a local table"])
        asked = len(details(shop))
        assert asked <= 7 + 2 * WINDOW
        shop.before = lambda request, number: None
        assert len(select(session, JOINS["a local table"])) == KEYS


# What is written is written once.


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO filled SELECT id, 1 FROM @details d JOIN n ON d.thing_id = n.id",
        "WITH k AS (SELECT * FROM n) INSERT INTO filled SELECT k.id, d.size FROM k "
        "JOIN @details d ON d.thing_id = k.id",
        "INSERT INTO filled SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id "
        "RETURNING id",
        "INSERT INTO filled SELECT n.id, d.size FROM n JOIN @details d ON d.thing_id = n.id "
        "WHERE TRUE ON CONFLICT DO UPDATE SET size = size + 1",
        "INSERT INTO filled (id) SELECT id + (SELECT count(*) FROM filled) * 0 FROM n "
        "WHERE EXISTS (SELECT 1 FROM @details d WHERE d.thing_id = n.id)",
    ],
)
def test_an_insert_inserts_once(tmp_path: Path, sql: str) -> None:
    shop = Shop(things=KEYS)
    with opened(shop, tmp_path) as session:
        prepared(session)
        session.database.execute("CREATE TABLE log (id); CREATE TRIGGER t AFTER INSERT ON filled "
                                 "BEGIN INSERT INTO log VALUES (new.id); END")  # fmt: skip
        select(session, sql)
        assert select(session, "SELECT count(*) FROM filled") == [(KEYS,)]
        assert select(session, "SELECT count(*) FROM log") == [(KEYS,)]
    assert len(details(shop)) == len(set(details(shop))) == KEYS


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE filled SET size = size + (SELECT size FROM @details d WHERE thing_id = filled.id)",
        "UPDATE filled SET size = filled.size + d.size FROM @details d WHERE thing_id = filled.id",
    ],
)
def test_an_update_updates_once(tmp_path: Path, sql: str) -> None:
    shop = Shop(things=KEYS)
    with opened(shop, tmp_path) as session:
        prepared(session)
        session.database.execute("INSERT INTO filled SELECT id, 1 FROM n")
        select(session, sql)
        rows = select(session, "SELECT * FROM filled")
    assert rows == [(number, number * 100 + 1) for number in range(1, 61)]
    assert len(details(shop)) == KEYS


def test_a_delete_deletes_once(tmp_path: Path) -> None:
    shop = Shop(things=KEYS)
    with opened(shop, tmp_path) as session:
        prepared(session)
        sql = "DELETE FROM n WHERE (SELECT size FROM @details d WHERE thing_id = n.id) > 3000"
        select(session, sql)
        assert select(session, "SELECT count(*) FROM n") == [(30,)]
    assert len(details(shop)) == KEYS
