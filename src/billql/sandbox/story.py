"""The story that the billing providers share: who the customers are, what they use and owe.

One company sells usage of its service. All its customers are known to Stripe and to Metronome;
who bills a customer is the customer's `biller`. Metronome's bills reach Stripe as invoices, so
their lines, totals and ids are told here, once:

    story = Story(seed=1, scale=8, until=date(2026, 3, 15))
    for customer in story.customers:
        story.used(customer, metric, start, end)   units in a window, whatever its length
        story.grants(customer)                     commits and credits (biller 'metronome')
        story.bills(customer)                      their bills, drafts last (biller 'metronome')
        story.status(bill)                         as Stripe calls it on the last day

The books open in January of the year before the last day's, so every day of one year looks back
on the same past. A month that has ended stays as it is. Nothing is later than `story.now`.

Units of usage are counted in lots: one lot of any metric costs the same few minor units of the
customer's currency, 1 cent for dollars. So every amount is exact, whatever window it is for.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Final, Literal, NamedTuple

from billql.sandbox.rng import Rng
from billql.sandbox.settlement import Settlement, Status
from billql.sandbox.timestamps import DAY, HOUR, day_start, month_at, month_start

Biller = Literal["stripe", "metronome"]
Plan = Literal["lead", "starter", "team", "scale", "enterprise"]
"""What a customer is on; a lead never paid anything, and an enterprise is sent invoices."""

NIGHTLY: Final = 6 * HOUR
"""When on the last day the story ends, counted from midnight."""

GRACE: Final = DAY
"""How long after its month a usage bill stays a draft."""


class Metric(NamedTuple):
    """Something that is metered."""

    key: str
    name: str
    unit: str
    lot: int
    """Units that make one lot."""


METRICS: Final = (
    Metric("api_calls", "API calls", "call", 25),
    Metric("compute_minutes", "Compute", "minute", 5),
    Metric("tokens", "Inference tokens", "token", 5000),
    Metric("storage_gib_hours", "Storage", "GiB-hour", 50),
)

RATES: Final = {"usd": 1, "eur": 1, "jpy": 2, "kwd": 10}
"""Minor units of each currency that one lot costs; those of dinars are always multiples of 10."""


class Project(NamedTuple):
    """A DigitalOcean project that serves one customer alone."""

    uuid: str
    name: str


class Customer(NamedTuple):
    """A customer, as both providers know it."""

    place: int
    name: str
    email: str
    stripe_id: str
    metronome_id: str
    ingest_alias: str
    """What usage events call the customer."""
    created: int
    ended: int | None
    """When the customer left or will leave: always the first moment of a month."""
    currency: str
    """In lower case. Metronome's are all in 'usd'."""
    plan: Plan
    biller: Biller
    project: Project | None
    metrics: tuple[Metric, ...]

    @property
    def sent_invoices(self) -> bool:
        """Whether invoices are sent and paid by transfer; the others' cards are charged."""
        return self.plan == "enterprise"


class Grant(NamedTuple):
    """A commit or credit, usable in the months from `first` until before `end`."""

    id: str
    kind: Literal["prepaid", "postpaid", "credit"]
    name: str
    cents: int
    first: int
    """The month that it starts in, as `moments.month_of` counts."""
    end: int
    """The month that it has expired by; what is left then is gone, or trued up if postpaid."""
    priority: int
    """The lower, the sooner it is drawn."""

    @property
    def starts_at(self) -> int:
        """The first moment at which it can be used."""
        return month_start(self.first)

    @property
    def ends_at(self) -> int:
        """The moment at which it expires."""
        return month_start(self.end)


class Line(NamedTuple):
    """One line of a bill; a grant that pays for usage is a negative line of its own."""

    name: str
    cents: int
    metric: Metric | None = None
    quantity: int = 1
    """Units used; `cents` is exactly `quantity / metric.lot`."""
    grant: Grant | None = None
    """The grant that is drawn, bought or trued up."""


class Draw(NamedTuple):
    """What a bill takes from a grant; a postpaid commit is counted down and no line shows it."""

    grant: Grant
    cents: int
    bill: str
    moment: int


class Bill(NamedTuple):
    """A bill of Metronome's, that is an invoice of Stripe's as soon as it is issued."""

    stripe_id: str
    """The Stripe invoice's id; there is none yet while `issued` is after `story.now`."""
    metronome_id: str
    kind: Literal["usage", "commit", "true-up"]
    customer: Customer
    month: int
    start: int
    end: int
    """The period that it is for; a purchase is for one moment."""
    issued: int
    """When it is handed to Stripe; all of one night are handed over in the same second."""
    lines: tuple[Line, ...]
    draws: tuple[Draw, ...]
    settlement: Settlement
    """How it is paid or not, in the end."""

    @property
    def cents(self) -> int:
        """What is owed: the sum of the lines, which may be 0."""
        return sum(line.cents for line in self.lines)


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

_MONTHLY_LOTS: Final[dict[Plan, tuple[int, int]]] = {
    "lead": (0, 0),
    "starter": (200, 3000),
    "team": (2000, 20000),
    "scale": (10000, 80000),
    "enterprise": (40000, 300000),
}
_HOURS: Final = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 10, 10, 11, 11, 10, 8, 6, 5, 4, 3, 2, 1)
_HOURS_SO_FAR: Final = tuple(sum(_HOURS[:hour]) for hour in range(25))
_WEEKDAYS: Final = (5, 5, 5, 5, 5, 2, 2)
_WEEK_SO_FAR: Final = tuple(sum(_WEEKDAYS[:day]) for day in range(8))


class Story:
    """All customers of a seed and a scale, up to the last day."""

    def __init__(self, seed: int, scale: int, until: date) -> None:
        self.seed = seed
        self.scale = scale
        self.until = until
        self.now: Final = day_start(until) + NIGHTLY
        """The moment at which everything is told."""
        self.opened: Final = timegm((until.year - 1, 1, 1, 8, 0, 0))
        """When the books open; the first customers were taken over in this second."""
        self._ledgers: dict[int, tuple[list[Grant], list[Bill]]] = {}

    @cached_property
    def customers(self) -> list[Customer]:
        """All customers by now, in no order of time; every lead and leaver is among them."""
        made = [self._customer(place) for place in range(3 + 5 * self.scale)]
        return [customer for customer in made if customer.created <= self.now]

    def used(self, customer: Customer, metric: Metric, start: int, end: int) -> int:
        """Return the units used from one moment to another, nothing of it after `now`.

        Usage of an hour counts at its end: windows that meet add up, whatever their bounds are.
        """
        start, end = max(start, customer.created), min(end, self.now)
        lots = 0
        for month in range(month_at(start), month_at(end) + 1) if start < end else ():
            opens, closes = max(month_start(month), customer.created), month_start(month + 1)
            whole = _weight(closes) - _weight(opens)
            planned = self._planned(customer, metric, month)
            until, since = (
                planned * (_weight(min(max(moment, opens), closes)) - _weight(opens)) // whole
                for moment in (end, start)
            )
            lots += until - since
        return lots * metric.lot

    def usual(self, customer: Customer, metric: Metric) -> int:
        """Return the lots of a month as the customer's commits reckon with."""
        if metric not in customer.metrics:
            return 0
        low, high = _MONTHLY_LOTS[customer.plan]
        return Rng(self.seed, "usual", customer.place, metric.key).between(low, high)

    def cost(self, customer: Customer, metric: Metric, units: int) -> int:
        """Return what units cost in minor units of the customer's currency; it is exact."""
        return units // metric.lot * RATES[customer.currency]

    def grants(self, customer: Customer) -> list[Grant]:
        """Return the commits and credits of Metronome's by now, oldest first."""
        return self._ledger(customer)[0]

    def bills(self, customer: Customer) -> list[Bill]:
        """Return the bills of Metronome's, oldest first, those that are still drafts at the end."""
        return self._ledger(customer)[1]

    def status(self, bill: Bill) -> Status:
        """Return how a bill stands now, in Stripe's words."""
        return bill.settlement.status(self.now)

    def months(self, customer: Customer) -> range:
        """Return the months that a customer is there, up to the present one."""
        last = self.now if customer.ended is None else min(self.now, customer.ended - 1)
        return range(month_at(customer.created), month_at(last) + 1)

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
            stripe_id=f"cus_{rng.word(14)}",
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
        from billql.sandbox.digitalocean.fleet import Fleet

        known = Fleet(self.seed, self.scale).projects
        serving = [project for project in known if project.name not in _OWN_PROJECTS]
        return {
            3 * turn: Project(project.uuid, project.name) for turn, project in enumerate(serving)
        }

    def _planned(self, customer: Customer, metric: Metric, month: int) -> int:
        """Return the lots of a whole month; some months have none."""
        gone = customer.ended is not None and month_start(month) >= customer.ended
        rng = Rng(self.seed, "usage", customer.place, metric.key, month)
        grown = 100 + 3 * (month - month_at(self.opened))
        if gone or rng.below(16) == 0:
            return 0
        return self.usual(customer, metric) * grown * rng.between(80, 125) // 10_000

    def _ledger(self, customer: Customer) -> tuple[list[Grant], list[Bill]]:
        ledger = self._ledgers.get(customer.place)
        if ledger is None:
            ledger = self._ledgers[customer.place] = self._keep(customer)
        return ledger

    def _keep(self, customer: Customer) -> tuple[list[Grant], list[Bill]]:
        from billql.sandbox.ledger import Ledger

        if customer.biller != "metronome":
            return [], []
        ledger = Ledger(self, customer)
        return ledger.grants, ledger.bills


def _weight(moment: int) -> int:
    """Return how much is used from long ago to a moment, if every week is like the others."""
    hours = moment // HOUR
    days, hour = divmod(hours, 24)
    weeks, weekday = divmod(days + 3, 7)
    before = weeks * _WEEK_SO_FAR[7] + _WEEK_SO_FAR[weekday]
    return before * _HOURS_SO_FAR[24] + _WEEKDAYS[weekday] * _HOURS_SO_FAR[hour]
