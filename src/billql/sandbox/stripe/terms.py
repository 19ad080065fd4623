"""The terms of each subscription, and its periods."""

from __future__ import annotations

import time
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from billql.sandbox.api import Json
from billql.sandbox.model import Customer, Metric
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.stripe.catalog import Catalog
from billql.sandbox.stripe.discounts import COUPONS, Coupon
from billql.sandbox.stripe.ids import ident
from billql.sandbox.timestamps import DAY, HOUR

TRIAL: Final = 14 * DAY

State = Literal["trialing", "incomplete", "incomplete_expired", "paused"]


@dataclass(frozen=True, slots=True)
class Item:
    """One price that a subscription is for."""

    id: str
    price: Json
    metric: Metric | None = None
    """The metric of a metered item; None for items paid in advance."""
    quantity: int | None = None
    more: int = 0
    """The quantity added in the middle of the third period."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a subscription."""

    id: str
    customer: Customer
    created: int
    anchor: int
    """The start of the first paid period."""
    yearly: bool
    items: tuple[Item, ...]
    coupon: Coupon | None = None
    tax: Json | None = None
    trial_end: int | None = None
    ended: int | None = None
    """When it was or will be canceled, or None."""
    leaving: bool = False
    """Whether it ends with the present period."""
    state: State | None = None
    """Its status, where invoices alone do not decide it."""

    @property
    def sent(self) -> bool:
        """Whether its invoices are sent."""
        return self.customer.sent_invoices

    @property
    def discount(self) -> str:
        """The id of its discount."""
        return ident("di_1", self.id)

    def period(self, number: int) -> tuple[int, int]:
        """Return the start and the end of a period; the last one may be cut short."""
        months = 12 if self.yearly else 1
        start, end = (add_months(self.anchor, months * place) for place in (number, number + 1))
        return start, end if self.ended is None else min(end, self.ended)

    def periods(self, now: int) -> Iterator[tuple[int, int]]:
        """Yield the periods that have begun."""
        number = 0
        while True:
            start, end = self.period(number)
            if start > now or (self.ended is not None and start >= self.ended):
                return
            yield start, end
            number += 1

    def discounted_until(self) -> int | None:
        """Return when the discount ends, if it lasts for some months."""
        if self.coupon is None or self.coupon.months in (None, 1):
            return None
        return add_months(self.anchor, self.coupon.months or 0)


def add_months(timestamp: int, months: int) -> int:
    """Return the same day and time of a later month; days are never beyond the 28th."""
    at = time.gmtime(timestamp)
    month = at.tm_mon - 1 + months
    day = (at.tm_year + month // 12, month % 12 + 1, at.tm_mday)
    return timegm((*day, at.tm_hour, at.tm_min, at.tm_sec))


class SubscriptionTerms:
    """Decides the terms of everybody whom Stripe bills."""

    def __init__(self, story: Story, catalog: Catalog) -> None:
        self._story = story
        self._catalog = catalog

    def terms(self, customer: Customer) -> list[Terms]:
        """Return the subscriptions of a customer, the usual one first."""
        if customer.biller != "stripe":
            return []
        if customer.plan == "lead":
            return self._of_lead(customer)
        rng = Rng(self._story.seed, "terms", customer.place)
        roll = [rng.below(6) for _ in range(4)]
        tried = customer.place >= 8 and roll[0] == 0 and customer.ended is None
        yearly = customer.place >= 8 and customer.plan == "team" and roll[1] < 2
        trial_end = customer.created + TRIAL if tried else None
        main = Terms(
            id=self._id(customer, "main"),
            customer=customer,
            created=customer.created,
            anchor=trial_end or customer.created,
            yearly=yearly,
            items=self._items(customer, roll[2], yearly=yearly),
            coupon=self._coupon(customer, rng),
            tax=self._catalog.tax_rate(customer.currency, taxed=customer.place % 4 == 1),
            trial_end=trial_end,
            ended=customer.ended,
            leaving=customer.place >= 8 and roll[3] == 0 and customer.ended is None,
        )
        return [main, self._extra(customer)] if customer.place == 1 else [main]

    def _id(self, customer: Customer, suffix: str) -> str:
        return ident("sub_1", self._story.seed, customer.place, suffix)

    def _item(self, owner: str, price: Json, **more: object) -> Item:
        return Item(f"si_{ident('', owner, price['id'])[:14]}", price, **more)  # type: ignore[arg-type]

    def _items(self, customer: Customer, roll: int, *, yearly: bool) -> tuple[Item, ...]:
        owner, sold, currency = self._id(customer, "main"), self._catalog, customer.currency
        flat = sold.price(customer.plan, currency, "year" if yearly else "month")
        items = [self._item(owner, flat, quantity=1)]
        if yearly:
            return tuple(items)
        if customer.plan in ("team", "scale"):
            seats = 3 + customer.place % 10
            price = sold.price("seat", currency, "month")
            more = 2 if roll < 3 or customer.place < 8 else 0
            items.append(self._item(owner, price, quantity=seats, more=more))
        for metric in customer.metrics:
            price = sold.price(metric.key, currency, "metered")
            items.append(self._item(owner, price, metric=metric))
        return tuple(items)

    def _coupon(self, customer: Customer, rng: Rng) -> Coupon | None:
        if customer.currency != "usd":
            return COUPONS["FOREVER5"] if customer.currency == "eur" else None
        if customer.place in (1, 6):
            return COUPONS["FOREVER5" if customer.place == 1 else "WELCOME25"]
        return COUPONS[rng.pick(list(COUPONS))] if rng.below(4) == 0 else None

    def _extra(self, customer: Customer) -> Terms:
        """Return a second subscription, by the year."""
        owner = self._id(customer, "extra")
        price = self._catalog.price("team", customer.currency, "year")
        created = customer.created + 40 * DAY
        return Terms(
            id=owner,
            customer=customer,
            created=created,
            anchor=created,
            yearly=True,
            items=(self._item(owner, price, quantity=1),),
            tax=self._catalog.tax_rate(customer.currency, taxed=True),
        )

    def _of_lead(self, customer: Customer) -> list[Terms]:
        """Return what became of one who never paid; the first lead has one of each kind.

        What is still going on follows the last day: it began shortly before.
        """
        now, made = self._story.now, customer.created
        present = self._lead(customer, "trialing", max(made, now - 5 * DAY), "trialing")
        if customer.place != 7:
            state: State = "paused" if customer.place % 2 else "incomplete_expired"
            return [self._lead(customer, state, made, state)] if made + TRIAL <= now else [present]
        canceled = self._lead(customer, "canceled", made + HOUR, None, made + 9 * DAY)
        return [
            self._lead(customer, "incomplete_expired", made, "incomplete_expired"),
            canceled,
            self._lead(customer, "paused", made + 60 * DAY, "paused"),
            present,
            self._lead(customer, "incomplete", now - 2 * HOUR, "incomplete"),
        ]

    def _lead(
        self,
        customer: Customer,
        suffix: str,
        made: int,
        state: State | None,
        ended: int | None = None,
    ) -> Terms:
        owner = self._id(customer, suffix)
        price = self._catalog.price("starter", customer.currency, "month")
        at_once = state in ("incomplete", "incomplete_expired")
        return Terms(
            id=owner,
            customer=customer,
            created=made,
            anchor=made if at_once else made + TRIAL,
            yearly=False,
            items=(self._item(owner, price, quantity=1),),
            trial_end=None if at_once else made + TRIAL,
            ended=made + 23 * HOUR if state == "incomplete_expired" else ended,
            state=state,
        )
