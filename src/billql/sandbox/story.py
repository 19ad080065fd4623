"""The story that Stripe and Metronome share: the customers, their usage and their bills.

One company sells usage of its service. All its customers are known to Stripe and to Metronome;
who bills a customer is the customer's `biller`. Metronome's bills reach Stripe as invoices, so
their lines, totals and ids are made here, once:

    story = Story(seed=1, scale=8, until=date(2026, 3, 15))
    for customer in story.customers:
        story.usage.units(customer, metric, start, end)   units in a window of any length
        story.grants(customer)        commits and credits (biller 'metronome')
        story.bills(customer)         their bills, drafts last (biller 'metronome')
        story.status(bill)            the status of Stripe's invoice on the last day

The story begins in January of the year before the last day's, so every day of one year looks back
on the same past. A month that has ended stays as it is. Nothing is later than `story.now`.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Final

from billql.sandbox.digitalocean.fleet import Fleet
from billql.sandbox.ledger import Ledger
from billql.sandbox.model import METRICS, Bill, Biller, Customer, Grant, Plan, Project
from billql.sandbox.rng import Rng
from billql.sandbox.settlement import Status
from billql.sandbox.timestamps import end_of_data, month_at, month_start
from billql.sandbox.usage import Usage

_FIRST_NAMES: Final = (
    "Amber", "Basalt", "Cedar", "Delta", "Ember", "Fjord", "Garnet", "Harbor", "Indigo", "Juniper",
    "Kelp", "Lumen", "Maple", "Nimbus", "Onyx", "Prism", "Quartz", "Reef", "Saffron", "Tundra",
)  # fmt: skip
_LAST_NAMES: Final = (
    "Analytics", "Labs", "Systems", "Robotics", "Health", "Media", "Logistics", "Games", "Foods",
    "Energy", "Studios", "Learning", "Travel", "Mobility", "Research", "Works",
)  # fmt: skip

_OWN_PROJECTS: Final = frozenset({"Default", "staging", "internal-tools"})
"""DigitalOcean projects that serve nobody in particular."""

_FIXED: Final[Sequence[tuple[Biller, Plan, str]]] = (
    ("metronome", "enterprise", "usd"),
    ("stripe", "scale", "usd"),
    ("stripe", "team", "eur"),
    ("metronome", "scale", "usd"),
    ("stripe", "scale", "jpy"),
    ("stripe", "team", "kwd"),
    ("stripe", "starter", "usd"),
    ("stripe", "lead", "usd"),
)
"""The first customers, the same whatever the seed: with them every size has something of all."""

_LEAVER: Final = 6
"""The place of the one who has left, whatever the last day."""


class Story:
    """All customers of a seed and a scale, up to the last day."""

    def __init__(self, seed: int, scale: int, until: date) -> None:
        self.seed = seed
        self.scale = scale
        self.until = until
        self.now: Final = end_of_data(until)
        """The last moment of the story, in Unix seconds; the APIs answer as of then."""
        self.opened: Final = timegm((until.year - 1, 1, 1, 8, 0, 0))
        """The start of the story, in Unix seconds; the first customers were created then."""
        self.usage: Final = Usage(seed, self.opened, self.now)
        self._ledgers: dict[int, Ledger] = {}

    @cached_property
    def customers(self) -> list[Customer]:
        """All customers by now, in no order of time; every lead and leaver is among them."""
        made = [self._customer(place) for place in range(3 + 5 * self.scale)]
        return [customer for customer in made if customer.created <= self.now]

    def grants(self, customer: Customer) -> list[Grant]:
        """Return the commits and credits of Metronome's by now, oldest first."""
        return self._ledger(customer).grants if customer.biller == "metronome" else []

    def bills(self, customer: Customer) -> list[Bill]:
        """Return the bills of Metronome's, oldest first, those that are still drafts at the end."""
        return self._ledger(customer).bills if customer.biller == "metronome" else []

    def status(self, bill: Bill) -> Status:
        """Return the status of a bill now, as Stripe names it."""
        return bill.settlement.status(self.now)

    def _customer(self, place: int) -> Customer:
        rng = Rng(self.seed, "customer", place)
        opened = month_at(self.opened)
        biller, plan, currency = self._kind(place, rng)
        joined = 0 if place < len(_FIXED) or rng.below(5) < 3 else rng.between(1, 20)
        stays = 5 if place == _LEAVER else rng.between(3, 16)
        leaves = place == _LEAVER or (place >= len(_FIXED) and rng.below(8) == 0)
        name = f"{_FIRST_NAMES[place % 20]} {_LAST_NAMES[(place + place // 20) % 16]}"
        if place >= 320:
            name += f" {place // 320 + 1}"
        alias = name.lower().replace(" ", "-")
        later = month_start(opened + joined) + rng.below(27 * 24 * 60) * 60
        return Customer(
            place=place,
            name=name,
            email=f"billing@{alias}.example",
            stripe_id=f"cus_{rng.alphanumeric(14)}",
            metronome_id=Rng(self.seed, "metronome customer", place).uuid(),
            ingest_alias=alias,
            created=later if joined else self.opened,
            ended=month_start(opened + joined + stays) if leaves else None,
            currency=currency,
            plan=plan,
            biller=biller,
            project=self._projects.get(place),
            metrics=METRICS[: 1 + rng.below(4)] if place >= 4 else METRICS,
        )

    def _kind(self, place: int, rng: Rng) -> tuple[Biller, Plan, str]:
        if place < len(_FIXED):
            return _FIXED[place]
        roll = rng.below(20)
        if roll < 8:
            plans: tuple[Plan, ...] = ("team", "scale", "scale", "enterprise")
            return "metronome", rng.pick(plans), "usd"
        if roll == 8:
            return "stripe", "lead", "usd"
        plans = ("starter", "starter", "team", "scale", "enterprise")
        currency = rng.pick(("usd", "usd", "usd", "usd", "usd", "usd", "eur", "eur", "jpy"))
        return "stripe", rng.pick(plans), currency

    @cached_property
    def _projects(self) -> dict[int, Project]:
        """The projects that serve one customer, by the customer's place: the first, every third."""
        known = Fleet(self.seed, self.scale).projects
        serving = [project for project in known if project.name not in _OWN_PROJECTS]
        return {
            3 * place: Project(project.uuid, project.name) for place, project in enumerate(serving)
        }

    def _ledger(self, customer: Customer) -> Ledger:
        ledger = self._ledgers.get(customer.place)
        if ledger is None:
            ledger = self._ledgers[customer.place] = Ledger(self.usage, customer)
        return ledger
