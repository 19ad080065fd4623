"""Coupons, the promotion codes that lead to them, and the discounts that they become."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.stripe.catalog import in_currency
from billql.sandbox.stripe.ids import ident, whose
from billql.sandbox.timestamps import DAY


class Coupon(NamedTuple):
    """A coupon: a percentage or an amount of dollars off."""

    id: str
    name: str
    percent: float | None = None
    cents: int | None = None
    months: int | None = 1
    """For how long: 1 for one invoice, None for ever."""
    most: int | None = None
    over: bool = False
    """Whether it is past its last day."""

    def off(self, amount: int) -> int:
        """Return what it takes off an amount in dollars or another currency, rounded half up."""
        if self.percent is not None:
            return (2 * amount * round(self.percent * 1000) + 100_000) // 200_000
        return min(amount, self.cents or 0)


COUPONS: Final = {
    coupon.id: coupon
    for coupon in (
        Coupon("WELCOME25", "A quarter off", percent=25.0, months=3),
        Coupon("FOREVER5", "Friends", percent=5.0, months=None),
        Coupon("TENOFF", "Ten dollars off", cents=1000),
        Coupon("LAUNCH", "Launch credit", cents=500, months=6),
        Coupon("THIRD", "A third off", percent=33.3, most=50, over=True),
    )
}


class Discounts:
    """All coupons and promotion codes; `redeemed` counts the coupons' uses."""

    def __init__(self, story: Story, products: list[Json], redeemed: Counter[str]) -> None:
        self._story = story
        self._products = products
        self._redeemed = redeemed
        self._made = story.opened - 15 * DAY

    @cached_property
    def coupons(self) -> list[Json]:
        """All coupons."""
        return [
            {
                "id": coupon.id,
                "amount_off": coupon.cents,
                "created": self._made,
                "currency": None if coupon.cents is None else "usd",
                "duration": _duration(coupon),
                "duration_in_months": coupon.months if _duration(coupon) == "repeating" else None,
                "max_redemptions": coupon.most,
                "name": coupon.name,
                "percent_off": coupon.percent,
                "redeem_by": self._story.opened + 30 * DAY if coupon.over else None,
                "times_redeemed": self._redeemed[coupon.id],
                "valid": not coupon.over,
            }
            for coupon in COUPONS.values()
        ]

    def applies_to(self, coupon: Json) -> Json | None:
        """Return what `expand[]=applies_to` adds to a coupon."""
        if coupon["id"] != "LAUNCH":
            return None
        return {"products": [product["id"] for product in self._products[:4]]}

    def currency_options(self, coupon: Json) -> Json | None:
        """Return what `expand[]=currency_options` adds to a coupon."""
        if coupon["amount_off"] is None:
            return None
        return {
            "usd": {"amount_off": coupon["amount_off"]},
            "eur": {"amount_off": coupon["amount_off"] * 9 // 10},
        }

    @cached_property
    def promotion_codes(self) -> list[Json]:
        """All codes: one for each coupon, and a mailing of codes that work once."""
        customers = self._story.customers
        mailed = 12 + 10 * self._story.scale
        codes = [self._code(coupon.id, coupon.id, 0) for coupon in COUPONS.values()]
        for place in range(mailed):
            suffix = Rng(self._story.seed, "code", place).alphanumeric(8).upper()
            customer = customers[place % len(customers)] if place % 4 == 0 else None
            codes.append(self._code("WELCOME25", f"SPRING{place:03d}{suffix}", 1, customer))
        return codes

    def _code(self, coupon: str, code: str, most: int, customer: Customer | None = None) -> Json:
        # All codes of the mailing were made in one second, on the first day of the story.
        expires = self._story.opened + 200 * DAY if most else None
        over = COUPONS[coupon].over or (expires is not None and expires <= self._story.now)
        return {
            "id": ident("promo_1", self._story.seed, code),
            "active": not over,
            "code": code,
            "created": self._story.opened if most else self._made,
            **whose(customer),
            "expires_at": expires,
            "max_redemptions": most or None,
            "metadata": {"campaign": "spring"} if most else {},
            "promotion": {"coupon": coupon, "type": "coupon"},
            "restrictions": {
                "first_time_transaction": bool(most),
                "minimum_amount": 2000 if most else None,
                "minimum_amount_currency": "usd" if most else None,
            },
            "times_redeemed": 0 if most else self._redeemed[coupon],
        }


def _duration(coupon: Coupon) -> str:
    if coupon.months is None:
        return "forever"
    return "once" if coupon.months == 1 else "repeating"


def least_in_other_currencies(restrictions: Json) -> Json:
    """Return the least that must be spent in other currencies than the first one."""
    least = restrictions["minimum_amount"]
    return {} if least is None else {"eur": {"minimum_amount": in_currency(least, "eur")}}
