"""Asks a sandbox's Stripe: with the official client, or as plainly as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import httpx
import stripe
from stripe import StripeClient

from billql.sandbox import Sandbox

Row = dict[str, Any]

UNTIL = date(2026, 3, 15)


class Client:
    """Two clients of one sandbox's Stripe, with the key that may read everything."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.urls["stripe"]
        self.token = sandbox.tokens["stripe"]
        self._sessions: list[stripe.RequestsClient] = []
        self.client = self.with_key(self.token)
        self.http = httpx.Client(
            base_url=self.url + "/v1",
            auth=(self.token, ""),
            limits=httpx.Limits(max_connections=None),
            timeout=120,  # a busy machine is no reason to fail
            trust_env=False,
        )

    def with_key(self, key: str, retries: int = 0) -> StripeClient:
        """Return an official client with another key."""
        self._sessions.append(stripe.RequestsClient())
        return StripeClient(
            key,
            base_addresses={"api": self.url},
            http_client=self._sessions[-1],
            max_network_retries=retries,
        )

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query or None)

    def json(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        response = self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def rows(self, path: str, query: Mapping[str, Any] | None = None) -> list[Row]:
        """Read a whole list by its cursor."""
        found: list[Row] = []
        after: dict[str, str] = {}
        while True:
            page = self.json(path, {"limit": 100, **(query or {}), **after})
            found += page["data"]
            if not page["has_more"]:
                return found
            after = {"starting_after": found[-1]["id"]}

    def error(self, path: str, **query: Any) -> tuple[int, Row]:
        response = self.get(path, **query)
        return response.status_code, response.json()["error"]

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        for session in self._sessions:
            session.close()  # type: ignore[no-untyped-call]


Listing = Callable[[StripeClient], Any]

LISTS: dict[str, tuple[Listing, Callable[[StripeClient, str], Any]]] = {
    "billing/credit_grants": (
        lambda c: c.v1.billing.credit_grants.list({"limit": 100}),
        lambda c, key: c.v1.billing.credit_grants.retrieve(key),
    ),
    "billing/credit_balance_transactions": (
        lambda c: c.v1.billing.credit_balance_transactions.list({"limit": 100}),
        lambda c, key: c.v1.billing.credit_balance_transactions.retrieve(key),
    ),
    "billing/meters": (
        lambda c: c.v1.billing.meters.list({"limit": 3}),
        lambda c, key: c.v1.billing.meters.retrieve(key),
    ),
    "billing/alerts": (
        lambda c: c.v1.billing.alerts.list({"limit": 3}),
        lambda c, key: c.v1.billing.alerts.retrieve(key),
    ),
    "invoices": (
        lambda c: c.v1.invoices.list({"limit": 100}),
        lambda c, key: c.v1.invoices.retrieve(key),
    ),
    "invoiceitems": (
        lambda c: c.v1.invoice_items.list({"limit": 100}),
        lambda c, key: c.v1.invoice_items.retrieve(key),
    ),
    "invoice_payments": (
        lambda c: c.v1.invoice_payments.list({"limit": 100}),
        lambda c, key: c.v1.invoice_payments.retrieve(key),
    ),
    "subscriptions": (
        lambda c: c.v1.subscriptions.list({"limit": 7, "status": "all"}),
        lambda c, key: c.v1.subscriptions.retrieve(key),
    ),
    "credit_notes": (
        lambda c: c.v1.credit_notes.list(),
        lambda c, key: c.v1.credit_notes.retrieve(key),
    ),
    "quotes": (
        lambda c: c.v1.quotes.list({"limit": 3}),
        lambda c, key: c.v1.quotes.retrieve(key),
    ),
    "customers": (
        lambda c: c.v1.customers.list(),
        lambda c, key: c.v1.customers.retrieve(key),
    ),
    "balance_transactions": (
        lambda c: c.v1.balance_transactions.list({"limit": 100}),
        lambda c, key: c.v1.balance_transactions.retrieve(key),
    ),
    "payouts": (
        lambda c: c.v1.payouts.list({"limit": 50}),
        lambda c, key: c.v1.payouts.retrieve(key),
    ),
    "charges": (
        lambda c: c.v1.charges.list({"limit": 100}),
        lambda c, key: c.v1.charges.retrieve(key),
    ),
    "payment_intents": (
        lambda c: c.v1.payment_intents.list({"limit": 100}),
        lambda c, key: c.v1.payment_intents.retrieve(key),
    ),
    "refunds": (
        lambda c: c.v1.refunds.list(),
        lambda c, key: c.v1.refunds.retrieve(key),
    ),
    "disputes": (
        lambda c: c.v1.disputes.list(),
        lambda c, key: c.v1.disputes.retrieve(key),
    ),
    "events": (
        lambda c: c.v1.events.list({"limit": 100}),
        lambda c, key: c.v1.events.retrieve(key),
    ),
    "products": (
        lambda c: c.v1.products.list(),
        lambda c, key: c.v1.products.retrieve(key),
    ),
    "prices": (
        lambda c: c.v1.prices.list(),
        lambda c, key: c.v1.prices.retrieve(key),
    ),
    "plans": (
        lambda c: c.v1.plans.list(),
        lambda c, key: c.v1.plans.retrieve(key),
    ),
    "coupons": (
        lambda c: c.v1.coupons.list({"limit": 2}),
        lambda c, key: c.v1.coupons.retrieve(key),
    ),
    "promotion_codes": (
        lambda c: c.v1.promotion_codes.list(),
        lambda c, key: c.v1.promotion_codes.retrieve(key),
    ),
    "tax_rates": (
        lambda c: c.v1.tax_rates.list({"limit": 1}),
        lambda c, key: c.v1.tax_rates.retrieve(key),
    ),
}
"""Every list without required parameters, and how one of its objects is read."""


def everything(api: Client, path: str) -> list[Row]:
    """Read a list with all that it has."""
    return api.rows(path, {"status": "all"} if path == "subscriptions" else None)
