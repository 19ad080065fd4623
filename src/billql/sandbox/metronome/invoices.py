"""Invoices: what a customer owes for a month, and what of it falls into a day or an hour.

A bill of the story has what is owed. Here its usage is split further: by group, and by the
commit or credit that pays for it. Balances pay in the order of their priority and usage is paid
for as it comes, so each of them pays from one number of cents used in the month to another; these
numbers decide for any window what it pays there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.metronome.accounts import Account, Contract
from billql.sandbox.metronome.catalog import Product
from billql.sandbox.metronome.formats import USD, Unit, iso_offset
from billql.sandbox.metronome.metering import dealt, groups_of
from billql.sandbox.model import Bill, Grant
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import HOUR, month_start

_COMMIT_TYPES: Final = {
    "prepaid": "PrepaidCommit",
    "credit": "PrepaidCommit",
    "postpaid": "PostpaidCommit",
}
_STATUSES: Final = {
    "draft": "DRAFT",
    "open": "FINALIZED",
    "paid": "PAID",
    "uncollectible": "UNCOLLECTIBLE",
    "void": "VOID",
}
"""Metronome's statuses, by those of Stripe's invoices."""


class Share(NamedTuple):
    """Lots of a product that one grant, or nobody, pays for: from one number to another."""

    product: Product
    since: int
    until: int
    grant: Grant | None


class Invoice:
    """An invoice of a customer that Metronome bills."""

    unit: Unit = USD

    def __init__(self, account: Account, bill: Bill) -> None:
        self.account = account
        self.bill = bill
        self.id = bill.metronome_id
        self.issued = bill.issued
        self.type = "USAGE" if bill.kind == "usage" else "SCHEDULED"
        self.contract: Contract = account.contract_at(max(bill.start, bill.end - 1))
        self._now = account.world.now
        self._catalog = account.world.catalog

    @property
    def start(self) -> int | None:
        """The start of its period; None for scheduled invoices."""
        return self.bill.start if self.type == "USAGE" else None

    @property
    def end(self) -> int | None:
        """The end of its period, or None."""
        return self.bill.end if self.type == "USAGE" else None

    @property
    def status(self) -> str:
        """Its status at Metronome."""
        if self.issued > self._now:
            return "DRAFT"
        return "VOID" if self.account.world.story.status(self.bill) == "void" else "FINALIZED"

    @cached_property
    def _paid_by(self) -> list[tuple[int, Grant]]:
        """The grants in the order that they pay, each with the cents up to which it does."""
        spent, paid = 0, []
        for draw in self.bill.draws:
            spent += draw.cents
            paid.append((spent, draw.grant))
        return paid

    def _used(self, timestamp: int) -> tuple[int, ...]:
        """Return the lots of each metric that are used up by a timestamp; a lot costs a cent."""
        metering, customer = self.account.world.metering, self.account.customer
        return tuple(
            metering.so_far(customer, metric, self.bill.month, timestamp)
            for metric in customer.metrics
        )

    def _used_for(self, cents: int) -> tuple[int, ...]:
        """Return the lots of each metric that were used up when so many cents were spent."""
        start = month_start(self.bill.month)
        hours = range((month_start(self.bill.month + 1) - start) // HOUR + 1)
        hour = bisect_left(hours, cents, key=lambda hour: sum(self._used(start + hour * HOUR)))
        if hour == len(hours):
            return self._used(self.bill.end)
        before = self._used(start + (hour - 1) * HOUR) if hour else (0,) * len(self._used(start))
        left, lots = cents - sum(before), []
        for lot, more in zip(before, self._used(start + hour * HOUR), strict=True):
            taken = min(left, more - lot)
            left -= taken
            lots.append(lot + taken)
        return tuple(lots)

    def shares(self, start: int, end: int) -> Iterator[Share]:
        """Yield what was used between two timestamps, and who pays for it."""
        first, last = self._used(start), self._used(end)
        spent, limit = sum(first), sum(last)
        bounds: list[tuple[tuple[int, ...], Grant | None]] = [
            (self._used_for(cents), grant)
            for cents, grant in self._paid_by
            if spent < cents < limit
        ]
        rest = next((grant for cents, grant in self._paid_by if cents >= limit), None)
        bounds.append((last, rest))
        since = first
        for until, grant in bounds:
            for place, metric in enumerate(self.account.customer.metrics):
                product = self._catalog.product(metric.key)
                if until[place] > since[place]:
                    yield Share(product, since[place], until[place], grant)
                elif since is first and first[place] == last[place]:
                    yield Share(product, first[place], first[place], None)
            since = until

    def _usage_lines(self, shares: list[Share]) -> Iterator[Json]:
        for share in shares:
            meter = share.product.meter
            assert meter is not None
            keys = list(share.product.presented or share.product.priced)
            for group in groups_of(meter, keys) if keys else ({},):
                lots = dealt(meter, group, share.since, share.until)
                if lots == 0 and share.until > share.since:
                    continue
                line = self._line(share.product, "usage", share.product.name, lots)
                line["quantity"] = lots * meter.metric.lot
                line["unit_price"] = share.product.price
                if share.grant is not None:
                    line |= self._commit(share.grant)
                if share.product.presented:
                    line["presentation_group_values"] = group
                if share.product.priced:
                    line["pricing_group_values"] = group
                yield line

    def _applied_lines(self, shares: list[Share]) -> Iterator[Json]:
        for share in shares:
            grant = share.grant
            if grant is None or share.until == share.since:
                continue
            cents = share.until - share.since
            name = f"{grant.name} applied"
            line = self._line(share.product, "applied_commit_or_credit", name, -cents)
            line["applied_commit_or_credit"] = {
                "id": grant.id,
                "type": grant.kind.upper(),
                "access_type": "SPEND",
            }
            yield line | self._commit(grant)

    def _prompt_lines(self, start: int, end: int) -> Iterator[Json]:
        """Yield the assistant's prompts, and that credits pay for all of them."""
        product, account = self._catalog.product("prompts"), self.account
        prompts_by_seat = {
            seat.id: account.world.metering.prompts(account.customer, seat, start, end)
            for seat in account.seats
            if seat.first <= self.bill.month
        }
        for seat, prompts in prompts_by_seat.items():
            yield self._line(product, "usage", product.name, prompts) | {
                "quantity": prompts,
                "unit_price": 1,
                "presentation_group_values": {"user_id": seat},
            }
        if total := sum(prompts_by_seat.values()):
            name, credit = "Included prompts applied", account.new_id("prompts credit", self.month)
            yield self._line(product, "applied_commit_or_credit", name, -total) | {
                "applied_commit_or_credit": {
                    "id": credit,
                    "type": "CREDIT",
                    "access_type": "SPEND",
                },
                "commit_id": credit,
                "commit_segment_id": account.new_id("prompts segment", self.month),
                "commit_type": "PrepaidCommit",
                "commit_custom_fields": {},
            }

    @property
    def month(self) -> int:
        """The month that it is for."""
        return self.bill.month

    def _commit(self, grant: Grant) -> Json:
        return {
            "commit_id": grant.id,
            "commit_segment_id": Rng("segment", grant.id).uuid(),
            "commit_type": _COMMIT_TYPES[grant.kind],
            "commit_custom_fields": {"campaign": "welcome"}
            if grant.name == "Welcome credit"
            else {},
        }

    def _line(self, product: Product, type: str, name: str, total: int) -> Json:
        product_types = {
            "USAGE": "UsageProductListItem",
            "SUBSCRIPTION": "SubscriptionProductListItem",
            "COMPOSITE": "CompositeProductListItem",
        }
        line: Json = {
            "name": name,
            "type": type,
            "total": total,
            "credit_type": product.unit.json(),
            "product_id": product.id,
            "product_type": product_types.get(product.type, "FixedProductListItem"),
            "product_custom_fields": {},
            "product_tags": list(product.tags),
        }
        if self.start is not None and self.end is not None:
            line |= {"starting_at": iso_offset(self.start), "ending_before": iso_offset(self.end)}
        return line

    def _scheduled_lines(self) -> Iterator[Json]:
        """Yield what is owed whatever was used: purchases, fees and seats, which cost nothing."""
        for line in self.bill.lines:
            if line.metric is not None or line.cents < 0:
                continue
            priced = {"quantity": 1, "unit_price": line.cents}
            if line.grant is None:
                fee = self._line(self._catalog.product("fee"), "scheduled", line.name, line.cents)
                charge = self.account.new_id("fee", self.contract.first)
                yield fee | priced | {"scheduled_charge_id": charge}
            else:
                product = self._catalog.product(line.grant.kind)
                bought = self._line(product, "commit_purchase", line.name, line.cents)
                if line.grant.kind == "postpaid":
                    bought["postpaid_commit"] = {"id": line.grant.id}
                yield bought | priced | self._commit(line.grant)
        if self.contract.card == "enterprise" and self.type == "USAGE":
            seats = sum(seat.first <= self.month for seat in self.account.seats)
            yield self._line(self._catalog.product("seats"), "subscription", "Seats", 0) | {
                "quantity": seats,
                "unit_price": 0,
                "is_prorated": False,
                "subscription_id": self.account.new_id("seats", self.contract.first),
            }

    def lines(self) -> list[Json]:
        """Return its line items."""
        if self.type != "USAGE":
            return list(self._scheduled_lines())
        return [*self.usage_lines(self.bill.start, self.bill.end), *self._scheduled_lines()]

    def usage_lines(self, start: int, end: int) -> list[Json]:
        """Return the line items of what was used between two timestamps."""
        shares = list(self.shares(start, end))
        return [
            *self._usage_lines(shares),
            *self._applied_lines(shares),
            *self._prompt_lines(start, end),
        ]

    def external(self) -> Json | None:
        """Return what became of it at Stripe; a draft is not there yet."""
        if self.issued > self._now:
            return None
        status = _STATUSES[self.account.world.story.status(self.bill)]
        settlement = self.bill.settlement
        if status == "FINALIZED" and settlement.paid(self._now):
            status = "PARTIALLY_PAID"
        elif status == "FINALIZED" and settlement.tried(self._now):
            status = "PAYMENT_FAILED"
        return {
            "billing_provider_type": "stripe",
            "invoice_id": self.bill.stripe_id,
            "issued_at_timestamp": iso_offset(self.issued),
            "external_status": status,
            "invoiced_sub_total": self.bill.cents,
            "invoiced_total": self.bill.cents,
        }

    def head(self) -> Json:
        """Return it without its line items and totals."""
        shown: Json = {
            "id": self.id,
            "customer_id": self.account.id,
            "customer_custom_fields": self.account.custom_fields(),
            "type": self.type,
            "status": self.status,
            "issued_at": iso_offset(self.issued),
            "credit_type": self.unit.json(),
            "external_invoice": self.external(),
            "contract_id": self.contract.id,
            "contract_custom_fields": {},
            "net_payment_terms_days": 30 if self.account.customer.sent_invoices else 0,
            "custom_fields": {},
            "billable_status": "billable",
        }
        if self.start is not None and self.end is not None:
            shown |= {
                "start_timestamp": iso_offset(self.start),
                "end_timestamp": iso_offset(self.end),
            }
        return shown

    def json(self) -> Json:
        """Return it as the API does."""
        return totalled(self.head(), self.lines(), self.unit)

    def breakdown(self, start: int, end: int) -> Json:
        """Return what of its usage falls into a window."""
        return totalled(self.head(), self.usage_lines(start, end), self.unit)


def totalled(head: Json, lines: list[Json], unit: Unit) -> Json:
    """Return an invoice with its line items and their total.

    Lines in another unit, and those of postpaid commits, which are paid later, do not count.
    """
    total = sum(
        line["total"]
        for line in lines
        if line["credit_type"]["id"] == unit.id
        and line.get("applied_commit_or_credit", {}).get("type") != "POSTPAID"
    )
    return head | {"line_items": lines, "subtotal": total, "total": total}
