"""Billing credits: grants, what is taken from them, and what is left.

Credits pay for metered lines before tax and after discounts. What has expired is taken off the
ledger at the next noon; until then the ledger has more than what is available.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from billql.sandbox.api import Json
from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.stripe.catalog import Catalog, in_currency
from billql.sandbox.stripe.ids import ident, whose
from billql.sandbox.stripe.invoice_model import Line
from billql.sandbox.timestamps import DAY

Reason = Literal[
    "credits_granted",
    "credits_application_invoice_voided",
    "credits_applied",
    "credits_expired",
    "credits_voided",
]

Category = Literal["paid", "promotional"]

_NOON: Final = DAY // 2


@dataclass(slots=True)
class Grant:
    """Credits that a customer was granted or has bought."""

    id: str
    customer: Customer
    name: str
    category: Category
    currency: str
    amount: int
    created: int
    expires: int | None = None
    voided: int | None = None
    priority: int = 50
    prices: tuple[str, ...] = ()
    """The prices that it is for; none stand for all that is metered."""
    left: int = 0
    """Its amount in the ledger, in minor units."""

    @property
    def taken_off(self) -> int | None:
        """The timestamp at which its expiry is debited, or None."""
        return None if self.expires is None else self.expires // DAY * DAY + _NOON

    def usable(self, timestamp: int) -> bool:
        """Return whether any of it can be used at a timestamp."""
        return (
            self.left > 0
            and self.created <= timestamp
            and (self.expires is None or timestamp < self.expires)
            and (self.voided is None or timestamp < self.voided)
        )

    def covers(self, line: Line) -> bool:
        """Return whether it may pay for a line."""
        return line.metered and (not self.prices or line.price_id in self.prices)

    def json(self, now: int) -> Json:
        """Return the grant as the API does."""
        voided = self.voided if self.voided is not None and self.voided <= now else None
        scope: Json = {"price_type": "metered"}
        if self.prices:
            scope = {"prices": [{"id": price} for price in self.prices]}
        return {
            "id": self.id,
            "amount": monetary(self.amount, self.currency),
            "applicability_config": {"scope": scope},
            "category": self.category,
            "created": self.created,
            **whose(self.customer),
            "effective_at": self.created,
            "expires_at": self.expires,
            "name": self.name,
            "priority": self.priority,
            "updated": voided or self.created,
            "voided_at": voided,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction of the ledger; what is taken is negative."""

    id: str
    grant: Grant
    timestamp: int
    amount: int
    reason: Reason
    invoice: str | None = None
    line: str | None = None

    def json(self) -> Json:
        """Return the transaction as the API does."""
        side = "credit" if self.amount > 0 else "debit"
        detail: Json = {"amount": monetary(abs(self.amount), self.grant.currency)}
        about = {"invoice": self.invoice, "invoice_line_item": self.line} if self.invoice else None
        if side == "credit":
            detail["credits_application_invoice_voided"] = about
        else:
            detail["credits_applied"] = about
        detail["type"] = self.reason
        return {
            "id": self.id,
            "created": self.timestamp,
            "credit": detail if side == "credit" else None,
            "credit_grant": self.grant.id,
            "debit": detail if side == "debit" else None,
            "effective_at": self.timestamp,
            "type": side,
        }


def monetary(value: int, currency: str) -> Json:
    """Return an amount of credits as the API does."""
    return {"monetary": {"currency": currency, "value": value}, "type": "monetary"}


class CreditBalance:
    """The grants of one customer, and the ledger that explains what is left of them."""

    def __init__(self, grants: list[Grant]) -> None:
        self.grants = grants
        self.entries: list[Entry] = []

    def add(self, grant: Grant) -> None:
        """Enter a grant."""
        self._enter(grant, grant.created, grant.amount, "credits_granted")

    def expire(self, grant: Grant, timestamp: int) -> None:
        """Debit what has expired."""
        if grant.left:
            self._enter(grant, timestamp, -grant.left, "credits_expired")

    def void(self, grant: Grant) -> None:
        """Debit what is left of a voided grant."""
        if grant.left and grant.voided is not None:
            self._enter(grant, grant.voided, -grant.left, "credits_voided")

    def pay(self, invoice: str, lines: Iterable[Line], currency: str, timestamp: int) -> None:
        """Pay for metered lines, from the grants of the highest priority that expire first."""
        usable = [g for g in self.grants if g.currency == currency and g.usable(timestamp)]
        usable.sort(key=lambda g: (g.priority, g.expires or 1 << 40, g.category == "paid"))
        for line in lines:
            for grant in usable:
                amount = min(line.net, grant.left)
                if amount > 0 and grant.covers(line):
                    entry = self._enter(
                        grant, timestamp, -amount, "credits_applied", invoice, line.id
                    )
                    line.credits.append((entry.id, amount))

    def reinstate(self, invoice: str, timestamp: int) -> None:
        """Return the credits of a voided invoice to their grants; expired ones expire again."""
        for entry in [e for e in self.entries if e.invoice == invoice]:
            grant = entry.grant
            reason: Reason = "credits_application_invoice_voided"
            self._enter(grant, timestamp, -entry.amount, reason, invoice, entry.line)
            if grant.taken_off is not None and grant.taken_off <= timestamp:
                self.expire(grant, timestamp)

    def _enter(
        self,
        grant: Grant,
        timestamp: int,
        amount: int,
        reason: Reason,
        invoice: str | None = None,
        line: str | None = None,
    ) -> Entry:
        key = ident("cbtxn_test_", grant.id, reason, timestamp, line or "")
        entry = Entry(key, grant, timestamp, amount, reason, invoice, line)
        grant.left += amount
        self.entries.append(entry)
        return entry


def summary(grants: Collection[Grant], now: int) -> list[Json]:
    """Return the balances of grants: one for each currency, zero if nothing is left."""
    balances = []
    for currency in sorted({grant.currency for grant in grants}):
        of = [grant for grant in grants if grant.currency == currency]
        available = sum(g.left for g in of if g.expires is None or g.expires > now)
        balances.append(
            {
                "available_balance": monetary(available, currency),
                "ledger_balance": monetary(sum(g.left for g in of), currency),
            }
        )
    return balances


_Maker = Callable[[str, Category, int, int], Grant]
"""A function that makes a grant: name, category, cents, days after the customer was created."""


def grants_of(story: Story, catalog: Catalog, customer: Customer) -> list[Grant]:
    """Return what a customer of Stripe's is granted in the course of the story."""
    if customer.biller != "stripe" or customer.plan == "lead":
        return []
    made, place, seed = customer.created, customer.place, story.seed

    def grant(name: str, category: Category, cents: int, after: int) -> Grant:
        currency = customer.currency
        key = ident("credgr_test_", seed, place, name, after)
        amount = in_currency(cents, currency)
        return Grant(key, customer, name, category, currency, amount, made + after * DAY)

    welcome = grant("Welcome credits", "promotional", 5000, 0)
    welcome.expires, welcome.priority = made + 90 * DAY, 10
    grants = [welcome]
    if place in (2, 4) or (customer.plan != "starter" and place % 2 == 1):
        worth = Rng(seed, "prepaid credits", place).between(5, 40) * 10_000
        worth *= 4 if place == 1 else 1
        for after in range(20, 800, 180):
            bought = grant("Prepaid credits", "paid", worth, after)
            bought.expires = bought.created + 365 * DAY
            grants.append(bought)
    if place in (1, 4):
        # Whatever the last day, one of these expires within thirty days; who pays in dollars
        # has no use for euros.
        for after in range(4, 800, 30):
            bonus = grant("Monthly bonus", "promotional", 1000, after)
            bonus.expires, bonus.priority = bonus.created + 30 * DAY, 90
            bonus.currency = "eur" if place == 1 else bonus.currency
            grants.append(bonus)
    if place == 1:
        grants += _many_sided(story, catalog, grant)
    if place == 2:
        dollars = grant("Partner credits", "promotional", 2500, 30)
        dollars.currency, dollars.amount = "usd", 2500
        grants.append(dollars)
    return [grant for grant in grants if grant.created <= story.now]


def _many_sided(story: Story, catalog: Catalog, grant: _Maker) -> list[Grant]:
    """Return grants of every sort, for one customer."""
    euros = grant("Euro credits", "promotional", 0, 35)
    euros.currency, euros.amount = "eur", 7500
    scoped = grant("Compute credits", "promotional", 250_000, 40)
    scoped.prices = (catalog.price("compute_minutes", "usd", "metered")["id"],)
    voided = grant("Granted by mistake", "promotional", 9_900_000, 70)
    voided.voided, voided.priority = voided.created + 2 * DAY, 90
    # Of this one nothing can be used, and it expired in the last night, whatever the last day.
    lapsed = grant("Beta credits", "promotional", 1200, 0)
    lapsed.id = ident("credgr_test_", story.seed, "lapsed")
    lapsed.prices = (catalog.price("beta", "usd", "metered")["id"],)
    midnight = story.now // DAY * DAY
    lapsed.created, lapsed.expires = midnight - 30 * DAY, midnight
    return [euros, scoped, voided, lapsed]
