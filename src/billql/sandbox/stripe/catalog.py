"""Products, prices (which are plans too) and tax rates."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.model import METRICS, RATES, Metric, Plan
from billql.sandbox.stripe.ids import ident, record
from billql.sandbox.timestamps import DAY

CURRENCIES: Final = ("usd", "eur", "jpy", "kwd")

_FACTORS: Final = {"usd": (1, 1), "eur": (9, 10), "jpy": (3, 2), "kwd": (3, 1)}
"""The factor from cents to minor units of a currency; list prices are whole hundreds."""

MONTHLY: Final[dict[Plan, int]] = {
    "lead": 0,
    "starter": 2900,
    "team": 9900,
    "scale": 49900,
    "enterprise": 250_000,
}
"""Cents a month of each plan; twelve months at once cost ten."""

SEAT: Final = 1500
"""Cents a month of a seat."""
ONCE: Final = {"onboarding": 50_000, "support_hour": 12_000, "tshirt": 2500}
"""Cents of what is bought once."""


class _Product(NamedTuple):
    key: str
    name: str
    description: str | None
    unit: str | None = None
    active: bool = True
    shippable: bool | None = None


_PRODUCTS: Final = (
    *(_Product(m.key, m.name, f"Metered by the {m.unit}", m.unit) for m in METRICS),
    _Product("lead", "Free", None),
    _Product("starter", "Starter", "For one developer"),
    _Product("team", "Team", "For a team"),
    _Product("scale", "Scale", "For a product"),
    _Product("enterprise", "Enterprise", "For a company"),
    _Product("seat", "Seat", "One more person", "seat"),
    _Product("onboarding", "Onboarding", "Two days with an engineer"),
    _Product("support_hour", "Support", "By the hour", "hour"),
    _Product("prepaid", "Prepaid usage", "Commits, billed by Metronome"),
    _Product("tshirt", "T-shirt", "Organic cotton", None, shippable=True),
    _Product("beta", "Beta API", "No longer sold", "call", active=False),
)


class Catalog:
    """All that is sold; `opened` is when the story begins, a while after the catalog."""

    def __init__(self, seed: int, opened: int, whole: Callable[[str, Json], Json]) -> None:
        self._seed = seed
        self._whole = whole
        self._made = opened - 20 * DAY
        self._prices: dict[tuple[str, str, str], Json] = {}
        """By product, currency and 'month', 'year', 'once', 'metered' or 'tiered'."""
        self._fill()

    def meter(self, metric: Metric | str) -> str:
        """Return the id of a metric's meter."""
        key = metric if isinstance(metric, str) else metric.key
        return ident("mtr_test_", self._seed, key)

    def product(self, key: str) -> str:
        """Return the id of a product."""
        return f"prod_{ident('', self._seed, 'product', key)[:14]}"

    def price(self, product: str, currency: str, how: str) -> Json:
        """Return a price."""
        return self._prices[product, currency, how]

    @cached_property
    def products(self) -> list[Json]:
        """All products, in the order of their creation; several are of one second."""
        return [
            {
                "id": self.product(each.key),
                "active": each.active,
                "created": self._made + place // 5,
                "default_price": self._default_price(each.key),
                "description": each.description,
                "images": [],
                "marketing_features": [],
                "metadata": {"key": each.key},
                "name": each.name,
                "shippable": each.shippable,
                "type": "good" if each.shippable else "service",
                "unit_label": each.unit,
                "updated": self._made + place // 5 + (0 if each.active else 300 * DAY),
                "url": "https://shop.example/tshirt" if each.shippable else None,
            }
            for place, each in enumerate(_PRODUCTS)
        ]

    @cached_property
    def prices(self) -> list[Json]:
        """All prices, in the order of their creation."""
        return list(self._prices.values())

    @cached_property
    def plans(self) -> list[Json]:
        """The recurring prices, in the shape that they had before there were prices."""
        names = "id active billing_scheme created currency nickname product tiers_mode"
        plans = [
            {
                **record(names, **price),
                **price["recurring"],
                "amount": price["unit_amount"],
                "amount_decimal": price["unit_amount_decimal"],
            }
            for price in self.prices
            if price["recurring"] is not None
        ]
        return [self._whole("plan", plan) for plan in plans]

    def plan(self, price: Json) -> Json:
        """Return a recurring price's plan."""
        return self._plans_by_id[price["id"]]

    @cached_property
    def _plans_by_id(self) -> dict[str, Json]:
        return {plan["id"]: plan for plan in self.plans}

    def tiers(self, price: Json) -> list[Json] | None:
        """Return what `expand[]=tiers` adds to a price or plan."""
        if price["billing_scheme"] != "tiered":
            return None
        unit = _converted(SEAT, price["currency"])
        return [
            {
                "flat_amount": None,
                "flat_amount_decimal": None,
                "unit_amount": amount,
                "unit_amount_decimal": str(amount),
                "up_to": up_to,
            }
            for up_to, amount in ((10, unit), (None, unit * 8 // 10))
        ]

    def currency_options(self, price: Json) -> Json:
        """Return what `expand[]=currency_options` adds to a price."""
        fields = ("tax_behavior", "unit_amount", "unit_amount_decimal")
        amounts = {field: price[field] for field in fields}
        return {price["currency"]: {"custom_unit_amount": None, **amounts}}

    def tax_rate(self, currency: str, *, taxed: bool) -> Json | None:
        """Return the tax on sales in a currency, if there is one."""
        if currency == "usd" and not taxed:
            return None
        return {"usd": self.tax_rates[2], "eur": self.tax_rates[1], "jpy": self.tax_rates[3]}.get(
            currency
        )

    @cached_property
    def tax_rates(self) -> list[Json]:
        """All tax rates; the first is no longer in use."""
        rates = [
            {
                "id": ident("txr_", self._seed, place),
                "active": active,
                "country": country,
                "created": self._made,
                "display_name": name,
                "effective_percentage": percentage,
                "inclusive": inclusive,
                "jurisdiction": country,
                "jurisdiction_level": "state" if state else "country",
                "percentage": percentage,
                "rate_type": "percentage",
                "state": state,
                "tax_type": kind,
            }
            for place, (name, kind, country, state, percentage, inclusive, active) in enumerate(
                (
                    ("VAT", "vat", "DE", None, 16.0, False, False),
                    ("VAT", "vat", "DE", None, 19.0, False, True),
                    ("Sales Tax", "sales_tax", "US", "NY", 8.875, False, True),
                    ("Consumption Tax", "jct", "JP", None, 10.0, True, True),
                )
            )
        ]
        return [self._whole("tax_rate", rate) for rate in rates]

    def _default_price(self, product: str) -> str | None:
        for how in ("month", "metered", "once"):
            price = self._prices.get((product, "usd", how))
            if price is not None:
                return str(price["id"])
        return None

    def _fill(self) -> None:
        for currency in CURRENCIES:
            for metric in METRICS:
                unit = Decimal(RATES[currency]) / metric.lot
                self._add(metric.key, currency, "metered", unit, meter=self.meter(metric))
                self._add(metric.key, currency, "once", unit)
            for plan, cents in MONTHLY.items():
                amount = Decimal(_converted(cents, currency))
                self._add(plan, currency, "month", amount)
                self._add(plan, currency, "year", amount * 10)
            self._add("seat", currency, "month", Decimal(_converted(SEAT, currency)))
            self._add("seat", currency, "tiered", None)
            for product, cents in ONCE.items():
                self._add(product, currency, "once", Decimal(_converted(cents, currency)))
        self._add("beta", "usd", "metered", Decimal("0.1"), meter=self.meter("beta"), active=False)

    def _add(
        self,
        product: str,
        currency: str,
        how: str,
        unit: Decimal | None,
        *,
        meter: str | None = None,
        active: bool = True,
    ) -> None:
        recurring = {
            "interval": "year" if how == "year" else "month",
            "interval_count": 1,
            "meter": meter,
            "trial_period_days": None,
            "usage_type": "metered" if meter else "licensed",
        }
        exact = unit is not None and unit == unit.to_integral_value()
        price = {
            "id": ident("price_1", self._seed, product, currency, how),
            "active": active,
            "billing_scheme": "per_unit" if unit is not None else "tiered",
            "created": self._made + 60 + len(self._prices) // 9,
            "currency": currency,
            "lookup_key": f"{product}_{how}_{currency}" if active else None,
            "nickname": None if how == "month" else how.capitalize(),
            "product": self.product(product),
            "recurring": None if how == "once" else recurring,
            "tax_behavior": "inclusive" if currency == "jpy" else "exclusive",
            "tiers_mode": None if unit is not None else "graduated",
            "type": "one_time" if how == "once" else "recurring",
            "unit_amount": int(unit) if unit is not None and exact else None,
            "unit_amount_decimal": None if unit is None else plain_decimal(unit),
        }
        self._prices[product, currency, how] = self._whole("price", price)


def _converted(cents: int, currency: str) -> int:
    times, over = _FACTORS[currency]
    return cents * times // over


def in_currency(cents: int, currency: str) -> int:
    """Return about as much in another currency, in its minor units; dinars to the last but one."""
    amount = _converted(cents, currency)
    return amount // 10 * 10 if currency == "kwd" else amount


def plain_decimal(number: Decimal) -> str:
    """Write a decimal as the API does: plainly, without zeros at its end."""
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
