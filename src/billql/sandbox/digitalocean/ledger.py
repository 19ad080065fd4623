"""The billing history: invoices, payments and other events, and the balance.

Each month's events follow from the month alone; within a year every type of event occurs. The
account balance is the sum of the amounts of all events up to the last day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.digitalocean.bills import Bill, Bills, dollars
from billql.sandbox.timestamps import DAY, end_of_data, format_timestamp, month_start

EventType = Literal[
    "ACHFailure", "Adjustment", "AttemptFailed", "Chargeback", "Credit", "CreditExpiration",
    "Invoice", "Payment", "Refund", "Reversal",
]  # fmt: skip


class Event(NamedTuple):
    """One entry of the billing history; payments and credits are negative."""

    timestamp: int
    type: EventType
    cents: int
    description: str
    bill: Bill | None = None

    def json(self) -> Json:
        """Return the entry as the API does."""
        shown: Json = {"description": self.description, "amount": dollars(self.cents)}
        if self.bill:
            shown["invoice_id"] = self.bill.invoice_id
            shown["invoice_uuid"] = self.bill.uuid
        shown["date"] = format_timestamp(self.timestamp)
        shown["type"] = self.type
        return shown


class Ledger:
    """The events of the invoices' months, and what follows from them."""

    def __init__(self, bills: Bills, until: date) -> None:
        self._bills = bills
        self._now = end_of_data(until)

    @cached_property
    def events(self) -> list[Event]:
        """All events up to the last day, newest first."""
        events = [
            event
            for bill in self._bills.all()
            for event in _events_after(bill)
            if event.timestamp <= self._now
        ]
        return sorted(events, key=lambda event: event.timestamp, reverse=True)

    @cached_property
    def history(self) -> list[Json]:
        """The events as the API lists them."""
        return [event.json() for event in self.events]

    def balance(self) -> Json:
        """Return the body of the balance endpoint's response."""
        account = sum(event.cents for event in self.events)
        usage = self._bills.preview.cents
        return {
            "month_to_date_balance": dollars(account + usage),
            "account_balance": dollars(account),
            "month_to_date_usage": dollars(usage),
            "generated_at": format_timestamp(self._bills.preview.updated or self._now),
        }


def _events_after(bill: Bill) -> Iterator[Event]:
    """Yield what an invoice leads to in the days after it."""
    issued = month_start(bill.month + 1) + 8 * 3600 + 44 * 60 + 38
    month_name = format_timestamp(month_start(bill.month), "%B %Y")
    due = bill.cents

    def after(days: int, type: EventType, cents: int, description: str) -> Event:
        return Event(issued + days * DAY, type, cents, description)

    yield Event(issued, "Invoice", due, f"Invoice for {month_name}", bill)
    if due > 0:
        match bill.month % 12:
            case 0:
                yield after(1, "AttemptFailed", 0, "Payment attempt failed (Visa 4242)")
            case 2:
                yield after(1, "Payment", -due, "Payment (ACH 6789)")
                yield after(3, "ACHFailure", due, "ACH payment returned")
            case 8:
                yield after(1, "Payment", -due, "Payment (MC 2018)")
                yield after(2, "Chargeback", due, "Payment disputed")
        yield after(4, "Payment", -due, "Payment (MC 2018)")
    match bill.month % 12:
        case 1:
            yield after(5, "Credit", -5000, "Promotional credit granted")
        case 3:
            yield after(5, "CreditExpiration", 3500, "Unused promotional credit expired")
        case 5:
            yield after(5, "Adjustment", -1000, "Adjustment for an outage")
            yield after(7, "Refund", 1000, "Refund (MC 2018)")
        case 9:
            yield after(5, "Payment", -2500, "Payment (PayPal)")
            yield after(6, "Reversal", 2500, "PayPal payment reversed")
