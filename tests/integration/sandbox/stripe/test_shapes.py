"""Every object has the fields that the official client knows, of the types that it knows."""

from __future__ import annotations

from typing import Any

import pytest

from .client import LISTS, Client, everything
from .shapes import class_of, complaints

Tables = dict[str, list[dict[str, Any]]]


@pytest.mark.parametrize("path", LISTS)
def test_rows(tables: Tables, path: str) -> None:
    assert tables[path]
    wrong = [each for row in tables[path] for each in complaints(class_of(row), row, path)]
    assert not wrong[:10]


@pytest.mark.parametrize("path", LISTS)
def test_rows_of_a_small_story(stripe_small: Client, path: str) -> None:
    rows = everything(stripe_small, path)
    assert rows, "even the smallest story has some of everything"
    assert not [each for row in rows for each in complaints(class_of(row), row, path)][:10]


def test_rows_within_rows(stripe_api: Client, tables: Tables) -> None:
    for owner, word in (("credit_notes", "lines"), ("quotes", "line_items")):
        for row in tables[owner][:20]:
            for line in stripe_api.rows(f"{owner}/{row['id']}/{word}"):
                assert not list(complaints(class_of(line), line))
    for row in tables["customers"][:20]:
        for entry in stripe_api.rows(f"customers/{row['id']}/balance_transactions"):
            assert not list(complaints(class_of(entry), entry))


def test_single_objects(stripe_api: Client, tables: Tables) -> None:
    balance = stripe_api.json("balance")
    assert not list(complaints(class_of(balance), balance))
    for row in tables["customers"]:
        query = {
            "customer": row["id"],
            "filter[type]": "applicability_scope",
            "filter[applicability_scope][price_type]": "metered",
        }
        summary = stripe_api.json("billing/credit_balance_summary", query)
        assert not list(complaints(class_of(summary), summary))


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        ("prices", "data.tiers"),
        ("coupons", "data.applies_to"),
        ("coupons", "data.currency_options"),
        ("subscriptions", "data.discounts"),
        ("subscriptions", "data.latest_invoice"),
        ("invoices", "data.customer"),
        ("balance_transactions", "data.source"),
    ],
)
def test_expanded_rows(stripe_api: Client, path: str, expanded: str) -> None:
    rows = stripe_api.json(path, {"limit": 100, "expand[]": expanded})["data"]
    assert not [each for row in rows for each in complaints(class_of(row), row, path)][:10]


def test_numbers_that_are_no_integers_are_text(tables: Tables) -> None:
    units = {price["unit_amount_decimal"] for price in tables["prices"]}
    assert {"0.04", "0.0002", "2900", None} <= units
    tiny = [price for price in tables["prices"] if price["unit_amount_decimal"] == "0.0002"]
    assert all(price["unit_amount"] is None for price in tiny)
