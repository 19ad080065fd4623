"""What a second generator of statements found, one case for each kind."""

from __future__ import annotations

from typing import Any

import pytest

from .shapes import Filter, Paging
from .small import TEN, Values, small

N, NAME = Filter("n", "n"), Filter("name", "name")


@pytest.mark.parametrize("operator", [">=", "<"])
def test_a_count_where_the_api_has_one_bound_alone(operator: Any) -> None:
    rows = [(n // 10, "abc"[n % 3]) for n in range(40)]
    bound = Filter("bound", "n", operator=operator)
    with small("n integer, name text", rows, bound, paging=TEN) as world:
        for condition in ("n = 1", "n IN (1, 2)", "n BETWEEN 1 AND 1", "n = 1 AND n = 1"):
            world.same(f"SELECT count(*) FROM @things WHERE {condition}")
        world.same("SELECT n, (SELECT count(*) FROM @things t WHERE t.n = l.n) FROM local l")
        world.same(
            "SELECT n FROM @things o "
            "WHERE NOT EXISTS (SELECT 1 FROM @things t WHERE t.n = o.n AND t.n > 1)"
        )


def test_row_values() -> None:
    rows = [(n % 5, "abc"[n % 3]) for n in range(40)]
    local: list[Values] = [("k", "a", 0), ("k", "b", 9), ("k", None, 3)]
    pairs = "VALUES (1, 1), (2, 2), (3, 3), (4, 4), (0, 1)"
    for filters in ((N, NAME), (NAME,)):
        with small("n integer, name text", rows, *filters, paging=TEN, local=local) as world:
            world.same(f"SELECT name FROM @things WHERE (n, n) IN ({pairs})")
            for join in ("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"):
                both = f"SELECT l.s, t.n FROM local l {join} @things t ON t.n = l.n"
                for row in ("(t.n, t.name)", "(t.name, t.n)"):
                    values = "(1, 'b'), (3, 'a')" if row == "(t.n, t.name)" else "('b', 1)"
                    world.same(f"{both} WHERE {row} IN (VALUES {values})")
                    world.same(f"{both} WHERE {row} IN (SELECT {row[1:-1]} FROM @things t)")


RANGES = {  # of each statement, how many requests it takes at most: the first range is read alone
    "SELECT l.n, t.n FROM local l LEFT JOIN @things t ON t.n BETWEEN l.n AND l.n + 1": 13,
    "SELECT l.n, (SELECT count(*) FROM @things t WHERE t.n < l.n) FROM local l": 13,
    "SELECT count(*) FROM local l LEFT JOIN @things t ON t.n <= l.n AND t.name = l.s": 13,
    "SELECT a.n, b.n FROM @things a LEFT JOIN @things b ON b.at > a.at AND b.at < '2025-01-03'": 22,
    "SELECT l.n, t.at FROM local l LEFT JOIN @things t ON t.at > l.day AND t.n <> l.n": 20,
    # Which of the rows are needed is unknown, so a request is sent for each.
    "SELECT count(*) FROM local l WHERE EXISTS (SELECT 1 FROM @things t WHERE t.n > l.n)": 60,
}


@pytest.mark.parametrize("kind", ["page", "token"])
@pytest.mark.parametrize("sql", RANGES)
def test_many_ranges_read_the_list_once(sql: str, kind: Any) -> None:
    low, high = Filter("low", "n", operator=">="), Filter("high", "n", operator="<=")
    since, until = Filter("since", "at", operator=">="), Filter("until", "at", operator="<=")
    rows: list[Values] = [
        (n * 7 % 100 or None, "abc"[n % 3], f"2025-01-{1 + n % 28:02}T00:00:00Z")
        for n in range(100)
    ]
    local: list[Values] = [
        ("k", "abc"[n % 3], (n, None, n + 0.5, "5")[n % 4], f"2025-01-{1 + n % 28:02}")
        for n in range(60)
    ]
    told = "n integer, name text, at timestamp"
    filters = (low, high, since, until, NAME)
    with small(told, rows, *filters, paging=Paging(kind, 10), local=local) as world:
        world.same(sql)
        assert len(world.api.asked) <= RANGES[sql]


def test_few_ranges_are_requested_one_by_one() -> None:
    low = Filter("low", "n", operator=">=")
    with small("n integer, name text", [(n, "a") for n in range(100)], low, paging=TEN) as world:
        world.same(
            "SELECT l.column1, n FROM (VALUES (95), (98)) l LEFT JOIN @things ON n > l.column1"
        )
        assert len(world.api.asked) == 2
