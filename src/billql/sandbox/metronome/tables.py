"""All books, by subject."""

from __future__ import annotations

from collections.abc import Mapping

from billql.sandbox.books import Book
from billql.sandbox.metronome.account_books import AccountBooks
from billql.sandbox.metronome.accounts import World
from billql.sandbox.metronome.balance_books import BalanceBooks
from billql.sandbox.metronome.contract_books import ContractBooks
from billql.sandbox.metronome.customer_books import CustomerBooks
from billql.sandbox.metronome.invoice_books import InvoiceBooks
from billql.sandbox.metronome.plan_books import PlanBooks
from billql.sandbox.metronome.pricing_books import PricingBooks
from billql.sandbox.metronome.records import Records
from billql.sandbox.metronome.usage_books import UsageBooks
from billql.sandbox.story import Story

_SUBJECTS = (
    AccountBooks,
    BalanceBooks,
    ContractBooks,
    CustomerBooks,
    InvoiceBooks,
    PlanBooks,
    PricingBooks,
    UsageBooks,
)


def tables_of(story: Story) -> Mapping[str, Book]:
    """Return the books by resource."""
    records = Records(World(story))
    return {name: book for one in _SUBJECTS for name, book in one(records).tables().items()}
