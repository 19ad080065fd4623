"""Asks a sandbox's Stripe: with the official client, or as plainly as possible."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

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
            headers={"authorization": f"Bearer {self.token}"},
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


class Listed(NamedTuple):
    """A list, as the official client reads it."""

    service: str
    """The client's own name of it, with dots."""
    query: dict[str, Any]

    def first_page(self, client: StripeClient) -> Any:
        return self._of(client).list(self.query)

    def one(self, client: StripeClient, key: str) -> Any:
        return self._of(client).retrieve(key)

    def _of(self, client: StripeClient) -> Any:
        return attrgetter(self.service)(client.v1)


LISTS = {
    "billing/credit_grants": Listed("billing.credit_grants", {"limit": 100}),
    "billing/credit_balance_transactions": Listed(
        "billing.credit_balance_transactions", {"limit": 100}
    ),
    "billing/meters": Listed("billing.meters", {"limit": 3}),
    "billing/alerts": Listed("billing.alerts", {"limit": 3}),
    "invoices": Listed("invoices", {"limit": 100}),
    "invoiceitems": Listed("invoice_items", {"limit": 100}),
    "invoice_payments": Listed("invoice_payments", {"limit": 100}),
    "subscriptions": Listed("subscriptions", {"limit": 7, "status": "all"}),
    "credit_notes": Listed("credit_notes", {}),
    "quotes": Listed("quotes", {"limit": 3}),
    "customers": Listed("customers", {}),
    "balance_transactions": Listed("balance_transactions", {"limit": 100}),
    "payouts": Listed("payouts", {"limit": 50}),
    "charges": Listed("charges", {"limit": 100}),
    "payment_intents": Listed("payment_intents", {"limit": 100}),
    "refunds": Listed("refunds", {}),
    "disputes": Listed("disputes", {}),
    "events": Listed("events", {"limit": 100}),
    "products": Listed("products", {}),
    "prices": Listed("prices", {}),
    "plans": Listed("plans", {}),
    "coupons": Listed("coupons", {"limit": 2}),
    "promotion_codes": Listed("promotion_codes", {}),
    "tax_rates": Listed("tax_rates", {"limit": 1}),
}
"""Every list without required parameters."""


def everything(api: Client, path: str) -> list[Row]:
    """Read a list with all that it has."""
    return api.rows(path, {"status": "all"} if path == "subscriptions" else None)
