"""Lists of every kind: all their rows in order, with the fewest requests, or an error."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.config.settings import Settings
from billql.errors import (
    ApiError,
    BadResponse,
    Error,
    RequestLimit,
    RowLimit,
    StatementTimeout,
)
from support.server import PATIENCE, Traffic
from support.shop import SIZE, Shop, opened, select

LISTS = ["things", "events", "links", "charges"]


def rows_of(shop: Shop, name: str) -> list[tuple[Any, ...]]:
    return [(one["id"], one["name"]) for one in shop.lists[name]]


# All rows, in order.


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 95, 173])
def test_all_rows_come_in_their_order(tmp_path: Path, name: str, count: int) -> None:
    shop = Shop(**{name: count})
    with opened(shop, tmp_path) as session:
        assert select(session, f"SELECT id, name FROM @{name}") == rows_of(shop, name)
    assert len(shop.asked) == max(1, -(-count // SIZE))
    assert len(set(shop.asked)) == len(shop.asked)


def test_known_pages_are_fetched_at_once_and_come_in_order(tmp_path: Path) -> None:
    shop = Shop(things=400)

    def hold_after_the_first(request: httpx.Request, number: int) -> None:
        if number == 1:
            shop.traffic = Traffic(8)

    shop.before = hold_after_the_first
    with opened(shop, tmp_path) as session:
        assert select(session, "SELECT id, name FROM @things") == rows_of(shop, "things")
    assert shop.traffic.most == 8
    assert len(shop.asked) == 40


def test_pages_that_arrive_in_any_order_are_read_in_theirs(tmp_path: Path) -> None:
    shop = Shop(things=80)
    arrived = [threading.Event() for _ in range(10)]

    def last_page_first(request: httpx.Request, number: int) -> None:
        page = int(request.url.params.get("page", "1"))
        if 1 < page < 8:
            assert arrived[page + 1].wait(PATIENCE)
        arrived[page].set()

    shop.before = last_page_first
    with opened(shop, tmp_path) as session:
        assert select(session, "SELECT id, name FROM @things") == rows_of(shop, "things")


def test_windows_of_time_are_fetched_at_once_and_come_in_order(tmp_path: Path) -> None:
    shop = Shop()
    shop.traffic = Traffic(8)
    with opened(shop, tmp_path) as session:
        days = select(
            session, "SELECT day FROM @usage WHERE day BETWEEN '2024-01-01' AND '2025-12-31'"
        )
    assert shop.traffic.most == 8
    assert len(days) == 731
    assert days == sorted(set(days))
    assert len(shop.asked) == -(-731 // 31)


def test_keys_of_a_list_are_fetched_at_once(tmp_path: Path) -> None:
    shop = Shop(things=50)
    shop.traffic = Traffic(8)
    keys = ", ".join(map(str, range(1, 41)))
    with opened(shop, tmp_path) as session:
        rows = select(session, f"SELECT * FROM @details WHERE thing_id IN ({keys})")
    assert sorted(rows) == [(key, key * 100) for key in range(1, 41)]
    assert shop.traffic.most == 8
    assert sorted(shop.asked) == sorted(f"/things/{key}" for key in range(1, 41))


# No more than is needed.


def test_a_limit_that_the_first_page_satisfies_is_one_request(tmp_path: Path) -> None:
    shop = Shop(things=10_000)
    with opened(shop, tmp_path) as session:
        assert len(select(session, "SELECT * FROM @things LIMIT 5")) == 5
    assert shop.asked == ["/things?per_page=5"]


@pytest.mark.parametrize(
    ("clause", "asked"),
    [
        ("LIMIT 1", ["per_page=1"]),
        ("LIMIT 10", ["per_page=10"]),
        ("LIMIT 11", ["per_page=10", "per_page=10&page=2"]),
        ("LIMIT 30", ["per_page=10", "per_page=10&page=2", "per_page=10&page=3"]),
        ("LIMIT 5 OFFSET 3", ["per_page=8"]),
        ("LIMIT 5 OFFSET 42", ["per_page=10&page=5"]),
        ("LIMIT 5 OFFSET 48", ["per_page=10&page=5", "per_page=10&page=6"]),
        ("LIMIT 0", []),
        ("WHERE kind = 'odd' LIMIT 3", ["kind=odd&per_page=3"]),
        ("WHERE kind = 'odd' ORDER BY id LIMIT 3", ["kind=odd&per_page=3"]),
    ],
)
def test_a_limit_asks_for_just_what_it_needs(tmp_path: Path, clause: str, asked: list[str]) -> None:
    shop = Shop(things=1000)
    with opened(shop, tmp_path) as session:
        select(session, f"SELECT * FROM @things {clause}")
    assert sorted(shop.asked) == sorted(f"/things?{one}" for one in asked)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", [1, 5, 10, 25, 60])
def test_a_limit_that_sqlite_counts_wastes_one_page(tmp_path: Path, name: str, limit: int) -> None:
    shop = Shop(**{name: 1000})
    with opened(shop, tmp_path) as session:
        sql = f"SELECT * FROM @{name} WHERE name LIKE '%' LIMIT {limit}"
        assert len(select(session, sql)) == limit
    assert len(shop.asked) <= -(-limit // SIZE) + 1


@pytest.mark.parametrize("name", ["events", "links", "charges"])
@pytest.mark.parametrize("count", [1, 5, 6, 10, 15, 16, 25, 26])
def test_a_list_of_unknown_pages_is_read_one_page_ahead(
    tmp_path: Path, name: str, count: int
) -> None:
    shop = Shop(**{name: 100})
    expected = 1 + (count + 4) // SIZE
    with opened(shop, tmp_path) as session:
        statement = session.execute(f"SELECT * FROM shop.all.{name}")
        assert len(list(itertools.islice(statement, count))) == count
        shop.until_asked(expected)
        statement.close()
    assert len(shop.asked) == expected


@pytest.mark.parametrize(("name", "under_way"), [("things", 8), ("events", 1), ("charges", 1)])
def test_a_statement_that_is_left_sends_nothing_more(
    tmp_path: Path, name: str, under_way: int
) -> None:
    shop = Shop(**{name: 5000})
    free = threading.Event()

    def hold(request: httpx.Request, number: int) -> None:
        if number > 1:
            free.wait(PATIENCE)

    shop.before = hold
    with opened(shop, tmp_path) as session:
        statement = session.execute(f"SELECT * FROM shop.all.{name}")
        assert len(list(itertools.islice(statement, 8))) == 8
        shop.until_asked(1 + under_way)
        statement.close()
        free.set()
        assert len(select(session, "SELECT * FROM @balance")) == 1
    assert len(shop.asked) == 1 + under_way + 1


def test_nothing_is_asked_twice_and_all_is_counted(tmp_path: Path) -> None:
    shop = Shop(things=95)
    with opened(shop, tmp_path) as session:
        select(session, "SELECT * FROM @things a JOIN @things b ON a.id = b.id + 1")
        one, other = session.scans
    assert len(shop.asked) == 10
    assert one.requests + other.requests == 10
    assert (one.rows, one.pages) == (95, 10)
    assert one.cache_hits + other.cache_hits >= 10


def test_most_requests(tmp_path: Path) -> None:
    shop = Shop(things=95, events=95)
    with opened(shop, tmp_path, settings=Settings(max_requests=4)) as session:
        for name in ("things", "events"):
            shop.asked.clear()
            with pytest.raises(RequestLimit, match="needs more than the 4 requests"):
                select(session, f"SELECT * FROM @{name}")
            assert len(shop.asked) == 4
        assert len(select(session, "SELECT * FROM @things LIMIT 40")) == 40


def test_retries_count_as_requests(tmp_path: Path) -> None:
    shop = Shop()
    shop.before = lambda request, number: httpx.Response(503, headers={"retry-after": "0"})
    settings = Settings(attempts=3, max_requests=2)
    with opened(shop, tmp_path, settings=settings) as session:
        with pytest.raises(RequestLimit):
            select(session, "SELECT * FROM @balance")
        (scan,) = session.scans
    assert len(shop.asked) == 2
    assert (scan.requests, scan.retries) == (2, 1)
    assert 0.25 <= scan.waited <= 1.5


# Complete or an error.

Answer = Callable[[], httpx.Response]

FAILURES: dict[str, tuple[Answer, type[Error]]] = {
    "403": (lambda: httpx.Response(403, json={"message": "No"}), ApiError),
    "404": (lambda: httpx.Response(404, json={"message": "No"}), ApiError),
    "500": (lambda: httpx.Response(500), ApiError),
    "204": (lambda: httpx.Response(204), ApiError),
    "206": (lambda: httpx.Response(206, json={"items": [], "total": 0}), ApiError),
    "redirect": (lambda: httpx.Response(302, headers={"location": "/login"}), BadResponse),
    "html": (lambda: httpx.Response(200, html="<html>Maintenance</html>"), BadResponse),
    "cut": (lambda: httpx.Response(200, content=b'{"items": [{"id": 1'), BadResponse),
    "empty": (lambda: httpx.Response(200, content=b""), BadResponse),
    "null": (lambda: httpx.Response(200, json=None), BadResponse),
    "envelope": (lambda: httpx.Response(200, json={"error": "Not today"}), BadResponse),
    "items": (lambda: httpx.Response(200, json={"items": {}, "total": 95}), BadResponse),
    "rows": (lambda: httpx.Response(200, json={"items": [{"err": 1}], "total": 95}), BadResponse),
    "value": (
        lambda: httpx.Response(200, json={"items": [{"id": "x", "name": 1}], "total": 95}),
        BadResponse,
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("page", [1, 5, 10])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_that_fails_fails_the_statement(
    tmp_path: Path, name: str, page: int, failure: str
) -> None:
    shop = Shop(**{name: 95})
    answer, error = FAILURES[failure]
    marks = {
        "things": f"page={page}",
        "events": f"after={page * 10 - 10}",
        "links": f"from={page * 10 - 10}",
        "charges": f"starting_after={page * 10 - 10}",
    }

    def fail(request: httpx.Request, number: int) -> httpx.Response | None:
        query = request.url.query.decode().split("&")
        return answer() if marks[name] in query or (page == 1 and len(query) == 1) else None

    spent = 0
    with opened(shop, tmp_path) as session:
        for sql in (f"SELECT id, name FROM @{name}", f"SELECT max(id) FROM @{name}"):
            shop.before = fail
            with pytest.raises(error):
                select(session, sql)
            spent += sum(scan.requests for scan in session.scans)
        shop.until_asked(spent)
        # Nothing of it is kept.
        shop.before = lambda request, number: None
        shop.asked.clear()
        assert select(session, f"SELECT id, name FROM @{name}") == rows_of(shop, name)
        assert len(shop.asked) == 10


def test_rows_that_came_before_a_failure_are_followed_by_the_error(tmp_path: Path) -> None:
    shop = Shop(events=50)
    shop.before = lambda request, number: httpx.Response(500) if number == 3 else None
    with opened(shop, tmp_path) as session:
        statement = session.execute("SELECT id FROM shop.all.events")
        rows = [next(statement) for _ in range(20)]
        with pytest.raises(ApiError, match="answered 500"):
            next(statement)
        with pytest.raises(StopIteration):
            next(statement)
    assert rows == [(number,) for number in range(1, 21)]


def test_a_key_that_does_not_exist(tmp_path: Path) -> None:
    shop = Shop(things=3)
    with opened(shop, tmp_path) as session:
        assert select(session, "SELECT * FROM @details WHERE thing_id = 99") == []
        with pytest.raises(ApiError, match="answered 404: No such thing") as caught:
            select(session, "SELECT * FROM @needed WHERE thing_id = 99")
        assert caught.value.status == 404


def test_a_404_after_the_first_page_is_an_error_even_so(tmp_path: Path) -> None:
    shop = Shop()

    def before(request: httpx.Request, number: int) -> httpx.Response:
        if number == 1:
            found = [{"id": one, "name": "x"} for one in range(10)]
            return httpx.Response(200, json={"items": found, "total": 15})
        return httpx.Response(404, json={"message": "Gone"})

    shop.before = before
    with opened(shop, tmp_path) as session, pytest.raises(ApiError, match="answered 404: Gone"):
        select(session, "SELECT * FROM @parts WHERE thing_id = 1")


def test_an_answer_that_fails_only_in_a_column_is_not_kept(tmp_path: Path) -> None:
    """One statement reads the name alone, and its answer is kept; another finds the id broken."""
    shop = Shop()
    broken: dict[str, Any] = {"items": [{"id": "x", "name": "a"}], "next": None}
    shop.before = lambda request, number: httpx.Response(200, json=broken)
    with opened(shop, tmp_path) as session:
        assert select(session, "SELECT name FROM @events") == [("a",)]
        with pytest.raises(BadResponse):
            select(session, "SELECT id FROM @events")
        broken["items"] = [{"id": 1, "name": "b"}]
        assert select(session, "SELECT id FROM @events") == [(1,)]


def test_most_rows(tmp_path: Path) -> None:
    shop = Shop(things=95)
    with opened(shop, tmp_path, settings=Settings(max_rows=15)) as session:
        assert len(select(session, "SELECT * FROM @things LIMIT 10")) == 10
        with pytest.raises(RowLimit, match="more than the 15 rows"):
            select(session, "SELECT count(*) FROM @things")


def test_a_statement_may_take_so_long(tmp_path: Path) -> None:
    # A list without an end; each statement has its own time.
    shop = Shop(events=95)
    endless: list[int] = []

    def answer(request: httpx.Request, number: int) -> httpx.Response | None:
        endless.append(number)
        row = {"id": number, "name": "x", "kind": "odd"}
        return httpx.Response(200, json={"items": [row], "next": f"t{number}"})

    settings = Settings(statement_timeout=0.3)
    with opened(shop, tmp_path, cache_ttl=0, settings=settings) as session:
        assert len(select(session, "SELECT * FROM @events")) == 95
        shop.before = answer
        with pytest.raises(StatementTimeout, match=r"longer than the 0\.3 seconds"):
            select(session, "SELECT * FROM @events")
        assert endless
