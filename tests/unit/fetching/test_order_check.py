"""Rows that are in the order that their API promises, and rows that are not."""

from __future__ import annotations

from typing import Any

import pytest

from billql.errors import BadResponse
from billql.fetching._order_check import OrderChecker


def check(terms: list[tuple[int, bool]], *batches: list[tuple[Any, ...]]) -> None:
    checker = OrderChecker(terms, "things")
    for rows in batches:
        checker.check(rows)


UP, DOWN = [(0, False)], [(0, True)]


@pytest.mark.parametrize(
    ("terms", "values"),
    [
        (UP, [1, 2, 2, 10]),
        (DOWN, [10, 2, 2, 1]),
        # SQLite's order of types: NULL, numbers, texts, blobs.
        (UP, [None, -1, 2.5, "", "a", b"", b"a"]),
        (DOWN, [b"a", "a", 1, None]),
        (UP, []),
    ],
)
def test_an_order_that_is_kept(terms: list[tuple[int, bool]], values: list[Any]) -> None:
    check(terms, [(value,) for value in values])
    check(terms, *([(value,)] for value in values))


@pytest.mark.parametrize(
    ("terms", "values"), [(UP, [2, 1]), (DOWN, [1, 2]), (UP, [1, None]), (UP, ["a", 1])]
)
def test_an_order_that_is_broken(terms: list[tuple[int, bool]], values: list[Any]) -> None:
    first, second = ((value,) for value in values)
    with pytest.raises(BadResponse, match="another order"):
        check(terms, [first, second])
    with pytest.raises(BadResponse, match="another order"):
        check(terms, [first], [], [second])


def test_a_later_term_decides_between_equals() -> None:
    terms = [(1, False), (0, True)]
    check(terms, [(2, "a"), (1, "a"), (9, "b")])
    with pytest.raises(BadResponse):
        check(terms, [(1, "a"), (2, "a")])
