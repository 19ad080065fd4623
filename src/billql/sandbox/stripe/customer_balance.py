"""A customer's balance: what is owed to the customer or by the customer, change by change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billql.sandbox.model import Customer
from billql.sandbox.stripe.ids import ident

EntryType = Literal[
    "initial", "adjustment", "applied_to_invoice", "unapplied_from_invoice", "credit_note"
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change; what is in the customer's favour is negative."""

    id: str
    timestamp: int
    amount: int
    ending: int
    type: EntryType
    description: str | None = None
    invoice: str | None = None
    note: str | None = None


class CustomerBalance:
    """The balance of one customer."""

    def __init__(self, customer: Customer) -> None:
        self.entries: list[Entry] = []
        self.amount = 0
        self._customer = customer

    def change(
        self,
        timestamp: int,
        amount: int,
        kind: EntryType,
        description: str | None = None,
        *,
        invoice: str | None = None,
        note: str | None = None,
    ) -> str:
        """Change the balance, and return the id of the change."""
        self.amount += amount
        key = ident("cbtxn_1", self._customer.stripe_id, kind, timestamp, invoice or note or "")
        self.entries.append(
            Entry(key, timestamp, amount, self.amount, kind, description, invoice, note)
        )
        return key
