"""The records of invoices, lines and credit notes; amounts are in minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.model import Customer
from billql.sandbox.settlement import Settlement, Status
from billql.sandbox.stripe.discounts import Coupon
from billql.sandbox.stripe.terms import Item, Terms

Reason = Literal["manual", "subscription_create", "subscription_cycle", "subscription_update"]

CreditNoteKind = Literal["refund", "balance", "out of band", "pre-payment"]
"""The destination of a credit note's money; before the payment, less is due instead."""


class Tax(NamedTuple):
    """The tax of a line or a note."""

    rate: Json
    taxable: int
    amount: int

    @property
    def added(self) -> int:
        """The tax to add; 0 for an inclusive tax, which is in the amount."""
        return 0 if self.rate["inclusive"] else self.amount

    def json(self) -> Json:
        """Return the tax as the API does, wherever it does."""
        return {
            "amount": self.amount,
            "tax_behavior": "inclusive" if self.rate["inclusive"] else "exclusive",
            "tax_rate_details": {"tax_rate": self.rate["id"]},
            "taxability_reason": "standard_rated",
            "taxable_amount": self.taxable,
            "type": "tax_rate_details",
        }


def tax_on(amount: int, rate: Json) -> Tax:
    """Return the tax of an amount, rounded half up; an inclusive one is taken out of it."""
    thousandths = round(rate["percentage"] * 1000)
    if rate["inclusive"]:
        whole = 100_000 + thousandths
        tax = (2 * amount * thousandths + whole) // (2 * whole)
        return Tax(rate, amount - tax, tax)
    return Tax(rate, amount, (2 * amount * thousandths + 100_000) // 200_000)


@dataclass(slots=True)
class InvoiceItem:
    """An invoice item: something to be billed once."""

    id: str
    customer: Customer
    timestamp: int
    description: str
    amount: int
    currency: str
    start: int
    end: int
    price: Json | None = None
    quantity: int = 1
    terms: Terms | None = None
    item: Item | None = None
    """The item of the subscription that was changed in the middle of a period."""
    discountable: bool = True
    metadata: dict[str, str] = field(default_factory=dict)
    invoice: str | None = None


@dataclass(slots=True)
class Line:
    """One line of an invoice."""

    id: str
    description: str
    amount: int
    start: int
    end: int
    price: Json | None = None
    quantity: int = 1
    terms: Terms | None = None
    item: Item | None = None
    invoice_item: InvoiceItem | None = None
    discounts: list[tuple[str, int]] = field(default_factory=list)
    credits: list[tuple[str, int]] = field(default_factory=list)
    tax: Tax | None = None

    @property
    def metered(self) -> bool:
        """Whether it is for usage that Stripe meters."""
        return self.item is not None and self.item.metric is not None

    @property
    def price_id(self) -> str | None:
        """The id of its price."""
        return None if self.price is None else str(self.price["id"])

    @property
    def net(self) -> int:
        """Its amount without discounts and credits, before tax."""
        return self.amount - sum(part for _, part in self.discounts + self.credits)


@dataclass(slots=True)
class CreditNote:
    """A credit note for a part of one line."""

    id: str
    number: str
    invoice: Invoice
    line: Line
    kind: CreditNoteKind
    created: int
    base: int
    tax: Tax | None
    voided: int | None = None
    balance_entry: str | None = None

    @property
    def total(self) -> int:
        """The credited amount, with tax."""
        return self.base + (self.tax.added if self.tax else 0)

    def counts(self, now: int) -> bool:
        """Return whether the note exists and is not void."""
        return self.created <= now and (self.voided is None or self.voided > now)


@dataclass(slots=True)
class Invoice:
    """An invoice, with all that ever happens to it."""

    id: str
    customer: Customer
    created: int
    reason: Reason
    lines: list[Line]
    period: tuple[int, int]
    currency: str
    sent: bool
    settlement: Settlement
    terms: Terms | None = None
    discount: str | None = None
    number: str | None = None
    starting: int = 0
    """The customer's balance before."""
    ending: int | None = None
    """The balance after; a draft has not touched it yet."""
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    advancing: bool = True
    notes: list[CreditNote] = field(default_factory=list)

    @property
    def imported(self) -> bool:
        """Whether it is a bill of Metronome's, which no balance and no credit of Stripe's pays."""
        return bool(self.metadata)

    @property
    def subtotal(self) -> int:
        """The sum of its lines."""
        return sum(line.amount for line in self.lines)

    @property
    def taxes(self) -> list[Tax]:
        """The taxes of its lines together, one for each rate."""
        taxes: dict[str, Tax] = {}
        for line in self.lines:
            if line.tax is not None:
                known = taxes.get(line.tax.rate["id"], Tax(line.tax.rate, 0, 0))
                taxable, amount = known.taxable + line.tax.taxable, known.amount + line.tax.amount
                taxes[line.tax.rate["id"]] = Tax(line.tax.rate, taxable, amount)
        return list(taxes.values())

    @property
    def total(self) -> int:
        """The total: less discounts and credits, with all taxes."""
        return sum(line.net for line in self.lines) + sum(tax.added for tax in self.taxes)

    def credited(self, now: int) -> int:
        """Return how much less is due because of credit notes."""
        return sum(n.total for n in self.notes if n.kind == "pre-payment" and n.counts(now))

    def due(self, now: int) -> int:
        """Return what is due; while it is a draft, what would be."""
        return self.settlement.amount - self.credited(now)

    def status(self, now: int) -> Status:
        """Return how it stands."""
        return self.settlement.status(now)


def apply_coupon(coupon: Coupon, discount: str, lines: list[Line]) -> None:
    """Discount lines; an amount is taken off the first, and what is left of it off the next."""
    left = coupon.cents
    for line in lines:
        discountable = line.invoice_item is None or line.invoice_item.discountable
        if line.amount <= 0 or not discountable:
            continue
        amount = coupon.off(line.amount) if left is None else min(left, line.amount)
        if left is not None:
            left -= amount
        if amount:
            line.discounts.append((discount, amount))
