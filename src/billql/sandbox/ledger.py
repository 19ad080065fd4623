"""Grants and bills of Metronome's customers, month by month."""

from __future__ import annotations

from typing import Final

from billql.sandbox.model import GRACE, Bill, Customer, Draw, Grant, Line
from billql.sandbox.rng import Rng
from billql.sandbox.settlement import Fate, settle
from billql.sandbox.timestamps import DAY, month_at, month_start
from billql.sandbox.usage import Usage

PLATFORM_FEE: Final = 50_000
"""Cents a month that an enterprise pays whatever it uses; no commit or credit covers it."""

_CREDIT, _PREPAID, _POSTPAID = 10, 50, 100
"""Priorities: credits are drawn before commits, and of two the one that expires first."""

_FATES: Final[dict[int, Fate]] = {4: "in parts", 6: "half", 8: "abandoned", 9: "late"}
"""How the first customer's bills are settled, by month, so that every kind occurs."""


class Ledger:
    """The grants and bills of one customer."""

    def __init__(self, usage: Usage, customer: Customer) -> None:
        self._usage = usage
        self._customer = customer
        self._joined = month_at(customer.created)
        self._left: dict[str, int] = {}
        self.grants = self._make_grants()
        self.bills: list[Bill] = []
        self._make_bills()

    def _make_grants(self) -> list[Grant]:
        customer, joined = self._customer, self._joined
        months = self._usage.months(customer)
        size = Rng(self._usage.seed, "commit", customer.place).between(3, 9)
        monthly = sum(self._usage.monthly_lots(customer, metric) for metric in customer.metrics)
        thousand = 100_000 * max(1, monthly // 100_000)
        grants = [self._grant("credit", "Welcome credit", size * size * 1000, joined, 3)]
        if customer.plan == "team":
            grants += [
                self._grant("credit", "Included usage", 5000, month, 1) for month in months[1:]
            ]
        if customer.plan in ("scale", "enterprise"):
            # The next commit is bought two months before the last one ends.
            grants += [
                self._grant("prepaid", "Prepaid commit", 5 * thousand, month, 8)
                for month in months[customer.place % 5 :: 6]
            ]
        if customer.plan == "enterprise":
            grants += [
                self._grant("postpaid", "Annual commitment", size * thousand, month, 12)
                for month in months[::12]
            ]
        return sorted(grants, key=lambda grant: (grant.first, grant.priority))

    def _grant(self, kind: str, name: str, cents: int, first: int, lasts: int) -> Grant:
        rng = Rng(self._usage.seed, "grant", self._customer.place, name, first)
        match kind:
            case "credit":
                return Grant(rng.uuid(), "credit", name, cents, first, first + lasts, _CREDIT)
            case "prepaid":
                return Grant(rng.uuid(), "prepaid", name, cents, first, first + lasts, _PREPAID)
            case _:
                end = first + lasts
                return Grant(rng.uuid(), "postpaid", name, cents, first, end, _POSTPAID)

    def _make_bills(self) -> None:
        self._left = {grant.id: grant.cents for grant in self.grants}
        months = self._usage.months(self._customer)
        for month in range(months.start, months.stop + 1):
            for grant in self.grants:
                # What ends with a month is trued up before the month's own usage is billed.
                if grant.kind == "postpaid" and grant.end == month:
                    self._true_up(grant)
            for grant in self.grants:
                if grant.kind == "prepaid" and grant.first == month:
                    line = Line(grant.name, grant.cents, grant=grant)
                    start = grant.starts_at
                    self._bill("commit", month, (start, start), start + DAY // 2, [line], [])
            if month in months:
                self._bill_usage(month)
        self.bills.sort(key=lambda bill: bill.issued)

    def _true_up(self, grant: Grant) -> None:
        missing = self._left[grant.id]
        if missing and grant.ends_at <= self._usage.now:
            lines = [Line(f"{grant.name}: true-up", missing, grant=grant)]
            period = (grant.starts_at, grant.ends_at)
            self._left[grant.id] = 0
            issued = grant.ends_at + GRACE
            self._bill("true-up", grant.end - 1, period, issued, lines, [(grant, missing)])

    def _bill_usage(self, month: int) -> None:
        customer, start, end = self._customer, month_start(month), month_start(month + 1)
        lines = []
        for metric in customer.metrics:
            units = self._usage.units(customer, metric, start, end)
            lines.append(
                Line(metric.name, self._usage.cost(customer, metric, units), metric, units)
            )
        due = sum(line.cents for line in lines)
        if customer.plan == "enterprise":
            lines.append(Line("Platform fee", PLATFORM_FEE))
        drawn = []
        usable = [grant for grant in self.grants if grant.first <= month < grant.end]
        for grant in sorted(usable, key=lambda grant: (grant.priority, grant.end)):
            cents = min(due, self._left[grant.id])
            if cents:
                due -= cents
                self._left[grant.id] -= cents
                drawn.append((grant, cents))
                if grant.kind != "postpaid":
                    lines.append(Line(f"{grant.name} applied", -cents, grant=grant))
        self._bill("usage", month, (start, end), end + GRACE, lines, drawn)

    def _bill(
        self,
        kind: str,
        month: int,
        period: tuple[int, int],
        issued: int,
        lines: list[Line],
        drawn: list[tuple[Grant, int]],
    ) -> None:
        usage, customer = self._usage, self._customer
        rng = Rng(usage.seed, "bill", customer.place, kind, month, period[0])
        stripe_id, metronome_id = f"in_{rng.alphanumeric(24)}", rng.uuid()
        cents = sum(line.cents for line in lines)
        settlement = settle(
            Rng(usage.seed, "fate", stripe_id),
            issued,
            cents,
            sent=customer.sent_invoices,
            voidable=not drawn and kind == "usage",
            fate=_FATES.get(month - self._joined) if customer.place == 0 else None,
        )
        self.bills.append(
            Bill(
                stripe_id=stripe_id,
                metronome_id=metronome_id,
                kind="usage" if kind == "usage" else "commit" if kind == "commit" else "true-up",
                customer=customer,
                month=month,
                start=period[0],
                end=period[1],
                issued=issued,
                lines=tuple(lines),
                draws=tuple(Draw(grant, cents, stripe_id, issued) for grant, cents in drawn),
                settlement=settlement,
            )
        )
