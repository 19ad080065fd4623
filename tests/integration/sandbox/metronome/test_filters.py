"""Filters and flags: the response has what was requested and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .client import BALANCES, EVERYTHING, MOMENTS, Client, utc
from .conftest import Cast

FLAGS = [(False, False), (False, True), (True, False), (True, True)]


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("path", ["Balances", "Commits", "Credits"])
def test_balance_and_ledger_are_returned_only_if_requested(
    api: Client, cast: Cast, path: str, flags: tuple[bool, bool]
) -> None:
    body: dict[str, Any] = {
        "customer_id": cast.enterprise,
        f"include_contract_{path.lower()}": True,
        "include_balance": flags[0],
        "include_ledgers": flags[1],
    }
    rows = api.rows(f"/v1/contracts/customer{path}/list", body)
    assert rows
    assert [("balance" in row, "ledger" in row) for row in rows] == [flags] * len(rows)
    bare = {name: value for name, value in body.items() if value is not False}
    assert api.rows(f"/v1/contracts/customer{path}/list", bare) == rows


def test_balances_are_commits_and_credits(api: Client, cast: Cast) -> None:
    for flags in ({}, {"include_archived": True}):
        body = {"customer_id": cast.enterprise, **flags}
        everything = api.rows(BALANCES, {**body, "include_contract_balances": True})
        commits = api.rows(
            "/v1/contracts/customerCommits/list", {**body, "include_contract_commits": True}
        )
        credits = api.rows(
            "/v1/contracts/customerCredits/list", {**body, "include_contract_credits": True}
        )
        assert {row["id"] for row in everything} == {row["id"] for row in commits + credits}
        assert {row["type"] for row in commits} == {"PREPAID", "POSTPAID"}
        assert {row["type"] for row in credits} == {"CREDIT"}


def test_contract_balances(api: Client, cast: Cast) -> None:
    own = api.balances(cast.enterprise, include_contract_balances=False)
    everything = api.balances(cast.enterprise)
    assert own
    assert own == [row for row in everything if "contract" not in row]
    assert len(own) < len(everything)


def test_archived(api: Client, cast: Cast) -> None:
    without = api.balances(cast.enterprise, include_archived=False)
    everything = api.balances(cast.enterprise)
    more = [row for row in everything if row not in without]
    assert {row["name"] for row in more} == {"Mistake"}
    assert {("archived_at" in row, row["type"]) for row in more} == {
        (True, "PREPAID"),
        (False, "CREDIT"),
    }
    path, body = "/v2/contracts/list", {"customer_id": cast.enterprise}
    assert not any("archived_at" in row for row in api.rows(path, body))
    rows = api.rows(path, {**body, "include_archived": True})
    assert sum("archived_at" in row for row in rows) == 1


def test_zero_balances(api: Client, cast: Cast) -> None:
    everything = api.balances(cast.enterprise)
    rows = api.balances(cast.enterprise, exclude_zero_balances=True)
    assert 0 < len(rows) < len(everything)
    assert rows == [row for row in everything if row["balance"]]
    hidden = api.balances(cast.enterprise, exclude_zero_balances=True, include_balance=False)
    assert [row["id"] for row in hidden] == [row["id"] for row in rows]


def test_by_id(api: Client, cast: Cast) -> None:
    everything = api.balances(cast.enterprise)
    for row in everything[:3]:
        assert api.balances(cast.enterprise, id=row["id"]) == [row]
    assert api.balances(cast.scale, id=everything[0]["id"]) == []


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    ("name", "keep"),
    [
        ("covering_date", lambda item, day: item["starting_at"] <= day < item["ending_before"]),
        ("starting_at", lambda item, day: item["ending_before"] > day),
        ("effective_before", lambda item, day: item["starting_at"] < day),
    ],
)
def test_times(
    api: Client, cast: Cast, name: str, keep: Callable[[Any, str], bool], moment: str
) -> None:
    for customer in (cast.enterprise, cast.team):
        everything = api.balances(customer)
        assert api.balances(customer, **{name: moment}) == [
            row
            for row in everything
            if any(keep(item, utc(moment)) for item in row["access_schedule"]["schedule_items"])
        ]


@pytest.mark.parametrize("moment", MOMENTS)
def test_times_of_contracts(api: Client, cast: Cast, moment: str) -> None:
    path, body = "/v2/contracts/list", {"customer_id": cast.enterprise}
    everything = api.rows(path, body)
    assert len(everything) == 2
    assert api.rows(path, {**body, "covering_date": moment}) == [
        row for row in everything if row["starting_at"] <= utc(moment) < row["ending_before"]
    ]
    assert api.rows(path, {**body, "starting_at": moment}) == [
        row for row in everything if row["starting_at"] >= utc(moment)
    ]


def test_flags_do_not_change_the_order(api: Client, cast: Cast) -> None:
    whole = api.balances(cast.team)
    bare = {"customer_id": cast.team, "include_contract_balances": True, "include_archived": True}
    assert [row["id"] for row in api.rows(BALANCES, bare)] == [row["id"] for row in whole]
    assert set(EVERYTHING) > set(bare) - {"customer_id"}
