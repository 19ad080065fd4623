"""Filters and flags: what is asked for is what comes, and nothing beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .asking import BALANCES, EVERYTHING, MOMENTS, Asker, utc
from .conftest import Cast

FLAGS = [(False, False), (False, True), (True, False), (True, True)]


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("path", ["Balances", "Commits", "Credits"])
def test_balance_and_ledger_come_only_if_asked_for(
    ask: Asker, cast: Cast, path: str, flags: tuple[bool, bool]
) -> None:
    body: dict[str, Any] = {
        "customer_id": cast.enterprise,
        f"include_contract_{path.lower()}": True,
        "include_balance": flags[0],
        "include_ledgers": flags[1],
    }
    rows = ask.rows(f"/v1/contracts/customer{path}/list", body)
    assert rows
    assert [("balance" in row, "ledger" in row) for row in rows] == [flags] * len(rows)
    bare = {name: value for name, value in body.items() if value is not False}
    assert ask.rows(f"/v1/contracts/customer{path}/list", bare) == rows


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("flags", FLAGS)
def test_contracts_have_them_only_if_asked_for(
    ask: Asker, cast: Cast, version: str, flags: tuple[bool, bool]
) -> None:
    body = {
        "customer_id": cast.scale,
        "include_balance": flags[0],
        "include_ledgers": flags[1],
    }
    contracts = ask.rows(f"/{version}/contracts/list", body)
    held = [one["current"] if version == "v1" else one for one in contracts]
    rows = [row for one in held for row in one["commits"] + one["credits"]]
    assert rows
    assert [("balance" in row, "ledger" in row) for row in rows] == [flags] * len(rows)
    one = ask.ask(f"/{version}/contracts/get", {**body, "contract_id": contracts[0]["id"]})["data"]
    assert one == contracts[0]


def test_balances_are_commits_and_credits(ask: Asker, cast: Cast) -> None:
    for flags in ({}, {"include_archived": True}):
        body = {"customer_id": cast.enterprise, **flags}
        everything = ask.rows(BALANCES, {**body, "include_contract_balances": True})
        commits = ask.rows(
            "/v1/contracts/customerCommits/list", {**body, "include_contract_commits": True}
        )
        credits = ask.rows(
            "/v1/contracts/customerCredits/list", {**body, "include_contract_credits": True}
        )
        assert {row["id"] for row in everything} == {row["id"] for row in commits + credits}
        assert {row["type"] for row in commits} == {"PREPAID", "POSTPAID"}
        assert {row["type"] for row in credits} == {"CREDIT"}


def test_contract_balances(ask: Asker, cast: Cast) -> None:
    own = ask.balances(cast.enterprise, include_contract_balances=False)
    everything = ask.balances(cast.enterprise)
    assert own
    assert own == [row for row in everything if "contract" not in row]
    assert len(own) < len(everything)


def test_archived(ask: Asker, cast: Cast) -> None:
    without = ask.balances(cast.enterprise, include_archived=False)
    everything = ask.balances(cast.enterprise)
    more = [row for row in everything if row not in without]
    assert {row["name"] for row in more} == {"Mistake"}
    assert {("archived_at" in row, row["type"]) for row in more} == {
        (True, "PREPAID"),
        (False, "CREDIT"),
    }
    for path in ("/v1/contracts/list", "/v2/contracts/list"):
        body = {"customer_id": cast.enterprise}
        assert not any("archived_at" in row for row in ask.rows(path, body))
        rows = ask.rows(path, {**body, "include_archived": True})
        assert sum("archived_at" in row for row in rows) == 1


def test_zero_balances(ask: Asker, cast: Cast) -> None:
    everything = ask.balances(cast.enterprise)
    rows = ask.balances(cast.enterprise, exclude_zero_balances=True)
    assert 0 < len(rows) < len(everything)
    assert rows == [row for row in everything if row["balance"]]
    hidden = ask.balances(cast.enterprise, exclude_zero_balances=True, include_balance=False)
    assert [row["id"] for row in hidden] == [row["id"] for row in rows]


def test_by_id(ask: Asker, cast: Cast) -> None:
    everything = ask.balances(cast.enterprise)
    for row in everything[:3]:
        assert ask.balances(cast.enterprise, id=row["id"]) == [row]
    assert ask.balances(cast.scale, id=everything[0]["id"]) == []
    assert ask.balances(cast.enterprise, access_type="QUANTITY") == []
    assert ask.balances(cast.enterprise, access_type="spend") == everything


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
    ask: Asker, cast: Cast, name: str, keep: Callable[[Any, str], bool], moment: str
) -> None:
    for customer in (cast.enterprise, cast.team):
        everything = ask.balances(customer)
        assert ask.balances(customer, **{name: moment}) == [
            row
            for row in everything
            if any(keep(item, utc(moment)) for item in row["access_schedule"]["schedule_items"])
        ]


@pytest.mark.parametrize("path", ["/v1/contracts/list", "/v2/contracts/list"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_times_of_contracts(ask: Asker, cast: Cast, path: str, moment: str) -> None:
    body = {"customer_id": cast.enterprise}

    def terms(row: Any) -> Any:
        return row.get("current", row)

    everything = ask.rows(path, body)
    assert len(everything) == 2
    assert ask.rows(path, {**body, "covering_date": moment}) == [
        row
        for row in everything
        if terms(row)["starting_at"] <= utc(moment) < terms(row)["ending_before"]
    ]
    assert ask.rows(path, {**body, "starting_at": moment}) == [
        row for row in everything if terms(row)["starting_at"] >= utc(moment)
    ]


def test_flags_do_not_change_the_order(ask: Asker, cast: Cast) -> None:
    whole = ask.balances(cast.team)
    bare = {"customer_id": cast.team, "include_contract_balances": True, "include_archived": True}
    assert [row["id"] for row in ask.rows(BALANCES, bare)] == [row["id"] for row in whole]
    assert set(EVERYTHING) > set(bare) - {"customer_id"}
