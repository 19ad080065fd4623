"""A statement that writes while it reads resources changes everything that it should, or nothing.

The API fails on the third page, or on the third key; the user's transaction stays as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from billql import errors
from billql.sql.statements import Row
from billql.sqlite.session import Session
from support.shop import Shop, opened, select

EVENTS, THINGS = 25, 30


def refuse(request: httpx.Request, number: int) -> httpx.Response | None:
    """Refuse the third page of a list, and the eighth thing."""
    query = dict(request.url.params)
    third_page = "20" in (query.get("after"), query.get("from")) or query.get("page") == "3"
    if third_page or request.url.path == "/needed/8":
        return httpx.Response(403, json={"message": "Not yours", "id": "forbidden"})
    return None


@pytest.fixture
def shop() -> Shop:
    shop = Shop(events=EVENTS, things=THINGS, links=EVENTS)
    shop.before = refuse
    return shop


@pytest.fixture
def session(shop: Shop, tmp_path: Path) -> Iterator[Session]:
    with opened(shop, tmp_path) as session:
        select(session, "CREATE TABLE v (id INTEGER, name TEXT)")
        select(session, "CREATE TABLE u (id INTEGER UNIQUE, name TEXT)")
        select(session, "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT) WITHOUT ROWID")
        select(session, "CREATE TABLE s (id INTEGER, name TEXT) STRICT")
        select(session, "CREATE TABLE log (id INTEGER)")
        select(session, "CREATE TABLE asks (id INTEGER)")
        for table in "vups":
            select(session, f"INSERT INTO {table} VALUES (1, 'old'), (9, 'old'), (70, 'old')")
        select(
            session,
            """CREATE TRIGGER asked AFTER INSERT ON asks BEGIN
                 INSERT INTO log SELECT size FROM shop.all.needed WHERE thing_id = NEW.id;
               END""",
        )
        yield session


def state(session: Session) -> tuple[bool, list[list[Row]]]:
    tables = ("v", "u", "p", "s", "log", "asks", "sqlite_schema")
    rows = [sorted(select(session, f"SELECT * FROM {table}"), key=repr) for table in tables]
    return session.database.in_transaction, rows


ORS = ("", " OR IGNORE", " OR FAIL", " OR REPLACE", " OR ABORT")
FAILING = [
    *(
        f"INSERT{way} INTO {table} SELECT id + 100, name FROM @events"
        for table in "vups"
        for way in ORS
    ),
    "REPLACE INTO v SELECT * FROM @links",
    "WITH e AS (SELECT * FROM @events) INSERT INTO v SELECT * FROM e",
    "INSERT INTO v SELECT id, name FROM @things ORDER BY id DESC",
    "INSERT INTO v SELECT id, name FROM @events WHERE true UNION ALL SELECT id, name FROM @links",
    "INSERT INTO v SELECT * FROM @events RETURNING id",
    "INSERT INTO u SELECT * FROM @events WHERE true "
    "ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    "INSERT INTO u SELECT * FROM @events WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO v VALUES (100, 'new'), (101, (SELECT size FROM @needed WHERE thing_id = 8))",
    "CREATE TABLE made AS SELECT * FROM @events",
    "CREATE TABLE IF NOT EXISTS made AS SELECT id FROM @links",
    "UPDATE v SET name = e.name FROM @events e WHERE e.id = v.id",
    "UPDATE v SET name = (SELECT size FROM @needed WHERE thing_id = v.id - 1)",
    "UPDATE OR IGNORE u SET name = (SELECT size FROM @needed WHERE thing_id = u.id - 1)",
    "UPDATE OR FAIL p SET name = (SELECT size FROM @needed WHERE thing_id = p.id - 1)",
    "DELETE FROM v WHERE (SELECT size FROM @needed WHERE thing_id = v.id - 1) IS NOT 5",
    "DELETE FROM v WHERE id IN (SELECT id FROM @events)",
    "DELETE FROM v RETURNING (SELECT size FROM @needed WHERE thing_id = v.id - 1)",
    "INSERT INTO asks VALUES (6), (7), (8), (9)",
    "INSERT OR FAIL INTO asks SELECT id FROM @things WHERE id < 12",
]


@pytest.mark.parametrize("sql", FAILING)
@pytest.mark.parametrize("begin", ["BEGIN", "SAVEPOINT mine", 'SAVEPOINT "billql statement"'])
def test_in_a_transaction_a_failed_statement_leaves_nothing(
    session: Session, sql: str, begin: str
) -> None:
    select(session, begin)
    select(session, "INSERT INTO log VALUES (1)")
    before = state(session)
    with pytest.raises(errors.ApiError, match="403"):
        select(session, sql)
    assert state(session) == before
    # The transaction goes on, and its own savepoint is still there.
    select(session, "INSERT INTO log VALUES (2)")
    name = begin.removeprefix("SAVEPOINT ")
    select(session, "COMMIT" if name == begin else f"RELEASE {name}")
    assert state(session)[0] is False
    assert select(session, "SELECT id FROM log") == [(1,), (2,)]


@pytest.mark.parametrize("sql", FAILING)
def test_on_its_own_a_failed_statement_leaves_nothing(session: Session, sql: str) -> None:
    before = state(session)
    with pytest.raises(errors.ApiError, match="403"):
        select(session, sql)
    assert state(session) == before


@pytest.mark.parametrize("begin", [None, "BEGIN"])
def test_what_succeeds_stays(session: Session, shop: Shop, begin: str | None) -> None:
    shop.before = lambda *_: None
    if begin is not None:
        select(session, begin)
    select(session, "DELETE FROM v")
    assert select(session, "INSERT INTO v SELECT * FROM @events RETURNING id") == [
        (n,) for n in range(1, EVENTS + 1)
    ]
    assert session.database.in_transaction == (begin is not None)
    assert session.database.changes() == EVENTS
    if begin is not None:
        select(session, "COMMIT")
    assert select(session, "SELECT count(*) FROM v") == [(EVENTS,)]


def test_half_read_rows_of_a_statement_hold_nothing_up(session: Session, shop: Shop) -> None:
    """What RETURNING gives, and half-read lists, in the midst of statements that write."""
    shop.before = lambda *_: None
    select(session, "BEGIN")
    read = session.execute("SELECT id FROM shop.all.events")
    local = session.execute("SELECT id FROM v")
    assert (next(read), next(local)) == ((1,), (1,))
    first = session.execute("INSERT INTO log SELECT id FROM shop.all.things RETURNING id")
    assert next(first) == (1,)
    second = session.execute(
        "DELETE FROM log WHERE id IN (SELECT id FROM @things) RETURNING id".replace(
            "@", "shop.all."
        )
    )
    assert next(second) == (1,)
    second.close()
    shop.before = refuse
    with pytest.raises(errors.ApiError):
        select(session, "INSERT INTO log SELECT id FROM @links")
    assert len(list(first)) == THINGS - 1
    assert list(local) == [(9,), (70,)]
    shop.before = lambda *_: None
    assert len(list(read)) == EVENTS - 1
    select(session, "COMMIT")
    assert select(session, "SELECT * FROM log") == []


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        # As SQLite alone does it: https://sqlite.org/lang_conflict.html
        ("INSERT INTO u SELECT 71 - id, name FROM @things", 0),
        ("INSERT OR ABORT INTO u SELECT 71 - id, name FROM @things", 0),
        ("INSERT OR FAIL INTO u SELECT id - 13, name FROM @things", 13),
        ("INSERT OR IGNORE INTO u SELECT id, name FROM @things", THINGS - 2),
    ],
)
def test_conflicts_are_resolved_as_sqlite_does(
    session: Session, shop: Shop, sql: str, left: int
) -> None:
    shop.before = lambda *_: None
    select(session, "BEGIN")
    if "IGNORE" in sql:
        select(session, sql)
    else:
        with pytest.raises(errors.IntegrityError):
            select(session, sql)
    assert session.database.in_transaction
    assert select(session, "SELECT count(*) - 3 FROM u") == [(left,)]


def test_or_rollback_ends_the_transaction(session: Session, shop: Shop) -> None:
    shop.before = lambda *_: None
    select(session, "BEGIN")
    select(session, "INSERT INTO log VALUES (1)")
    with pytest.raises(errors.IntegrityError):
        select(session, "INSERT OR ROLLBACK INTO u SELECT id, name FROM @things")
    assert not session.database.in_transaction
    assert select(session, "SELECT * FROM log") == []


def test_a_strict_table_refuses_a_whole_statement(session: Session, shop: Shop) -> None:
    shop.before = lambda *_: None
    select(session, "BEGIN")
    with pytest.raises(errors.IntegrityError):
        select(session, "INSERT INTO s SELECT iif(id < 5, id, name), name FROM @events")
    assert select(session, "SELECT count(*) FROM s") == [(3,)]


def test_an_interrupted_statement_leaves_nothing(session: Session, shop: Shop) -> None:
    """However it is noticed: by SQLite, which ends the transaction, or by a scan that waits."""
    reached, goes_on = threading.Event(), threading.Event()

    def wait(request: httpx.Request, number: int) -> httpx.Response | None:
        if request.url.params.get("after") == "20":
            reached.set()
            goes_on.wait(5)
        return None

    shop.before = wait
    half_read = session.execute("SELECT id FROM shop.all.things")
    next(half_read)
    select(session, "BEGIN")

    def interrupt() -> None:
        assert reached.wait(5)
        session.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(errors.Interrupted):
        select(session, "INSERT INTO v SELECT * FROM @events")
    thread.join()
    goes_on.set()
    assert select(session, "SELECT count(*) FROM v") == [(3,)]
    with pytest.raises(errors.Interrupted):
        next(half_read)


def statements(session: Session, *scripts: str) -> Callable[[], None]:
    def run() -> None:
        for sql in scripts:
            select(session, sql)

    return run


def test_what_cannot_be_within_a_savepoint_is_not(
    session: Session, shop: Shop, tmp_path: Path
) -> None:
    """A view that reads resources makes every statement one that may read them."""
    shop.before = lambda *_: None
    select(session, "CREATE VIEW seen AS SELECT * FROM shop.all.events")
    other = tmp_path / "other.db"
    statements(
        session,
        "PRAGMA user_version = 5",
        f"ATTACH '{other}' AS other",
        "CREATE TABLE other.t AS SELECT id FROM @things WHERE id < 5",
        "DETACH other",
        "VACUUM",
        "BEGIN IMMEDIATE",
        "SAVEPOINT one",
        "INSERT INTO log SELECT 1",
        "ROLLBACK TO one",
        "RELEASE one",
        "END",
        "REINDEX",
        "ANALYZE",
    )()
    assert select(session, "PRAGMA user_version") == [(5,)]
    assert not session.database.in_transaction
