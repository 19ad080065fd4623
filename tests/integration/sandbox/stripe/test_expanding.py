"""`expand[]` puts objects in for ids, whatever the depth, and nothing else changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import stripe
from stripe import StripeObject

from billql.sandbox.stripe.expansion import IDS

from .client import LISTS, Client, Row
from .shapes import class_of

Tables = dict[str, list[Row]]

ONES = [
    ("balance_transactions", "source"),
    ("billing/alerts", "usage_threshold.meter"),
    ("billing/alerts", "usage_threshold.filters.customer"),
    ("billing/credit_balance_transactions", "credit_grant"),
    ("billing/credit_balance_transactions", "debit.credits_applied.invoice"),
    ("billing/credit_balance_transactions", "credit.credits_application_invoice_voided.invoice"),
    ("billing/credit_grants", "customer"),
    ("charges", "balance_transaction"),
    ("charges", "customer"),
    ("charges", "payment_intent"),
    ("credit_notes", "customer"),
    ("credit_notes", "customer_balance_transaction"),
    ("credit_notes", "invoice"),
    ("credit_notes", "refunds.refund"),
    ("disputes", "charge"),
    ("disputes", "payment_intent"),
    ("invoice_payments", "invoice"),
    ("invoice_payments", "payment.payment_intent"),
    ("invoiceitems", "customer"),
    ("invoiceitems", "invoice"),
    ("invoiceitems", "pricing.price_details.price"),
    ("invoices", "customer"),
    ("invoices", "discounts"),
    ("invoices", "parent.subscription_details.subscription"),
    ("invoices", "total_discount_amounts.discount"),
    ("invoices", "total_pretax_credit_amounts.credit_balance_transaction"),
    ("payment_intents", "customer"),
    ("payment_intents", "latest_charge"),
    ("payouts", "balance_transaction"),
    ("payouts", "failure_balance_transaction"),
    ("plans", "product"),
    ("prices", "product"),
    ("products", "default_price"),
    ("promotion_codes", "customer"),
    ("promotion_codes", "promotion.coupon"),
    ("quotes", "customer"),
    ("quotes", "subscription"),
    ("refunds", "balance_transaction"),
    ("refunds", "charge"),
    ("refunds", "failure_balance_transaction"),
    ("refunds", "payment_intent"),
    ("subscriptions", "customer"),
    ("subscriptions", "discounts"),
    ("subscriptions", "latest_invoice"),
]


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
    query = {"expand[]": ["data.customer", "data.latest_charge.balance_transaction"], "limit": 50}
    page = stripe_api.json("payment_intents", query)
    for row, plain in zip(page["data"], tables["payment_intents"], strict=False):
        assert row["id"] == plain["id"]
        if plain["customer"] is None:
            assert row["customer"] is None
        else:
            assert row["customer"]["object"] == "customer"
        charge = row["latest_charge"]
        if charge is not None and charge["balance_transaction"] is not None:
            assert charge["balance_transaction"]["source"] == charge["id"]
    again = stripe_api.json("payment_intents", {"limit": 50})["data"]
    assert again == tables["payment_intents"][:50], "what was expanded once is not kept"


def test_deep(stripe_api: Client, tables: Tables) -> None:
    refund = tables["refunds"][0]["id"]
    field = "charge.payment_intent.latest_charge.customer"
    row = stripe_api.json(f"refunds/{refund}", {"expand[]": field})
    inner = row["charge"]["payment_intent"]["latest_charge"]["customer"]
    assert inner is None or inner["object"] == "customer"
    status, error = stripe_api.error(f"refunds/{refund}", **{"expand[]": f"{field}.subscriptions"})
    assert status == 400
    assert error["param"] == "expand"
    too_deep = {"expand[]": "data.payments.data.payment.payment_intent"}
    assert stripe_api.error("invoices", **too_deep)[1]["param"] == "expand"


def test_lists_within_objects(stripe_api: Client, tables: Tables) -> None:
    invoice = next(row for row in tables["invoices"] if row["parent"] and row["lines"]["data"])
    field = "data.pricing.price_details.price"
    page = stripe_api.json(f"invoices/{invoice['id']}/lines", {"expand[]": field})
    prices = values(page["data"], ["pricing", "price_details", "price"])
    assert prices
    assert all(price is None or price["object"] == "price" for price in prices)
    subscription = next(row for row in tables["subscriptions"] if row["status"] == "active")
    field = "items.data.price.product"
    row = stripe_api.json(f"subscriptions/{subscription['id']}", {"expand[]": field})
    assert row["items"]["data"][0]["price"]["product"]["object"] == "product"


def test_fields_that_are_left_out_otherwise(stripe_api: Client, tables: Tables) -> None:
    paid = next(row for row in tables["invoices"] if row["amount_paid"])
    row = stripe_api.json(f"invoices/{paid['id']}", {"expand[]": "payments"})
    assert "payments" not in paid
    assert sum(each["amount_paid"] or 0 for each in row["payments"]["data"]) == paid["amount_paid"]
    deeper = stripe_api.json(
        f"invoices/{paid['id']}", {"expand[]": "payments.data.payment.payment_intent"}
    )
    intent = deeper["payments"]["data"][0]["payment"]["payment_intent"]
    assert intent["object"] == "payment_intent"
    tiered = next(row for row in tables["prices"] if row["billing_scheme"] == "tiered")
    tiers = stripe_api.json(f"prices/{tiered['id']}", {"expand[]": "tiers"})["tiers"]
    assert [tier["up_to"] for tier in tiers] == [10, None]
    assert tiered["unit_amount"] is None
    refunded = next(row for row in tables["charges"] if row["amount_refunded"])
    row = stripe_api.json(f"charges/{refunded['id']}", {"expand[]": "refunds"})
    assert sum(each["amount"] for each in row["refunds"]["data"]) == refunded["amount_refunded"]
    quote = stripe_api.json(f"quotes/{tables['quotes'][0]['id']}", {"expand[]": "line_items"})
    assert quote["line_items"]["data"]
    for field in ("subscriptions", "sources", "tax_ids", "invoice_credit_balance"):
        row = stripe_api.json(f"customers/{tables['customers'][-1]['id']}", {"expand[]": field})
        assert field in row


def test_the_summary_of_credits(stripe_api: Client, tables: Tables) -> None:
    customer = tables["billing/credit_grants"][0]["customer"]
    query = {
        "customer": customer,
        "filter[type]": "applicability_scope",
        "filter[applicability_scope][price_type]": "metered",
        "expand[]": "customer",
    }
    summary = stripe_api.json("billing/credit_balance_summary", query)
    assert summary["customer"]["id"] == customer


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
    assert f"({field})" in error["message"]
    assert error["param"] == "expand"
    assert error["type"] == "invalid_request_error"


HERE = {
    "Charge", "Coupon", "CreditBalanceTransaction", "CreditGrant", "CreditNote", "Customer",
    "CustomerBalanceTransaction", "Discount", "DiscountResource", "DisputeResource", "Invoice",
    "Meter", "PaymentIntent", "Payout", "Price", "Product", "PromotionCode", "Quote", "Refund",
    "RefundResource", "Subscription", "TaxRate", "BalanceTransaction",
}  # fmt: skip
"""The classes of what this sandbox has."""


def expandable(cls: type[StripeObject], before: str = "", seen: tuple[type, ...] = ()) -> set[str]:
    """Return the fields that the official client says are ids or objects, of what is here."""
    fields = set()
    inner: dict[str, type[StripeObject]] = getattr(cls, "_inner_class_types", {})
    for name, hint in cls.__annotations__.items():
        if name == "payment_method_details":
            continue
        if "typing.Union[str" in str(hint) and HERE & set(
            re.findall(r"ForwardRef\('(\w+)'\)", str(hint))
        ):
            fields.add(before + name)
        if name in inner and inner[name] not in seen:
            fields |= expandable(inner[name], f"{before}{name}.", (*seen, inner[name]))
    return fields


@pytest.mark.parametrize("path", LISTS)
def test_the_official_client_knows_no_other_ids(tables: Tables, path: str) -> None:
    word = tables[path][0]["object"]
    assert IDS.get(word, frozenset()) == expandable(class_of(tables[path][0]))


def test_the_official_client_expands(stripe_api: Client) -> None:
    page = stripe_api.client.v1.invoices.list({"expand": ["data.customer"], "limit": 3})
    assert all(isinstance(row.customer, stripe.Customer) for row in page.data)
