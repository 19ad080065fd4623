"""The records that Stripe and Metronome share: customers, what they are granted and billed."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from billql.sandbox.settlement import Settlement
from billql.sandbox.timestamps import DAY, month_start

Biller = Literal["stripe", "metronome"]
Plan = Literal["lead", "starter", "team", "scale", "enterprise"]
"""The plan of a customer; a lead never paid anything, and an enterprise is sent invoices."""

GRACE: Final = DAY
"""The time that a usage bill stays a draft after its month, in seconds."""


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
    """The customer's id in usage events."""
    created: int
    ended: int | None
    """When the customer left or will leave: always the start of a month."""
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
    """The month that it starts in, as `timestamps.month_of` counts."""
    end: int
    """The month that it has expired by; what is left then is gone, or trued up if postpaid."""
    priority: int
    """The lower, the sooner it is drawn."""

    @property
    def starts_at(self) -> int:
        """The timestamp from which on it can be used."""
        return month_start(self.first)

    @property
    def ends_at(self) -> int:
        """The timestamp at which it expires."""
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
    """The amount that a bill draws from a grant; that of a postpaid commit has no line."""

    grant: Grant
    cents: int
    bill: str
    timestamp: int


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
    """The period that it is for; a purchase is for one timestamp."""
    issued: int
    """When it is sent to Stripe; all of one night are sent in the same second."""
    lines: tuple[Line, ...]
    draws: tuple[Draw, ...]
    settlement: Settlement
    """Its payments, and its final status."""

    @property
    def cents(self) -> int:
        """The amount due in cents: the sum of the lines, which may be 0."""
        return sum(line.cents for line in self.lines)
