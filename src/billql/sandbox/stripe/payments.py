"""Payments: payment intents, their charges, and the payments of invoices that they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from billql.sandbox.api import Json
from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng
from billql.sandbox.settlement import Attempt
from billql.sandbox.stripe.customers import payment_method
from billql.sandbox.stripe.ids import ident, record, whose
from billql.sandbox.stripe.invoice_model import Invoice
from billql.sandbox.stripe.orders import Order, Outcome
from billql.sandbox.timestamps import DAY

Means = Literal["card", "us_bank_account", "sepa_debit", "customer_balance"]

_TRANSFERS: Final[dict[str, Means]] = {"usd": "us_bank_account", "eur": "sepa_debit"}
_DECLINED: Final = "Your card has insufficient funds."

IntentStatus = Literal["canceled", "requires_capture", "requires_payment_method", "succeeded"]


@dataclass(slots=True)
class Charge:
    """One attempt to pay."""

    id: str
    intent: Intent
    timestamp: int
    amount: int
    succeeded: bool
    captured: bool = True
    refunded: int = 0
    disputed: bool = False

    @property
    def moves_money(self) -> bool:
        """Whether there is a balance transaction."""
        return self.succeeded and self.captured


@dataclass(slots=True)
class Intent:
    """Something to be paid, for an invoice or an order."""

    id: str
    customer: Customer | None
    created: int
    amount: int
    currency: str
    description: str
    means: Means
    status: IntentStatus
    charges: list[Charge] = field(default_factory=list)
    invoice: Invoice | None = None
    canceled: int | None = None
    outcome: Outcome = "captured"
    requested: int = 0
    """The amount that the invoice's payment requests."""

    @property
    def received(self) -> int:
        """The paid amount."""
        return sum(charge.amount for charge in self.charges if charge.moves_money)

    def try_to_pay(self, attempt: Attempt, *, captured: bool = True) -> Charge:
        """Add and return the charge of an attempt."""
        prefix = "ch_3" if self.means == "card" else "py_3"
        key = ident(prefix, self.id, attempt.timestamp, len(self.charges))
        charge = Charge(key, self, attempt.timestamp, attempt.amount, attempt.succeeded, captured)
        self.charges.append(charge)
        return charge


def of_order(order: Order, now: int) -> Intent:
    """Return the payment of an order."""
    outcome = order.outcome
    status: IntentStatus = "succeeded"
    if outcome in ("declined", "canceled"):
        status = "canceled" if outcome == "canceled" else "requires_payment_method"
    elif outcome == "authorized":
        status = "requires_capture"
    intent = Intent(
        order.intent, order.customer, order.timestamp, order.amount, order.currency,
        order.description, "card", status, outcome=outcome,
    )  # fmt: skip
    if outcome == "canceled":
        intent.canceled = min(order.timestamp + DAY, now)
        return intent
    attempt = Attempt(order.timestamp + 1, order.amount, outcome != "declined")
    intent.try_to_pay(attempt, captured=outcome != "authorized")
    return intent


def of_invoice(invoice: Invoice, now: int) -> Iterator[Intent]:
    """Yield the payments of an invoice: one for a card, one for each part of a transfer."""
    settlement = invoice.settlement
    if settlement.finalized > now or settlement.amount <= 0:
        return
    status = invoice.status(now)
    tried = settlement.tried(now)
    parts = [[attempt] for attempt in tried] if invoice.sent else [tried] if tried else []
    left = invoice.due(now) - settlement.paid(now)
    for place, attempts in enumerate(parts):
        paid = sum(attempt.amount for attempt in attempts if attempt.succeeded)
        intent = _intent(invoice, place, paid or left, "succeeded" if paid else "canceled")
        if invoice.sent and place:
            intent.created = attempts[0].timestamp
        if not paid and status != "void":
            intent.status = "requires_payment_method"
        for attempt in attempts:
            intent.try_to_pay(attempt)
        if intent.status == "canceled":
            intent.canceled = settlement.voided
        yield intent
    if left and (invoice.sent or not tried) and status != "void":
        yield _intent(invoice, len(parts), left, "requires_payment_method")


def _intent(invoice: Invoice, place: int, amount: int, status: IntentStatus) -> Intent:
    means: Means = "card"
    if invoice.sent:
        means = _TRANSFERS.get(invoice.currency, "customer_balance")
    description = (
        "Subscription update" if invoice.terms else f"Payment for Invoice {invoice.number}"
    )
    return Intent(
        ident("pi_3", invoice.id, place), invoice.customer, invoice.settlement.finalized, amount,
        invoice.currency, description, means, status, invoice=invoice, requested=amount,
    )  # fmt: skip


def intent_json(intent: Intent) -> Json:
    """Return a payment intent as the API does."""
    last = intent.charges[-1] if intent.charges else None
    failed = last is not None and not last.succeeded
    known = intent.customer
    method = payment_method(known, intent.id)
    return {
        "id": intent.id,
        "amount": intent.amount,
        "amount_capturable": intent.amount if intent.status == "requires_capture" else 0,
        "amount_details": {"tip": {}},
        "amount_received": intent.received,
        "canceled_at": intent.canceled,
        "cancellation_reason": (
            None if intent.canceled is None else "void_invoice" if intent.invoice else "abandoned"
        ),
        "capture_method": "manual" if intent.outcome == "authorized" else "automatic",
        "client_secret": f"{intent.id}_secret_sandbox",
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency,
        **whose(known),
        "description": intent.description,
        "last_payment_error": _payment_error(intent, last) if last and failed else None,
        "latest_charge": last.id if last else None,
        "metadata": {} if intent.invoice else {"shop": "tshirts"},
        "payment_method": method if last and not failed else None,
        "payment_method_options": {},
        "payment_method_types": [intent.means],
        "status": intent.status,
    }


def _payment_error(intent: Intent, charge: Charge) -> Json:
    return {
        "charge": charge.id,
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "doc_url": "https://stripe.com/docs/error-codes/card-declined",
        "message": _DECLINED,
        "type": "card_error",
    }


def charge_json(charge: Charge, transaction: str | None) -> Json:
    """Return a charge as the API does."""
    intent = charge.intent
    known = intent.customer
    return {
        "id": charge.id,
        "amount": charge.amount,
        "amount_captured": charge.amount if charge.moves_money else 0,
        "amount_refunded": charge.refunded,
        "balance_transaction": transaction,
        "billing_details": {
            "address": record(
                "city country line1 line2 postal_code state",
                postal_code="10118" if known and known.currency == "usd" else None,
            ),
            "email": known.email if known else None,
            "name": known.name if known else "A guest",
            "phone": None,
            "tax_id": None,
        },
        "calculated_statement_descriptor": "SHARK AND SONS",
        "captured": charge.moves_money,
        "created": charge.timestamp,
        "currency": intent.currency,
        "customer": known.stripe_id if known else None,
        "description": intent.description,
        "disputed": charge.disputed,
        "failure_code": None if charge.succeeded else "card_declined",
        "failure_message": None if charge.succeeded else _DECLINED,
        "fraud_details": {},
        "metadata": {} if intent.invoice else {"shop": "tshirts"},
        "outcome": _outcome(charge),
        "paid": charge.succeeded,
        "payment_intent": intent.id,
        "payment_method": payment_method(known, intent.id),
        "payment_method_details": _details(intent),
        "radar_options": {},
        "receipt_url": f"https://pay.stripe.com/receipts/{charge.id}",
        "refunded": charge.succeeded and charge.refunded == charge.amount,
        "status": "succeeded" if charge.succeeded else "failed",
    }  # fmt: skip


def _outcome(charge: Charge) -> Json:
    return {
        "advice_code": None if charge.succeeded else "try_again_later",
        "network_advice_code": None,
        "network_decline_code": None if charge.succeeded else "51",
        "network_status": "approved_by_network" if charge.succeeded else "declined_by_network",
        "reason": None if charge.succeeded else "insufficient_funds",
        "risk_level": "normal",
        "risk_score": Rng("risk", charge.id).below(60),
        "seller_message": (
            "Payment complete." if charge.succeeded else "The bank returned insufficient funds."
        ),
        "type": "authorized" if charge.succeeded else "issuer_declined",
    }


def _details(intent: Intent) -> Json:
    """Return what was paid with: always the same for a customer."""
    rng = Rng("means", payment_method(intent.customer, intent.id))
    last4, print_ = f"{rng.below(10_000):04d}", rng.alphanumeric(16)
    if intent.means != "card":
        inner: Json = {"fingerprint": print_, "last4": last4, "bank_name": "A bank"}
        if intent.means == "sepa_debit":
            inner = {"bank_code": "37040044", "branch_code": None, "country": "DE",
                     "fingerprint": print_, "last4": last4, "mandate": None}  # fmt: skip
        if intent.means == "customer_balance":
            inner = {}
        return {intent.means: inner, "type": intent.means}
    card = record(
        "amount_authorized brand checks country exp_month exp_year fingerprint funding "
        "installments last4 mandate network network_token network_transaction_id "
        "regulated_status three_d_secure wallet",
        amount_authorized=intent.amount,
        brand=rng.pick(("visa", "visa", "mastercard", "amex")),
        checks=record("address_line1_check address_postal_code_check cvc_check", cvc_check="pass"),
        country="US",
        exp_month=rng.between(1, 12),
        exp_year=rng.between(2027, 2031),
        fingerprint=print_,
        funding="credit",
        last4=last4,
        network="visa",
        network_token={"used": False},
        regulated_status="unregulated",
    )
    return {"card": card, "type": "card"}


def invoice_payment_json(intent: Intent, invoice: Invoice, *, default: bool) -> Json:
    """Return the payment of an invoice that an intent is, as the API does."""
    paid = intent.charges[-1].timestamp if intent.status == "succeeded" else None
    statuses = {"succeeded": "paid", "canceled": "canceled"}
    return {
        "id": ident("inpay_1", intent.id),
        "amount_paid": intent.received if paid else None,
        "amount_requested": intent.requested,
        "created": intent.created,
        "currency": intent.currency,
        "invoice": invoice.id,
        "is_default": default,
        "payment": {"payment_intent": intent.id, "type": "payment_intent"},
        "status": statuses.get(intent.status, "open"),
        "status_transitions": {"canceled_at": intent.canceled, "paid_at": paid},
    }
