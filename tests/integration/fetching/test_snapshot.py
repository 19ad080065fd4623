"""What a statement sees, and what is kept of it for the next one."""

from __future__ import annotations

import itertools
from pathlib import Path

import httpx
import pytest

from billql.errors import ApiError, BadResponse
from support.api_client import TOKEN
from support.clock import FakeClock
from support.shop import Item, Shop, items, opened, select, take

BALANCE = "SELECT amount FROM @balance"

# One statement, one snapshot.


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a.id, b.id FROM @things a JOIN @things b ON a.id = b.id",
        "SELECT id, id FROM @things UNION ALL SELECT id, id FROM @things",
        "SELECT id, (SELECT count(*) FROM @things) FROM @things",
        "SELECT id, id FROM @things WHERE id IN (SELECT id FROM @things)",
        "WITH t AS (SELECT id FROM @things) SELECT a.id, b.id FROM t a, t b WHERE a.id = b.id",
        "SELECT a.id, b.id FROM @things a, @things b, @things c WHERE a.id = b.id AND b.id = c.id",
    ],
)
def test_each_request_is_sent_once(tmp_path: Path, sql: str) -> None:
    shop = Shop(things=35)
    with opened(shop, tmp_path, cache_ttl=0) as session:
        assert len(select(session, sql)) in (35, 70)
    assert len(shop.asked) == len(set(shop.asked)) == 4


@pytest.mark.parametrize("name", ["things", "events", "links", "charges", "balance"])
def test_two_scans_see_the_same(tmp_path: Path, name: str) -> None:
    shop = Shop(**{name: 35})

    def change(request: httpx.Request, number: int) -> None:
        for one in shop.lists[name]:
            one["name"] = f"version {number}"
        shop.amount = number

    shop.before = change
    shown = "amount" if name == "balance" else "id, name"
    with opened(shop, tmp_path, cache_ttl=0) as session:
        half = select(session, f"SELECT {shown} FROM @{name} UNION ALL SELECT {shown} FROM @{name}")
    middle = len(half) // 2
    assert half[:middle] == half[middle:]
    assert len(set(shop.asked)) == len(shop.asked)


def test_a_scan_that_is_left_and_begun_again_sees_the_same(tmp_path: Path) -> None:
    shop = Shop(things=35)

    def change(request: httpx.Request, number: int) -> None:
        shop.lists["things"][0]["name"] = f"version {number}"

    shop.before = change
    with opened(shop, tmp_path, cache_ttl=0) as session:
        session.database.execute("CREATE TABLE n (value); INSERT INTO n VALUES (1), (2), (3)")
        rows = select(session, "SELECT value, (SELECT name FROM @things LIMIT 1) FROM n")
    assert {name for _, name in rows} == {"version 1"}
    assert len(shop.asked) == 1


def test_a_request_under_way_is_shared(tmp_path: Path) -> None:
    """Both sides of a UNION ask for the same keys; the second finds the first one's requests."""
    shop = Shop(things=30)
    keys = ", ".join(map(str, range(1, 31)))
    one = f"SELECT thing_id, size FROM @details WHERE thing_id IN ({keys})"
    with opened(shop, tmp_path, cache_ttl=0) as session:
        rows = select(session, f"{one} UNION ALL {one}")
    assert len(rows) == 60
    assert len(shop.asked) == 30


# From one statement to the next.


def test_answers_serve_the_next_statement_for_a_while(tmp_path: Path) -> None:
    shop, clock = Shop(things=35), FakeClock()
    with opened(shop, tmp_path, cache_ttl=300, clock=clock.moment) as session:
        first = select(session, "SELECT * FROM @things")
        shop.lists["things"] = items(3)
        clock.turn(299)
        assert select(session, "SELECT * FROM @things") == first
        (scan,) = session.scans
        assert (scan.requests, scan.pages, scan.cache_hits) == (0, 4, 4)
        assert len(shop.asked) == 4
        clock.turn(2)
        assert len(select(session, "SELECT * FROM @things")) == 3


def test_using_an_answer_does_not_make_it_younger(tmp_path: Path) -> None:
    shop, clock = Shop(), FakeClock()
    with opened(shop, tmp_path, cache_ttl=300, clock=clock.moment) as session:
        for _ in range(5):
            select(session, BALANCE)
            clock.turn(100)
    # At 0, and from 300 on again.
    assert len(shop.asked) == 2


def test_other_columns_and_other_statements_use_the_same_answers(tmp_path: Path) -> None:
    shop = Shop(things=35)
    with opened(shop, tmp_path) as session:
        select(session, "SELECT id FROM @things")
        assert len(select(session, "SELECT name FROM @things WHERE id > 30")) == 5
        assert select(session, "SELECT count(*) FROM @things") == [(35,)]
        session.database.execute('CREATE VIEW v AS SELECT * FROM "shop.all.things"')
        assert len(select(session, "SELECT * FROM v")) == 35
    assert len(shop.asked) == 4


def test_off_is_off(tmp_path: Path) -> None:
    shop = Shop(rates=3)
    with opened(shop, tmp_path, cache_ttl=0, cache=tmp_path / "cache") as session:
        for sql in (BALANCE, BALANCE, "SELECT * FROM @rates", "SELECT * FROM @rates"):
            select(session, sql)
    assert len(shop.asked) == 4
    with opened(shop, tmp_path, cache_ttl=0, cache=tmp_path / "cache") as session:
        select(session, "SELECT * FROM @rates")
    assert len(shop.asked) == 5


def test_a_definition_may_say_how_long_an_answer_stays_true(tmp_path: Path) -> None:
    shop, clock = Shop(rates=3), FakeClock()
    with opened(shop, tmp_path, cache_ttl=60, clock=clock.moment) as session:
        select(session, "SELECT * FROM @rates")
        clock.turn(86000)
        select(session, "SELECT * FROM @rates")
        assert len(shop.asked) == 1
        clock.turn(500)
        select(session, "SELECT * FROM @rates")
        assert len(shop.asked) == 2


def test_a_list_that_was_left_is_not_kept(tmp_path: Path) -> None:
    shop = Shop(things=95)
    with opened(shop, tmp_path) as session:
        take(session, "SELECT * FROM @things", 3)
        shop.lists["things"] = items(95, "other")
        shop.asked.clear()
        rows = select(session, "SELECT name FROM @things")
    assert rows == [(f"other{number}",) for number in range(1, 96)]
    assert len(shop.asked) == 10


def test_a_limit_does_not_serve_for_the_whole(tmp_path: Path) -> None:
    shop = Shop(things=95)
    with opened(shop, tmp_path) as session:
        assert len(select(session, "SELECT * FROM @things LIMIT 5")) == 5
        assert len(select(session, "SELECT * FROM @things LIMIT 10")) == 10
        assert len(select(session, "SELECT * FROM @things")) == 95


def test_readings_of_two_moments_never_mix(tmp_path: Path) -> None:
    """The end of the list is read anew; the beginning must not come from an older reading."""
    shop = Shop(things=45)
    with opened(shop, tmp_path) as session:
        select(session, "SELECT * FROM @things")
        shop.lists["things"] = items(45, "new")
        rows = select(
            session,
            "SELECT * FROM (SELECT name FROM @things LIMIT 10 OFFSET 30) UNION ALL "
            "SELECT name FROM @things",
        )
    versions = {str(name).rstrip("0123456789") for (name,) in rows}
    assert len(rows) == 55
    assert versions == {"new"}


def test_a_running_statement_keeps_its_snapshot(tmp_path: Path) -> None:
    """Another statement reads the list anew, while one is in the middle of it."""
    shop, clock = Shop(events=35), FakeClock()
    with opened(shop, tmp_path, cache_ttl=10, clock=clock.moment) as session:
        select(session, "SELECT * FROM @events")
        running = session.execute("SELECT name FROM shop.all.events")
        rows = list(itertools.islice(running, 12))
        clock.turn(60)
        shop.lists["events"] = items(35, "new")
        assert select(session, "SELECT name FROM @events")[0] == ("new1",)
        rows += list(running)
    assert rows == [(f"e{number}",) for number in range(1, 36)]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_error_is_not_kept(tmp_path: Path, status: int) -> None:
    shop = Shop()
    with opened(shop, tmp_path) as session:
        shop.before = lambda request, number: httpx.Response(status)
        for _ in range(2):
            with pytest.raises(ApiError):
                select(session, BALANCE)
        shop.before = lambda request, number: None
        assert select(session, BALANCE) == [(1.5,)]
    assert len(shop.asked) == 3


def test_a_key_that_did_not_exist_is_asked_for_again(tmp_path: Path) -> None:
    shop = Shop(things=3)
    sql = "SELECT size FROM @details WHERE thing_id = 4"
    with opened(shop, tmp_path) as session:
        assert select(session, sql) == []
        shop.lists["things"] = items(4)
        assert select(session, sql) == [(400,)]


def test_an_answer_of_the_wrong_shape_is_not_kept(tmp_path: Path) -> None:
    shop = Shop()
    with opened(shop, tmp_path) as session:
        shop.before = lambda request, number: httpx.Response(200, json={"amount": "much"})
        with pytest.raises(BadResponse):
            select(session, BALANCE)
        shop.before = lambda request, number: None
        assert select(session, BALANCE) == [(1.5,)]


# Across runs.


def test_a_later_run_sends_nothing(tmp_path: Path) -> None:
    shop, clock = Shop(things=35, rates=3), FakeClock()
    tables = ["things", "balance", "rates", "lines"]
    for _ in range(2):
        with opened(shop, tmp_path, cache=tmp_path / "cache", clock=clock.moment) as session:
            for name in tables:
                assert select(session, f"SELECT * FROM @{name}")
    assert len(shop.asked) == 4 + 3
    clock.turn(1000)
    with opened(shop, tmp_path, cache=tmp_path / "cache", clock=clock.moment) as session:
        for name in tables:
            select(session, f"SELECT * FROM @{name}")
    assert len(shop.asked) == 4 + 3 + 6


def test_rows_that_need_a_header_are_asked_for_again(tmp_path: Path) -> None:
    shop = Shop()
    for _ in range(2):
        with opened(shop, tmp_path, cache=tmp_path / "cache") as session:
            for _ in range(2):
                assert select(session, "SELECT * FROM @files") == [("planted-name.pdf", b"%PDF")]
    assert len(shop.asked) == 2
    content = (tmp_path / "cache" / "responses.db").read_bytes()
    assert b"planted-name" not in content


def test_another_token_gets_nothing_of_it(tmp_path: Path) -> None:
    shop = Shop()

    def mind(request: httpx.Request) -> httpx.Response:
        body: Item = {"amount": len(request.headers["authorization"])}
        shop.asked.append("balance")
        return httpx.Response(200, json=body)

    for token in (TOKEN, "another", TOKEN):
        cache = tmp_path / "cache"
        with opened(mind, tmp_path, tokens={"shop": token}, cache=cache) as session:
            assert select(session, BALANCE) == [(len(f"Bearer {token}"),)]
    assert len(shop.asked) == 2
    content = (tmp_path / "cache" / "responses.db").read_bytes()
    assert TOKEN.encode() not in content
    assert b"Bearer" not in content


def test_a_failure_is_not_kept_across_runs(tmp_path: Path) -> None:
    shop = Shop(things=35)
    shop.before = lambda request, number: httpx.Response(500) if number == 4 else None
    with (
        opened(shop, tmp_path, cache=tmp_path / "cache") as session,
        pytest.raises(ApiError),
    ):
        select(session, "SELECT * FROM @things")
    shop.before = lambda request, number: None
    shop.asked.clear()
    with opened(shop, tmp_path, cache=tmp_path / "cache") as session:
        assert len(select(session, "SELECT * FROM @things")) == 35
    assert len(shop.asked) == 4


def test_an_answer_that_repeats_the_token_is_not_kept_across_runs(tmp_path: Path) -> None:
    shop = Shop()
    shop.before = lambda request, number: httpx.Response(200, json={"amount": 1, "key": TOKEN})
    with opened(shop, tmp_path, cache=tmp_path / "cache") as session:
        assert select(session, BALANCE) == [(1,)]
        assert select(session, BALANCE) == [(1,)]
    assert len(shop.asked) == 1
    assert TOKEN.encode() not in (tmp_path / "cache" / "responses.db").read_bytes()
