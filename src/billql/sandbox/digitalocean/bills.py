"""The invoices: what the fleet and the account cost in each month, to the cent.

An invoice is computed from its month alone. Its sections follow the calendar, so that every two
years have all that invoices can have:

    every third month, from March   many short-lived Droplets: several hundred items
    every third month, from February  bandwidth beyond the allowance
    January and July                no sales tax: a tax item of 0.00, and none at all
    March, July and November        a credit
    May                             a credit that pays for everything: the invoice is 0.00
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal

from billql.sandbox.api import Json
from billql.sandbox.digitalocean import catalog
from billql.sandbox.digitalocean.charges import Charge, charges_of, droplet_description
from billql.sandbox.digitalocean.fleet import Fleet, runner_number
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import (
    DAY,
    HOUR,
    end_of_data,
    format_timestamp,
    hours_between,
    month_label,
    month_of,
    month_start,
)

MONTHS: Final = 24
"""The number of invoices, without the preview."""

_TAX_BASIS_POINTS: Final = 625

Section = Literal["charge", "overage", "tax", "credit"]
"""The parts of an invoice's summary."""


def dollars(cents: int) -> str:
    """Write an amount as the API does."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


@dataclass(frozen=True, slots=True)
class Line:
    """One item of an invoice."""

    section: Section
    product: str
    description: str
    cents: int
    start: int
    end: int
    hours: int | None = None
    group: str = ""
    project: str = ""
    category: str = "iaas"
    resource_id: str = ""
    resource_uuid: str = ""

    def json(self) -> Json:
        """Return the item as the API does: what is empty is not there."""
        shown: Json = {"product": self.product}
        if self.resource_uuid:
            shown["resource_uuid"] = self.resource_uuid
        if self.resource_id:
            shown["resource_id"] = self.resource_id
        if self.group:
            shown["group_description"] = self.group
        shown["description"] = self.description
        shown["amount"] = dollars(self.cents)
        if self.hours is not None:
            shown["duration"] = str(self.hours)
            shown["duration_unit"] = "Hours"
        shown["start_time"] = format_timestamp(self.start)
        shown["end_time"] = format_timestamp(self.end)
        if self.project:
            shown["project_name"] = self.project
        return shown


@dataclass(frozen=True)
class Bill:
    """An invoice, or the preview of one."""

    month: int
    uuid: str
    invoice_id: str
    lines: tuple[Line, ...]
    updated: int | None = None
    """The timestamp of the preview; None for an invoice, which never changes."""

    @cached_property
    def cents(self) -> int:
        """The amount: the sum of all lines."""
        return sum(line.cents for line in self.lines)

    @cached_property
    def items(self) -> list[Json]:
        """The lines as the API lists them."""
        return [line.json() for line in self.lines]

    def section(self, section: Section) -> int:
        """Return the sum of one section."""
        return sum(line.cents for line in self.lines if line.section == section)

    def products(self) -> list[tuple[str, int, int]]:
        """Return the name, sum and number of lines of each product that was used."""
        cents: Counter[str] = Counter()
        count: Counter[str] = Counter()
        for line in self.lines:
            if line.section == "charge":
                cents[line.product] += line.cents
                count[line.product] += 1
        return [(name, cents[name], count[name]) for name in count]

    def json(self) -> Json:
        """Return the invoice as the list of invoices shows it."""
        shown: Json = {
            "invoice_uuid": self.uuid,
            "invoice_id": self.invoice_id,
            "amount": dollars(self.cents),
            "invoice_period": month_label(self.month),
        }
        if self.updated is not None:
            shown["updated_at"] = format_timestamp(self.updated)
        return shown


class Bills:
    """The invoices of the two years before the last day's month, and that month's preview."""

    def __init__(
        self, fleet: Fleet, until: date, restate: Callable[[Bill], Bill] = lambda bill: bill
    ) -> None:
        self._fleet = fleet
        self._restate = restate
        self._seed = fleet.seed
        self._month = month_of(until)
        self._made_at = end_of_data(until)
        self._bills: dict[int, Bill] = {}
        self.months = range(self._month - 1, self._month - 1 - MONTHS, -1)
        """The months that have an invoice, newest first."""

    @cached_property
    def preview(self) -> Bill:
        """The running month up to the last day."""
        return self._make(self._month, "preview", self._made_at)

    def of_month(self, month: int) -> Bill:
        """Return the invoice of a month that has ended."""
        bill = self._bills.get(month)
        if bill is None:
            bill = self._bills[month] = self._restate(self._make(month, "invoice"))
        return bill

    def all(self) -> list[Bill]:
        """Return all invoices, newest first."""
        return [self.of_month(month) for month in self.months]

    def find(self, uuid: str) -> Bill | None:
        """Return the invoice of a UUID, or the preview for its UUID or the word 'preview'."""
        if uuid in ("preview", self._identity(self._month, "preview").uuid()):
            return self.preview
        month = self._month_of_uuid.get(uuid)
        return None if month is None else self.of_month(month)

    @cached_property
    def _month_of_uuid(self) -> dict[str, int]:
        return {self._identity(month, "invoice").uuid(): month for month in self.months}

    def _identity(self, month: int, sort: str) -> Rng:
        return Rng(self._seed, sort, month, "uuid")

    def _make(self, month: int, sort: str, made_at: int | None = None) -> Bill:
        start, end = month_start(month), month_start(month + 1)
        if made_at is not None:
            end = min(end, made_at)
        lines = [
            *self._resources(start, end),
            *self._runners(month, end),
            *self._account(start, end),
        ]
        lines += self._corrections(month, start, end, sum(line.cents for line in lines))
        identity = self._identity(month, sort)
        return Bill(
            month,
            identity.uuid(),
            str(400_000_000 + (month - 24_000) * 100_000 + identity.below(100_000)),
            tuple(lines),
            None if made_at is None else made_at + 31 * 60 + 50,
        )

    def _resources(self, start: int, end: int) -> Iterator[Line]:
        for life in self._fleet.during(start, end):
            since, to = max(start, life.born), min(end, life.died)
            hours = hours_between(since, to)
            for charge in charges_of(life):
                project = self._fleet.projects[life.project].name
                yield _line(charge, since, to, hours, project)

    def _runners(self, month: int, end: int) -> Iterator[Line]:
        """Yield the Droplets that live for a few hours only; those still running cost later."""
        scale = self._fleet.scale
        count = 45 * scale if month % 3 == 2 else 2 * scale
        start = month_start(month)
        hours_for_starts = (month_start(month + 1) - start) // HOUR - 10
        for place in range(count):
            rng = Rng(self._seed, "runner", month, place)
            since = start + place * hours_for_starts // count * HOUR + rng.below(HOUR)
            hours = rng.between(1, 9)
            to = since + hours * HOUR - rng.below(HOUR)
            size = rng.pick(catalog.RUNNER_SIZES)
            description = droplet_description(f"ci-runner-{rng.hex(4)}", size)
            number = str(runner_number(since, place))
            if to <= end:
                charge = Charge("Droplets", description, size.cents, "", resource_id=number)
                yield _line(charge, since, to, hours)

    def _account(self, start: int, end: int) -> Iterator[Line]:
        """Yield what belongs to no resource; the subscriptions to Spaces are all alike."""
        hours = hours_between(start, end)
        description = "Spaces ($5/mo 250GB storage & 1TB bandwidth)"
        spaces = Charge("Spaces Subscription", description, catalog.SPACES, "")
        for charge in (
            *[spaces] * (2 + self._fleet.scale // 4),
            Charge("Container Registry", "Basic subscription", catalog.REGISTRY, ""),
            Charge("Uptime", "Uptime check (included)", 0, ""),
        ):
            yield _line(charge, start, end, hours)

    def _corrections(self, month: int, start: int, end: int, used: int) -> Iterator[Line]:
        """Yield overage, tax and credit; `used` is the sum of everything else."""
        rng = Rng(self._seed, "corrections", month)
        overage = 0
        if month % 3 == 1:
            gib = rng.between(100, 900) * self._fleet.scale * (end - start) // (31 * DAY)
            overage = gib
            description = f"Bandwidth overage - {gib} GiB at $0.01/GiB"
            yield Line("overage", "Bandwidth", description, overage, start, end)
        tax = 0
        if month % 12 == 0:
            yield Line("tax", "Taxes", "STATE SALES TAX (0.00%)", 0, start, end - 1)
        elif month % 12 != 6:
            tax = ((used + overage) * _TAX_BASIS_POINTS + 5000) // 10_000
            yield Line("tax", "Taxes", "STATE SALES TAX (6.25%)", tax, start, end - 1)
        due = used + overage + tax
        if month % 12 == 4:
            yield Line("credit", "Credits", "Goodwill credit", -due, start, end - 1)
        elif month % 4 == 2:
            credit = min(due, rng.between(500, 4000) * self._fleet.scale)
            yield Line("credit", "Credits", "Promotional credit", -credit, start, end - 1)


def _line(charge: Charge, start: int, end: int, hours: int, project: str = "") -> Line:
    return Line(
        "charge",
        charge.product,
        charge.description,
        charge.amount(hours),
        start,
        end,
        hours,
        charge.group,
        project,
        charge.category,
        charge.resource_id,
        charge.resource_uuid,
    )
