"""Subscriptions and their items, as the API shows them."""

from __future__ import annotations

from typing import Literal

from billql.sandbox.api import Json
from billql.sandbox.settlement import NET
from billql.sandbox.stripe.catalog import Catalog
from billql.sandbox.stripe.customers import payment_method
from billql.sandbox.stripe.ids import record, whose
from billql.sandbox.stripe.invoice_model import Invoice
from billql.sandbox.stripe.terms import Item, Terms
from billql.sandbox.timestamps import DAY

Status = Literal[
    "active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing",
    "unpaid",
]  # fmt: skip


def status_of(terms: Terms, invoices: list[Invoice], now: int) -> Status:
    """Return the status of a subscription; its invoices are ordered, oldest first."""
    if terms.state in ("incomplete", "incomplete_expired"):
        return "incomplete" if terms.state == "incomplete" else "incomplete_expired"
    if terms.ended is not None and terms.ended <= now:
        return "canceled"
    if terms.trial_end is not None and terms.trial_end > now:
        return "trialing"
    if terms.state == "paused":
        return "paused"
    final = [invoice for invoice in invoices if invoice.settlement.finalized <= now]
    match final[-1].status(now) if final else "paid":
        case "uncollectible":
            return "unpaid"
        case "open" if (final[-1].settlement.due or 0) < now:
            return "past_due"
        case _:
            return "active"


def present_period(terms: Terms, now: int) -> tuple[int, int]:
    """Return the period that a subscription is in or was in last."""
    if terms.state == "paused" and terms.trial_end is not None:
        return terms.created, terms.trial_end
    periods = list(terms.periods(now))
    if not periods:
        end = terms.anchor if terms.ended is None else min(terms.anchor, terms.ended)
        return terms.created, end
    return periods[-1]


def item_json(terms: Terms, item: Item, catalog: Catalog, now: int) -> Json:
    """Return an item of a subscription as the API does; what is metered has no quantity."""
    start, end = present_period(terms, now)
    shown: Json = {
        "id": item.id,
        "created": terms.created,
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "plan": catalog.plan(item.price),
        "price": item.price,
        "subscription": terms.id,
        "tax_rates": [],
    }
    if item.quantity is not None:
        grown = item.more if now >= terms.period(2)[0] + 12 * DAY else 0
        shown["quantity"] = item.quantity + grown
    return shown


def subscription_json(terms: Terms, invoices: list[Invoice], items: list[Json], now: int) -> Json:
    """Return a subscription as the API does."""
    status = status_of(terms, invoices, now)
    _, end = present_period(terms, now)
    over = status in ("canceled", "incomplete_expired")
    leaving = terms.leaving and status == "active"
    canceled_at = terms.ended if over else terms.created + DAY if leaving else None
    discounts = [terms.discount] if _discounted(terms, now) else []
    return {
        "id": terms.id,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": terms.anchor,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "cancel_at": end if leaving else None,
        "cancel_at_period_end": leaving,
        "canceled_at": canceled_at,
        "cancellation_details": record(
            "comment feedback feedback_option reason",
            feedback="too_expensive" if status == "canceled" else None,
            reason="cancellation_requested" if status == "canceled" or leaving else None,
        ),
        "collection_method": "send_invoice" if terms.sent else "charge_automatically",
        "created": terms.created,
        "currency": terms.customer.currency,
        **whose(terms.customer),
        "days_until_due": NET // DAY if terms.sent else None,
        "default_payment_method": payment_method(terms.customer) if not terms.state else None,
        "default_tax_rates": [terms.tax] if terms.tax else [],
        "discounts": discounts,
        "ended_at": terms.ended if over else None,
        "invoice_settings": record(
            "account_tax_ids custom_fields description footer issuer", issuer={"type": "self"}
        ),
        "items": {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={terms.id}",
        },
        "latest_invoice": invoices[-1].id if invoices else None,
        "metadata": {"plan": terms.customer.plan},
        "payment_settings": record(
            "payment_method_options payment_method_types save_default_payment_method",
            save_default_payment_method="off",
        ),
        "start_date": terms.created,
        "status": status,
        "trial_end": terms.trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
        "trial_start": None if terms.trial_end is None else terms.created,
    }


def discount_json(terms: Terms, promotion_code: str) -> Json:
    """Return the discount of a subscription; only `expand[]=discounts` shows it."""
    return record(
        "id object checkout_session customer customer_account end invoice invoice_item "
        "promotion_code source start subscription subscription_item",
        **whose(terms.customer),
        id=terms.discount,
        object="discount",
        end=terms.discounted_until(),
        promotion_code=promotion_code,
        source={"coupon": terms.coupon.id if terms.coupon else None, "type": "coupon"},
        start=terms.created,
        subscription=terms.id,
    )


def _discounted(terms: Terms, now: int) -> bool:
    if terms.coupon is None:
        return False
    until = terms.discounted_until()
    return terms.coupon.months is None or (until is not None and now < until)
