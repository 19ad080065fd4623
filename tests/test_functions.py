"""money_sum(): exact where sum() is not."""

from __future__ import annotations

from decimal import Decimal

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.errors import BadValue
from billql.sqlite.functions import register


@pytest.fixture
def database() -> apsw.Connection:
    database = apsw.Connection("")
    register(database)
    return database


def value(database: apsw.Connection, sql: str, bindings: tuple[object, ...] = ()) -> object:
    ((found,),) = database.execute(sql, bindings)
    return found


def test_cents_add_up(database: apsw.Connection) -> None:
    amounts = "SELECT 0.1 AS x UNION ALL SELECT 0.2 UNION ALL SELECT 0.3"
    assert value(database, f"SELECT money_sum(x) FROM ({amounts})") == 0.6


def test_zero_is_not_null(database: apsw.Connection) -> None:
    assert value(database, "SELECT money_sum(x) FROM (SELECT 0.0 AS x)") == 0.0
    assert value(database, "SELECT money_sum(x) FROM (SELECT NULL AS x)") is None
    assert value(database, "SELECT money_sum(x) FROM (SELECT 1 AS x WHERE false)") is None


def test_integers_stay_integers(database: apsw.Connection) -> None:
    found = value(database, "SELECT money_sum(x) FROM (SELECT 1 AS x UNION ALL SELECT 2)")
    assert (found, type(found)) == (3, int)


def test_texts_that_spell_amounts_count(database: apsw.Connection) -> None:
    assert value(database, "SELECT money_sum(x) FROM (SELECT '12.30' AS x)") == 12.3
    with pytest.raises(BadValue, match="'a lot' is not an amount"):
        value(database, "SELECT money_sum(x) FROM (SELECT 'a lot' AS x)")


def test_a_window_slides(database: apsw.Connection) -> None:
    rows = database.execute(
        "WITH amounts(x) AS (VALUES (0.1), (0.2), (0.3)) "
        "SELECT money_sum(x) OVER (ORDER BY x ROWS 1 PRECEDING) FROM amounts"
    )
    assert [row[0] for row in rows] == [0.1, 0.3, 0.5]


@given(st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=50))
def test_any_sum_of_cents_is_exact(cents: list[int]) -> None:
    database = apsw.Connection("")
    register(database)
    database.execute("CREATE TABLE amounts (x REAL)")
    database.executemany("INSERT INTO amounts VALUES (?)", [(cent / 100,) for cent in cents])
    found = value(database, "SELECT money_sum(x) FROM amounts")
    assert found == float(Decimal(sum(cents)) / 100)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (1050, "usd", 10.5),
        (1050, "USD", 10.5),
        (1050, "jpy", 1050.0),
        (1050, "kwd", 1.05),
        (-1, "eur", -0.01),
        (0, "usd", 0.0),
        (None, "usd", None),
        (5, None, None),
        ("12.5", "usd", 0.125),
    ],
)
def test_minor_units(
    database: apsw.Connection, amount: object, currency: object, expected: float | None
) -> None:
    assert value(database, "SELECT money(?, ?)", (amount, currency)) == expected


def test_what_is_no_currency(database: apsw.Connection) -> None:
    with pytest.raises(BadValue, match="'dollars' is not a currency"):
        value(database, "SELECT money(1, 'dollars')")
