"""Commits and credits: what a customer may still use, and the ledger that explains it.

What the story grants comes first. What only Metronome knows of comes after it, and never pays for
anything that costs money: credits for the assistant's prompts each month, a support voucher that
expires every four weeks, and what was on a contract that was put away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from billql.sandbox.metronome.accounts import TERM, Account, Contract
from billql.sandbox.metronome.catalog import Product
from billql.sandbox.metronome.formats import CREDITS, USD, Unit
from billql.sandbox.metronome.metering import PER_SEAT, POOLED, Seat
from billql.sandbox.model import Bill, Grant
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, month_start

Kind = Literal["PREPAID", "POSTPAID", "CREDIT"]

VOUCHER_CENTS: Final = 2500
"""The value of each support voucher, in cents."""

VOUCHER_DAYS: Final = 28
"""The days that each voucher is valid."""

_KINDS: Final[dict[str, Kind]] = {"prepaid": "PREPAID", "postpaid": "POSTPAID", "credit": "CREDIT"}
"""The API's kinds, by the story's."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A time in which some of a balance can be used."""

    id: str
    amount: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of a balance."""

    event: str
    """Its type, without the kind that begins it."""
    timestamp: int
    amount: int
    segment: str | None = None
    invoice: str | None = None
    contract: str | None = None
    reason: str | None = None
    draft: bool = False
    """Whether it is not final yet, because its invoice is not."""


@dataclass(frozen=True, slots=True)
class Balance:
    """A commit or a credit."""

    id: str
    kind: Kind
    name: str
    product: Product
    unit: Unit
    created: int
    priority: int
    segments: tuple[Segment, ...]
    entries: tuple[Entry, ...]
    contract: Contract | None = None
    description: str | None = None
    products: tuple[str, ...] = ()
    """The products that it pays for; none if it pays for all."""
    tags: tuple[str, ...] = ()
    recurring: str | None = None
    """The id of the recurring credit or commit that it is from."""
    subscription: str | None = None
    """The subscription whose seats it belongs to, each seat a part of it."""
    seats: tuple[Seat, ...] = ()
    archived: int | None = None
    purchase: Bill | None = None
    author: str | None = None
    custom_fields: dict[str, str] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        """The usable amount: the sum of the ledger."""
        return max(0, sum(entry.amount for entry in self.entries))

    def without_drafts(self, now: int) -> int:
        """Return what could be used if nothing had been taken by drafts."""
        if not self.covers(now):
            return 0
        return max(0, sum(entry.amount for entry in self.entries if not entry.draft))

    def covers(self, timestamp: float) -> bool:
        """Return whether it can be used at a timestamp."""
        return any(one.start <= timestamp < one.end for one in self.segments)


class Balances:
    """The balances of one customer."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._now = account.world.now
        self._catalog = account.world.catalog

    def all(self) -> list[Balance]:
        """Return all of them, oldest first."""
        account = self._account
        if not account.billed_here:
            return []
        made = [
            *(self._granted(grant) for grant in account.world.story.grants(account.customer)),
            *self._prompts(),
            *self._vouchers(),
            *self._put_away(),
        ]
        return sorted(made, key=lambda one: (one.segments[0].start, one.priority, one.id))

    def _draft(self, issued: int) -> bool:
        return issued > self._now

    def _granted(self, grant: Grant) -> Balance:
        """Return a commit or credit of the story's."""
        contract = self._contract_of(grant)
        segment = Segment(
            Rng("segment", grant.id).uuid(), grant.cents, grant.starts_at, grant.ends_at
        )
        purchase = next(
            (
                bill
                for bill in self._account.bills
                if bill.kind == "commit" and bill.lines[0].grant == grant
            ),
            None,
        )
        key = {"Included usage": "included", "Welcome credit": "credit"}.get(grant.name, grant.kind)
        recurring = grant.name == "Included usage" and contract is not None
        return Balance(
            id=grant.id,
            kind=_KINDS[grant.kind],
            name=grant.name,
            product=self._catalog.product(key),
            unit=USD,
            created=min(max(grant.starts_at, self._account.customer.created), self._now),
            priority=grant.priority,
            segments=(segment,),
            entries=tuple(self._history(grant, segment)),
            contract=contract,
            description=None if recurring else f"{grant.name} of {self._account.customer.name}",
            tags=("usage",),
            recurring=self._account.new_id("recurring", "usage") if recurring else None,
            purchase=purchase,
            author=None if recurring else "Robin Billing",
            custom_fields={"campaign": "welcome"} if key == "credit" else {},
        )

    def _contract_of(self, grant: Grant) -> Contract | None:
        """Return the contract that a grant is part of; welcome credits are the customer's own."""
        if grant.name == "Welcome credit":
            return None
        for contract in self._account.contracts:
            # What was agreed counts, whenever the customer left then.
            end = contract.first + TERM if contract.card == "enterprise" else None
            if contract.archived is None and contract.first <= grant.first:
                if end is None or grant.end <= end:
                    return contract
                if grant.kind == "postpaid" and grant.first < end:
                    return contract
        return None

    def _history(self, grant: Grant, segment: Segment) -> Iterator[Entry]:
        left = grant.cents
        if grant.kind == "postpaid":
            yield Entry("INITIAL_BALANCE", segment.start, left)
        else:
            yield Entry("SEGMENT_START", segment.start, left, segment.id)
        for bill in self._account.bills:
            for draw in bill.draws:
                if draw.grant != grant:
                    continue
                left -= draw.cents
                draft = self._draft(bill.issued)
                contract = self._account.contract_at(bill.end - 1)
                if bill.kind == "true-up":
                    yield Entry(
                        "TRUEUP", bill.end, -draw.cents, None, bill.metronome_id, contract.id
                    )
                else:
                    yield Entry(
                        "AUTOMATED_INVOICE_DEDUCTION",
                        bill.end,
                        -draw.cents,
                        segment.id,
                        bill.metronome_id,
                        contract.id,
                        draft=draft,
                    )
        if left and segment.end <= self._now:
            postpaid = grant.kind == "postpaid"
            yield Entry("EXPIRATION", segment.end, -left, None if postpaid else segment.id)

    def _prompts(self) -> Iterator[Balance]:
        """Yield the credits for prompts, of each month."""
        account = self._account
        enterprise = account.customer.plan == "enterprise"
        for bill in account.bills:
            if bill.kind != "usage" or bill.start > self._now:
                continue
            contract = account.contract_at(bill.start)
            seats = tuple(seat for seat in account.seats if seat.first <= bill.month)
            granted = PER_SEAT * len(seats) if enterprise else POOLED
            used = sum(
                account.world.metering.prompts(account.customer, seat, bill.start, bill.end)
                for seat in seats
            )
            segment = Segment(
                account.new_id("prompts segment", bill.month), granted, bill.start, bill.end
            )
            entries = [Entry("SEGMENT_START", bill.start, granted, segment.id)]
            if used:
                entries.append(
                    Entry(
                        "AUTOMATED_INVOICE_DEDUCTION",
                        bill.end,
                        -used,
                        segment.id,
                        bill.metronome_id,
                        contract.id,
                        draft=self._draft(bill.issued),
                    )
                )
            if bill.end <= self._now and used < granted:
                entries.append(Entry("EXPIRATION", bill.end, used - granted, segment.id))
            yield Balance(
                id=account.new_id("prompts credit", bill.month),
                kind="CREDIT",
                name="Included prompts",
                product=self._catalog.product("included_prompts"),
                unit=CREDITS,
                created=max(bill.start, account.customer.created),
                priority=5,
                segments=(segment,),
                entries=tuple(entries),
                contract=contract,
                products=(self._catalog.product("prompts").id,),
                recurring=account.new_id("recurring", "prompts", contract.first),
                subscription=account.new_id("seats", contract.first) if enterprise else None,
                seats=seats if enterprise else (),
            )

    def _vouchers(self) -> Iterator[Balance]:
        """Yield the support voucher, which nobody has used yet."""
        account = self._account
        if account.customer.place % 3:
            return
        segments, entries = [], []
        start = account.customer.created // DAY * DAY
        stop = account.customer.ended or self._now + 2 * VOUCHER_DAYS * DAY
        while start < min(stop, self._now + VOUCHER_DAYS * DAY):
            end = start + VOUCHER_DAYS * DAY
            segment = Segment(account.new_id("voucher", start), VOUCHER_CENTS, start, end)
            segments.append(segment)
            left = VOUCHER_CENTS
            if start <= self._now:
                entries.append(Entry("SEGMENT_START", start, left, segment.id))
                if len(segments) == 1:
                    reason = "Apology for an outage"
                    manual = Entry("MANUAL", start + 3 * DAY, 500, reason=reason)
                    left += manual.amount
                    entries.append(manual)
            if end <= self._now:
                entries.append(Entry("EXPIRATION", end, -left, segment.id))
            start = end
        yield Balance(
            id=account.new_id("voucher"),
            kind="CREDIT",
            name="Support voucher",
            product=self._catalog.product("credit"),
            unit=USD,
            created=account.customer.created,
            priority=1,
            segments=tuple(segments),
            entries=tuple(entries),
            description="For premium support alone",
            products=(self._catalog.product("support").id,),
            author="Robin Billing",
            custom_fields={"campaign": "support"},
        )

    def _put_away(self) -> Iterator[Balance]:
        """Yield what was on the contract that was put away."""
        for contract in self._account.contracts:
            if contract.archived is None:
                continue
            kinds: tuple[Kind, ...] = ("CREDIT", "PREPAID")
            for kind in kinds:
                segment = Segment(
                    self._account.new_id("archived segment", kind),
                    10_000,
                    contract.starts_at,
                    month_start(contract.first + 12),
                )
                yield Balance(
                    id=self._account.new_id("archived", kind),
                    kind=kind,
                    name="Mistake",
                    product=self._catalog.product("credit" if kind == "CREDIT" else "prepaid"),
                    unit=USD,
                    created=contract.created,
                    priority=20,
                    segments=(segment,),
                    entries=(
                        Entry("SEGMENT_START", contract.starts_at, 10_000, segment.id),
                        Entry("MANUAL", contract.archived, -10_000, reason="Contract archived"),
                    ),
                    contract=contract,
                    archived=contract.archived,
                    author="Robin Billing",
                )
