"""The lists of the API: path, name of an object, permission, filters and search fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from billql.sandbox.api import Json
from billql.sandbox.stripe.clocks import is_hidden
from billql.sandbox.stripe.filters import (
    Filter,
    among,
    any_item,
    like,
    of_items,
    one_of,
    same,
    whose,
    within,
    yes_or_no,
)
from billql.sandbox.stripe.ledger import Ledger
from billql.sandbox.stripe.parameters import choice, flag, group, several, text
from billql.sandbox.stripe.search import Field


@dataclass(frozen=True, slots=True)
class Resource:
    """One list and the objects in it."""

    path: str
    object_name: str
    """The name of an object in error messages."""
    permission: str
    filters: Mapping[str, Filter] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    hide: Callable[[Json, Mapping[str, Any]], bool] | None = None
    """A test of rows that are left out by default."""
    search: Mapping[str, Field] | None = None


_CREATED: Final = {"created": within("created")}
_CUSTOMER: Final = {"customer": whose("customer", "customers")}
_BOTH: Final = _CUSTOMER | {"customer_account": same("customer_account")}
_CLOCK: Final = {"test_clock": same("test_clock")}
_ACTIVE: Final = {"active": yes_or_no("active")}
_INTENT: Final = {"payment_intent": whose("payment_intent", "payment_intents")}
_METHOD: Final = {
    "collection_method": one_of("collection_method", "charge_automatically", "send_invoice")
}


def _of_grant(field: str, of: str | None = None) -> Filter:
    """Return a filter of credit transactions by a field of their grants."""

    def matches(ledger: Ledger, row: Json, value: str) -> bool:
        grant = ledger.tables["billing/credit_grants"].get(row["credit_grant"])
        return grant is not None and bool(grant[field] == value)

    return Filter(text, matches, of)


_STATUSES: Final = (
    "active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing",
    "paused", "all", "ended",
)  # fmt: skip


def _has_status(ledger: Ledger, row: Json, value: str) -> bool:
    if value == "ended":
        return row["status"] in ("canceled", "incomplete_expired")
    return bool(value == "all" or row["status"] == value)


def _paid_by(ledger: Ledger, row: Json, value: Mapping[str, str]) -> bool:
    payment = row["payment"]
    return all(payment.get(name) == wanted for name, wanted in value.items())


def _recurs(ledger: Ledger, row: Json, value: Mapping[str, str]) -> bool:
    recurring = row["recurring"]
    return recurring is not None and all(recurring[k] == wanted for k, wanted in value.items())


def _taxed(ledger: Ledger, row: Json, value: Mapping[str, bool]) -> bool:
    return bool(row["automatic_tax"]["enabled"] == value.get("enabled", False))


_RECURRING: Final = group(
    interval=choice("day", "month", "week", "year"),
    meter=text,
    usage_type=choice("licensed", "metered"),
)
_PAYMENT: Final = group(
    type=choice("payment_intent", "payment_record"), payment_intent=text, payment_record=text
)
_NUMBERS: Final = {name: Field("number", name) for name in ("created", "amount", "total")}

RESOURCES: Final = (
    Resource("billing/credit_grants", "credit_grant", "rak_billing_credits_read", _BOTH),
    Resource(
        "billing/credit_balance_transactions",
        "credit_balance_transaction",
        "rak_billing_credits_read",
        {
            "credit_grant": whose("credit_grant", "billing/credit_grants"),
            "customer": _of_grant("customer", "customers"),
            "customer_account": _of_grant("customer_account"),
        },
    ),
    Resource(
        "billing/meters",
        "billing_meter",
        "rak_billing_meter_read",
        {"status": one_of("status", "active", "inactive")},
    ),
    Resource(
        "billing/alerts",
        "alert",
        "rak_billing_alert_read",
        {
            "alert_type": one_of("alert_type", "usage_threshold"),
            "meter": whose("usage_threshold.meter", "billing/meters"),
        },
    ),
    Resource(
        "invoices",
        "invoice",
        "rak_invoice_read",
        _CREATED
        | _BOTH
        | _METHOD
        | {
            "due_date": within("due_date"),
            "status": one_of("status", "draft", "open", "paid", "uncollectible", "void"),
            "subscription": whose("parent.subscription_details.subscription", "subscriptions"),
        },
        search={
            "created": _NUMBERS["created"],
            "currency": Field("token", "currency"),
            "customer": Field("token", "customer"),
            "number": Field("string", "number"),
            "receipt_number": Field("string", "receipt_number"),
            "status": Field("string", "status"),
            "subscription": Field("string", "parent.subscription_details.subscription"),
            "total": _NUMBERS["total"],
        },
    ),
    Resource(
        "invoiceitems",
        "invoiceitem",
        "rak_invoice_read",
        _BOTH
        | {
            "created": within("date"),
            "invoice": whose("invoice", "invoices"),
            "pending": Filter(flag, lambda ledger, row, value: (row["invoice"] is None) == value),
        },
    ),
    Resource(
        "invoice_payments",
        "invoice_payment",
        "rak_invoice_read",
        _CREATED
        | {
            "invoice": whose("invoice", "invoices"),
            "payment": Filter(_PAYMENT, _paid_by),
            "status": one_of("status", "canceled", "open", "paid"),
        },
    ),
    Resource(
        "subscriptions",
        "subscription",
        "rak_subscription_read",
        _CREATED
        | _BOTH
        | _METHOD
        | _CLOCK
        | {
            "automatic_tax": Filter(group(enabled=flag), _taxed),
            "current_period_end": of_items(min, "current_period_end"),
            "current_period_start": of_items(max, "current_period_start"),
            "plan": any_item(lambda item, value: item["plan"]["id"] == value, text, "plans"),
            "price": any_item(lambda item, value: item["price"]["id"] == value, text, "prices"),
            "status": Filter(choice(*_STATUSES), _has_status),
        },
        hide=lambda row, params: (
            ("status" not in params and row["status"] == "canceled")
            or is_hidden(row, "test_clock" in params, "customer" in params)
        ),
        search={
            "canceled_at": Field("number", "canceled_at"),
            "created": _NUMBERS["created"],
            "status": Field("string", "status"),
        },
    ),
    Resource(
        "subscription_items",
        "subscription_item",
        "rak_subscription_read",
        {"subscription": whose("subscription", "subscriptions")},
        required=("subscription",),
    ),
    Resource(
        "credit_notes",
        "credit_note",
        "rak_credit_note_read",
        _CREATED | _BOTH | {"invoice": whose("invoice", "invoices")},
    ),
    Resource(
        "quotes",
        "quote",
        "rak_quote_read",
        _BOTH | _CLOCK | {"status": one_of("status", "accepted", "canceled", "draft", "open")},
        hide=lambda row, params: is_hidden(row, "test_clock" in params, "customer" in params),
    ),
    Resource(
        "customers",
        "customer",
        "rak_customer_read",
        _CREATED | _CLOCK | {"email": same("email")},
        hide=lambda row, params: is_hidden(row, "test_clock" in params),
        search={
            "created": _NUMBERS["created"],
            "email": Field("string", "email"),
            "name": Field("string", "name"),
            "phone": Field("string", "phone"),
        },
    ),
    Resource(
        "balance_transactions",
        "balance_transaction",
        "rak_balance_transaction_source_read",
        _CREATED
        | {
            "currency": same("currency"),
            "payout": Filter(
                text, lambda ledger, row, value: ledger.paid_out.get(row["id"]) == value, "payouts"
            ),
            "source": same("source"),
            "type": same("type"),
        },
    ),
    Resource(
        "payouts",
        "payout",
        "rak_payout_read",
        _CREATED
        | {
            "arrival_date": within("arrival_date"),
            "destination": same("destination"),
            "status": one_of("status", "paid", "pending", "in_transit", "canceled", "failed"),
        },
    ),
    Resource(
        "charges",
        "charge",
        "rak_charge_read",
        _CREATED | _CUSTOMER | _INTENT | {"transfer_group": same("transfer_group")},
        search={
            "amount": _NUMBERS["amount"],
            "billing_details.address.postal_code": Field(
                "token", "billing_details.address.postal_code"
            ),
            "created": _NUMBERS["created"],
            "currency": Field("token", "currency"),
            "customer": Field("token", "customer"),
            "disputed": Field("token", "disputed"),
            "payment_method_details.card.brand": Field(
                "token", "payment_method_details.card.brand"
            ),
            "payment_method_details.card.last4": Field(
                "token", "payment_method_details.card.last4"
            ),
            "refunded": Field("token", "refunded"),
            "status": Field("string", "status"),
        },
    ),
    Resource(
        "payment_intents",
        "payment_intent",
        "rak_payment_intent_read",
        _CREATED | _BOTH,
        search={
            "amount": _NUMBERS["amount"],
            "created": _NUMBERS["created"],
            "currency": Field("token", "currency"),
            "customer": Field("token", "customer"),
            "status": Field("token", "status"),
        },
    ),
    Resource(
        "refunds",
        "refund",
        "rak_charge_read",
        _CREATED | _INTENT | {"charge": whose("charge", "charges")},
    ),
    Resource(
        "disputes",
        "dispute",
        "rak_dispute_read",
        _CREATED | _INTENT | {"charge": whose("charge", "charges")},
    ),
    Resource(
        "events",
        "event",
        "rak_event_read",
        _CREATED
        | {
            # All events were delivered: there is no endpoint that could have failed.
            "delivery_success": Filter(flag, lambda ledger, row, value: bool(value)),
            "type": Filter(text, lambda ledger, row, value: like(value, row["type"])),
            "types": Filter(
                several(text, 20),
                lambda ledger, row, value: any(like(each, row["type"]) for each in value),
            ),
        },
    ),
    Resource(
        "products",
        "product",
        "rak_product_read",
        _CREATED
        | _ACTIVE
        | {
            "ids": among("id", 100),
            "shippable": yes_or_no("shippable"),
            "type": one_of("type", "good", "service"),
            "url": same("url"),
        },
        search={
            "active": Field("token", "active"),
            "description": Field("string", "description"),
            "name": Field("string", "name"),
            "shippable": Field("token", "shippable"),
            "url": Field("string", "url"),
        },
    ),
    Resource(
        "prices",
        "price",
        "rak_plan_read",
        _CREATED
        | _ACTIVE
        | {
            "currency": same("currency"),
            "lookup_keys": among("lookup_key", 10),
            "product": whose("product", "products"),
            "recurring": Filter(_RECURRING, _recurs),
            "type": one_of("type", "one_time", "recurring"),
        },
        search={
            "active": Field("token", "active"),
            "currency": Field("token", "currency"),
            "lookup_key": Field("string", "lookup_key"),
            "product": Field("string", "product"),
            "type": Field("token", "type"),
        },
    ),
    Resource(
        "plans",
        "plan",
        "rak_plan_read",
        _CREATED | _ACTIVE | {"product": whose("product", "products")},
    ),
    Resource("coupons", "coupon", "rak_coupon_read", _CREATED),
    Resource(
        "promotion_codes",
        "promotion_code",
        "rak_promotion_code_read",
        _CREATED
        | _BOTH
        | _ACTIVE
        | {"code": same("code"), "coupon": whose("promotion.coupon", "coupons")},
    ),
    Resource(
        "tax_rates",
        "tax_rate",
        "rak_tax_rate_read",
        _CREATED | _ACTIVE | {"inclusive": yes_or_no("inclusive")},
    ),
)
"""Every list; nested ones are in `listing`."""

BY_PATH: Final = {resource.path: resource for resource in RESOURCES}
