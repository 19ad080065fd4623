"""The same seed tells the same, in any order and to everybody; a month stays as it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from billql.sandbox import Sandbox

from .client import LISTS, UNTIL, Client, Row

PATHS = [f"{path}?limit=100" for path in LISTS] + ["balance", "subscriptions?status=all"]


def responses_of(order: int = 1, **options: Any) -> dict[str, bytes]:
    with Sandbox(**options) as sandbox, Client(sandbox) as api:
        return {path: api.get(path).content for path in PATHS[::order]}


def test_same_seed_same_bytes() -> None:
    first, backwards = (responses_of(order, seed=5, size=2, until=UNTIL) for order in (1, -1))
    assert first == backwards


def test_another_seed_another_story() -> None:
    first, second = (responses_of(seed=seed, size="small", until=UNTIL) for seed in (1, 2))
    assert [path for path in PATHS if first[path] == second[path]] == ["coupons?limit=100"]


def steady(row: Row) -> Row:
    """Return what of an invoice nothing changes any more."""
    words = ("id", "created", "customer", "currency", "number", "subtotal", "total", "lines")
    return {word: row[word] for word in words}


@pytest.mark.parametrize("until", [date(2026, 1, 20), date(2026, 12, 31)])
def test_what_has_ended_stays_as_it_is(until: date) -> None:
    before = {"created[lt]": 1767225600}
    with (
        Sandbox(seed=1, size=3, until=UNTIL) as here,
        Sandbox(seed=1, size=3, until=until) as there,
        Client(here) as here_api,
        Client(there) as other,
    ):
        for path in ("invoiceitems", "refunds", "credit_notes", "billing/credit_grants"):
            keep = (lambda row: True) if path != "billing/credit_grants" else known
            rows, same = (
                {
                    row["id"]: row.get("amount")
                    for row in api.rows(path, before if "/" not in path else None)
                    if keep(row)
                }
                for api in (other, here_api)
            )
            assert rows == same
            assert rows
        mine, theirs = (
            [steady(row) for row in api.rows("invoices", before)] for api in (here_api, other)
        )
        assert mine == theirs
        assert len(mine) > 100
        paid_out, same_out = (
            [(row["id"], row["amount"]) for row in api.rows("payouts", before)]
            for api in (here_api, other)
        )
        assert paid_out == same_out


def known(row: Row) -> bool:
    return bool(row["created"] < 1767225600 and row["name"] != "Beta credits")


def test_fifty_threads_read_the_same_as_one() -> None:
    paths = [f"{path}?limit=5" for path in LISTS]
    with Sandbox(seed=3, size=2, until=UNTIL) as sandbox, Client(sandbox) as api:
        with ThreadPoolExecutor(50) as pool:
            responses = list(pool.map(lambda path: (path, api.get(path)), paths * 10))
        assert {response.status_code for _, response in responses} == {200}
        ids = [response.headers["request-id"] for _, response in responses]
        assert len(set(ids)) == len(ids)
        bodies = {(path, response.content) for path, response in responses}
        assert bodies == {(path, api.get(path).content) for path in paths}


def test_the_log(stripe_api: Client) -> None:
    with Sandbox(size="small", until=UNTIL) as sandbox, Client(sandbox) as api:
        api.get("coupons", limit=3)
        api.get("coupons/none")
        assert list(sandbox.requests) == [
            ("GET", "/v1/coupons?limit=3", 200),
            ("GET", "/v1/coupons/none", 404),
        ]


def test_sizes() -> None:
    counts = []
    for size in ("small", 2, 4):
        with Sandbox(size=size, until=UNTIL) as sandbox, Client(sandbox) as api:
            counts.append([len(api.rows(path)) for path in ("customers", "invoices", "charges")])
    assert counts[0] < counts[1] < counts[2]
    assert counts[0][0] == 8


@pytest.mark.parametrize("until", [date(2018, 1, 1), date(2024, 2, 29), date(2099, 12, 31)])
def test_possible_days(until: date) -> None:
    with Sandbox(size="small", until=until) as sandbox, Client(sandbox) as api:
        assert len(api.rows("invoices")) > 50
        assert api.rows("events")
        assert api.json("balance")["available"]
