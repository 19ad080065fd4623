"""The kinds of objects of the API: where each is listed, and which members it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from billql.sandbox.api import Json


class Kind(NamedTuple):
    """One kind of object."""

    resource: str
    """The resource of the definition that reads it."""
    path: str
    """Its list, below `/v1/`."""
    permission: str
    """What a restricted key needs, without `rak_` and `_read`."""


KINDS: Final[Mapping[str, Kind]] = {
    "balance_transaction": Kind(
        "core.balance_transactions", "balance_transactions", "balance_transaction_source"
    ),
    "billing.alert": Kind("billing.alerts", "billing/alerts", "billing_alert"),
    "billing.credit_balance_transaction": Kind(
        "billing.credit_balance_transactions",
        "billing/credit_balance_transactions",
        "billing_credits",
    ),
    "billing.credit_grant": Kind(
        "billing.credit_grants", "billing/credit_grants", "billing_credits"
    ),
    "billing.meter": Kind("billing.meters", "billing/meters", "billing_meter"),
    "charge": Kind("core.charges", "charges", "charge"),
    "coupon": Kind("catalog.coupons", "coupons", "coupon"),
    "credit_note": Kind("billing.credit_notes", "credit_notes", "credit_note"),
    "customer": Kind("core.customers", "customers", "customer"),
    "dispute": Kind("core.disputes", "disputes", "dispute"),
    "event": Kind("core.events", "events", "event"),
    "invoice": Kind("billing.invoices", "invoices", "invoice"),
    "invoice_payment": Kind("billing.invoice_payments", "invoice_payments", "invoice"),
    "invoiceitem": Kind("billing.invoice_items", "invoiceitems", "invoice"),
    "payment_intent": Kind("core.payment_intents", "payment_intents", "payment_intent"),
    "payout": Kind("core.payouts", "payouts", "payout"),
    "plan": Kind("catalog.plans", "plans", "plan"),
    "price": Kind("catalog.prices", "prices", "plan"),
    "product": Kind("catalog.products", "products", "product"),
    "promotion_code": Kind("catalog.promotion_codes", "promotion_codes", "promotion_code"),
    "quote": Kind("billing.quotes", "quotes", "quote"),
    "refund": Kind("core.refunds", "refunds", "charge"),
    "subscription": Kind("billing.subscriptions", "subscriptions", "subscription"),
    "subscription_item": Kind("billing.subscription_items", "subscription_items", "subscription"),
    "tax_rate": Kind("catalog.tax_rates", "tax_rates", "tax_rate"),
}
"""The objects that have a list of their own, by what the API calls them."""

_INNER: Final = {
    "billing.meter_event_summary": "billing.meter_event_summaries",
    "credit_note_line_item": "billing.credit_note_lines",
    "customer_balance_transaction": "core.customer_balance_transactions",
    "item": "billing.quote_lines",
    "line_item": "billing.invoice_lines",
}
"""The resources of objects that belong to another one."""

_PRESENT: Final[Json] = {"livemode": False, "metadata": {}}
"""Members that are the same in most objects; what else is not set is null."""

_SELDOM: Final = {
    "charge": "authorization_code level3 presentment_details transfer",
    "customer": "deleted",
    "dispute": "intended_submission_method",
    "event": "account context",
    "item": "metadata",
    "payment_intent": (
        "allowed_payment_method_types excluded_payment_method_types hooks managed_payments "
        "payment_details payment_method_configuration_details payment_record presentment_details"
    ),
    "refund": (
        "description failure_balance_transaction failure_reason instructions_email next_action "
        "pending_reason presentment_details"
    ),
    "subscription": "presentment_details status_details",
    "subscription_item": "quantity",
}
"""Members that an object lacks if it has no value for them."""


class Objects:
    """Completes objects; `members` are those that a definition reads, by resource."""

    def __init__(self, members: Mapping[str, Sequence[str]]) -> None:
        self._members = members
        self._usual = cache(self._usual_of)

    def whole(self, kind: str, row: Json) -> Json:
        """Return an object with all members, in the order of the API."""
        usual = self._usual(kind)
        shown = {"id": row["id"], "object": kind, **usual, **row}
        if len(shown) == len(usual) + 1:
            return shown
        names = sorted(shown.keys() - {"id", "object"})
        return {name: shown[name] for name in ("id", "object", *names)}

    def _usual_of(self, kind: str) -> Json:
        resource = KINDS[kind].resource if kind in KINDS else _INNER[kind]
        seldom = _SELDOM.get(kind, "").split()
        names = [name for name in self._members[resource] if name not in seldom]
        return {name: _PRESENT.get(name) for name in names}


def name_of(kind: str) -> str:
    """Return what error messages call an object."""
    return "billing_meter" if kind == "billing.meter" else kind.rpartition(".")[2]
