"""The balance of the Stripe account: its transactions, the payouts that they make up.

Charges in dinars settle in dollars, the others in their own currency. Every Monday what has
become available is paid out, currency by currency; the payout's amount is the sum of the net
amounts of its transactions, and its own transaction takes it from the balance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.stripe.ids import ident
from billql.sandbox.stripe.payments import Charge
from billql.sandbox.stripe.reversals import Dispute, Refund
from billql.sandbox.timestamps import DAY, HOUR, month_at, month_start

_PER_DOLLAR: Final = {"kwd": 3.25}
"""The value in dollars of a unit of a currency without an account of its own."""

_FEES: Final = {"usd": (290, 30), "eur": (150, 25), "jpy": (360, 0)}
"""Basis points and minor units that a charge costs in the currency that it settles in."""

_DISPUTE_FEE: Final = 1500
"""Minor units that a dispute costs."""
_DELAYS: Final = {"usd": 2, "eur": 3, "jpy": 4}
"""Days until the money of a charge is available, in the currency that it settles in."""

_FAILING: Final = 5
"""Which payout of the dollars fails, in the order of time."""

_CATEGORIES: Final = {
    "payment": "charge",
    "payment_refund": "refund",
    "stripe_fee": "fee",
    "payout_failure": "payout_reversal",
}
"""The reporting categories of types, where they have other names."""


class Movement(NamedTuple):
    """One balance transaction."""

    id: str
    created: int
    available_on: int
    type: str
    reporting_category: str
    amount: int
    fee: int
    currency: str
    source: str | None
    description: str | None
    exchange_rate: float | None = None

    @property
    def net(self) -> int:
        """The change of the balance."""
        return self.amount - self.fee

    def json(self, now: int) -> Json:
        """Return the transaction as the API does."""
        fee = {
            "amount": self.fee,
            "application": None,
            "currency": self.currency,
            "description": "Dispute fee" if self.type == "adjustment" else "Stripe processing fees",
            "type": "stripe_fee",
        }
        return self._asdict() | {
            "balance_type": "payments",
            "fee_details": [fee] if self.fee else [],
            "net": self.net,
            "status": "available" if self.available_on <= now else "pending",
        }


@dataclass(slots=True)
class Payout:
    """Money that goes to the company's bank."""

    id: str
    created: int
    amount: int
    currency: str
    failed: bool = False

    @property
    def arrival(self) -> int:
        """The day on which the bank has it."""
        return self.created // DAY * DAY + 2 * DAY

    def json(self, now: int) -> Json:
        """Return the payout as the API does."""
        failed = self.failed and self.arrival + DAY <= now
        status = "paid" if self.arrival <= now else "in_transit"
        if now < self.created + 12 * HOUR:
            status = "pending"
        return {
            "id": self.id,
            "amount": self.amount,
            "arrival_date": self.arrival,
            "automatic": True,
            "balance_transaction": transaction(self.id, "payout"),
            "created": self.created,
            "currency": self.currency,
            "description": "STRIPE PAYOUT",
            "destination": ident("ba_1", "bank", self.currency),
            "failure_balance_transaction": (
                transaction(self.id, "payout_failure") if failed else None
            ),
            "failure_code": "account_closed" if failed else None,
            "failure_message": "The bank account has been closed." if failed else None,
            "method": "standard",
            "reconciliation_status": "completed" if self.arrival <= now else "in_progress",
            "source_type": "card",
            "status": "failed" if failed else status,
            "trace_id": {"status": "unsupported", "value": None},
            "type": "bank_account",
        }


def transaction(source: str, kind: str) -> str:
    """Return the id of a source's balance transaction."""
    return ident("txn_3", source, kind)


def _settled(amount: int, currency: str) -> tuple[int, str, float | None]:
    """Return an amount in the currency that it settles in, and the rate if that is another."""
    rate = _PER_DOLLAR.get(currency)
    if rate is None:
        return amount, currency, None
    cents = (2 * amount * round(rate * 100) + 1000) // 2000
    return cents, "usd", rate


def of_charge(charge: Charge) -> Movement:
    """Return the movement of a charge."""
    amount, currency, rate = _settled(charge.amount, charge.intent.currency)
    points, fixed = _FEES[currency]
    kind = "charge"
    if charge.intent.means != "card":
        points, fixed, kind = 80, 0, "payment"
    fee = min(amount, (amount * points + 5000) // 10_000 + fixed)
    available = charge.timestamp // DAY * DAY + _DELAYS[currency] * DAY
    key = transaction(charge.id, "charge")
    return Movement(
        key, charge.timestamp, available, kind, "charge", amount, fee, currency, charge.id,
        charge.intent.description, rate,
    )  # fmt: skip


Step = tuple[int, str, int, int]
"""When money moves, why, how much, and what it costs."""


def _at_once(
    source: str, steps: list[Step], currency: str, description: str, rate: float | None = None
) -> list[Movement]:
    """Return movements whose money is available at once."""
    return [
        Movement(
            transaction(source, kind), timestamp, timestamp,
            "adjustment" if kind.startswith("dispute") else kind, _CATEGORIES.get(kind, kind),
            amount, fee, currency, source, description, rate,
        )
        for timestamp, kind, amount, fee in steps
    ]  # fmt: skip


def of_refund(refund: Refund) -> list[Movement]:
    """Return the movements of a refund: a second one if it fails."""
    amount, currency, rate = _settled(refund.amount, refund.charge.intent.currency)
    kind = "refund" if refund.charge.intent.means == "card" else "payment_refund"
    steps = [(refund.timestamp, kind, -amount, 0)]
    if refund.status == "failed":
        steps.append((refund.failed_at, "refund_failure", amount, 0))
    return _at_once(refund.id, steps, currency, "REFUND FOR CHARGE", rate)


def of_dispute(dispute: Dispute, now: int) -> list[Movement]:
    """Return the movements of a dispute: the money goes, and comes back if it is won."""
    if dispute.inquiry:
        return []
    charge = dispute.charge
    amount, currency, rate = _settled(charge.amount, charge.intent.currency)
    steps = [(dispute.timestamp, "dispute", -amount, _DISPUTE_FEE)]
    if dispute.status == "won" and dispute.decided <= now:
        steps.append((dispute.decided, "dispute_reversal", amount, 0))
    return _at_once(dispute.id, steps, currency, f"Chargeback of {charge.id}", rate)


def monthly_fees(seed: int, opened: int, now: int) -> list[Movement]:
    """Return what the company pays each month, for which there is no source."""
    return [
        Movement(
            transaction(f"fee/{seed}/{month}", "stripe_fee"), timestamp, timestamp,
            "stripe_fee", "fee", -2500 - 10 * (month % 12), 0, "usd", None, "Billing - Usage Fee",
        )
        for month in range(month_at(opened) + 1, month_at(now) + 1)
        if (timestamp := month_start(month) + 4 * HOUR) <= now
    ]  # fmt: skip


class CompanyLedger:
    """All movements, and the payouts that they lead to."""

    def __init__(self, seed: int, movements: Iterable[Movement], opened: int, now: int) -> None:
        self._now = now
        self.payouts: list[Payout] = []
        self.paid_out: dict[str, str] = {}
        """The payout that each movement was a part of, the payouts' own among them."""
        self.movements = sorted(movements, key=lambda movement: movement.created)
        by_currency: defaultdict[str, list[Movement]] = defaultdict(list)
        for movement in self.movements:
            by_currency[movement.currency].append(movement)
        monday = opened // DAY * DAY + (4 - opened // DAY) % 7 * DAY + HOUR // 2
        for currency, own in by_currency.items():
            self._pay_out(seed, currency, own, monday)
        self.movements.sort(key=lambda movement: movement.created)
        self.payouts.sort(key=lambda payout: payout.created)

    def _pay_out(self, seed: int, currency: str, waiting: list[Movement], timestamp: int) -> None:
        number = 0
        while timestamp <= self._now:
            ready = [m for m in waiting if m.available_on <= timestamp and m.created <= timestamp]
            amount = sum(movement.net for movement in ready)
            if amount > 0:
                number += 1
                key = ident("po_1", seed, currency, number)
                failed = currency == "usd" and number == _FAILING
                payout = Payout(key, timestamp, amount, currency, failed)
                taken = {movement.id for movement in ready}
                waiting = [movement for movement in waiting if movement.id not in taken]
                self.payouts.append(payout)
                self.paid_out |= dict.fromkeys(taken, key)
                for movement in self._of_payout(payout):
                    self.movements.append(movement)
                    if movement.type == "payout":
                        self.paid_out[movement.id] = key
                    else:
                        waiting.append(movement)
            timestamp += 7 * DAY

    def _of_payout(self, payout: Payout) -> list[Movement]:
        steps = [(payout.created, "payout", -payout.amount, 0)]
        if payout.failed and payout.arrival + DAY <= self._now:
            steps.append((payout.arrival + DAY, "payout_failure", payout.amount, 0))
        return _at_once(payout.id, steps, payout.currency, "STRIPE PAYOUT")

    def balance(self) -> Json:
        """Return the balance: an entry a currency in each state, even if it is 0."""
        available: defaultdict[str, int] = defaultdict(int)
        pending: defaultdict[str, int] = defaultdict(int)
        for movement in self.movements:
            ready = movement.available_on <= self._now
            available[movement.currency] += movement.net if ready else 0
            pending[movement.currency] += 0 if ready else movement.net

        def entries(of: dict[str, int]) -> list[Json]:
            return [
                {"amount": of[name], "currency": name, "source_types": {"card": of[name]}}
                for name in sorted(of, reverse=True)
            ]

        none = [{"amount": 0, "currency": "usd"}]
        return {
            "object": "balance",
            "available": entries(available),
            "connect_reserved": none,
            "instant_available": [
                {"amount": max(0, amount["amount"]), "currency": amount["currency"]}
                for amount in entries(available)
                if amount["currency"] == "usd"
            ],
            "livemode": False,
            "pending": entries(pending),
            "refund_and_dispute_prefunding": {"available": none, "pending": none},
        }

    def net_available(self, entry: Json) -> list[Json]:
        """Return what an instant payout of an entry of the balance would bring."""
        amount, currency = entry["amount"], entry["currency"]
        destination = ident("ba_1", "bank", currency)
        return [{"amount": amount, "destination": destination, "source_types": {"card": amount}}]
