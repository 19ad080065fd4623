"""money_sum(): exact where sum() is not."""

from __future__ import annotations

from decimal import Decimal

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.errors import BadValue
from billql.sqlite._functions import register
from billql.sqlite._statement_notes import StatementNotes


@pytest.fixture
def database() -> apsw.Connection:
    database = apsw.Connection("")
    register(database, StatementNotes(pytest.fail))
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
    register(database, StatementNotes(pytest.fail))
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


@pytest.mark.parametrize(
    ("amount", "currency", "digits", "expected"),
    [
        (2500000, "usdc", 6, 2.5),
        (5, "points", 0, 5.0),
        (1050, "jpy", 2, 10.5),
        (None, "x", 2, None),
    ],
)
def test_digits_for_what_is_no_currency(
    database: apsw.Connection, amount: object, currency: str, digits: int, expected: float | None
) -> None:
    assert value(database, "SELECT money(?, ?, ?)", (amount, currency, digits)) == expected


@pytest.mark.parametrize("currency", ["usdc", "dollars", "XAU", 5, b"usd"])
def test_what_is_no_currency(database: apsw.Connection, currency: object) -> None:
    with pytest.raises(BadValue, match=r"is no currency of ISO 4217") as caught:
        value(database, "SELECT money(1, ?)", (currency,))
    assert "money(amount, currency, 2)" in str(caught.value.hint)


def test_only_the_row_that_needs_the_digits_fails(database: apsw.Connection) -> None:
    rows = "SELECT 1050 AS amount, 'usd' AS currency UNION ALL SELECT 7, 'usdc'"
    found = database.execute(f"SELECT money(amount, currency) FROM ({rows}) LIMIT 1")
    assert found.fetchall() == [(10.5,)]
    assert value(database, f"SELECT count(currency) FROM ({rows})") == 2
    with pytest.raises(BadValue, match="'usdc'"):
        database.execute(f"SELECT money(amount, currency) FROM ({rows})").fetchall()


@pytest.mark.parametrize("digits", [-1, 19, 1.5, "two"])
def test_what_is_no_number_of_digits(database: apsw.Connection, digits: object) -> None:
    with pytest.raises(BadValue, match="is no number of digits"):
        value(database, "SELECT money(1, 'usd', ?)", (digits,))


@pytest.mark.parametrize(("currency", "expected"), [("isk", 5.0), ("ugx", 5.0), ("mga", 500.0)])
def test_minor_units_that_apis_count_otherwise(
    database: apsw.Connection, currency: str, expected: float
) -> None:
    assert value(database, "SELECT money(500, ?)", (currency,)) == expected
