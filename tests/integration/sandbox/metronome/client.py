"""Asks a sandbox's Metronome over HTTP, as plainly as possible, and by the official client."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
from metronome import Metronome

from billql.sandbox import Sandbox

UNTIL = date(2026, 3, 15)
USD = "2714e483-4ff1-48e4-9e25-ac732e8f24f2"
BALANCES = "/v1/contracts/customerBalances/list"
NET = "/v1/contracts/customerBalances/getNetBalance"
EVERYTHING: dict[str, Any] = {
    "include_balance": True,
    "include_ledgers": True,
    "include_contract_balances": True,
    "include_archived": True,
}
YEAR = {"starting_on": "2025-01-01T00:00:00Z", "ending_before": "2026-04-01T00:00:00Z"}
NOW = "2026-03-15T06:00:00+00:00"
MOMENTS = [
    "2024-12-31T23:59:59Z",
    "2025-01-01T00:00:00Z",
    "2025-04-01T00:00:00+00:00",
    "2025-07-16T12:00:00.5Z",
    "2026-03-01T01:00:00+01:00",
    "2026-03-15T06:00:00.000Z",
    "2027-01-01T00:00:00Z",
]
UTC = {
    "2025-07-16T12:00:00.5Z": "2025-07-16T12:00:00+00:00",
    "2026-03-01T01:00:00+01:00": "2026-03-01T00:00:00+00:00",
}


def utc(moment: str) -> str:
    return UTC.get(moment, moment[:19] + "+00:00")


class Client:
    """A client of one sandbox's Metronome, with its token or another."""

    def __init__(self, sandbox: Sandbox, token: str | None = None) -> None:
        self.sandbox = sandbox
        self.url = sandbox.urls["metronome"]
        self.token = token or sandbox.tokens["metronome"]
        self.http = httpx.Client(
            base_url=self.url,
            headers={"authorization": f"Bearer {self.token}"},
            timeout=120,  # a busy machine is no reason to fail
            trust_env=False,
        )

    def official(self) -> Metronome:
        """The official client, which checks what it gets."""
        return Metronome(
            bearer_token=self.token,
            base_url=self.url,
            max_retries=0,
            http_client=httpx.Client(timeout=120, trust_env=False),
            _strict_response_validation=True,
        )

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query or None)

    def post(
        self, path: str, body: dict[str, Any] | None = None, /, **query: Any
    ) -> httpx.Response:
        return self.http.post(path, json=body or {}, params=query or None)

    def call(self, path: str, body: dict[str, Any] | None = None, /, **query: Any) -> Any:
        """GET without a body, POST with one; it must succeed."""
        response = self.get(path, **query) if body is None else self.post(path, body, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def pages(self, path: str, body: dict[str, Any] | None = None, /, **query: Any) -> list[Any]:
        """All pages of a list, whichever way its token goes."""
        pages: list[Any] = []
        body = None if body is None else dict(body)
        in_body = path.startswith("/v1/contracts/customer")
        while True:
            page = self.call(path, body, **query)
            pages.append(page)
            if "pagination" in page:
                name, token, where = "cursor", page["pagination"]["next_page"], body
            elif "cursor" in page:
                name, token, where = "cursor", page["cursor"], body
            else:
                name, token, where = "next_page", page["next_page"], body if in_body else query
            if not token:
                return pages
            assert where is not None
            where[name] = token

    def rows(self, path: str, body: dict[str, Any] | None = None, /, **query: Any) -> list[Any]:
        """All rows of a list."""
        return [row for page in self.pages(path, body, **query) for row in page["data"]]

    def customers(self) -> list[Any]:
        """All customers, those that left last."""
        return [
            *self.rows("/v1/customers", limit=100),
            *self.rows("/v1/customers", limit=100, only_archived=True),
        ]

    def balances(self, customer: str, **body: Any) -> list[Any]:
        return self.rows(BALANCES, {"customer_id": customer, **EVERYTHING, **body})

    def invoices(self, customer: str, **query: Any) -> list[Any]:
        return self.rows(f"/v1/customers/{customer}/invoices", limit=100, **query)

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
