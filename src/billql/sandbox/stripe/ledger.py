"""All tables of the account, made together when the first of them is requested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from billql.sandbox.api import ApiError, Json
from billql.sandbox.model import METRICS
from billql.sandbox.story import Story
from billql.sandbox.stripe import balances, credits, payments, reversals
from billql.sandbox.stripe.accounts import Account
from billql.sandbox.stripe.catalog import Catalog
from billql.sandbox.stripe.clocks import CUSTOMER, rehearsed, rehearsing
from billql.sandbox.stripe.customers import cash_balance_of, customer_json, entry_json, tax_of
from billql.sandbox.stripe.discounts import Discounts, least_in_other_currencies
from billql.sandbox.stripe.events import events_of
from billql.sandbox.stripe.invoice_model import CreditNote
from billql.sandbox.stripe.invoices import (
    credit_note_json,
    credit_note_line_json,
    embedded,
    invoice_item_json,
    invoice_json,
    line_json,
)
from billql.sandbox.stripe.meters import alerts_of, meters_of, summaries
from billql.sandbox.stripe.objects import KINDS, Objects, name_of
from billql.sandbox.stripe.orders import orders_of
from billql.sandbox.stripe.quotes import lines_json, quote_json, quotes_of
from billql.sandbox.stripe.subscriptions import discount_json, item_json, subscription_json
from billql.sandbox.stripe.terms import Item, Terms


class Table(list[Json]):
    """Objects of one kind, the newest first."""

    def __init__(self, kind: str, rows: Iterable[Json], by: str | None = "created") -> None:
        oldest_first = sorted(rows, key=lambda row: row[by]) if by else list(rows)
        super().__init__(reversed(oldest_first))
        self._kind = kind
        self._by_id = {row["id"]: row for row in self}

    def get(self, key: object) -> Json | None:
        """Return an object by its id."""
        return self._by_id.get(key)

    def one(self, key: str, parameter: str = "id") -> Json:
        """Return the object that a path names; raise ApiError if there is none."""
        row = self._by_id.get(key)
        if row is None:
            message = f"No such {name_of(self._kind)}: '{key}'"
            raise ApiError(HTTPStatus.NOT_FOUND, message, "resource_missing", parameter)
        return row


class Ledger:
    """Everything that the API has of one account."""

    def __init__(self, story: Story, account: str, version: str, objects: Objects) -> None:
        self.story = story
        self.now = story.now
        self.account = account
        self._whole = objects.whole
        self._tables: dict[str, Table] = {}
        self.lines: dict[str, Table] = {}
        """The lines of invoices, credit notes and quotes, in their order."""
        self.entries: dict[str, Table] = {}
        """The changes of customers' balances."""
        self.grants: dict[str, list[credits.Grant]] = {}
        """By customer."""
        self.more: dict[tuple[str, str], Callable[[Json], object]] = {}
        """Members that are present only if requested, by the object's type and their path; each is
        computed from the object that has it."""
        self._discounts: dict[str, Json] = {}
        self.customers = {customer.stripe_id: customer for customer in story.customers}
        self.counted = lru_cache(maxsize=64)(self._counted)
        catalog = Catalog(story.seed, story.opened, self._whole)
        accounts = [Account(story, catalog, customer) for customer in story.customers]
        self._add_catalog(catalog, accounts)
        self._add_customers(catalog, accounts)
        self._add_invoices(accounts)
        self._add_payments(catalog, accounts)
        self._add("event", events_of(self._tables, version, story.opened, story.now))
        self._objects = self._discounts | {
            row["id"]: row for kind, rows in self._tables.items() if kind != "plan" for row in rows
        }

    def __getitem__(self, kind: str) -> Table:
        """Return all objects of a kind."""
        return self._tables[kind]

    def knows(self, resource: str, key: object) -> bool:
        """Return whether a resource has an object with an id."""
        kinds = (kind for kind, one in KINDS.items() if one.resource == resource)
        return all(self._tables[kind].get(key) is not None for kind in kinds)

    def customer(self, key: str | None, account: str | None) -> Json:
        """Return a customer by its id or its account; raise ApiError if there is none."""
        for row in self["customer"]:
            if row["id"] == key or (account is not None and row["customer_account"] == account):
                return row
        name, parameter = ("customer", "customer") if key else ("account", "customer_account")
        message = f"No such {name}: '{key or account}'"
        raise ApiError(HTTPStatus.BAD_REQUEST, message, "resource_missing", parameter)

    def expanded(self, row: Json, path: str) -> Json:
        """Return an object with what a path leads to: the objects of ids, or what is left out."""
        maker = self.more.get((row["object"], path), None)
        return self._expanded(row, path, maker)

    def _expanded(self, row: Json, path: str, maker: Callable[[Json], object] | None) -> Json:
        name, _, rest = path.partition(".")
        inner = row.get(name)
        if not rest:
            return row | {name: self._object(inner) if maker is None else maker(row)}
        if isinstance(inner, list):
            return row | {name: [self._expanded(one, rest, maker) for one in inner]}
        return row | {name: self._expanded(row[name], rest, maker)}

    def _object(self, key: Any) -> Any:
        if isinstance(key, list):
            return [self._object(one) for one in key]
        return self._objects.get(key, key)

    def _counted(
        self, meter: str, customer: str, start: int, end: int, window: str | None
    ) -> list[Json]:
        """Return what a meter counted for a customer, window by window."""
        event, known = self["billing.meter"].one(meter)["event_name"], self.customers.get(customer)
        metric = next((metric for metric in METRICS if metric.key == event), None)

        def used(since: int, until: int) -> int:
            if known is None or metric is None:
                return 0
            return self.story.usage.units(known, metric, since, until)

        found = summaries(used, meter, start, end, window)
        return [self._whole("billing.meter_event_summary", row) for row in found]

    # The tables

    def _add(self, kind: str, rows: Iterable[Json], by: str | None = "created") -> None:
        self._tables[kind] = Table(kind, (self._whole(kind, row) for row in rows), by)

    def _add_lines(self, owner: str, kind: str, rows: Iterable[Json]) -> list[Json]:
        """Add the lines of an object, and return them."""
        lines = [self._whole(kind, row) for row in rows]
        self.lines[owner] = Table(kind, reversed(lines), by=None)
        return lines

    def _add_catalog(self, catalog: Catalog, accounts: list[Account]) -> None:
        redeemed = Counter(
            terms.coupon.id for each in accounts for terms in each.terms if terms.coupon
        )
        rebates = Discounts(self.story, catalog.products, redeemed)
        codes = {code["code"]: code["id"] for code in rebates.promotion_codes}
        self._discounts |= {
            terms.discount: discount_json(terms, codes[terms.coupon.id])
            for account in accounts
            for terms in account.terms
            if terms.coupon is not None
        }
        self.more |= {
            ("price", "tiers"): catalog.tiers,
            ("price", "currency_options"): catalog.currency_options,
            ("plan", "tiers"): catalog.tiers,
            ("coupon", "applies_to"): rebates.applies_to,
            ("coupon", "currency_options"): rebates.currency_options,
            ("promotion_code", "restrictions.currency_options"): least_in_other_currencies,
        }
        self._add("product", catalog.products)
        self._add("price", catalog.prices)
        self._add("plan", catalog.plans)
        self._add("coupon", rebates.coupons)
        self._add("promotion_code", rebates.promotion_codes)
        self._add("tax_rate", catalog.tax_rates)
        self._add("billing.meter", meters_of(self.story, catalog))
        self._add("billing.alert", alerts_of(self.story, catalog, self.story.customers), by=None)

    def _add_customers(self, catalog: Catalog, accounts: list[Account]) -> None:
        now = self.now
        subscriptions, items, granted, taken, customers = [], [], [], [], {}
        for account in accounts:
            key = account.customer.stripe_id
            self._add_entries(
                key, [entry_json(account.customer, one) for one in account.balance.entries]
            )
            self.grants[key] = account.wallet.grants
            granted += [grant.json(now) for grant in account.wallet.grants]
            taken += [entry.json() for entry in account.wallet.entries]
            customers[key] = self._whole("customer", customer_json(account, now))
            for terms in account.terms:
                if terms.created > now:
                    continue
                own = [self._item(terms, item, catalog) for item in terms.items]
                items += own
                billed = [each for each in account.invoices if each.terms is terms]
                shown = subscription_json(terms, billed, own, now)
                subscriptions.append(self._whole("subscription", shown))
        tried = next(each for each in subscriptions if each["status"] == "trialing")
        customers[CUSTOMER] = rehearsing(customers[tried["customer"]])
        self.customers[CUSTOMER] = self.customers[tried["customer"]]
        self._add_entries(CUSTOMER, [])
        self.grants[CUSTOMER] = []
        subscriptions.append(rehearsed(tried) | {"latest_invoice": None})
        items += subscriptions[-1]["items"]["data"]
        self.more |= {
            ("customer", "tax_ids"): lambda row: embedded([], f"/v1/customers/{row['id']}/tax_ids"),
            ("customer", "cash_balance"): cash_balance_of,
            ("customer", "tax"): tax_of,
            ("customer", "invoice_credit_balance"): lambda row: (
                {row["currency"]: row["balance"]} if row["balance"] else {}
            ),
        }
        self._add("customer", customers.values())
        self._add("subscription", subscriptions)
        self._add("subscription_item", items)
        self._add("billing.credit_grant", granted)
        self._add("billing.credit_balance_transaction", taken)

    def _add_entries(self, customer: str, rows: Iterable[Json]) -> None:
        kind = "customer_balance_transaction"
        self.entries[customer] = Table(kind, (self._whole(kind, row) for row in rows))

    def _item(self, terms: Terms, item: Item, catalog: Catalog) -> Json:
        """Return an item of a subscription; what is metered has no quantity."""
        row = item_json(terms, item, catalog, self.now)
        quantity = {"quantity": row.pop("quantity")} if "quantity" in row else {}
        return self._whole("subscription_item", row) | quantity

    def _add_invoices(self, accounts: list[Account]) -> None:
        invoices, invoice_items, notes = [], [], []
        for account in accounts:
            invoice_items += [invoice_item_json(one) for one in account.invoice_items]
            for invoice in account.invoices:
                own = (line_json(line, invoice) for line in invoice.lines)
                lines = self._add_lines(invoice.id, "line_item", own)
                invoices.append(invoice_json(invoice, lines, self.account, self.now))
            for note in account.notes:
                kind = "credit_note_line_item"
                lines = self._add_lines(note.id, kind, [credit_note_line_json(note)])
                notes.append(credit_note_json(note, lines, self.now))
        self._add("invoiceitem", invoice_items, by="date")
        self._add("invoice", invoices)
        self._add("credit_note", notes)

    def _add_payments(self, catalog: Catalog, accounts: list[Account]) -> None:
        story, now = self.story, self.now
        intents = [payments.of_order(order, now) for order in orders_of(story, catalog)]
        paying: list[Json] = []
        notes: dict[str, CreditNote] = {}
        for account in accounts:
            notes |= {note.invoice.id: note for note in account.notes if note.kind == "refund"}
            for invoice in account.invoices:
                own = list(payments.of_invoice(invoice, now))
                intents += own
                paying += [
                    payments.invoice_payment_json(intent, invoice, default=intent is own[-1])
                    for intent in own
                ]
        self._add_charges(intents, notes)
        names = {product["id"]: product["name"] for product in catalog.products}
        quotes: list[Json] = []
        for quote in quotes_of(story, catalog, accounts):
            self._add_lines(quote.id, "item", lines_json(quote, names))
            quotes.append(self._whole("quote", quote_json(quote)))
        offered = next(quote for quote in quotes if quote["status"] == "open")
        quotes.append(rehearsed(offered))
        self.lines[quotes[-1]["id"]] = self.lines[offered["id"]]
        # No quote has a discount or a tax rate.
        self.more["item", "discounts"] = self.more["item", "taxes"] = lambda row: []
        self._add("payment_intent", (payments.intent_json(intent) for intent in intents))
        self._add("invoice_payment", paying)
        self._add("quote", quotes)

    def _add_charges(self, intents: list[payments.Intent], notes: dict[str, CreditNote]) -> None:
        story, now = self.story, self.now
        moved = balances.monthly_fees(story.seed, story.opened, now)
        refunds: list[Json] = []
        disputes: list[tuple[reversals.Dispute, list[balances.Movement]]] = []
        charges = []
        noted = _noted(intents, notes)
        for intent in intents:
            for charge in intent.charges:
                if charge.moves_money:
                    moved.append(balances.of_charge(charge))
                for refund in reversals.refunds_of(charge, noted.get(charge.id), now):
                    movements = balances.of_refund(refund)
                    moved += movements
                    refunds.append(reversals.refund_json(refund, [one.id for one in movements]))
                dispute = reversals.dispute_of(charge, now)
                if dispute is not None:
                    disputes.append((dispute, balances.of_dispute(dispute, now)))
                    moved += disputes[-1][1]
                key = balances.transaction(charge.id, "charge") if charge.moves_money else None
                charges.append(payments.charge_json(charge, key))
        company = balances.CompanyLedger(story.seed, moved, story.opened, now)
        self.paid_out: Mapping[str, str] = company.paid_out
        """The payout that a balance transaction is a part of."""
        self.balance = company.balance()
        self.more["balance", "instant_available.net_available"] = company.net_available
        self._add("charge", charges)
        self._add("refund", refunds)
        kind = "balance_transaction"
        shown = []
        for dispute, own in disputes:
            rows = [self._whole(kind, each.json(now)) for each in own]
            shown.append(reversals.dispute_json(dispute, rows, now))
        self._add("dispute", shown)
        self._add(kind, (movement.json(now) for movement in company.movements))
        self._add("payout", (payout.json(now) for payout in company.payouts))


def _noted(
    intents: Iterable[payments.Intent], notes: Mapping[str, CreditNote]
) -> dict[str, CreditNote]:
    """Return the credit notes by the charges that they are refunded from: an invoice's last."""
    last = {i.invoice.id: i.charges[-1].id for i in intents if i.invoice and i.received}
    return {charge: notes[invoice] for invoice, charge in last.items() if invoice in notes}
