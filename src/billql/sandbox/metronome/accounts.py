"""The customers, with their contracts and plans.

Customers that Metronome bills have contracts: enterprises one after another, each of a year, the
others one without an end. Customers that Stripe bills are metered only: they are on plans, which
Metronome's older API is about, and pay nothing for them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.metronome.catalog import Catalog
from billql.sandbox.metronome.formats import iso_millis
from billql.sandbox.metronome.metering import Metering, Seat
from billql.sandbox.model import Bill, Customer, Plan
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.timestamps import DAY, HOUR, month_at, month_start

TERM: Final = 12
"""Months that an enterprise's contract lasts."""

DELIVERY: Final = "0c9d3f5e-6a57-4d0e-b8c4-4a1f0a6f2c11"
"""The one way in which invoices reach Stripe."""


class Contract(NamedTuple):
    """A contract of a customer."""

    id: str
    name: str
    customer: Customer
    first: int
    """The month that it begins with."""
    end: int | None
    """The month that it is over by; None if nobody knows yet."""
    card: str
    created: int
    before: str | None = None
    """The contract that it renews."""
    after: str | None = None
    """The contract that renews it."""
    package: str | None = None
    archived: int | None = None
    """The timestamp at which it was archived; it was never valid."""

    @property
    def starts_at(self) -> int:
        """The timestamp of its start."""
        return month_start(self.first)

    @property
    def ends_at(self) -> int | None:
        """The timestamp of its end."""
        return None if self.end is None else month_start(self.end)

    def holds(self, first: int, end: int) -> bool:
        """Return whether it has all months from `first` until before `end`."""
        return self.first <= first and (self.end is None or end <= self.end)


class PlanTerm(NamedTuple):
    """A plan that a customer is on, for a time."""

    id: str
    plan: Plan
    first: int
    end: int | None


class Account:
    """One customer, and all that hangs on it."""

    def __init__(self, world: World, customer: Customer) -> None:
        self.world = world
        self.customer = customer
        self.id = customer.metronome_id
        self.joined = month_at(customer.created)

    @property
    def billed_here(self) -> bool:
        """Whether Metronome bills it."""
        return self.customer.biller == "metronome"

    @property
    def ended(self) -> int | None:
        """When the customer left, or None."""
        ended = self.customer.ended
        return ended if ended is not None and ended <= self.world.now else None

    @property
    def archived(self) -> int | None:
        """When it was archived, ten days after the customer left, or None."""
        ended = self.ended
        archived = None if ended is None else ended + 10 * DAY
        return archived if archived is not None and archived <= self.world.now else None

    @property
    def aliases(self) -> tuple[str, str]:
        """The customer's ids in usage events."""
        return self.customer.ingest_alias, self.customer.stripe_id

    def new_id(self, *key: str | int) -> str:
        """Return the id of something of this customer's."""
        return Rng(self.world.story.seed, "metronome", self.customer.place, *key).uuid()

    def later(self, seconds: int) -> int:
        """Return the time so many seconds after the customer was created, but not after now."""
        return min(self.customer.created + seconds, self.world.now)

    @cached_property
    def contracts(self) -> list[Contract]:
        """All contracts by now, oldest first; those that were put away are among them."""
        if not self.billed_here:
            return []
        made = self._yearly() if self.customer.plan == "enterprise" else [self._lasting()]
        if self.customer.place % 3 == 0:
            made.append(self._mistaken())
        return made

    def _yearly(self) -> list[Contract]:
        months = self.world.story.usage.months(self.customer)
        firsts = list(months[::TERM])
        ids = [self.new_id("contract", first) for first in firsts]
        gone = None if self.ended is None else month_at(self.ended)
        return [
            Contract(
                id=ids[place],
                name=f"Order form {place + 1}",
                customer=self.customer,
                first=first,
                end=min(first + TERM, gone or first + TERM),
                card="enterprise",
                created=self.later(
                    max(2 * HOUR, month_start(first - place) - self.customer.created)
                ),
                before=ids[place - 1] if place else None,
                after=ids[place + 1] if place + 1 < len(ids) else None,
            )
            for place, first in enumerate(firsts)
        ]

    def _lasting(self) -> Contract:
        return Contract(
            id=self.new_id("contract", self.joined),
            name="Monthly",
            customer=self.customer,
            first=self.joined,
            end=None if self.ended is None else month_at(self.ended),
            card="standard",
            created=self.later(2 * HOUR),
            package="team" if self.customer.plan == "team" else None,
        )

    def _mistaken(self) -> Contract:
        return Contract(
            id=self.new_id("contract", "mistaken"),
            name="Order form with a mistake",
            customer=self.customer,
            first=self.joined,
            end=self.joined + TERM,
            card="standard",
            created=self.later(HOUR // 2),
            archived=self.later(HOUR),
        )

    def contract_at(self, timestamp: int) -> Contract:
        """Return the contract that is valid at a timestamp of the customer's time."""
        valid = [
            one for one in self.contracts if one.archived is None and one.starts_at <= timestamp
        ]
        return valid[-1]

    @cached_property
    def plans(self) -> list[PlanTerm]:
        """The plans by now, oldest first; some customers began with a smaller one."""
        customer = self.customer
        if self.billed_here or customer.plan == "lead":
            return []
        end = None if self.ended is None else month_at(self.ended)
        changed = self.joined + 3
        grew = customer.plan in ("team", "scale") and customer.place % 4 in (1, 2)
        if not grew or month_start(changed) > self.world.now or (end and end <= changed):
            return [PlanTerm(self.new_id("plan", 0), customer.plan, self.joined, end)]
        return [
            PlanTerm(self.new_id("plan", 0), "starter", self.joined, changed),
            PlanTerm(self.new_id("plan", 1), customer.plan, changed, end),
        ]

    @property
    def bills(self) -> list[Bill]:
        """The bills that Metronome makes and Stripe collects."""
        return self.world.story.bills(self.customer)

    @cached_property
    def seats(self) -> list[Seat]:
        """The users of the assistant."""
        return self.world.metering.seats(self.customer)

    def custom_fields(self) -> dict[str, str]:
        """Return what the company notes of the customer."""
        noted: dict[str, str] = {"tier": self.customer.plan}
        if self.customer.project:
            noted["digitalocean_project_id"] = self.customer.project.uuid
        return noted

    def json(self) -> Json:
        """Return the customer as the API does."""
        customer, archived = self.customer, self.archived
        sold = Rng(self.world.story.seed, "salesforce", customer.place)
        return {
            "id": self.id,
            "external_id": customer.ingest_alias,
            "ingest_aliases": list(self.aliases),
            "name": customer.name,
            "customer_config": {
                "salesforce_account_id": f"0015500001{sold.alphanumeric(8)}"
                if customer.plan == "enterprise"
                else None
            },
            "custom_fields": self.custom_fields(),
            "created_at": iso_millis(customer.created),
            "updated_at": iso_millis(archived or customer.created),
            "archived_at": None if archived is None else iso_millis(archived),
            "current_billable_status": {
                "value": "billable" if self.billed_here else "unbillable",
                "effective_at": None,
            },
        }

    def provider(self) -> Json:
        """Return how its invoices reach Stripe."""
        return {
            "id": self.new_id("provider"),
            "customer_id": self.id,
            "billing_provider": "stripe",
            "configuration": {
                "stripe_customer_id": self.customer.stripe_id,
                "stripe_collection_method": "send_invoice"
                if self.customer.sent_invoices
                else "charge_automatically",
                "leave_stripe_invoices_in_draft": False,
            },
            "delivery_method": "direct_to_billing_provider",
            "delivery_method_configuration": {},
            "delivery_method_id": DELIVERY,
            "archived_at": None,
        }


class World:
    """All that Metronome knows of a story."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.now: Final = story.now
        self.catalog = Catalog(story)
        self.metering = Metering(story)

    @cached_property
    def accounts(self) -> list[Account]:
        """All customers, in the order of their creation."""
        customers = sorted(self.story.customers, key=lambda one: (one.created, one.place))
        return [Account(self, customer) for customer in customers]

    @cached_property
    def _by_id(self) -> dict[str, Account]:
        return {account.id: account for account in self.accounts}

    def package_id(self, key: str) -> str:
        """Return the id of a package, or of a part of one."""
        return Rng(self.story.seed, "metronome", "package", key).uuid()

    def account(self, id: str) -> Account | None:
        """Return a customer by its id."""
        return self._by_id.get(id)
