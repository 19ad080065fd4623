"""Billable metrics, products and rate cards: the same for all customers.

Every product costs what one lot of its metric costs: a cent for dollars, a credit for the
company's own unit. So prices are small and odd, and amounts are whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.metronome.formats import CREDITS, USD, Unit, iso_millis, iso_offset
from billql.sandbox.model import METRICS, Metric
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.timestamps import DAY

PROMPTS: Final = Metric("prompts", "Assistant prompts", "prompt", 1)
"""Prompts to the company's assistant, paid with credits that are granted free of charge."""

ProductType = Literal["USAGE", "SUBSCRIPTION", "COMPOSITE", "FIXED", "PRO_SERVICE"]

_FOUNDED: Final = 700 * DAY
"""How long before the story the catalog was made, in seconds."""

_GROUPS: Final[dict[str, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]] = {
    "api_calls": (("region",), (("us-east",), ("eu-west",), ("us-east",))),
    "compute_minutes": (
        ("region", "machine"),
        (
            ("us-east", "standard"),
            ("eu-west", "standard"),
            ("us-east", "gpu"),
            ("us-east", "standard"),
            ("ap-south", "standard"),
            ("eu-west", "gpu"),
            ("us-east", "standard"),
        ),
    ),
    "tokens": (("model",), (("small",), ("large",), ("small",), ("small",), ("large",))),
    "storage_gib_hours": (("region",), (("eu-west",), ("us-east",))),
}
"""The grouping of usage: the keys, and the values of the lots in rotation."""


class Meter(NamedTuple):
    """A billable metric."""

    id: str
    metric: Metric
    aggregation: str
    summed: str | None
    """The property of its events that is aggregated."""
    keys: tuple[str, ...]
    """The keys by which its events can be grouped, alone or all together."""
    deal: tuple[tuple[str, ...], ...] = ()
    """The groups of the lots, in rotation."""
    archived: int | None = None

    @property
    def groupings(self) -> list[list[str]]:
        """The keys that a question may group by."""
        together = [list(self.keys)] if len(self.keys) > 1 else []
        return [[key] for key in self.keys] + together

    def json(self) -> Json:
        """Return it as the API does."""
        filters: list[Json] = [{"name": key, "exists": True} for key in self.keys]
        if self.summed:
            filters.append({"name": self.summed, "exists": True})
        shown: Json = {
            "id": self.id,
            "name": self.metric.name,
            "aggregation_type": self.aggregation,
            **({"aggregation_key": self.summed} if self.summed else {}),
            "event_type_filter": {"in_values": [self.metric.key]},
            "property_filters": filters,
            "group_keys": self.groupings,
            "custom_fields": {"unit": self.metric.unit},
        }
        if self.archived is not None:
            shown["archived_at"] = iso_millis(self.archived)
        return shown


class Product(NamedTuple):
    """Something that stands on invoices."""

    id: str
    key: str
    name: str
    type: ProductType
    created: int
    tags: tuple[str, ...] = ()
    meter: Meter | None = None
    presented: tuple[str, ...] = ()
    """The keys by which its usage is shown apart on invoices."""
    priced: tuple[str, ...] = ()
    """The keys by which it may have different prices."""
    unit: Unit = USD
    archived: int | None = None
    renamed: int | None = None

    @property
    def price(self) -> float:
        """The price of one."""
        return 1 / self.meter.metric.lot if self.meter else 0

    def brief(self) -> Json:
        """Return it as other objects refer to it."""
        return {"id": self.id, "name": self.name}

    def _state(self, timestamp: int, name: str) -> Json:
        state: Json = {
            "created_at": iso_millis(timestamp),
            "created_by": "Robin Billing",
            "name": name,
        }
        if self.meter:
            state["billable_metric_id"] = self.meter.id
        if self.presented:
            state["presentation_group_key"] = list(self.presented)
        if self.priced:
            state["pricing_group_key"] = list(self.priced)
        if self.type == "COMPOSITE":
            state |= {"composite_tags": ["usage"], "exclude_free_usage": True}
        return state | {"tags": list(self.tags)}

    def json(self) -> Json:
        """Return it as the API does: as it was made, each change, and as it is."""
        before = f"{self.name} (beta)" if self.renamed else self.name
        shown: Json = {
            "id": self.id,
            "type": self.type,
            "initial": self._state(self.created, before),
            "current": self._state(self.created, self.name),
            "updates": [],
            "custom_fields": {"ledger_account": "4000" if self.tags else "4900"},
        }
        if self.renamed:
            shown["updates"] = [
                {
                    "created_at": iso_millis(self.renamed),
                    "created_by": "Robin Billing",
                    "name": self.name,
                    "starting_at": iso_offset(self.renamed // DAY * DAY),
                }
            ]
        if self.archived is not None:
            shown["archived_at"] = iso_millis(self.archived)
        return shown


class Rate(NamedTuple):
    """The price of a product on a rate card, for a period."""

    product: Product
    price: float
    start: int
    end: int | None = None
    groups: Json | None = None
    entitled: bool = True

    def rate(self) -> Json:
        """Return the price alone."""
        if self.product.type == "COMPOSITE":
            return {"rate_type": "PERCENTAGE", "price": self.price}
        rate: Json = {"rate_type": "FLAT", "price": self.price}
        if self.product.type == "SUBSCRIPTION":
            rate |= {"quantity": 1, "is_prorated": True}
        if self.groups:
            rate["pricing_group_values"] = self.groups
        return rate | {"credit_type": self.product.unit.json()}

    def json(self, price: str = "rate") -> Json:
        """Return it as the API does; the price stands under `price`."""
        shown: Json = {
            "entitled": self.entitled,
            "product_id": self.product.id,
            "product_name": self.product.name,
            "product_custom_fields": {},
            "product_tags": list(self.product.tags),
            price: self.rate(),
            "starting_at": iso_offset(self.start),
        }
        if self.end is not None:
            shown["ending_before"] = iso_offset(self.end)
        if self.groups:
            shown["pricing_group_values"] = self.groups
        if self.product.type == "SUBSCRIPTION":
            shown["billing_frequency"] = "MONTHLY"
        if self.product.key == "compute_minutes":
            shown["commit_rate"] = {"rate_type": "FLAT", "price": self.price}
        return shown


class RateCard(NamedTuple):
    """A list of prices."""

    id: str
    key: str
    name: str
    description: str
    created: int
    rates: tuple[Rate, ...]

    def json(self) -> Json:
        """Return it as the API does, without its rates."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "created_at": iso_millis(self.created),
            "created_by": "Robin Billing",
            "aliases": [{"name": self.key, "starting_at": iso_offset(self.created // DAY * DAY)}],
            "fiat_credit_type": USD.json(),
            "credit_type_conversions": [
                {"custom_credit_type": CREDITS.json(), "fiat_per_custom_credit": "5"}
            ],
            "custom_fields": {},
        }


class Catalog:
    """All that can be bought."""

    def __init__(self, story: Story) -> None:
        self._seed = story.seed
        self.founded: Final = story.opened - _FOUNDED
        self.opened: Final = story.opened
        self.meters = list(self._make_meters())
        self.products = list(self._make_products())
        self._by_key = {product.key: product for product in self.products}
        self.rate_cards = list(self._make_cards())

    def product(self, key: str) -> Product:
        """Return a product by what it is called here."""
        return self._by_key[key]

    def card(self, key: str) -> RateCard:
        """Return a rate card by its alias."""
        return next(card for card in self.rate_cards if card.key == key)

    def _id(self, *key: str) -> str:
        return Rng(self._seed, "metronome", *key).uuid()

    def _make_meters(self) -> Iterator[Meter]:
        for metric in METRICS:
            keys, deal = _GROUPS[metric.key]
            counted = metric.key == "api_calls"
            yield Meter(
                id=self._id("meter", metric.key),
                metric=metric,
                aggregation="COUNT" if counted else "SUM",
                summed=None if counted else metric.key,
                keys=keys,
                deal=deal,
            )
        yield Meter(self._id("meter", "prompts"), PROMPTS, "COUNT", None, ("user_id",))
        for key, name, aggregation in (("hosts", "Hosts", "UNIQUE"), ("disk", "Disk", "MAX")):
            yield Meter(
                id=self._id("meter", key),
                metric=Metric(key, name, key[:4], 1),
                aggregation=aggregation,
                summed=key,
                keys=("region",),
                deal=(("us-east",),),
                archived=self.opened - 90 * DAY,
            )

    def _make_products(self) -> Iterator[Product]:
        def make(key: str, name: str, type: ProductType, tags: tuple[str, ...] = ()) -> Product:
            later = Rng(self._seed, "product", key).below(30 * DAY)
            return Product(self._id("product", key), key, name, type, self.founded + later, tags)

        for meter in self.meters[: len(METRICS)]:
            metric = meter.metric
            yield make(metric.key, metric.name, "USAGE", ("usage",))._replace(
                meter=meter,
                presented=("region",) if metric.key == "compute_minutes" else (),
                priced=("model",) if metric.key == "tokens" else (),
                renamed=self.founded + 200 * DAY if metric.key == "tokens" else None,
            )
        prompts = self.meters[len(METRICS)]
        yield make("prompts", PROMPTS.name, "USAGE", ("assistant",))._replace(
            meter=prompts, presented=prompts.keys, unit=CREDITS
        )
        yield make("seats", "Seats", "SUBSCRIPTION", ("assistant",))
        yield make("support", "Premium support", "COMPOSITE", ("support",))
        yield make("fee", "Platform fee", "FIXED")
        yield make("prepaid", "Prepaid commit", "FIXED")
        yield make("postpaid", "Annual commitment", "FIXED")
        yield make("credit", "Promotional credit", "FIXED")
        yield make("included", "Included usage", "FIXED")
        yield make("included_prompts", "Included prompts", "FIXED")
        yield make("onboarding", "Onboarding", "PRO_SERVICE")
        yield make("hosts", "Hosts", "USAGE", ("usage",))._replace(
            meter=self.meters[-2], archived=self.opened - 60 * DAY
        )

    def _make_cards(self) -> Iterator[RateCard]:
        for key, name, description in (
            ("standard", "Standard", "What everybody pays"),
            ("enterprise", "Enterprise", "With seats, for contracts of a year"),
        ):
            rates = tuple(self._rates(key == "enterprise"))
            card_id = self._id("rate card", key)
            yield RateCard(card_id, key, name, description, self.founded + 40 * DAY, rates)

    def _rates(self, enterprise: bool) -> Iterator[Rate]:
        """Yield the rates; until shortly before the story some were higher."""
        start = (self.founded // DAY + 60) * DAY
        changed = (self.opened // DAY - 120) * DAY
        for product in self.products:
            if product.type == "USAGE" and product.archived is None:
                models = ("small", "large") if product.priced else (None,)
                for model in models:
                    groups = {"model": model} if model else None
                    open_ = enterprise or product.unit is USD
                    rate = Rate(product, product.price, changed, None, groups, open_)
                    yield rate._replace(price=product.price * 1.25, start=start, end=changed)
                    yield rate
            elif product.type == "SUBSCRIPTION" and enterprise:
                yield Rate(product, 0, start)
            elif product.type == "COMPOSITE":
                yield Rate(product, 0.1, start, entitled=False)
