"""Statements whose rows are just those of one scan, which are read page by page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.errors import ApiError, Interrupted, RowLimit, StatementTimeout
from billql.fetching.plain_scan import PlainRead, plain_read
from billql.sqlite.execution import Execution
from billql.sqlite.restrictions import Restrictions
from billql.sqlite.session import Session
from support.shop import SIZE, Shop, opened

# `things` has the columns id, name and kind, and comes in the order of its id.

PLAIN = [
    ("SELECT * FROM @things", PlainRead((0, 1, 2))),
    ("SELECT name AS n, t.id, name FROM @things AS t", PlainRead((1, 0, 1))),
    ("SELECT +id FROM @things", PlainRead((0,))),
    ("SELECT kind FROM @things ORDER BY id", PlainRead((2,))),
    ("SELECT n FROM (SELECT id, name AS n FROM @things)", PlainRead((1,))),
    ("WITH t AS (SELECT name, id FROM @things) SELECT * FROM t", PlainRead((1, 0))),
    ("SELECT id FROM @things LIMIT 3", PlainRead((0,), 3)),
    ("SELECT id, kind FROM @things ORDER BY id LIMIT 2", PlainRead((0, 2), 2)),
    ("SELECT id FROM @things LIMIT ?1", PlainRead((0,), 1)),
    ("SELECT name FROM (SELECT * FROM @things LIMIT 7)", PlainRead((1,), 7)),
]

COMPUTED = [
    "SELECT id + 1 FROM @things",
    "SELECT 1, id FROM @things",
    "SELECT CAST(id AS TEXT) FROM @things",
    "SELECT upper(name) FROM @things",
    "SELECT rowid, id FROM @things",
    "SELECT CASE WHEN id THEN name END FROM @things",
    "SELECT (SELECT id FROM n), id FROM @things",
    "SELECT id FROM @things WHERE kind = 'odd'",
    "SELECT id FROM @things WHERE ?1",
    "SELECT id FROM @things WHERE id BETWEEN 1 AND 2",
    "SELECT id FROM @things WHERE EXISTS (SELECT 1 FROM n)",
    "SELECT id FROM @things LIMIT 0",
    "SELECT id FROM @things LIMIT -1",
    "SELECT id FROM @things LIMIT 1 + 1",
    "SELECT id FROM @things LIMIT 5000000000",
    "SELECT id FROM @things LIMIT (SELECT 3)",
    "SELECT id FROM @things LIMIT 3 OFFSET 2",
    "SELECT id FROM @things LIMIT -1 OFFSET 2",
    "SELECT * FROM (SELECT id FROM @things LIMIT 3) LIMIT 2",
    "SELECT id FROM @things ORDER BY name",
    "SELECT DISTINCT name FROM @things",
    "SELECT name FROM @things GROUP BY name",
    "SELECT count(*) FROM @things",
    "SELECT id, row_number() OVER () FROM @things",
    "SELECT t.id FROM @things t JOIN n ON n.id = t.id",
    "SELECT t.id FROM @things t, n",
    "SELECT t.id FROM n, @things t",
    "SELECT n.id FROM n LEFT JOIN @things t",
    "SELECT id FROM @things UNION ALL SELECT id FROM n",
    "SELECT id FROM @things UNION ALL VALUES (1)",
    "VALUES (1) UNION ALL SELECT id FROM @things",
    "SELECT id FROM @things EXCEPT SELECT 1",
    "WITH RECURSIVE t(i) AS (SELECT id FROM @things UNION ALL SELECT i + 9 FROM t WHERE i < 9) "
    "SELECT i FROM t",
    "SELECT id FROM n",
    "SELECT 1",
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with opened(Shop(), tmp_path_factory.mktemp("shop")) as session:
        session.database.execute("CREATE TABLE n (id INTEGER)")
        session.engine.register(["shop.all.things"])
        yield session


def read_by(session: Session, sql: str) -> PlainRead | None:
    quoted = re.sub(r"@(\w+)", r'"shop.all.\1"', sql)
    bindings = (1,) if "?" in sql else ()
    return plain_read(list(session.database.execute(f"EXPLAIN {quoted}", bindings)))


@pytest.mark.parametrize(("sql", "read"), PLAIN)
def test_only_reads(session: Session, sql: str, read: PlainRead) -> None:
    assert read_by(session, sql) == read


@pytest.mark.parametrize("sql", COMPUTED)
def test_does_more(session: Session, sql: str) -> None:
    assert read_by(session, sql) is None


def is_read_by_page(execution: Execution) -> bool:
    return execution._scan is not None


@pytest.mark.parametrize(
    "name", ["things", "events", "links", "charges", "balance", "lines", "files"]
)
def test_the_rows_are_those_that_sqlite_returns(tmp_path: Path, name: str) -> None:
    shop = Shop(things=47, events=47, links=47, charges=47)
    with opened(shop, tmp_path) as session:
        by_page = session.execute(f"SELECT * FROM shop.all.{name}")
        assert is_read_by_page(by_page)
        names = [column for column, _ in by_page.description or ()]
        computed = ", ".join(f"iif(1, {one}, NULL)" for one in names)
        by_cell = session.execute(f"SELECT {computed} FROM shop.all.{name}")
        assert not is_read_by_page(by_cell)
        rows = list(by_page)
        assert rows == list(by_cell) != []
        assert [list(map(type, row)) for row in rows] == [
            list(map(type, row))
            for row in session.execute(f"SELECT {computed} FROM shop.all.{name}")
        ]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    "sql", ["SELECT id FROM shop.all.things", "SELECT id + 0 FROM shop.all.things"]
)
def test_rows_are_fetched_some_at_a_time(tmp_path: Path, sql: str, size: int) -> None:
    with opened(Shop(things=47), tmp_path) as session:
        execution = session.execute(sql)
        first = next(execution)
        rest = list(iter(lambda: execution.fetch(size), []))
        assert max(map(len, rest)) <= size
        assert [first, *chain.from_iterable(rest)] == [(number,) for number in range(1, 48)]
        assert execution.fetch(size) == []


def test_no_page_is_requested_sooner(tmp_path: Path) -> None:
    """Half of the first page may be all that is wanted."""
    shop = Shop(things=47)
    with opened(shop, tmp_path) as session:
        execution = session.execute("SELECT id FROM shop.all.things")
        assert is_read_by_page(execution)
        for _ in range(SIZE // 2):
            next(execution)
        assert len(shop.asked) == 1
        execution.close()
    assert len(shop.asked) == 1


@pytest.mark.parametrize(
    "sql", ["SELECT id FROM shop.all.events", "SELECT id + 0 FROM shop.all.events"]
)
@pytest.mark.parametrize("size", [0, 4, 1000])
def test_the_rows_before_an_error_come_first(tmp_path: Path, sql: str, size: int) -> None:
    """`size` 0 stands for one by one."""
    shop = Shop(events=47)
    shop.before = lambda request, number: (
        httpx.Response(400, json={"message": "Broken"}) if number == 3 else None
    )
    found: list[Any] = []
    with opened(shop, tmp_path) as session:
        execution = session.execute(sql)
        rows = chain.from_iterable(iter(lambda: execution.fetch(size), []))
        with pytest.raises(ApiError, match="Broken"):
            found.extend(rows if size else execution)
        assert execution.fetch(1) == list(execution) == []
    assert found == [(number,) for number in range(1, 2 * SIZE + 1)]


def test_rows_that_were_read_end_with_an_interrupt(tmp_path: Path) -> None:
    with opened(Shop(things=47), tmp_path) as session:
        halves = [session.execute("SELECT id FROM shop.all.things") for _ in range(2)]
        assert all(map(is_read_by_page, halves))
        assert [next(one) for one in halves] == [(1,), (1,)]
        session.interrupt()
        with pytest.raises(Interrupted):
            next(halves[0])
        with pytest.raises(Interrupted):
            halves[1].fetch(3)


@pytest.mark.parametrize(
    "sql", ["SELECT id FROM shop.all.things", "SELECT id + 0 FROM shop.all.things"]
)
@pytest.mark.parametrize("most", [1, 5, SIZE // 2, SIZE, SIZE + 1, 46])
def test_all_rows_within_the_bound_are_returned(tmp_path: Path, sql: str, most: int) -> None:
    found: list[Any] = []
    with opened(Shop(things=47), tmp_path) as session:
        session.restrictions = Restrictions(max_rows=most)
        execution = session.execute(sql)
        assert is_read_by_page(execution) == ("+" not in sql)
        with pytest.raises(RowLimit):
            found.extend(chain.from_iterable(iter(lambda: execution.fetch(7), [])))
        assert execution.fetch(7) == []
    assert found == [(number,) for number in range(1, most + 1)]


@pytest.mark.parametrize("limit", [1, 2, SIZE // 2, SIZE - 1, SIZE, SIZE + 1, 46, 47, 48])
@pytest.mark.parametrize("most", [None, 1, SIZE // 2, SIZE, 47])
def test_a_limit_ends_it_with_the_same_requests(
    tmp_path: Path, limit: int, most: int | None
) -> None:
    """A LIMIT, and a bound on how many rows a statement may return."""
    found: dict[str, list[Any]] = {}
    for column in ("id", "id + 0"):
        shop = Shop(events=47)
        rows: list[Any] = []
        with opened(shop, tmp_path) as session:
            session.restrictions = Restrictions(max_rows=most)
            execution = session.execute(f"SELECT {column} FROM shop.all.events LIMIT {limit}")
            assert is_read_by_page(execution) == (column == "id")
            try:
                rows.extend(execution)
            except RowLimit:
                rows.append("too many")
            assert execution.fetch(1) == []
        found[column] = rows
        if most is None:
            assert len(shop.asked) == math.ceil(min(limit, 47) / SIZE)
    assert found["id"] == found["id + 0"]
    expected: list[Any] = [(number,) for number in range(1, min(limit, 47) + 1)]
    if most is not None and most < len(expected):
        expected[most:] = ["too many"]
    assert found["id"] == expected


@pytest.mark.parametrize("most", [47, 48])
def test_as_many_rows_as_are_allowed_are_no_error(tmp_path: Path, most: int) -> None:
    with opened(Shop(things=47), tmp_path) as session:
        session.restrictions = Restrictions(max_rows=most)
        execution = session.execute("SELECT id FROM shop.all.things")
        assert len(list(execution)) == 47


def test_a_page_ends_when_the_time_is_over(tmp_path: Path) -> None:
    with opened(Shop(things=47), tmp_path) as session:
        session.restrictions = Restrictions(timeout=3600)
        execution = session.execute("SELECT id FROM shop.all.things")
        assert is_read_by_page(execution)
        allowance = execution._allowance
        assert allowance is not None
        assert next(execution) == (1,)
        allowance.until = 0.0
        with pytest.raises(StatementTimeout):
            list(execution)
