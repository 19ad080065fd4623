"""Invoice items beside the plans: hours of support, changes of seats, one-off jobs, goodwill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.stripe.catalog import Catalog, in_currency
from billql.sandbox.stripe.customer_balance import EntryType
from billql.sandbox.stripe.ids import ident
from billql.sandbox.stripe.invoice_model import InvoiceItem, Line
from billql.sandbox.stripe.terms import Item, Terms
from billql.sandbox.timestamps import DAY, month_start

JOBS: Final = 130
"""One-off jobs in a month that has them: more than a page of lines."""


def line_of(
    description: str,
    amount: int,
    terms: Terms,
    item: Item,
    bounds: tuple[int, int],
    quantity: int = 1,
) -> Line:
    """Return the line of a subscription's item for a period."""
    key = ident("il_1", item.id, bounds[0], bounds[1])
    return Line(key, description, amount, *bounds, item.price, quantity, terms, item)


def line_for(invoice_item: InvoiceItem) -> Line:
    """Return the line that an invoice item becomes."""
    return Line(
        id=ident("il_1", invoice_item.id),
        description=invoice_item.description,
        amount=invoice_item.amount,
        start=invoice_item.start,
        end=invoice_item.end,
        price=invoice_item.price,
        quantity=invoice_item.quantity,
        terms=invoice_item.terms,
        invoice_item=invoice_item,
    )


def adjustments_of(customer: Customer) -> Iterator[tuple[int, int, EntryType]]:
    """Yield when and by how much a customer's balance is changed by hand."""
    if customer.biller != "stripe" or customer.plan == "lead":
        return
    if customer.place == 6:
        yield customer.created, -in_currency(2500, customer.currency), "initial"
        # What is granted to one who has left is never used.
        yield (customer.ended or 0) + 10 * DAY, -in_currency(1200, customer.currency), "adjustment"
    if customer.place % 5 == 1:
        yield customer.created + 100 * DAY, -in_currency(3000, customer.currency), "adjustment"
    if customer.place == 2:
        yield customer.created + 100 * DAY, in_currency(1500, customer.currency), "adjustment"


def invoice_items_of(
    story: Story, catalog: Catalog, customer: Customer, terms: Sequence[Terms]
) -> Iterator[InvoiceItem]:
    """Yield what a subscriber is billed once, in the course of the story."""
    if not terms or customer.plan == "lead":
        return
    main = terms[0]
    for month in story.usage.months(customer):
        yield from _of_month(story, catalog, customer, month, main)
    for item in main.items:
        if item.more:
            yield from _more_seats(customer, main, item)


def _of_month(
    story: Story, catalog: Catalog, customer: Customer, month: int, main: Terms
) -> Iterator[InvoiceItem]:
    rng = Rng(story.seed, "extras", customer.place, month)
    timestamp = month_start(month) + rng.between(2 * DAY, 25 * DAY)
    if timestamp < customer.created or (main.ended is not None and timestamp >= main.ended):
        return
    hour = catalog.price("support_hour", customer.currency, "once")

    def invoice_item(
        suffix: str, amount: int, description: str, at: int = timestamp
    ) -> InvoiceItem:
        key = ident("ii_1", story.seed, customer.place, month, suffix)
        made = InvoiceItem(
            key, customer, at, description, amount, customer.currency, at, at, terms=main
        )
        made.discountable = False
        return made

    if rng.below(4) == 0:
        hours = rng.between(1, 6)
        amount = hours * hour["unit_amount"]
        support = invoice_item("support", amount, f"{hours} hours of support")
        support.price, support.quantity, support.discountable = hour, hours, True
        yield support
    if rng.below(9) == 0:
        yield invoice_item("outage", -in_currency(500, customer.currency), "Credit for an outage")
    if rng.below(9) == 0:
        yield invoice_item("setup", 0, "Set-up, free of charge")
    if customer.place == 1 and month % 6 == 2:
        for job in range(JOBS):
            # They are entered in batches of ten, so that ten share a second.
            at = month_start(month) + 5 * DAY + job // 10 * 60
            cents = Rng(story.seed, "job", month, job).between(1, 900)
            yield invoice_item(f"job {job}", cents, f"Fine-tuning job {job + 1}", at)


def _more_seats(customer: Customer, main: Terms, item: Item) -> Iterator[InvoiceItem]:
    """Yield the two items of a change in the middle of the third period."""
    start, end = main.period(2)
    timestamp = start + 12 * DAY
    if not start < timestamp < end:
        return
    before = item.quantity or 0
    after = before + item.more
    price = item.price["unit_amount"]
    for sign, seats, description in (
        (-1, before, "Unused time on"),
        (1, after, "Remaining time on"),
    ):
        amount = seats * price * (end - timestamp) // (end - start) // 10 * 10
        yield InvoiceItem(
            id=ident("ii_1", main.id, item.id, sign),
            customer=customer,
            timestamp=timestamp,
            description=f"{description} {seats} × Seat",
            amount=sign * amount,
            currency=customer.currency,
            start=timestamp,
            end=end,
            price=item.price,
            quantity=seats,
            terms=main,
            item=item,
            discountable=False,
        )
