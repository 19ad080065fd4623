"""allocate(): parts by shares, of which nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.errors import BadValue
from billql.sqlite._functions import register
from billql.sqlite._statement_notes import StatementNotes
from billql.sqlite.allocation import parts_of


def allocated(amount: Any, currency: str, shares: Sequence[tuple[Any, Any]]) -> Any:
    database = apsw.Connection(":memory:")
    register(database, StatementNotes(lambda text: None))
    database.execute("CREATE TABLE shares (key, share)")
    database.executemany("INSERT INTO shares VALUES (?, ?)", shares)
    sql = "SELECT allocate(?, ?, key, share) FROM shares"
    (row,) = database.execute(sql, (amount, currency)).fetchall()
    return None if row[0] is None else json.loads(str(row[0]))


THIRDS = [("a", "0.333333333333333333333"), ("b", "0.333333333333333333333")]
THIRDS += [("c", "0.333333333333333333334")]


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (100, "USD", {"a": 33.33, "b": 33.33, "c": 33.34}),
        (0.02, "usd", {"a": 0.01, "b": 0, "c": 0.01}),
        (-100, "USD", {"a": -33.33, "b": -33.33, "c": -33.34}),
        (100, "JPY", {"a": 33, "b": 33, "c": 34}),
        (1, "KWD", {"a": 0.333, "b": 0.333, "c": 0.334}),
        (0.0004, "USD", {"a": 0.0001, "b": 0.0001, "c": 0.0002}),  # no coarser than it is
        (1, "Credits", {"a": 0.33, "b": 0.33, "c": 0.34}),
        (0, "USD", {"a": 0, "b": 0, "c": 0}),
        (None, "USD", None),
    ],
)
def test_the_parts_add_up(amount: Any, currency: str, expected: Any) -> None:
    assert allocated(amount, currency, THIRDS) == expected


def test_shares_may_be_numbers_and_nothing() -> None:
    assert allocated(10, "USD", [("a", 0.1), ("b", 0.2), ("c", 0.7), ("d", 0)]) == {
        "a": 1,
        "b": 2,
        "c": 7,
        "d": 0,
    }
    assert allocated(10, "USD", [("a", 1)]) == {"a": 10}
    assert allocated(10, "USD", []) is None


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([("a", 0.5), ("b", 0.4)], "The shares of a, b add up to 0.9, and not to 1"),
        ([("a", 0.5), ("b", 0.6)], "add up to 1.1"),
        ([("a", 0.5), ("a", 0.5)], "two shares of 'a'"),
        ([("a", 1.5), ("b", -0.5)], "takes shares from 0 to 1, and -0.5 is none"),
        ([("a", "half"), ("b", 0.5)], "and 'half' is none"),
        ([("a", "NaN")], "and 'NaN' is none"),
        ([(None, 1)], "takes a text as the key"),
    ],
)
def test_other_shares_are_errors(shares: list[tuple[Any, Any]], message: str) -> None:
    with pytest.raises(BadValue) as caught:
        allocated(10, "USD", shares)
    assert message in caught.value.message


def test_several_amounts_are_an_error() -> None:
    database = apsw.Connection(":memory:")
    register(database, StatementNotes(lambda text: None))
    sql = "SELECT allocate(column1, 'USD', column2, 0.5) FROM (VALUES (1, 'a'), (2, 'b'))"
    with pytest.raises(BadValue, match="not both 1 and 2"):
        database.execute(sql).fetchall()


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any),
    st.integers(0, 4),
)
def test_no_part_is_a_unit_away_from_its_share(units: int, weights: list[int], digits: int) -> None:
    amount = Decimal(units).scaleb(-digits)
    total = sum(weights)
    shares = {str(place): Decimal(weight) / total for place, weight in enumerate(weights)}
    rest = Decimal(1) - sum(shares.values())
    shares[next(key for key, share in shares.items() if share)] += rest
    parts = parts_of(amount, shares, digits)
    assert sum(parts.values()) == amount
    unit = Decimal(1).scaleb(-digits)
    for key, part in parts.items():
        assert part == part.quantize(unit)
        assert abs(part - amount * shares[key]) < unit
