"""The requests that statements of many shapes send, beside the least number that can answer them.

A list has 1,000 rows in 10 pages, if nothing else is said. Every answer is compared with that of
plain SQLite over the same rows. The least number is argued from the API: what nobody can know
before asking, and what a page holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import apsw
import httpx
import pytest

from billql.errors import ApiError
from support.ledger import Ledger, List, expected, plain, session
from support.shop import URL, select
from support.shop import opened as opened_shop


class Shape(NamedTuple):
    """A statement, how many requests it sends, and the least number."""

    sql: str
    sent: int
    least: int
    ordered: bool = False


def _values(column: str, prefix: str, count: int, form: str = "") -> str:
    values = ", ".join(f"'{prefix}{n:{form}}'" for n in range(count))
    return f"{column} IN ({values})"


SHAPES = {
    # A product of INs, and keys, beside a list of ten pages.
    "INs on four columns": Shape(
        f"SELECT id FROM @entries WHERE {_values('region', 'r', 16)} AND {_values('kind', 'k', 12)}"
        f" AND {_values('state', 's', 3)} AND open IN (0, 1)",
        10,
        10,
    ),
    "an IN of 1,000 keys": Shape(
        f"SELECT id, amount FROM @entries WHERE {_values('id', 'e', 1000, '04')}", 10, 10
    ),
    "an IN of 1,000 keys, pages by token": Shape(
        f"SELECT id, amount FROM @feed WHERE {_values('id', 'e', 1000, '04')}", 10, 10
    ),
    "INs of which each value has more rows than a page": Shape(
        "SELECT id FROM @entries WHERE state IN ('s0', 's1', 's2') AND open IN (0, 1)", 10, 10
    ),
    "INs of which each value has more rows than a page, pages by token": Shape(
        "SELECT id FROM @feed WHERE state IN ('s0', 's1', 's2') AND open IN (0, 1)", 10, 10
    ),
    "INs with fewer rows than the list": Shape(
        "SELECT id FROM @entries WHERE region IN ('r1', 'r2') AND kind IN ('k1', 'k2')", 5, 4
    ),
    "INs on five columns, which take more requests than are sent": Shape(
        f"SELECT id FROM @entries WHERE {_values('customer', 'c', 16, '02')} AND "
        f"{_values('region', 'r', 16)} AND {_values('kind', 'k', 16)} AND "
        f"{_values('state', 's', 16)} AND open IN (0, 1)",
        10,
        10,
    ),
    "an IN of 60 keys which a page in the middle has, pages by token": Shape(
        f"SELECT id FROM @feed WHERE {_values('id', 'e05', 60, '02')}", 5, 5
    ),
    "an IN of 3 keys": Shape(
        f"SELECT id, amount FROM @entries WHERE {_values('id', 'e', 3, '04')}", 3, 3
    ),
    # Joins of a list with itself.
    "a self-join on the id": Shape(
        "SELECT a.id, b.amount FROM @entries a JOIN @entries b ON b.id = a.id", 10, 10
    ),
    "a self-join on the id, pages by token": Shape(
        "SELECT a.id, b.amount FROM @feed a JOIN @feed b ON b.id = a.id", 10, 10
    ),
    "a self-join by a filter": Shape(
        "SELECT a.id, b.id FROM @entries a JOIN @entries b ON b.customer = a.customer "
        "WHERE a.amount = 3 AND b.amount = 4",
        10,
        10,
    ),
    "a self-join by a filter, pages by token": Shape(
        "SELECT a.id, b.id FROM @feed a JOIN @feed b ON b.customer = a.customer "
        "WHERE a.amount = 3 AND b.amount = 4",
        10,
        10,
    ),
    "a self-join over a CTE": Shape(
        "WITH x AS (SELECT * FROM @entries WHERE amount > 1) SELECT a.id, b.id FROM x a "
        "JOIN x b ON b.customer = a.customer AND b.kind = a.kind WHERE a.state = 's1'",
        14,
        11,  # one page shows that all customers are needed; the three after it are on their way
    ),
    "a CTE used twice": Shape(
        "WITH x AS (SELECT * FROM @entries) SELECT a.id, b.id FROM x a "
        "JOIN x b ON b.customer = a.customer",
        10,
        10,
    ),
    "a self-join of four under one filter": Shape(
        "SELECT count(*) FROM @entries a JOIN @entries b ON b.id = a.id JOIN @entries c "
        "ON c.id = b.id JOIN @entries d ON d.id = c.id WHERE a.state = 's1' AND b.state = 's1' "
        "AND c.state = 's1' AND d.state = 's1'",
        4,
        4,
    ),
    # Local rows, subqueries, and lists beside lists.
    "10,000 local rows LEFT JOIN a list of one request": Shape(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000) "
        "SELECT n, p.id FROM n LEFT JOIN @plans p ON p.region = 'r' || (n % 200)",
        1,
        1,
    ),
    "two correlated scalar subqueries": Shape(
        "SELECT c.id, (SELECT count(*) FROM @entries e WHERE e.customer = c.id), "
        "(SELECT sum(amount) FROM @invoices i WHERE i.customer = c.id) FROM @customers c",
        15,
        15,
    ),
    "two correlated scalar subqueries over one list": Shape(
        "SELECT c.id, (SELECT count(*) FROM @entries e WHERE e.customer = c.id), "
        "(SELECT sum(amount) FROM @entries f WHERE f.customer = c.id) FROM @customers c",
        11,
        11,
    ),
    "two correlated scalar subqueries, of which one has a filter": Shape(
        "SELECT c.id, (SELECT count(*) FROM @entries e WHERE e.customer = c.id), "
        "(SELECT count(*) FROM @entries f WHERE f.customer = c.id AND f.kind = 'k1') "
        "FROM @customers c",
        11,
        11,
    ),
    "scalars over one list, of which some have a filter": Shape(
        "SELECT (SELECT sum(amount) FROM @feed), (SELECT count(*) FROM @feed WHERE state = 's1'), "
        "(SELECT max(id) FROM @feed WHERE region IN ('r1', 'r2') AND open)",
        10,
        10,
    ),
    "a UNION ALL of a list and a part of it": Shape(
        "SELECT 'all', count(name) FROM @entries UNION ALL "
        "SELECT kind, sum(amount) FROM @entries WHERE state = 's2' AND kind <> 'k1' GROUP BY kind",
        10,
        10,
    ),
    "a LEFT JOIN with a constant": Shape(
        "SELECT c.id, i.id FROM @customers c "
        "LEFT JOIN @invoices i ON i.customer = c.id AND i.status = 'open'",
        5,
        5,
    ),
    "NOT EXISTS": Shape(
        "SELECT c.id FROM @customers c "
        "WHERE NOT EXISTS (SELECT 1 FROM @invoices i WHERE i.customer = c.id)",
        5,
        5,
    ),
    "a filtered CTE used twice": Shape(
        "WITH x AS (SELECT * FROM @entries WHERE region = 'r1') "
        "SELECT a.id, b.id FROM x a JOIN x b ON b.customer = a.customer",
        1,
        1,
    ),
    "two lists joined by what no API filters": Shape(
        "SELECT a.id, b.id FROM @notes a JOIN @slips b ON b.name = a.name AND b.amount = a.amount",
        20,
        20,
    ),
    # Orders and limits.
    "ORDER BY in a join, LIMIT 5": Shape(
        "SELECT a.created, p.price IS NULL FROM @newest a JOIN @plans p ON p.region = a.region "
        "ORDER BY a.created DESC LIMIT 5",
        2,
        2,
    ),
    "a promised order, then the id, in a join, LIMIT 5": Shape(
        "SELECT a.id, p.price IS NULL FROM @newest a JOIN @plans p ON p.region = a.region "
        "ORDER BY a.created DESC, a.id LIMIT 5",
        2,
        2,
        ordered=True,
    ),
    "a promised order, then the id, LIMIT 5": Shape(
        "SELECT id FROM @newest ORDER BY created DESC, id LIMIT 5", 1, 1, ordered=True
    ),
    "a promised order, then others, LIMIT and OFFSET": Shape(
        "SELECT id FROM @newest WHERE amount > 2 ORDER BY created DESC, kind, amount DESC, id "
        "LIMIT 5 OFFSET 3",
        1,
        1,
        ordered=True,
    ),
    "a join by a key, ORDER BY, LIMIT 5": Shape(
        "SELECT a.id, b.amount FROM @newest a JOIN @entries b ON b.id = a.id "
        "ORDER BY b.created DESC, b.id DESC LIMIT 5",
        20,
        20,
        ordered=True,
    ),
    "a join by a key in the opposite order, pages by token": Shape(
        "SELECT a.id, b.amount FROM @slips a JOIN @feed b ON b.id = a.id", 20, 20
    ),
    "a join by a key of a part of a list, pages by token": Shape(
        "SELECT a.id, b.amount FROM @entries a JOIN @feed b ON b.id = a.id WHERE a.state = 's1'",
        14,
        14,
    ),
    "a join by a key, LIMIT 500": Shape(
        "SELECT a.id, b.amount FROM @slips a JOIN @entries b ON b.id = a.id LIMIT 500",
        16,  # the first keys may be all, so the whole list is read for them
        10,
    ),
    "a join by a key of what is newest, LIMIT 5": Shape(
        "SELECT a.id, b.amount FROM @newest a JOIN @feed b ON b.id = a.id "
        "ORDER BY a.created DESC LIMIT 5",
        2,
        2,
    ),
    "a LEFT JOIN by a key of what is newest, LIMIT 5": Shape(
        "SELECT a.id, b.amount FROM @newest a LEFT JOIN @feed b ON b.id = a.id "
        "ORDER BY a.created DESC LIMIT 5",
        2,
        2,
    ),
    "a join by a key of a part of a list, whose first page has all": Shape(
        "SELECT a.id, b.name FROM @entries a JOIN @feed b ON b.id = a.id "
        "WHERE a.region = 'r4' AND a.created > '2026-12-01'",
        2,
        2,
    ),
    # IN over a subquery.
    "IN (SELECT …) on an optional filter": Shape(
        "SELECT id FROM @entries WHERE region IN (SELECT region FROM @customers WHERE name < "
        "'name 2')",
        11,
        11,
    ),
    "IN (SELECT …) of three values on an optional filter": Shape(
        "SELECT id FROM @entries WHERE region IN (SELECT region FROM @customers WHERE name < "
        "'name 11')",
        4,
        4,
    ),
    "IN (SELECT …) that finds nothing": Shape(
        "SELECT id FROM @entries WHERE region IN (SELECT region FROM @customers WHERE name = '')",
        1,
        1,
    ),
    "IN beside an IN (SELECT …)": Shape(
        "SELECT id FROM @entries WHERE region IN ('r1', 'r2') "
        "AND name IN (SELECT name FROM @customers)",
        3,
        3,
    ),
    "IN beside a NOT IN (SELECT …)": Shape(
        "SELECT id FROM @entries WHERE region IN ('r1', 'r2') "
        "AND name NOT IN (SELECT name FROM @customers)",
        3,
        3,
    ),
    # Truth values, and counts.
    "WHERE flag": Shape("SELECT id FROM @entries WHERE open", 5, 5),
    "NOT flag": Shape("SELECT id FROM @entries e WHERE NOT e.open", 5, 5),
    "flag <> 0": Shape("SELECT id FROM @entries WHERE open <> 0", 5, 5),
    "flag IS TRUE": Shape("SELECT id FROM @entries WHERE open IS TRUE AND amount > 3", 5, 5),
    "flag > 0": Shape("SELECT id FROM @entries WHERE (open > 0)", 5, 5),
    "NOT flag = 0": Shape("SELECT id FROM @entries WHERE NOT open = FALSE", 5, 5),
    "a flag in the ON of a LEFT JOIN": Shape(
        "SELECT c.id, e.id FROM @customers c LEFT JOIN @entries e "
        "ON e.open AND e.region = 'r2' AND e.name = c.name",
        2,
        2,
    ),
    "flag IS NOT FALSE, which NULL is": Shape(
        "SELECT id FROM @entries WHERE open IS NOT FALSE", 10, 10
    ),
    "count(*)": Shape("SELECT count(*) FROM @entries", 1, 1),
    "count(*) under an exact filter": Shape(
        "SELECT count(*) FROM @entries WHERE state = 's1'", 1, 1
    ),
    "count(*) under a flag": Shape("SELECT count(*) FROM @entries WHERE NOT open", 1, 1),
    "counts under an IN": Shape(
        "SELECT state, count(*) FROM @entries WHERE state IN ('s0', 's2') GROUP BY state", 2, 2
    ),
    "a count beside another": Shape(
        "SELECT (SELECT count(*) FROM @entries), (SELECT count(*) FROM @newest "
        "WHERE region = 'r1' AND open), count(*) FROM @plans",
        3,
        3,
    ),
    "rows that are all alike": Shape(
        "SELECT state, 1 FROM @entries WHERE state = 's2' LIMIT 200 OFFSET 90", 1, 1
    ),
    "rows that are all alike, behind those that the list has": Shape(
        "SELECT state FROM @entries WHERE state = 's2' LIMIT 5 OFFSET 400", 1, 1
    ),
    # ORs of one column.
    "an OR of one column": Shape(
        "SELECT id FROM @entries WHERE (region = 'r1' OR 'r2' = region) AND amount > 3", 2, 2
    ),
    "an OR of IN and = of one column": Shape(
        "SELECT id FROM @entries WHERE region = 'r1' OR (region IN ('r3', 'r4') OR region = 'r2')",
        4,
        4,
    ),
    "an OR of INs of one column": Shape(
        "SELECT id FROM @feed WHERE region IN ('r3', NULL) OR region IN ('r1', 'r2')", 3, 3
    ),
    "an OR of one column in a join": Shape(
        "SELECT p.id, e.id FROM @plans p JOIN @entries e ON e.kind = p.region "
        "WHERE e.region = 'r1' OR e.region IN ('r2', 'r3')",
        4,
        4,
    ),
    "count(*) under an OR of one column": Shape(
        "SELECT count(*) FROM @entries WHERE state = 's1' OR state = 's2'", 2, 2
    ),
    "count(*) where pages lead to each other": Shape("SELECT count(*) FROM @feed", 10, 10),
    "count(*) under what is computed": Shape(
        "SELECT count(*) FROM @entries WHERE lower(state) = 's1'", 10, 10
    ),
    "count(*) under an OR, which rows are recognized for": Shape(
        "SELECT count(*) FROM @entries WHERE state = 's1' OR region = 'r2'", 5, 5
    ),
    "count(*) beside an aggregate": Shape("SELECT count(*), max(amount) FROM @entries", 10, 10),
}


@pytest.fixture(scope="module")
def books() -> Iterator[apsw.Connection]:
    database = plain()
    yield database
    database.close()


@pytest.mark.parametrize("shape", SHAPES)
def test_statements_send(books: apsw.Connection, tmp_path: Path, shape: str) -> None:
    wanted = SHAPES[shape]
    ledger = Ledger()
    with session(ledger, tmp_path) as opened:
        rows = select(opened, wanted.sql)
    answer = expected(books, wanted.sql)
    if wanted.ordered:
        assert rows == answer
    assert sorted(rows, key=repr) == sorted(answer, key=repr)
    # A LIMIT may be met while one more request is on its way.
    if "LIMIT" in wanted.sql:
        assert len(ledger.asked) <= wanted.sent
    else:
        assert len(ledger.asked) == wanted.sent
    assert len(ledger.asked) >= wanted.least


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("SELECT id FROM @entries WHERE region IN ('r1', 'r2')", 2),
        ("SELECT id FROM seen WHERE kind = 'k1'", 1),
        ("SELECT s.id FROM seen s JOIN @plans p ON p.region = s.region WHERE s.kind IN ()", 0),
    ],
)
def test_what_a_file_stores_costs_no_requests(
    books: apsw.Connection, tmp_path: Path, sql: str, sent: int
) -> None:
    """A view with an IN over a query, and a trigger, beside or in what is read."""
    ledger = Ledger()
    with session(ledger, tmp_path) as opened:
        select(opened, "CREATE TABLE own (x)")
        select(
            opened,
            "CREATE VIEW seen AS SELECT * FROM @entries "
            "WHERE state IN (SELECT 's' || value FROM json_each('[0,2]'))",
        )
        select(
            opened,
            "CREATE TRIGGER noted AFTER INSERT ON own BEGIN "
            "DELETE FROM own WHERE x IN (SELECT id FROM @entries); END",
        )
        rows = select(opened, sql)
    seen = "(SELECT * FROM entries WHERE state IN ('s0', 's2'))"
    answer = expected(
        books, sql.replace("FROM seen", f"FROM {seen} AS seen").replace("seen s", "s")
    )
    assert sorted(rows) == sorted(answer)
    assert len(ledger.asked) == sent


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT k, amount FROM (SELECT printf('e%04d', value) AS k FROM json_each('[1,2,3,4,5,6]'))"
        " LEFT JOIN @entries e ON e.id = k",
        f"SELECT id, amount FROM @entries WHERE {_values('id', 'e', 9, '04')}",
    ],
)
def test_keys_are_read_where_the_list_is_forbidden(
    books: apsw.Connection, tmp_path: Path, sql: str, status: int
) -> None:
    ledger = Ledger()
    ledger.before = lambda request: (
        httpx.Response(status, json={"message": "No", "id": "no"})
        if request.url.path == "/entries"
        else None
    )
    with session(ledger, tmp_path) as opened:
        assert sorted(select(opened, sql)) == sorted(expected(books, sql))


def test_a_list_that_fails_for_good_fails_the_statement(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.before = lambda request: (
        httpx.Response(500, json={}) if "page=3" in str(request.url.query) else None
    )
    sql = f"SELECT id, amount FROM @entries WHERE {_values('id', 'e', 1000, '04')}"
    with session(ledger, tmp_path) as opened, pytest.raises(ApiError, match="500"):
        select(opened, sql)


_KEYS = [*(f"t{n}" for n in range(9)), "gone", "t9"]
_LOCAL = "(VALUES " + ", ".join(f"('{key}')" for key in _KEYS) + ")"


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        (f"SELECT id FROM @things WHERE id IN {_LOCAL}", 2),
        (f"SELECT id FROM @things WHERE id IN ({str(_KEYS)[1:-1]})", 2),
        (f"SELECT id FROM {_LOCAL} JOIN @things ON id = column1", 2),
        (f"SELECT id FROM {_LOCAL} LEFT JOIN @things ON id = column1", 2),
        (f"SELECT id FROM {_LOCAL} JOIN @things ON id = column1 ORDER BY name DESC", 2),
        (f"SELECT id FROM {_LOCAL} JOIN @things ON id = column1 LIMIT 11", 2),
        (f"SELECT (SELECT id FROM @things WHERE id = column1) FROM {_LOCAL}", 2),
        (f"SELECT id FROM {_LOCAL} JOIN @things ON id = column1 || ''", 2),
        ("SELECT id FROM @things WHERE id IN ('t1', 'gone')", 2),
        # What has been read of a list is not lost where the list is given up.
        (f"SELECT id FROM {_LOCAL} JOIN @others ON id = column1", 2),
        (f"SELECT id FROM @others WHERE id IN ({str(_KEYS)[1:-1]})", 2),
    ],
)
def test_a_key_that_shows_more_than_lists_is_read_by_itself(
    tmp_path: Path, sql: str, sent: int
) -> None:
    """What was deleted is in no list, and found by its key alone."""
    columns = {"id": "text", "name": "text"}
    things = tuple({"id": f"t{n}", "name": f"n{n % 3}"} for n in range(20))
    others = tuple({"id": f"{'t' if n < 10 else 'u'}{n}", "name": ""} for n in range(900))
    lists = {
        "things": List(columns, things, get="id"),
        "others": List(columns, others, get="id", paging="token"),
    }
    ledger = Ledger(lists)
    resources = {name: one.resource(name) for name, one in lists.items()}
    for one in resources.values():
        one["methods"]["get"]["shows_more"] = True
    gone = {"id": "gone", "name": "n1"}
    ledger.before = lambda request: (
        httpx.Response(200, json=gone) if request.url.path.endswith("/gone") else None
    )
    with opened_shop(ledger, tmp_path, {"url": URL}, resources) as opened:
        rows = select(opened, sql)
    assert sorted(rows) == sorted((key,) for key in _KEYS if f"'{key}'" in sql)
    assert len(ledger.asked) == sent
