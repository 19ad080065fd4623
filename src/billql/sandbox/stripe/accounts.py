"""A customer's life, in the order of time: periods, invoices, credits, balances, credit notes.

Things that happen wait in a queue until their time; what happens makes other things happen
later. What would be after the story's end stays in the queue.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.model import Bill, Customer
from billql.sandbox.rng import Rng
from billql.sandbox.settlement import Fate, Settlement, settle
from billql.sandbox.story import Story
from billql.sandbox.stripe.catalog import Catalog
from billql.sandbox.stripe.credits import CreditBalance, grants_of
from billql.sandbox.stripe.customer_balance import CustomerBalance
from billql.sandbox.stripe.discounts import Coupon
from billql.sandbox.stripe.ids import ident
from billql.sandbox.stripe.invoice_items import adjustments_of, invoice_items_of, line_for, line_of
from billql.sandbox.stripe.invoice_model import (
    CreditNote,
    CreditNoteKind,
    Invoice,
    InvoiceItem,
    Line,
    Reason,
    apply_coupon,
    tax_on,
)
from billql.sandbox.stripe.terms import SubscriptionTerms, Terms
from billql.sandbox.timestamps import DAY, HOUR

_CERTAIN: Final[dict[int, Fate]] = {
    2: "paid",
    3: "paid",
    4: "paid",
    5: "void",
    6: "abandoned",
    7: "paid",
    8: "paid",
}
"""The settlements of the second customer's invoices, by period, so that every kind occurs."""

_CERTAIN_NOTES: Final[dict[int, CreditNoteKind]] = {2: "refund", 3: "balance", 4: "out of band"}


class Account:
    """All that happens between one customer and the company, up to the story's end."""

    def __init__(self, story: Story, catalog: Catalog, customer: Customer) -> None:
        self.customer = customer
        self.terms = SubscriptionTerms(story, catalog).terms(customer)
        self.wallet = CreditBalance(grants_of(story, catalog, customer))
        self.invoices: list[Invoice] = []
        self.invoice_items: list[InvoiceItem] = []
        self.notes: list[CreditNote] = []
        self.balance = CustomerBalance(customer)
        self.prefix = ident("", story.seed, "prefix", customer.place)[:8].upper()
        self.finalized = 0
        self._story = story
        self._catalog = catalog
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._order = count()
        self._pending: list[InvoiceItem] = []
        self._plan()
        while self._queue and self._queue[0][0] <= story.now:
            heapq.heappop(self._queue)[2]()

    def _at(self, timestamp: int, action: Callable[[], object]) -> None:
        heapq.heappush(self._queue, (timestamp, next(self._order), action))

    def _plan(self) -> None:
        """Queue all events that do not depend on others."""
        story, wallet, customer = self._story, self.wallet, self.customer
        for grant in wallet.grants:
            self._at(grant.created, partial(wallet.add, grant))
            if grant.taken_off is not None:
                self._at(grant.taken_off, partial(wallet.expire, grant, grant.taken_off))
            if grant.voided is not None:
                self._at(grant.voided, partial(wallet.void, grant))
        for timestamp, amount, kind in adjustments_of(customer):
            description = "Balance brought along" if kind == "initial" else "Goodwill"
            self._at(timestamp, partial(self.balance.change, timestamp, amount, kind, description))
        for invoice_item in invoice_items_of(story, self._catalog, customer, self.terms):
            self._at(invoice_item.timestamp, partial(self._owe, invoice_item))
        for terms in self.terms:
            self._plan_periods(terms)
        if self.terms and customer.plan in ("team", "scale", "enterprise"):
            self._at(customer.created + DAY, self._onboard)
        if customer.place == 2:
            self._at(max(customer.created, story.now - 2 * DAY), self._leave_draft)
        for bill in story.bills(customer):
            self._at(bill.issued, partial(self._import, bill))

    def _plan_periods(self, terms: Terms) -> None:
        if terms.trial_end is not None:
            self._at(terms.created, partial(self._try_out, terms))
        if terms.state in ("paused", "trialing"):
            return
        for number, (start, end) in enumerate(terms.periods(self._story.now)):
            self._at(start, partial(self._cycle, terms, number, start, end))
        if terms.ended is not None:
            self._at(terms.ended, partial(self._finish, terms))

    # What happens

    def _owe(self, invoice_item: InvoiceItem) -> None:
        self.invoice_items.append(invoice_item)
        self._pending.append(invoice_item)

    def _try_out(self, terms: Terms) -> None:
        """Begin a trial: an invoice for nothing."""
        item = terms.items[0]
        description = f"Trial period for {self._name(item.price)}"
        line = line_of(description, 0, terms, item, (terms.created, terms.anchor))
        self._invoice("trial", terms.created, "subscription_create", [line], terms=terms)

    def _name(self, price: Json) -> str:
        names = {each["id"]: each["name"] for each in self._catalog.products}
        return str(names[price["product"]])

    def _cycle(self, terms: Terms, number: int, start: int, end: int) -> None:
        """Begin a period: what is metered is billed for the one before."""
        lines = self._collect(terms)
        for item in terms.items:
            if item.metric is not None:
                continue
            quantity = (item.quantity or 1) + (item.more if number > 2 else 0)
            description = f"{quantity} × {self._name(item.price)}"
            amount = quantity * (item.price["unit_amount"] or 0)
            lines.append(line_of(description, amount, terms, item, (start, end), quantity))
        if number:
            lines += self._usage(terms, terms.period(number - 1))
        first = number == 0 and terms.trial_end is None
        fate: Fate | None = "paid" if first else None
        certain = self.customer.place == 1 and terms is self.terms[0]
        if certain:
            fate = _CERTAIN.get(number, fate)
        if terms.state is not None:
            fate = "failing"
        self._invoice(
            f"period {number}",
            start,
            "subscription_create" if first else "subscription_cycle",
            lines,
            terms=terms,
            fate=fate,
            coupon=self._coupon(terms, number, start),
            note=_CERTAIN_NOTES.get(number) if certain else None,
            wait=0 if first else HOUR,
        )

    def _finish(self, terms: Terms) -> None:
        """End a subscription: what was used last is billed."""
        number = sum(1 for _ in terms.periods(self._story.now)) - 1
        lines = self._collect(terms) if number >= 0 else []
        if number >= 0 and terms.ended is not None:
            lines += self._usage(terms, terms.period(number))
        if lines and terms.ended is not None and terms.state is None:
            self._invoice("last", terms.ended, "subscription_update", lines, terms=terms)

    def _collect(self, terms: Terms) -> list[Line]:
        """Return the lines for pending invoice items, the latest first; none is pending then."""
        if terms is not self.terms[0]:
            return []
        pending, self._pending = self._pending, []
        return [line_for(invoice_item) for invoice_item in reversed(pending)]

    def _usage(self, terms: Terms, bounds: tuple[int, int]) -> list[Line]:
        lines = []
        for item in terms.items:
            if item.metric is not None:
                units = self._story.usage.units(self.customer, item.metric, *bounds)
                description = f"{units} × {item.metric.name}"
                cost = self._story.usage.cost(self.customer, item.metric, units)
                lines.append(line_of(description, cost, terms, item, bounds, units))
        return lines

    def _coupon(self, terms: Terms, number: int, start: int) -> Coupon | None:
        coupon = terms.coupon
        until = terms.discounted_until()
        if coupon is None or (coupon.months == 1 and number) or (until and start >= until):
            return None
        return coupon

    def _onboard(self) -> None:
        customer = self.customer
        price = self._catalog.price("onboarding", customer.currency, "once")
        self._invoice_once("Onboarding", price, customer.created + DAY)

    def _leave_draft(self) -> None:
        price = self._catalog.price("support_hour", self.customer.currency, "once")
        timestamp = max(self.customer.created, self._story.now - 2 * DAY)
        self._invoice_once("Support: to be agreed", price, timestamp, advancing=False)

    def _invoice_once(
        self, description: str, price: Json, timestamp: int, *, advancing: bool = True
    ) -> None:
        customer = self.customer
        key = ident("ii_1", customer.stripe_id, description)
        invoice_item = InvoiceItem(
            key, customer, timestamp, description, price["unit_amount"], customer.currency,
            timestamp, timestamp, price, discountable=False,
        )  # fmt: skip
        self.invoice_items.append(invoice_item)
        self._invoice(
            description,
            timestamp,
            "manual",
            [line_for(invoice_item)],
            advancing=advancing,
            fate="paid",
        )

    def _import(self, bill: Bill) -> None:
        """Import a bill of Metronome's, as an invoice whose lines are invoice items."""
        lines = []
        for place, each in enumerate(bill.lines):
            metric = each.metric
            price = self._catalog.price(metric.key, "usd", "once") if metric else None
            invoice_item = InvoiceItem(
                id=ident("ii_1", bill.stripe_id, place),
                customer=bill.customer,
                timestamp=bill.issued,
                description=each.name,
                amount=each.cents,
                currency=bill.customer.currency,
                start=bill.start,
                end=bill.end,
                price=price,
                quantity=each.quantity,
                discountable=False,
            )
            self.invoice_items.append(invoice_item)
            lines.append(line_for(invoice_item))
        self._store(
            Invoice(
                id=bill.stripe_id,
                customer=bill.customer,
                created=bill.issued,
                reason="manual",
                lines=lines,
                period=(bill.start, bill.end),
                currency=bill.customer.currency,
                sent=bill.customer.sent_invoices,
                settlement=bill.settlement,
                description={"usage": "Usage", "commit": "Prepaid commit"}.get(bill.kind),
                metadata={
                    "metronome_customer_id": bill.customer.metronome_id,
                    "metronome_invoice_id": bill.metronome_id,
                },
            ),
            None,
        )

    # Invoices

    def _invoice(
        self,
        key: str,
        timestamp: int,
        reason: Reason,
        lines: list[Line],
        *,
        terms: Terms | None = None,
        fate: Fate | None = None,
        coupon: Coupon | None = None,
        note: CreditNoteKind | None = None,
        wait: int = HOUR,
        advancing: bool = True,
    ) -> None:
        customer = self.customer
        name = ident("in_1", terms.id if terms else customer.stripe_id, key)
        discount = terms.discount if terms and coupon else None
        if coupon is not None and discount is not None:
            apply_coupon(coupon, discount, lines)
        final = timestamp + wait <= self._story.now and advancing
        if final:
            self.wallet.pay(name, lines, customer.currency, timestamp + wait)
        if terms is not None and terms.tax is not None:
            for line in lines:
                line.tax = tax_on(line.net, terms.tax)
        invoice = Invoice(
            id=name,
            customer=customer,
            created=timestamp,
            reason=reason,
            lines=lines,
            period=(min(line.start for line in lines), timestamp),
            currency=customer.currency,
            sent=customer.sent_invoices,
            settlement=Settlement(0, timestamp, timestamp + wait, None),
            terms=terms,
            discount=discount,
            starting=self.balance.amount,
            advancing=advancing,
        )
        amount = max(0, self.balance.amount + invoice.total)
        settlement = settle(
            Rng("fate", name), timestamp, amount, sent=invoice.sent, fate=fate, wait=wait
        )
        if not advancing:
            settlement = Settlement(amount, timestamp, 1 << 40, None)
        elif terms is not None and terms.state == "incomplete_expired":
            settlement = settlement._replace(voided=terms.ended, attempts=settlement.attempts[:1])
        invoice.settlement = settlement
        self._store(invoice, note)

    def _store(self, invoice: Invoice, note: CreditNoteKind | None) -> None:
        """Finalize an invoice, if it is time, and queue what it leads to."""
        self.invoices.append(invoice)
        for line in invoice.lines:
            if line.invoice_item is not None:
                line.invoice_item.invoice = invoice.id
        settlement = invoice.settlement
        if settlement.finalized > self._story.now:
            return
        self.finalized += 1
        invoice.number = f"{self.prefix}-{self.finalized:04d}"
        if invoice.imported:
            invoice.ending = self.balance.amount
        else:
            invoice.ending = min(0, self.balance.amount + invoice.total)
            used = invoice.ending - self.balance.amount
            if used:
                self.balance.change(
                    settlement.finalized, used, "applied_to_invoice", invoice=invoice.id
                )
        if settlement.voided is not None:
            self._at(settlement.voided, partial(self._void, invoice, settlement.voided))
        self._plan_note(invoice, note)

    def _void(self, invoice: Invoice, timestamp: int) -> None:
        """Void an invoice: credits and balance that paid a part of it are reinstated."""
        self.wallet.reinstate(invoice.id, timestamp)
        used = (invoice.ending or 0) - invoice.starting
        if used and not invoice.imported:
            self.balance.change(timestamp, -used, "unapplied_from_invoice", invoice=invoice.id)

    def _plan_note(self, invoice: Invoice, kind: CreditNoteKind | None) -> None:
        roll = Rng("note", invoice.id).below(24)
        settlement = invoice.settlement
        paid = settlement.paid_at(1 << 40)
        voided = None
        if settlement.amount <= 0 or settlement.voided is not None:
            return
        if paid is not None:
            kinds: tuple[CreditNoteKind, ...] = ("refund", "balance", "out of band")
            if kind is None and roll < (1 if invoice.imported else 3):
                kind = kinds[roll]
            timestamp = paid + 6 * DAY
        elif settlement.abandoned is not None and not invoice.imported:
            kind = "pre-payment"
            timestamp = settlement.finalized + 10 * DAY
            voided = timestamp + DAY if roll < 8 and self.customer.place != 1 else None
        else:
            return
        if kind is not None:
            self._at(timestamp, partial(self._credit, invoice, kind, timestamp, voided))

    def _credit(
        self, invoice: Invoice, kind: CreditNoteKind, timestamp: int, voided: int | None
    ) -> None:
        """Write a credit note for a quarter of an invoice's largest line."""
        line = max(invoice.lines, key=lambda line: line.net)
        most = invoice.settlement.amount // 2
        if invoice.settlement.attempts:
            most = invoice.settlement.attempts[-1].amount // 2
        base = min(line.net // 4, most) // 10 * 10
        if base <= 0:
            return
        number = f"{invoice.number}-CN-{len(invoice.notes) + 1:02d}"
        tax = tax_on(base, line.tax.rate) if line.tax else None
        key = ident("cn_1", invoice.id)
        note = CreditNote(key, number, invoice, line, kind, timestamp, base, tax, voided)
        if kind == "balance":
            note.balance_entry = self.balance.change(
                timestamp, -note.total, "credit_note", invoice=invoice.id, note=note.id
            )
        invoice.notes.append(note)
        self.notes.append(note)
