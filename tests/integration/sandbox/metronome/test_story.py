"""The same seed tells the same story, and what is past does not depend on when it is read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from billql.sandbox import Sandbox

from .client import EVERYTHING, NET, UNTIL, YEAR, Client
from .conftest import Cast

USAGE = {
    "starting_on": "2026-02-01T00:00:00Z",
    "ending_before": "2026-02-02T00:00:00Z",
    "window_size": "HOUR",
}


def questions(customer: str) -> list[tuple[str, dict[str, Any] | None]]:
    own = {"customer_id": customer}
    window = "&".join(f"{name}={value}" for name, value in YEAR.items())
    here = f"/v1/customers/{customer}"
    return [
        ("/v1/customers?limit=100", None),
        (here, None),
        (f"{here}/invoices?limit=100", None),
        (f"{here}/invoices/breakdowns?{window}", None),
        (f"{here}/costs?limit=100&{window}", None),
        (f"{here}/plans", None),
        ("/v1/auditLogs?limit=100&sort=date_desc", None),
        ("/v1/billable-metrics", None),
        ("/v1/plans", None),
        ("/v2/contracts/list", own),
        ("/v1/contracts/customerBalances/list", {**own, **EVERYTHING}),
        (NET, own),
        ("/v1/customer-alerts/list", own),
        ("/v1/credits/listGrants?limit=100", {}),
        ("/v1/credits/listEntries", {}),
        ("/v1/usage", USAGE),
        ("/v1/contract-pricing/products/list", {"archive_filter": "ALL"}),
        ("/v1/contract-pricing/rate-cards/list", {}),
        ("/v1/packages/list", {"archive_filter": "ALL"}),
    ]


def responses(api: Client, customer: str, backwards: bool = False) -> dict[str, bytes]:
    requests = questions(customer)
    tables = {
        path: (api.get(path) if body is None else api.post(path, body)).content
        for path, body in (requests[::-1] if backwards else requests)
    }
    return dict(sorted(tables.items()))


def test_same_seed_same_bytes(api: Client, cast: Cast) -> None:
    """In any order of requests."""
    with Sandbox(seed=1, until=UNTIL) as sandbox, Client(sandbox) as other:
        again = responses(other, cast.enterprise, backwards=True)
    assert again == responses(api, cast.enterprise)


def test_another_seed_another_story(api: Client) -> None:
    with Sandbox(seed=2, until=UNTIL) as sandbox, Client(sandbox) as other:
        first, second = (responses(one, one.rows("/v1/customers")[0]["id"]) for one in (api, other))
    assert not any(
        body == other
        for (path, body), other in zip(first.items(), second.values(), strict=True)
        if not path.endswith("/plans")
    )


def test_tokens_belong_to_seeds() -> None:
    tokens = set()
    for seed in (1, 1, 2):
        with Sandbox(seed=seed, size="small", until=UNTIL) as sandbox:
            tokens.add(sandbox.tokens["metronome"])
    assert len(tokens) == 2


@pytest.mark.parametrize("until", [date(2026, 5, 31), date(2026, 12, 31)])
def test_what_is_past_stays_as_it_is(api: Client, cast: Cast, until: date) -> None:
    window = {"starting_on": "2025-01-01T00:00:00Z", "ending_before": "2026-02-01T00:00:01Z"}
    with Sandbox(seed=1, until=until) as sandbox, Client(sandbox) as other:
        for customer in (cast.enterprise, cast.scale, cast.team, cast.planned):
            earlier, later = (one.invoices(customer, **window) for one in (api, other))
            assert len(earlier) >= 13
            for invoice in [*earlier, *later]:
                # Only what became of it at Stripe may change.
                invoice["external_invoice"] = None
            assert earlier == later
            costs = f"/v1/customers/{customer}/costs"
            assert api.rows(costs, **window) == other.rows(costs, **window)
            before = {row["id"]: row for row in api.balances(customer)}
            after = {row["id"]: row for row in other.balances(customer)}
            assert set(before) <= set(after)
            for id, row in before.items():
                if row["balance"] == 0 and row["name"] != "Mistake":
                    ended = row["access_schedule"]["schedule_items"][-1]["ending_before"]
                    if ended <= "2026-02-01":
                        assert after[id] == row


def test_sizes() -> None:
    counts = []
    sizes: list[Any] = ["small", 3, "normal"]
    for size in sizes:
        with Sandbox(size=size, until=UNTIL) as sandbox, Client(sandbox) as api:
            counts.append(len(api.customers()))
    assert counts == sorted(counts)
    assert counts[0] == 8


@pytest.mark.parametrize("until", [date(2018, 1, 1), date(2024, 2, 29), date(2026, 12, 31)])
def test_possible_days(until: date) -> None:
    with Sandbox(size="small", until=until) as sandbox, Client(sandbox) as api:
        soon = until.replace(year=until.year + 1).isoformat() if until.day != 29 else "2025"
        for customer in api.customers():
            rows = api.balances(customer["id"])
            assert sum(row["balance"] for row in rows) == sum(
                entry["amount"] for row in rows for entry in row["ledger"]
            )
            assert all(row["issued_at"] < soon for row in api.invoices(customer["id"]))
