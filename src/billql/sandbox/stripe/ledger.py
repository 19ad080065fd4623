"""All tables of the account, made together when the first of them is requested."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial

from billql.sandbox.api import Json
from billql.sandbox.model import Customer
from billql.sandbox.story import Story
from billql.sandbox.stripe import balances, credits, payments, reversals
from billql.sandbox.stripe.accounts import Account
from billql.sandbox.stripe.catalog import Catalog
from billql.sandbox.stripe.clocks import CUSTOMER, rehearsed, rehearsing
from billql.sandbox.stripe.credit_notes import credit_note_json, credit_note_line_json
from billql.sandbox.stripe.customers import (
    cash_balance_of,
    customer_json,
    entry_json,
    tax_of,
)
from billql.sandbox.stripe.discounts import Discounts, least_in_other_currencies
from billql.sandbox.stripe.events import events_of
from billql.sandbox.stripe.invoice_model import CreditNote
from billql.sandbox.stripe.invoices import embedded, invoice_item_json, invoice_json, line_json
from billql.sandbox.stripe.meters import alerts_of, meters_of
from billql.sandbox.stripe.orders import orders_of
from billql.sandbox.stripe.quotes import lines_json, quote_json, quotes_of
from billql.sandbox.stripe.subscriptions import discount_json, item_json, subscription_json


class Table(Sequence[Json]):
    """Rows, the newest first, and where each is."""

    def __init__(self, rows: Iterable[Json], by: str | None = "created") -> None:
        oldest_first = sorted(rows, key=lambda row: row[by]) if by else list(rows)
        self._rows = oldest_first[::-1]
        self._places = {row["id"]: place for place, row in enumerate(self._rows)}

    def __getitem__(self, place: int | slice) -> Json | Sequence[Json]:  # type: ignore[override]
        return self._rows[place]

    def __len__(self) -> int:
        return len(self._rows)

    def place(self, key: str) -> int | None:
        """Return where a row is."""
        return self._places.get(key)

    def get(self, key: str) -> Json | None:
        """Return a row."""
        place = self._places.get(key)
        return None if place is None else self._rows[place]


class Ledger:
    """Everything that the API has of one account."""

    def __init__(self, story: Story, account: str, version: str) -> None:
        self.story = story
        self.account = account
        self.version = version
        self._lock = threading.RLock()

    @property
    def tables(self) -> Mapping[str, Table]:
        """The lists, by their paths."""
        with self._lock:
            return self._tables

    # Beside the lists; set as soon as `tables` was read.

    lines: dict[str, Table]
    """The lines of invoices, credit notes and quotes, in their order."""
    entries: dict[str, Table]
    """The changes of customers' balances."""
    discounts: dict[str, Json]
    grants: dict[str, list[credits.Grant]]
    """By customer."""
    customers: dict[str, Customer]
    paid_out: Mapping[str, str]
    """The payout that a balance transaction is a part of."""
    balance: Json
    more: dict[tuple[str, str], Callable[[Json], object]]
    """Fields that are present only if requested, by the object's type and their path; each is
    computed from the object that has it."""

    @cached_property
    def _tables(self) -> dict[str, Table]:
        story = self.story
        self.lines, self.entries, self.discounts = {}, {}, {}
        self.grants, self.more = {}, {}
        self.customers = {customer.stripe_id: customer for customer in story.customers}
        catalog = Catalog(story.seed, story.opened)
        accounts = [Account(story, catalog, customer) for customer in story.customers]
        tables = self._of_catalog(catalog, accounts)
        tables |= self._of_customers(catalog, accounts)
        tables |= self._of_invoices(accounts)
        tables |= self._of_payments(catalog, accounts)
        tables["events"] = Table(events_of(tables, self.version, story.opened, story.now))
        return tables

    def _of_catalog(self, catalog: Catalog, accounts: list[Account]) -> dict[str, Table]:
        redeemed = Counter(
            terms.coupon.id for each in accounts for terms in each.terms if terms.coupon
        )
        rebates = Discounts(self.story, catalog.products, redeemed)
        codes = {code["code"]: code["id"] for code in rebates.promotion_codes}
        for account in accounts:
            for terms in account.terms:
                if terms.coupon is not None:
                    shown = discount_json(terms, codes[terms.coupon.id])
                    self.discounts[terms.discount] = shown
        self.more |= {
            ("price", "tiers"): catalog.tiers,
            ("price", "currency_options"): catalog.currency_options,
            ("plan", "tiers"): catalog.tiers,
            ("coupon", "applies_to"): rebates.applies_to,
            ("coupon", "currency_options"): rebates.currency_options,
            ("promotion_code", "restrictions.currency_options"): least_in_other_currencies,
        }
        meters = meters_of(self.story, catalog)
        alerts = alerts_of(self.story, catalog, self.story.customers)
        return {
            "products": Table(catalog.products),
            "prices": Table(catalog.prices),
            "plans": Table(catalog.plans),
            "coupons": Table(rebates.coupons),
            "promotion_codes": Table(rebates.promotion_codes),
            "tax_rates": Table(catalog.tax_rates),
            "billing/meters": Table(meters),
            "billing/alerts": Table(alerts, by=None),
        }

    def _of_customers(self, catalog: Catalog, accounts: list[Account]) -> dict[str, Table]:
        now = self.story.now
        subscriptions, items, granted, taken = [], [], [], []
        for account in accounts:
            customer = account.customer
            self.entries[customer.stripe_id] = Table(
                entry_json(customer, entry) for entry in account.balance.entries
            )
            self.grants[customer.stripe_id] = account.wallet.grants
            granted += [grant.json(now) for grant in account.wallet.grants]
            taken += [entry.json() for entry in account.wallet.entries]
            for terms in account.terms:
                if terms.created > now:
                    continue
                own = [item_json(terms, item, catalog, now) for item in terms.items]
                items += own
                billed = [each for each in account.invoices if each.terms is terms]
                subscriptions.append(subscription_json(terms, billed, own, now))
        customers = {
            account.customer.stripe_id: customer_json(account, now) for account in accounts
        }
        tried = next(each for each in subscriptions if each["status"] == "trialing")
        customers[CUSTOMER] = rehearsing(customers[tried["customer"]])
        self.customers[CUSTOMER] = self.customers[tried["customer"]]
        self.entries[CUSTOMER], self.grants[CUSTOMER] = Table([]), []
        subscriptions.append(rehearsed(tried) | {"latest_invoice": None})
        items += subscriptions[-1]["items"]["data"]
        by_customer: defaultdict[str, list[Json]] = defaultdict(list)
        for subscription in reversed(subscriptions):
            if subscription["status"] != "canceled":
                by_customer[subscription["customer"]].append(subscription)
        self.more["customer", "subscriptions"] = lambda row: embedded(
            by_customer[row["id"]], f"/v1/customers/{row['id']}/subscriptions"
        )
        for name in ("sources", "tax_ids"):
            self.more["customer", name] = partial(_none_of, name)
        self.more["customer", "cash_balance"] = cash_balance_of
        self.more["customer", "tax"] = tax_of
        self.more["customer", "invoice_credit_balance"] = lambda row: (
            {row["currency"]: row["balance"]} if row["balance"] else {}
        )
        return {
            "customers": Table(customers.values()),
            "subscriptions": Table(subscriptions),
            "subscription_items": Table(items),
            "billing/credit_grants": Table(granted),
            "billing/credit_balance_transactions": Table(taken),
        }

    def _of_invoices(self, accounts: list[Account]) -> dict[str, Table]:
        invoices, invoice_items, notes = [], [], []
        for account in accounts:
            invoice_items += [
                invoice_item_json(invoice_item) for invoice_item in account.invoice_items
            ]
            for invoice in account.invoices:
                lines = [line_json(line, invoice) for line in invoice.lines]
                self.lines[invoice.id] = Table(reversed(lines), by=None)
                invoices.append(invoice_json(invoice, lines, self.account, self.story.now))
            for note in account.notes:
                self.lines[note.id] = Table([credit_note_line_json(note)], by=None)
                notes.append(credit_note_json(note, self.story.now))
        return {
            "invoiceitems": Table(invoice_items, by="date"),
            "invoices": Table(invoices),
            "credit_notes": Table(notes),
        }

    def _of_payments(self, catalog: Catalog, accounts: list[Account]) -> dict[str, Table]:
        story, now = self.story, self.story.now
        intents = [payments.of_order(order, now) for order in orders_of(story, catalog)]
        paying: defaultdict[str, list[Json]] = defaultdict(list)
        notes: dict[str, CreditNote] = {}
        for account in accounts:
            for note in account.notes:
                if note.kind == "refund":
                    notes[note.invoice.id] = note
            for invoice in account.invoices:
                own = list(payments.of_invoice(invoice, now))
                intents += own
                paying[invoice.id] += [
                    payments.invoice_payment_json(intent, invoice, default=intent is own[-1])
                    for intent in own
                ]
        self.more["invoice", "payments"] = lambda row: embedded(
            paying[row["id"]], f"/v1/invoice_payments?invoice={row['id']}"
        )
        tables = self._of_charges(intents, notes)
        names = {product["id"]: product["name"] for product in catalog.products}
        quotes: list[Json] = []
        for quote in quotes_of(story, catalog, accounts):
            self.lines[quote.id] = Table(reversed(lines_json(quote, names)), by=None)
            quotes.append(quote_json(quote))
        offered = next(quote for quote in quotes if quote["status"] == "open")
        quotes.append(rehearsed(offered))
        self.lines[quotes[-1]["id"]] = self.lines[offered["id"]]
        self.more["quote", "line_items"] = lambda row: embedded(
            list(self.lines[row["id"]]), f"/v1/quotes/{row['id']}/line_items"
        )
        # No quote has a discount or a tax rate.
        self.more["item", "discounts"] = self.more["item", "taxes"] = lambda row: []
        return tables | {
            "payment_intents": Table(payments.intent_json(intent) for intent in intents),
            "invoice_payments": Table(each for own in paying.values() for each in own),
            "quotes": Table(quotes),
        }

    def _of_charges(
        self, intents: list[payments.Intent], notes: dict[str, CreditNote]
    ) -> dict[str, Table]:
        story, now = self.story, self.story.now
        moved = balances.monthly_fees(story.seed, story.opened, now)
        refunds: list[tuple[reversals.Refund, list[str]]] = []
        disputes: list[tuple[reversals.Dispute, list[balances.Movement]]] = []
        back: defaultdict[str, list[Json]] = defaultdict(list)
        charges = []
        noted = _noted(intents, notes)
        for intent in intents:
            for charge in intent.charges:
                if charge.moves_money:
                    moved.append(balances.of_charge(charge))
                for refund in reversals.refunds_of(charge, noted.get(charge.id), now):
                    movements = balances.of_refund(refund)
                    refunds.append((refund, [movement.id for movement in movements]))
                    moved += movements
                dispute = reversals.dispute_of(charge, now)
                if dispute is not None:
                    disputes.append((dispute, balances.of_dispute(dispute, now)))
                    moved += disputes[-1][1]
                key = balances.transaction(charge.id, "charge") if charge.moves_money else None
                charges.append(payments.charge_json(charge, key))
        company = balances.CompanyLedger(story.seed, moved, story.opened, now)
        self.paid_out, self.balance = company.paid_out, company.balance()
        self.more["balance", "instant_available.net_available"] = company.net_available
        shown = [reversals.refund_json(refund, own) for refund, own in refunds]
        for refund_row in shown:
            back[refund_row["charge"]].append(refund_row)
        self.more["charge", "refunds"] = lambda row: embedded(
            back[row["id"]][::-1], f"/v1/charges/{row['id']}/refunds"
        )
        return {
            "charges": Table(charges),
            "refunds": Table(shown),
            "disputes": Table(
                reversals.dispute_json(dispute, [each.json(now) for each in own], now)
                for dispute, own in disputes
            ),
            "balance_transactions": Table(movement.json(now) for movement in company.movements),
            "payouts": Table(payout.json(now) for payout in company.payouts),
        }


def _none_of(name: str, row: Json) -> Json:
    return embedded([], f"/v1/customers/{row['id']}/{name}")


def _noted(
    intents: Iterable[payments.Intent], notes: Mapping[str, CreditNote]
) -> dict[str, CreditNote]:
    """Return the credit notes by the charges that they are refunded from: an invoice's last."""
    last = {i.invoice.id: i.charges[-1].id for i in intents if i.invoice and i.received}
    return {charge: notes[invoice] for invoice, charge in last.items() if invoice in notes}
