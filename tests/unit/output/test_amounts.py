"""Amounts for the eye: the digits of their currency, aligned points, colour, separators."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql import output
from billql.output import MoneyColumns, Style
from billql.output.amounts import shown_amount, shown_digits
from billql.sql.amounts import Amount


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (1694.3, "USD", "1,694.30"),
        (0.0, "usd", "0.00"),
        (-0.0, "usd", "0.00"),
        (5, "usd", "5.00"),
        (4408080.0, "JPY", "4,408,080"),
        (1.5, "KWD", "1.500"),
        (12.5, "CLF", "12.5000"),
        (148.049999999999, "USD", "148.05"),
        (0.1 + 0.2, "USD", "0.30"),
        (-1234567.5, "usd", "-1,234,567.50"),
        (0.00744, "usd", "0.00744"),  # a price keeps its digits
        (12.25, "JPY", "12.25"),
        (2.5, "usdc", "2.50"),
        (2.5, None, "2.50"),
        (1.23456, None, "1.23456"),
        (100 / 3, "USD", "33.33"),
        (100 / 3, "JPY", "33.3"),
        (1 / 3000, "USD", "0.000333"),
        (10**17, "USD", "100,000,000,000,000,000.00"),
        (math.inf, "USD", "inf"),
        (Decimal("12.5"), "USD", "12.50"),
    ],
)
def test_digits(value: float, currency: str | None, shown: str) -> None:
    assert shown_amount(value, currency) == shown
    assert shown_amount(value, currency, thousands=False) == shown.replace(",", "")
    assert shown_digits(value, currency) == len(shown.partition(".")[2])


def test_minor_units_have_no_point() -> None:
    assert shown_amount(105000, "usd", is_minor=True) == "105,000"


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [(68.475, "USD", "68.48"), (6.311875, "JPY", "6.31"), (0.0012345, "USD", "0.00123")],
)
def test_averages_are_rounded(value: float, currency: str, shown: str) -> None:
    assert shown_amount(value, currency, is_rounded=True) == shown


@given(st.integers(-(10**11), 10**11), st.sampled_from(["USD", "JPY", "KWD", None]))
def test_an_amount_in_cents_keeps_its_value(cents: int, currency: str | None) -> None:
    shown = shown_amount(cents / 100, currency, thousands=False)
    assert Decimal(shown) == Decimal(cents) / 100
    assert shown[-3:-2] == "." or currency in ("JPY", "KWD")


COLUMNS = [("currency", "TEXT"), ("amount", "DECIMAL REAL")]
ROWS = [("USD", 1694.3), ("JPY", -4408080.0), ("KWD", 0.5), ("USD", None), (None, 1.0)]


def shown_as(
    name: str, *, rows: Sequence[tuple[Any, ...]] = ROWS, style: Style | None = None
) -> str:
    columns = MoneyColumns(COLUMNS, lambda: [None, Amount(place=0)])
    stream = io.StringIO()
    output.find(name).write(columns, iter(rows), stream, style or Style())
    return stream.getvalue()


def test_points_are_aligned_in_a_table() -> None:
    assert shown_as("table").splitlines()[2:] == [
        "USD            1,694.30",
        "JPY       -4,408,080",
        "KWD                0.500",
        "USD                 NULL",
        "NULL               1.00",
    ]
    assert "| 1,694.30\u2007 |" in shown_as("markdown")
    assert "-4,408,080\u2008\u2007\u2007\u2007 |" in shown_as("markdown")


def test_separators_can_be_off() -> None:
    assert "1694.30" in shown_as("table", style=Style(thousands=lambda: False))


def test_a_negative_amount_is_red_on_a_terminal() -> None:
    assert "\x1b[31m-4,408,080" in shown_as("table", style=Style(color=True)).replace("  ", "")
    assert "\x1b[31m-4,408,080" in shown_as("line", style=Style(color=True))
    assert '<span class="negative">-4,408,080</span>' in shown_as("html")


@pytest.mark.parametrize("name", ["csv", "json", "jsonl"])
def test_programs_never_ask_what_is_money(name: str) -> None:
    def fail() -> list[Amount | None]:
        raise AssertionError

    stream = io.StringIO()
    columns = MoneyColumns(COLUMNS, fail)
    output.find(name).write(columns, iter(ROWS), stream, Style(thousands=lambda: True))
    assert "1694.3" in stream.getvalue()
    assert "4408080" in stream.getvalue()
    assert "1694.30" not in stream.getvalue()
