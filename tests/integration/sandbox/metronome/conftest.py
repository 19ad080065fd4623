"""One sandbox for all tests that only read it, and its most telling customers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from billql.sandbox import Sandbox
from billql.sandbox.story import Story

from .client import UNTIL, Client


class Cast(NamedTuple):
    """Ids of customers."""

    enterprise: str
    scale: str
    team: str
    planned: str
    lead: str
    contract: str
    """The enterprise's newest contract."""
    edited_contract: str
    """That of `scale`, to which commits were added later."""
    subscription: str


@pytest.fixture(scope="session")
def api() -> Iterator[Client]:
    with Sandbox(seed=1, until=UNTIL) as sandbox, Client(sandbox) as client:
        yield client


@pytest.fixture(scope="session")
def cast(api: Client) -> Cast:
    def one(tier: str, billable: str) -> str:
        return next(
            str(row["id"])
            for row in everybody
            if row["custom_fields"]["tier"] == tier
            and row["current_billable_status"]["value"] == billable
        )

    everybody: list[Any] = api.customers()
    enterprise = one("enterprise", "billable")
    scale = one("scale", "billable")
    contracts = api.rows("/v2/contracts/list", {"customer_id": enterprise})
    edited = api.rows("/v2/contracts/list", {"customer_id": scale})
    return Cast(
        enterprise=enterprise,
        scale=scale,
        team=one("team", "billable"),
        planned=one("scale", "unbillable"),
        lead=one("lead", "unbillable"),
        contract=contracts[-1]["id"],
        edited_contract=edited[0]["id"],
        subscription=contracts[-1]["subscriptions"][0]["id"],
    )


@pytest.fixture(scope="session")
def story() -> Story:
    return Story(1, 8, UNTIL)


@pytest.fixture(scope="session")
def balances(api: Client) -> dict[str, list[Any]]:
    return {row["id"]: api.balances(row["id"]) for row in api.customers()}


@pytest.fixture(scope="session")
def invoices(api: Client) -> dict[str, list[Any]]:
    return {row["id"]: api.invoices(row["id"]) for row in api.customers()}
