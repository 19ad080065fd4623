"""The shop: payments without an invoice, and what becomes of them.

Of each month's orders some are paid back, disputed or never paid, in rotation, so that every story
has all of it. The last few follow the last day.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.stripe.catalog import Catalog
from billql.sandbox.stripe.ids import ident
from billql.sandbox.timestamps import DAY, HOUR, month_at, month_start

Outcome = Literal[
    "captured", "refunded", "refunded in part", "refunded twice", "refund failed",
    "refund pending", "won", "lost", "inquiry", "disputed", "declined", "canceled", "authorized",
]  # fmt: skip
"""'disputed' is a dispute that is not decided yet, 'authorized' a charge not captured yet."""

_OUTCOMES: Final[tuple[Outcome, ...]] = (
    "captured", "refunded", "won", "refunded in part", "declined", "lost",
    "captured", "refund failed", "canceled", "inquiry", "refunded twice", "captured",
)  # fmt: skip
_PRESENT: Final[tuple[tuple[Outcome, int], ...]] = (
    ("disputed", 6 * DAY),
    ("refund pending", 3 * DAY),
    ("authorized", DAY),
    ("captured", 3 * HOUR),
)
"""The orders of the last days: outcome, and age in seconds."""


class Order(NamedTuple):
    """Something bought once."""

    intent: str
    customer: Customer | None
    """The buyer; None for guests."""
    timestamp: int
    amount: int
    currency: str
    outcome: Outcome
    description: str


def orders_of(story: Story, catalog: Catalog) -> Iterator[Order]:
    """Yield all orders up to the end of the story, oldest first."""
    place = 0
    for month in range(month_at(story.opened), month_at(story.now) + 1):
        for number in range(1 + story.scale // 2):
            rng = Rng(story.seed, "order", month, number)
            timestamp = month_start(month) + rng.between(9 * HOUR, 27 * DAY)
            if story.opened <= timestamp <= story.now - 8 * DAY:
                yield _order(story, catalog, timestamp, place, _OUTCOMES[place % len(_OUTCOMES)])
            place += 1
    for place, (outcome, ago) in enumerate(_PRESENT):
        yield _order(story, catalog, story.now - ago, -1 - place, outcome)


def _order(story: Story, catalog: Catalog, timestamp: int, place: int, outcome: Outcome) -> Order:
    rng = Rng(story.seed, "order", place, timestamp)
    there = [customer for customer in story.customers if customer.created <= timestamp]
    customer = rng.pick(there) if rng.below(3) else None
    currency = customer.currency if customer else "usd"
    price = catalog.price("tshirt", currency, "once")
    shirts = rng.between(1, 4)
    description = f"{shirts} × T-shirt"
    key = ident("pi_3", story.seed, "order", place, timestamp)
    return Order(
        key, customer, timestamp, shirts * price["unit_amount"], currency, outcome, description
    )
