"""Quotes: what some customers were offered, whether they took it or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from billql.sandbox.api import Json
from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.stripe.accounts import Account
from billql.sandbox.stripe.catalog import Catalog
from billql.sandbox.stripe.ids import ident, record, whose
from billql.sandbox.timestamps import DAY

Status = Literal["accepted", "open", "draft", "canceled"]

_STATUSES: Final[tuple[Status, ...]] = ("accepted", "open", "draft", "canceled")
MANY: Final = 14
"""Lines of the second customer's quote: more than a quote embeds."""


@dataclass(frozen=True, slots=True)
class Quote:
    """An offer."""

    id: str
    customer: Customer
    place: int
    created: int
    status: Status
    subscription: str | None
    lines: tuple[tuple[Json, int], ...]
    """Prices and quantities."""

    @property
    def once(self) -> int:
        """The one-off total."""
        return self._sum("one_time")

    @property
    def monthly(self) -> int:
        """The monthly total."""
        return self._sum("recurring")

    def _sum(self, kind: str) -> int:
        return sum(price["unit_amount"] * n for price, n in self.lines if price["type"] == kind)


def quotes_of(story: Story, catalog: Catalog, accounts: list[Account]) -> Iterator[Quote]:
    """Yield the quotes, oldest first for each customer; one in three customers has one."""
    offered = 0
    for account in accounts:
        customer = account.customer
        if customer.place % 3 == 0 or customer.place in (1, 2):
            status = _STATUSES[offered % len(_STATUSES)]
            offered += 1
            if status == "accepted" and not account.terms:
                status = "open"
            yield _quote(story, catalog, account, offered, status)


def _quote(story: Story, catalog: Catalog, account: Account, place: int, status: Status) -> Quote:
    customer, currency = account.customer, account.customer.currency
    seats = Rng(story.seed, "quote", customer.place).between(3, 30)
    lines = [
        (catalog.price("team", currency, "month"), 1),
        (catalog.price("seat", currency, "month"), seats),
        (catalog.price("onboarding", currency, "once"), 1),
    ]
    if customer.place == 1:
        hour = catalog.price("support_hour", currency, "once")
        lines += [(hour, hours) for hours in range(1, MANY - 2)]
    accepted = status == "accepted"
    return Quote(
        id=ident("qt_1", story.seed, customer.place),
        customer=customer,
        place=place,
        created=customer.created + (0 if accepted else 1),
        status=status,
        subscription=account.terms[0].id if accepted else None,
        lines=tuple(lines),
    )


def lines_json(quote: Quote, names: dict[str, str]) -> list[Json]:
    """Return the lines of a quote as the API does."""
    return [
        {
            "id": ident("li_1", quote.id, place),
            "object": "item",
            "amount_discount": 0,
            "amount_subtotal": price["unit_amount"] * quantity,
            "amount_tax": 0,
            "amount_total": price["unit_amount"] * quantity,
            "currency": price["currency"],
            "description": names[price["product"]],
            "price": price,
            "quantity": quantity,
        }
        for place, (price, quantity) in enumerate(quote.lines)
    ]


def quote_json(quote: Quote) -> Json:
    """Return a quote as the API does; its lines have an endpoint of their own."""
    sent = quote.customer.sent_invoices
    final = quote.status in ("accepted", "open")
    total = quote.once + quote.monthly
    return {
        "id": quote.id,
        **_amounts(total),
        "automatic_tax": record("enabled liability provider status", enabled=False),
        "collection_method": "send_invoice" if sent else "charge_automatically",
        "computed": {
            "recurring": {
                **_amounts(quote.monthly),
                "interval": "month",
                "interval_count": 1,
                "total_details": _no_extras(),
            },
            "upfront": _amounts(total) | {"total_details": _no_extras()},
        },
        "created": quote.created,
        "currency": quote.customer.currency,
        **whose(quote.customer),
        "default_tax_rates": [],
        "discounts": [],
        "expires_at": quote.created + 30 * DAY,
        "invoice_settings": {"days_until_due": 30 if sent else None, "issuer": {"type": "self"}},
        "number": f"QT-{quote.place:08d}-1" if final else None,
        "status": quote.status,
        "status_transitions": {
            "accepted_at": quote.created if quote.status == "accepted" else None,
            "canceled_at": quote.created + DAY if quote.status == "canceled" else None,
            "finalized_at": quote.created if final else None,
        },
        "subscription": quote.subscription,
        "subscription_data": record(
            "billing_mode description effective_date metadata trial_period_days",
            billing_mode={"type": "classic"},
            metadata={},
        ),
        "total_details": _no_extras(),
    }


def _amounts(total: int) -> Json:
    return {"amount_subtotal": total, "amount_total": total}


def _no_extras() -> Json:
    return {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
