"""Plans and their invoices: the older model, in which grants of credits pay for usage.

Customers that Stripe bills are on plans. Their usage is priced in credits, a credit for each lot;
grants give them credits at no cost, and what goes beyond these is on an invoice that nobody sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.metronome.accounts import Account, PlanTerm
from billql.sandbox.metronome.formats import CREDITS, SYSTEM, USD, Unit, iso_offset
from billql.sandbox.model import GRACE, Metric, Plan
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import month_at, month_label, month_start

INCLUDED: Final[dict[Plan, int]] = {
    "starter": 2000,
    "team": 20_000,
    "scale": 100_000,
    "enterprise": 500_000,
}
"""Credits of each month, by plan."""

TRIAL: Final = 5000
"""Credits of the first two months."""


@dataclass(slots=True)
class Entry:
    """A change of a customer's credits."""

    grant: str
    amount: int
    timestamp: int
    reason: str
    invoice: str | None = None
    author: str = SYSTEM
    pending: bool = False
    """Whether it is not posted yet, because its invoice is not final."""
    balance: int = 0
    """The sum of all grants of the unit after it."""

    def json(self) -> Json:
        """Return it as the API does."""
        return {
            "amount": self.amount,
            "reason": self.reason,
            "running_balance": self.balance,
            "effective_at": iso_offset(self.timestamp),
            "created_by": self.author,
            "credit_grant_id": self.grant,
            "invoice_id": self.invoice,
        }


@dataclass(slots=True)
class CreditGrant:
    """Credits, usable for a time."""

    id: str
    name: str
    type: str
    unit: Unit
    amount: int
    start: int
    end: int
    priority: float
    reason: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def left(self) -> int:
        """The amount that is neither used nor expired."""
        return sum(entry.amount for entry in self.entries)


class PlanInvoice:
    """The invoice of one month on a plan."""

    type = "ARREARS"
    unit = CREDITS
    contract = None

    def __init__(self, account: Account, term: PlanTerm, month: int) -> None:
        self.account = account
        self.term = term
        self.month = month
        self.id = account.new_id("plan invoice", month)
        self.start = month_start(month)
        self.end = month_start(month + 1)
        self.issued = self.end + GRACE
        self.paid: list[tuple[CreditGrant, int]] = []

    @property
    def status(self) -> str:
        """Its status."""
        return "DRAFT" if self.issued > self.account.world.now else "FINALIZED"

    def _used(self, metric: Metric, start: int, end: int) -> int:
        metering, customer = self.account.world.metering, self.account.customer
        since, until = (
            metering.so_far(customer, metric, self.month, timestamp) for timestamp in (start, end)
        )
        return until - since

    def credits(self, start: int, end: int) -> int:
        """Return the credits that usage between two timestamps takes."""
        metrics = self.account.customer.metrics
        return sum(self._used(metric, start, end) for metric in metrics)

    def _lines(self, start: int, end: int) -> Iterator[Json]:
        for metric in self.account.customer.metrics:
            product = self.account.world.catalog.product(metric.key)
            lots = self._used(metric, start, end)
            part: Json = {
                "name": metric.name,
                "quantity": lots,
                "subtotal": lots,
                "charge_id": charge_id(self.account.world.story.seed, self.term.plan, metric),
                "custom_fields": {},
            }
            yield {
                "name": metric.name,
                "type": "usage",
                "product_id": product.id,
                "quantity": lots,
                "total": lots,
                "credit_type": CREDITS.json(),
                "custom_fields": {},
                "sub_line_items": [part | ({"price": 1} if lots else {})],
            }

    def _head(self) -> Json:
        return {
            "id": self.id,
            "customer_id": self.account.id,
            "customer_custom_fields": self.account.custom_fields(),
            "type": self.type,
            "status": self.status,
            "start_timestamp": iso_offset(self.start),
            "end_timestamp": iso_offset(self.end),
            "issued_at": iso_offset(self.issued),
            "credit_type": CREDITS.json(),
            "external_invoice": None,
            "plan_id": plan_id(self.account.world.story.seed, self.term.plan),
            "plan_name": plan_name(self.term.plan),
            "plan_custom_fields": {},
            "custom_fields": {},
            "billable_status": "unbillable",
        }

    def json(self) -> Json:
        """Return it as the API does."""
        lines = list(self._lines(self.start, self.end))
        adjustments = [
            {
                "name": f"{grant.name} applied",
                "total": -amount,
                "credit_type": CREDITS.json(),
                "credit_grant_id": grant.id,
                "credit_grant_custom_fields": {},
            }
            for grant, amount in self.paid
        ]
        subtotal = sum(line["total"] for line in lines)
        return self._head() | {
            "line_items": lines,
            "subtotal": subtotal,
            "invoice_adjustments": adjustments,
            "total": subtotal - sum(amount for _, amount in self.paid),
        }

    def breakdown(self, start: int, end: int) -> Json:
        """Return what of its usage falls into a window; credits are taken from the month alone."""
        lines = list(self._lines(start, end))
        total = sum(line["total"] for line in lines)
        return self._head() | {"line_items": lines, "subtotal": total, "total": total}


def plan_id(seed: int, plan: str) -> str:
    """Return the id of a plan."""
    return Rng(seed, "metronome", "plan", plan).uuid()


def plan_name(plan: str) -> str:
    """Return the name of a plan."""
    return f"Metering {plan.title()}"


def charge_id(seed: int, plan: str, metric: Metric) -> str:
    """Return the id of what a plan charges for a metric."""
    return Rng(seed, "metronome", "charge", plan, metric.key).uuid()


class PlanLedger:
    """The grants and invoices of one customer that is on plans."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._now = account.world.now
        self.invoices = [
            PlanInvoice(account, term, month)
            for month in (
                account.world.story.usage.months(account.customer) if account.plans else ()
            )
            for term in account.plans
            if term.first <= month and (term.end is None or month < term.end)
        ]
        self.grants = sorted(self._grants(), key=lambda one: (one.start, one.priority))
        for invoice in self.invoices:
            self._pay(invoice)
        for grant in self.grants:
            # Who leaves has no more invoices, but what is left expires all the same.
            if grant.end <= self._now:
                self._expire(grant, pending=False)
        self.period_end = month_start(month_at(self._now) + 1)

    def _grants(self) -> Iterator[CreditGrant]:
        if not self.invoices:
            return
        account, joined = self._account, self._account.joined
        yield self._grant("Trial", "trial", TRIAL, joined, 2, 0.5)
        for invoice in self.invoices:
            amount = INCLUDED[invoice.term.plan]
            label = month_label(invoice.month)
            yield self._grant(f"Included {label}", "included", amount, invoice.month, 1, 1)
        if account.customer.place % 4 == 2:
            months = account.world.story.usage.months(account.customer)
            for month in months[1::6]:
                goodwill = self._grant("Goodwill", "goodwill", 2500, month, 7, 2)
                goodwill.unit = USD
                yield goodwill

    def _grant(
        self, name: str, type: str, amount: int, month: int, lasts: int, priority: float
    ) -> CreditGrant:
        start = month_start(month)
        grant = CreditGrant(
            id=self._account.new_id("grant", name, month),
            name=name,
            type=type,
            unit=CREDITS,
            amount=amount,
            start=start,
            end=month_start(month + lasts),
            priority=priority,
            reason="Part of the plan" if type == "included" else "Goodwill of the sales team",
        )
        author = SYSTEM if type == "included" else "Robin Billing"
        grant.entries.append(Entry(grant.id, amount, start, "Credit granted", author=author))
        return grant

    def _pay(self, invoice: PlanInvoice) -> None:
        """Pay an invoice from the grants of its month, and expire what is left of them."""
        due = invoice.credits(invoice.start, invoice.end)
        usable = [one for one in self.grants if one.start <= invoice.start < one.end]
        pending = invoice.status == "DRAFT"
        for grant in sorted(usable, key=lambda one: one.priority):
            taken = min(due, grant.left) if grant.unit is CREDITS else 0
            if taken:
                due -= taken
                invoice.paid.append((grant, taken))
                reason = "Automated invoice deduction"
                entry = Entry(grant.id, -taken, invoice.end, reason, invoice.id, pending=pending)
                grant.entries.append(entry)
            if grant.end == invoice.end:
                self._expire(grant, pending=pending)

    def _expire(self, grant: CreditGrant, *, pending: bool) -> None:
        if left := grant.left:
            late = pending or grant.end > self._now
            entry = Entry(grant.id, -left, grant.end, "Credit expiration", pending=late)
            grant.entries.append(entry)

    def entries(self, unit: Unit) -> list[Entry]:
        """Return all changes of a unit's credits in their order, with what they leave."""
        entries = [entry for grant in self.grants if grant.unit is unit for entry in grant.entries]
        # What is taken and expires at the end of a month comes before the next month's grants.
        entries.sort(key=lambda entry: (entry.timestamp, entry.amount > 0, not entry.invoice))
        balance = 0
        for entry in entries:
            balance += entry.amount
            entry.balance = balance
        return entries

    def grant_json(self, grant: CreditGrant) -> Json:
        """Return a grant as the API does."""
        deductions = [entry for entry in grant.entries if entry.amount < 0]
        self.entries(grant.unit)
        left = grant.amount + sum(entry.amount for entry in deductions if not entry.pending)
        return {
            "id": grant.id,
            "name": grant.name,
            "customer_id": self._account.id,
            "credit_grant_type": grant.type,
            "reason": grant.reason,
            "priority": grant.priority,
            "effective_at": iso_offset(grant.start),
            "expires_at": iso_offset(grant.end),
            "grant_amount": {"amount": grant.amount, "credit_type": grant.unit.json()},
            "paid_amount": {"amount": 0, "credit_type": USD.json()},
            "invoice_id": None,
            "balance": {
                "effective_at": iso_offset(self.period_end),
                "excluding_pending": 0 if grant.end <= self._now else left,
                "including_pending": grant.left,
            },
            "deductions": [entry.json() for entry in deductions if not entry.pending],
            "pending_deductions": [entry.json() for entry in deductions if entry.pending],
            "products": [],
            "custom_fields": {},
            "uniqueness_key": f"grant-{grant.id[:8]}",
        }
