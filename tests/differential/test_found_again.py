"""What a second generator of statements found, one case for each kind."""

from __future__ import annotations

from typing import Any

import pytest

from .shapes import Filter
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
    for filters in ((N, NAME), (N,), (NAME,)):
        with small("n integer, name text", rows, *filters, paging=TEN, local=local) as world:
            world.same(f"SELECT name FROM @things WHERE (n, n) IN ({pairs})")
            for join in ("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"):
                both = f"SELECT l.s, t.n FROM local l {join} @things t ON t.n = l.n"
                for row in ("(t.n, t.name)", "(t.name, t.n)"):
                    values = "(1, 'b'), (3, 'a')" if row == "(t.n, t.name)" else "('b', 1)"
                    world.same(f"{both} WHERE {row} IN (VALUES {values})")
                    world.same(f"{both} WHERE {row} IN (SELECT {row[1:-1]} FROM @things t)")
