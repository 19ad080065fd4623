"""Asks a sandbox over HTTP, as plainly as possible."""

from __future__ import annotations

from typing import Any

import httpx

from billql.sandbox import Sandbox

TEAM = "12345678-1234-1234-1234-123456789012"
MY = "/v2/customers/my"
INSIGHTS = f"/v2/billing/do:team:{TEAM}/insights"


class Client:
    """A client of one sandbox's DigitalOcean, with its token."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.urls["digitalocean"]
        self.token = sandbox.tokens["digitalocean"]
        self.http = httpx.Client(
            base_url=self.url,
            headers={"authorization": f"Bearer {self.token}"},
            limits=httpx.Limits(max_connections=None),
            timeout=120,  # a busy machine is no reason to fail
            trust_env=False,
        )

    def get(self, path: str, **query: str | int) -> httpx.Response:
        return self.http.get(path, params=query or None)

    def json(self, path: str, **query: str | int) -> Any:
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def rows(self, path: str, word: str, **query: str | int) -> list[Any]:
        """Read a whole list by its links."""
        page = self.json(path, **{"per_page": 200, **query})
        rows = list(page[word])
        while (after := page.get("links", {}).get("pages", {}).get("next")) is not None:
            page = self.json(after)
            rows += page[word]
        assert len(rows) == page["meta"]["total"]
        return rows

    def invoices(self) -> list[Any]:
        """All invoices, the preview first."""
        preview = self.json(f"{MY}/invoices")["invoice_preview"]
        return [preview, *self.rows(f"{MY}/invoices", "invoices")]

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
