"""Refunds and disputes: charges whose money goes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from billql.sandbox.api import Json
from billql.sandbox.rng import Rng
from billql.sandbox.stripe.customers import payment_method
from billql.sandbox.stripe.ids import ident, whose
from billql.sandbox.stripe.invoice_model import CreditNote
from billql.sandbox.stripe.invoices import refund_of
from billql.sandbox.stripe.payments import Charge
from billql.sandbox.timestamps import DAY

DISPUTED_AFTER: Final = 4 * DAY
ANSWERED_AFTER: Final = 7 * DAY
DECIDED_AFTER: Final = 45 * DAY

RefundStatus = Literal["succeeded", "pending", "failed"]
DisputeStatus = Literal["needs_response", "under_review", "won", "lost", "warning_closed"]


@dataclass(slots=True)
class Refund:
    """Money that goes back to who paid."""

    id: str
    charge: Charge
    timestamp: int
    amount: int
    status: RefundStatus
    reason: str | None = "requested_by_customer"

    @property
    def failed_at(self) -> int:
        """When a failing refund fails."""
        return self.timestamp + 3 * DAY


@dataclass(slots=True)
class Dispute:
    """A charge that the cardholder's bank takes back."""

    id: str
    charge: Charge
    timestamp: int
    status: DisputeStatus
    reason: str

    @property
    def inquiry(self) -> bool:
        """Whether it is an inquiry of the bank, without movement of money."""
        return self.status == "warning_closed"

    @property
    def decided(self) -> int:
        """The timestamp of the decision."""
        return self.timestamp + DECIDED_AFTER


def refunds_of(charge: Charge, note: CreditNote | None, now: int) -> Iterator[Refund]:
    """Yield the refunds of a charge up to now, and count them."""
    for refund in _refunds_of(charge, note, now):
        if refund.timestamp <= now:
            if refund.status == "failed" and refund.failed_at > now:
                refund.status = "succeeded"
            if refund.status != "failed":
                charge.refunded += refund.amount
            yield refund


def _refunds_of(charge: Charge, note: CreditNote | None, now: int) -> Iterator[Refund]:
    def refund(suffix: str, amount: int, days: int, status: RefundStatus = "succeeded") -> Refund:
        key = ident("re_3", charge.id, suffix)
        return Refund(key, charge, charge.timestamp + days * DAY, amount, status)

    if not charge.moves_money:
        return
    if note is not None:
        reason = "requested_by_customer"
        yield Refund(refund_of(note), charge, note.created, note.total, "succeeded", reason)
        return
    part = max(10, charge.amount * 4 // 10 // 10 * 10)
    match charge.intent.outcome:
        case "refunded":
            yield refund("all", charge.amount, 5)
        case "refunded in part":
            yield refund("part", part, 5)
        case "refunded twice":
            yield refund("part", part, 5)
            yield refund("more", part, 6)
        case "refund failed":
            yield refund("failed", charge.amount, 2, "failed")
        case "refund pending":
            yield refund("pending", part, 2, "pending")
        case "captured" if charge.intent.invoice is not None:
            roll = Rng("refund", charge.id).below(50)
            if roll == 0:
                yield refund("all", charge.amount, 9)
            elif roll == 1:
                yield refund("part", part, 9)


def dispute_of(charge: Charge, now: int) -> Dispute | None:
    """Return the dispute about a charge, if there is one by now."""
    intent = charge.intent
    outcome = intent.outcome
    if outcome == "captured" and intent.invoice is not None and intent.means == "card":
        roll = Rng("dispute", charge.id).below(100)
        outcome = "won" if roll == 0 else "lost" if roll == 1 else "captured"
    timestamp = charge.timestamp + DISPUTED_AFTER
    contested = outcome in ("won", "lost", "inquiry", "disputed")
    if not contested or charge.refunded or not charge.moves_money or timestamp > now:
        return None
    status: DisputeStatus
    if outcome == "inquiry":
        status = "warning_closed"
    elif timestamp + DECIDED_AFTER <= now:
        status = "won" if outcome == "won" else "lost"
    else:
        status = "under_review" if timestamp + ANSWERED_AFTER <= now else "needs_response"
    charge.disputed = True
    reason = Rng("reason", charge.id).pick(("fraudulent", "product_not_received", "general"))
    return Dispute(ident("du_1", charge.id), charge, timestamp, status, reason)


def refund_json(refund: Refund, transactions: list[str]) -> Json:
    """Return a refund as the API does."""
    intent = refund.charge.intent
    failed = refund.status == "failed"
    return {
        "id": refund.id,
        "amount": refund.amount,
        "balance_transaction": transactions[0],
        "charge": refund.charge.id,
        "created": refund.timestamp,
        "currency": intent.currency,
        **whose(intent.customer),
        "destination_details": {
            "card": {
                "reference_status": "pending" if refund.status == "pending" else "available",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        **({"failure_balance_transaction": transactions[1]} if failed else {}),
        **({"failure_reason": "lost_or_stolen_card"} if failed else {}),
        "payment_intent": intent.id,
        "payment_method": payment_method(intent.customer, intent.id),
        "reason": refund.reason,
        "status": refund.status,
    }


def dispute_json(dispute: Dispute, transactions: list[Json], now: int) -> Json:
    """Return a dispute as the API does; its balance transactions are whole objects."""
    intent = dispute.charge.intent
    answered = dispute.status != "needs_response"
    due = dispute.timestamp + ANSWERED_AFTER
    known = intent.customer
    return {
        "id": dispute.id,
        "amount": dispute.charge.amount,
        "balance_transactions": transactions,
        "charge": dispute.charge.id,
        "created": dispute.timestamp,
        "currency": intent.currency,
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(_EVIDENCE.split())
        | {
            "customer_email_address": known.email if known else None,
            "customer_name": known.name if known else "A guest",
            "enhanced_evidence": {},
            "product_description": intent.description,
        },
        "evidence_details": {
            "due_by": due,
            "enhanced_eligibility": {},
            "has_evidence": answered,
            "past_due": due < now and not answered,
            "submission_count": int(answered),
            "submission_method": "manual" if answered else "not_submitted",
        },
        "is_charge_refundable": dispute.inquiry,
        "payment_intent": intent.id,
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "case_type": "inquiry" if dispute.inquiry else "chargeback",
                "network": "visa",
                "network_reason_code": "10",
            },
            "type": "card",
        },
        "reason": dispute.reason,
        "status": dispute.status,
    }


_EVIDENCE: Final = """
    access_activity_log billing_address cancellation_policy cancellation_policy_disclosure
    cancellation_rebuttal customer_communication customer_purchase_ip customer_signature
    duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id receipt
    refund_policy refund_policy_disclosure refund_refusal_explanation service_date
    service_documentation shipping_address shipping_carrier shipping_date shipping_documentation
    shipping_tracking_number uncategorized_file uncategorized_text
"""
