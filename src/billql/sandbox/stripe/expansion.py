"""`expand[]`: ids replaced by their objects, and fields that are left out by default."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from billql.sandbox.api import Json
from billql.sandbox.stripe import errors
from billql.sandbox.stripe.ledger import Ledger

DEEPEST: Final = 4
"""Words of a path, `data` among them."""

_LISTS: Final[Mapping[str, str]] = {
    "ch": "charges", "cn": "credit_notes", "credgr": "billing/credit_grants",
    "cus": "customers", "du": "disputes", "in": "invoices", "mtr": "billing/meters",
    "pi": "payment_intents", "po": "payouts", "price": "prices", "prod": "products",
    "promo": "promotion_codes", "py": "charges", "re": "refunds", "sub": "subscriptions",
    "txn": "balance_transactions",
}  # fmt: skip
"""Which list has an object, by the beginning of its id."""

IDS: Final[Mapping[str, frozenset[str]]] = {
    object_name: frozenset(fields.split())
    for object_name, fields in {
        "balance_transaction": "source",
        "billing.alert": "usage_threshold.meter usage_threshold.filters.customer",
        "billing.credit_balance_summary": "customer",
        "billing.credit_balance_transaction": (
            "credit_grant debit.credits_applied.invoice "
            "credit.credits_application_invoice_voided.invoice"
        ),
        "billing.credit_grant": "customer",
        "charge": "balance_transaction customer failure_balance_transaction payment_intent",
        "credit_note": (
            "customer customer_balance_transaction discount_amounts.discount invoice "
            "pretax_credit_amounts.credit_balance_transaction pretax_credit_amounts.discount "
            "refunds.refund"
        ),
        "credit_note_line_item": (
            "discount_amounts.discount pretax_credit_amounts.credit_balance_transaction "
            "pretax_credit_amounts.discount"
        ),
        "customer_balance_transaction": "credit_note customer invoice",
        "discount": "customer promotion_code source.coupon",
        "dispute": "charge payment_intent",
        "invoice": (
            "customer discounts from_invoice.invoice latest_revision "
            "parent.subscription_details.subscription total_discount_amounts.discount "
            "total_pretax_credit_amounts.credit_balance_transaction "
            "total_pretax_credit_amounts.discount"
        ),
        "invoice_payment": "invoice payment.charge payment.payment_intent",
        "invoiceitem": (
            "customer discounts invoice pricing.price_details.price "
            "proration_details.discount_amounts.discount"
        ),
        "line_item": (
            "discount_amounts.discount discounts pretax_credit_amounts.credit_balance_transaction "
            "pretax_credit_amounts.discount pricing.price_details.price subscription"
        ),
        "payment_intent": "customer latest_charge",
        "payout": "balance_transaction failure_balance_transaction original_payout reversed_by",
        "plan": "product",
        "price": "product",
        "product": "default_price",
        "promotion_code": "customer promotion.coupon",
        "quote": "customer default_tax_rates discounts from_quote.quote invoice subscription",
        "refund": "balance_transaction charge customer failure_balance_transaction payment_intent",
        "subscription": (
            "billing_schedules.applies_to.price customer discounts latest_invoice "
            "pending_update.discounts"
        ),
        "subscription_item": "discounts",
    }.items()
}
"""The fields that hold ids of objects of this sandbox, by the type of the object."""


def expand(ledger: Ledger, body: Json, paths: Iterable[str]) -> Json:
    """Return a body with the requested objects put in; the tables are not changed."""
    for path in paths:
        parts = path.split(".")
        listed = body.get("object") in ("list", "search_result")
        if len(parts) > DEEPEST:
            message = (
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}"
            )
            raise errors.StripeError(message, param="expand")
        if listed and parts[0] != "data":
            message = (
                f"This property cannot be expanded ({path}). You may want to try expanding "
                f"'data.{path}' instead."
            )
            raise errors.StripeError(message, param="expand")
        body = _walk(ledger, body, parts, path)
    return body


def _walk(ledger: Ledger, node: Json, parts: list[str], path: str) -> Json:
    """Return a copy of an object or list in which a path is expanded."""
    if node.get("object") in ("list", "search_result"):
        if parts[0] != "data" or len(parts) == 1:
            raise _refused(path)
        return node | {"data": [_walk(ledger, row, parts[1:], path) for row in node["data"]]}
    object_name = str(node.get("object", ""))
    ids = IDS.get(object_name, frozenset())
    for length in range(len(parts), 0, -1):
        inside, rest = parts[:length], parts[length:]
        maker = ledger.more.get((object_name, ".".join(inside)))
        changed: Json | None = None
        if maker is not None:
            changed = _add(ledger, node, inside, maker, rest, path)
        elif ".".join(inside) in ids:
            changed = _replace(ledger, node, inside, rest, path)
        if changed is not None:
            return changed
    inner = node.get(parts[0])
    if isinstance(inner, dict) and isinstance(inner.get("object"), str) and len(parts) > 1:
        return node | {parts[0]: _walk(ledger, inner, parts[1:], path)}
    raise _refused(path)


def _add(
    ledger: Ledger,
    node: Any,
    inside: list[str],
    maker: Callable[[Json], object],
    rest: list[str],
    path: str,
) -> Any:
    """Return a copy of a part of an object with the field at a place in it that was left out."""
    if isinstance(node, list):
        return [_add(ledger, each, inside, maker, rest, path) for each in node]
    name, *deeper = inside
    if deeper:
        return node | {name: _add(ledger, node[name], deeper, maker, rest, path)}
    made = node[name] if name in node else maker(node)
    return node | {name: _further(ledger, made, rest, path)}


def _replace(ledger: Ledger, node: Any, inside: list[str], rest: list[str], path: str) -> Any:
    """Return a copy of a part of an object with the ids at a place in it replaced."""
    if isinstance(node, list):
        return [_replace(ledger, each, inside, rest, path) for each in node]
    if not inside:
        found = _object(ledger, node) if isinstance(node, str) else node
        return _further(ledger, found, rest, path)
    if not isinstance(node, dict) or inside[0] not in node:
        return node
    return node | {inside[0]: _replace(ledger, node[inside[0]], inside[1:], rest, path)}


def _further(ledger: Ledger, made: Any, rest: list[str], path: str) -> Any:
    return _walk(ledger, made, rest, path) if rest and isinstance(made, dict) else made


def _object(ledger: Ledger, key: str) -> Json | str:
    """Return the object of an id, or the id if it is of something that this sandbox leaves out."""
    prefix = key.split("_")[0]
    if key in ledger.discounts:
        return ledger.discounts[key]
    if prefix == "cbtxn":
        found = ledger.tables["billing/credit_balance_transactions"].get(key)
        for table in ledger.entries.values():
            found = found or table.get(key)
        return found or key
    # Ids of coupons are chosen by people.
    return ledger.tables[_LISTS.get(prefix, "coupons")].get(key) or key


def _refused(path: str) -> errors.StripeError:
    return errors.StripeError(f"This property cannot be expanded ({path}).", param="expand")
