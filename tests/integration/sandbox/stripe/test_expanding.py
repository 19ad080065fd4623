"""`expand[]` puts objects in for ids, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Client, Row

Tables = dict[str, list[Row]]

ONES = [
    ("balance_transactions", "source"),
    ("charges", "balance_transaction"),
    ("charges", "customer"),
    ("disputes", "charge"),
    ("invoices", "customer"),
    ("invoices", "discounts"),
    ("payment_intents", "latest_charge"),
    ("payouts", "balance_transaction"),
    ("prices", "product"),
    ("refunds", "balance_transaction"),
    ("refunds", "charge"),
    ("subscriptions", "customer"),
    ("subscriptions", "discounts"),
    ("subscriptions", "latest_invoice"),
]
"""All ids that the definition expands, except those of which no object has one."""


def values(row: Any, path: list[str]) -> list[Any]:
    """Return all values at a path, through lists."""
    if isinstance(row, list):
        return [value for each in row for value in values(each, path)]
    if not path:
        return [row]
    if not isinstance(row, dict):
        return []
    return values(row.get(path[0]), path[1:])


@pytest.mark.parametrize(("path", "field"), ONES)
def test_ids_become_their_objects(
    stripe_api: Client, tables: Tables, path: str, field: str
) -> None:
    parts = field.split(".")
    rows = [row for row in tables[path] if any(values(row, parts))][:5]
    assert rows, "there is something to expand"
    for row in rows:
        response = stripe_api.json(f"{path}/{row['id']}", {"expand[]": field})
        ids, objects = values(row, parts), values(response, parts)
        assert [each if each is None else each["id"] for each in objects] == ids
        assert all(each is None or "object" in each for each in objects)
        assert response.keys() >= row.keys()


def test_lists_are_expanded_row_by_row(stripe_api: Client, tables: Tables) -> None:
    query = {"expand[]": "data.latest_charge", "limit": 50}
    page = stripe_api.json("payment_intents", query)
    charges = {row["id"]: row for row in tables["charges"]}
    for row, plain in zip(page["data"], tables["payment_intents"], strict=False):
        assert row == plain | {"latest_charge": charges.get(plain["latest_charge"])}
    again = stripe_api.json("payment_intents", {"limit": 50})["data"]
    assert again == tables["payment_intents"][:50], "what was expanded once is not kept"


def test_fields_that_are_left_out_otherwise(stripe_api: Client, tables: Tables) -> None:
    tiered = next(row for row in tables["prices"] if row["billing_scheme"] == "tiered")
    tiers = stripe_api.json(f"prices/{tiered['id']}", {"expand[]": "tiers"})["tiers"]
    assert [tier["up_to"] for tier in tiers] == [10, None]
    assert tiered["unit_amount"] is None
    for field in ("cash_balance", "tax", "tax_ids", "invoice_credit_balance"):
        row = stripe_api.json(f"customers/{tables['customers'][-1]['id']}", {"expand[]": field})
        assert row[field] is not None
        assert field not in tables["customers"][-1]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("invoices", "customer"),
        ("invoices", "data"),
        ("invoices", "data.metadata"),
        ("invoices", "data.nothing"),
        ("invoices", "data.customer.name"),
        ("events", "data.data.object.customer"),
        ("subscription_items", "data.subscription"),
    ],
)
def test_what_cannot_be_expanded(stripe_api: Client, tables: Tables, path: str, field: str) -> None:
    query = {"expand[]": field}
    if path == "subscription_items":
        query["subscription"] = tables["subscriptions"][0]["id"]
    status, error = stripe_api.error(path, **query)
    assert status == 400
    assert error["param"] == "expand[]"
    assert error["type"] == "invalid_request_error"
