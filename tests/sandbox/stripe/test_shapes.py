"""Every object has the fields that the official client knows, of the types that it knows."""

from __future__ import annotations

from typing import Any

import pytest

from .asking import LISTS, Asker, everything
from .shapes import class_of, complaints

Told = dict[str, list[dict[str, Any]]]


@pytest.mark.parametrize("path", LISTS)
def test_rows(told: Told, path: str) -> None:
    assert told[path]
    wrong = [each for row in told[path] for each in complaints(class_of(row), row, path)]
    assert not wrong[:10]


@pytest.mark.parametrize("path", LISTS)
def test_rows_of_a_small_story(stripe_small: Asker, path: str) -> None:
    rows = everything(stripe_small, path)
    assert rows, "even the smallest story has some of everything"
    assert not [each for row in rows for each in complaints(class_of(row), row, path)][:10]


def test_rows_within_rows(stripe_ask: Asker, told: Told) -> None:
    for owner, word in (("credit_notes", "lines"), ("quotes", "line_items")):
        for row in told[owner][:20]:
            for line in stripe_ask.rows(f"{owner}/{row['id']}/{word}"):
                assert not list(complaints(class_of(line), line))
    for row in told["customers"][:20]:
        for entry in stripe_ask.rows(f"customers/{row['id']}/balance_transactions"):
            assert not list(complaints(class_of(entry), entry))


def test_single_objects(stripe_ask: Asker, told: Told) -> None:
    balance = stripe_ask.json("balance")
    assert not list(complaints(class_of(balance), balance))
    for row in told["customers"]:
        query = {
            "customer": row["id"],
            "filter[type]": "applicability_scope",
            "filter[applicability_scope][price_type]": "metered",
        }
        summary = stripe_ask.json("billing/credit_balance_summary", query)
        assert not list(complaints(class_of(summary), summary))


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        ("invoices", "data.payments"),
        ("customers", "data.subscriptions"),
        ("charges", "data.refunds"),
        ("quotes", "data.line_items"),
        ("prices", "data.tiers"),
        ("coupons", "data.applies_to"),
        ("coupons", "data.currency_options"),
        ("subscriptions", "data.discounts"),
        ("subscriptions", "data.latest_invoice"),
        ("invoices", "data.customer"),
        ("balance_transactions", "data.source"),
        ("credit_notes", "data.refunds.refund"),
    ],
)
def test_expanded_rows(stripe_ask: Asker, path: str, expanded: str) -> None:
    rows = stripe_ask.json(path, {"limit": 100, "expand[]": expanded})["data"]
    assert not [each for row in rows for each in complaints(class_of(row), row, path)][:10]


def test_numbers_that_are_no_integers_are_text(told: Told) -> None:
    units = {price["unit_amount_decimal"] for price in told["prices"]}
    assert {"0.04", "0.0002", "2900", None} <= units
    tiny = [price for price in told["prices"] if price["unit_amount_decimal"] == "0.0002"]
    assert all(price["unit_amount"] is None for price in tiny)
