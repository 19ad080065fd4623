"""Four ways to hand over the next page, and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import pytest

from .client import BALANCES, EVERYTHING, YEAR, Client
from .conftest import Cast


class List(NamedTuple):
    """A list, where its limit and its token go, and what limits it has."""

    path: str
    body: dict[str, Any] | None = None
    query: Mapping[str, Any] = MappingProxyType({})
    where: Literal["query", "body"] = "query"
    token: str = "next_page"
    usual: int = 25
    most: int = 100


OWN = {"customer_id": "{enterprise}"}
SEATS = {**OWN, "contract_id": "{contract}"}

LISTS = {
    "A customers": List("/v1/customers"),
    "A invoices": List("/v1/customers/{enterprise}/invoices"),
    "A costs": List("/v1/customers/{enterprise}/costs", query=YEAR),
    "A metrics": List("/v1/customers/{enterprise}/billable-metrics"),
    "A customer plans": List("/v1/customers/{planned}/plans"),
    "A plans": List("/v1/plans"),
    "A credit types": List("/v1/credit-types/list"),
    "A all metrics": List("/v1/billable-metrics"),
    "B grants": List("/v1/credits/listGrants", {}),
    "B products": List("/v1/contract-pricing/products/list", {"archive_filter": "ALL"}),
    "B rate cards": List("/v1/contract-pricing/rate-cards/list", {}),
    "B packages": List("/v1/packages/list", {"archive_filter": "ALL"}, usual=10),
    "C balances": List(BALANCES, {**OWN, **EVERYTHING}, where="body", most=25),
    "C commits": List(
        "/v1/contracts/customerCommits/list",
        {**OWN, "include_contract_commits": True},
        where="body",
        most=25,
    ),
    "C credits": List(
        "/v1/contracts/customerCredits/list",
        {**OWN, "include_contract_credits": True},
        where="body",
        most=25,
    ),
    "D seats": List("/v1/contracts/seatBalances/list", SEATS, {}, "body", "cursor"),
}


def call(cast: Cast, name: str) -> tuple[List, str, dict[str, Any] | None, dict[str, Any]]:
    listing = LISTS[name]
    ids = cast._asdict()
    body = listing.body
    if body is not None:
        body = {
            key: value.format_map(ids) if isinstance(value, str) else value
            for key, value in body.items()
        }
    return listing, listing.path.format_map(ids), body, dict(listing.query)


def token_of(page: Any) -> Any:
    if "pagination" in page:
        return page["pagination"]["next_page"]
    return page["cursor"] if "cursor" in page else page["next_page"]


@pytest.mark.parametrize("name", LISTS)
def test_pages_have_all_rows_once_and_in_order(api: Client, cast: Cast, name: str) -> None:
    listing, path, body, query = call(cast, name)
    into = query if listing.where == "query" else body
    assert into is not None
    into["limit"] = listing.most
    everything = []
    while True:
        page = api.call(path, body, **query)
        everything += page["data"]
        if not token_of(page):
            break
        into[listing.token] = token_of(page)
    into.pop(listing.token, None)
    into["limit"] = 2 if len(everything) > 2 else 1
    rows, sizes = [], []
    for _ in range(1000):
        page = api.call(path, body, **query)
        rows += page["data"]
        sizes.append(len(page["data"]))
        if not token_of(page):
            break
        into[listing.token] = token_of(page)
    assert rows == everything
    assert set(sizes[:-1]) <= {into["limit"]}
    assert len(sizes) > 1
    assert token_of(page) is None


@pytest.mark.parametrize("name", LISTS)
def test_limits(api: Client, cast: Cast, name: str) -> None:
    listing, path, body, query = call(cast, name)
    into = query if listing.where == "query" else body
    assert into is not None
    usual = api.call(path, body, **query)["data"]
    into["limit"] = listing.usual
    assert api.call(path, body, **query)["data"] == usual
    for limit in (0, listing.most + 1, "many"):
        into["limit"] = limit
        response = api.get(path, **query) if body is None else api.post(path, body, **query)
        assert response.status_code == 400, limit
        assert "limit" in response.json()["message"]


@pytest.mark.parametrize("name", ["limit", "cursor", "next_page"])
def test_contracts_have_no_pages(api: Client, cast: Cast, name: str) -> None:
    body = {"customer_id": cast.enterprise}
    assert api.call("/v2/contracts/list", body)["cursor"] is None
    response = api.post("/v2/contracts/list", {**body, name: 20 if name == "limit" else "x"})
    assert response.status_code == 400
    assert name in response.json()["message"]


@pytest.mark.parametrize("name", [name for name in LISTS if name[0] in "BCD"])
def test_the_token_goes_nowhere_else(api: Client, cast: Cast, name: str) -> None:
    listing, path, body, _ = call(cast, name)
    assert body is not None
    in_body, in_query = {**body, "next_page": "x"}, {**body, "cursor": "x"}
    responses = [
        api.post(path, in_body),
        api.post(path, in_query),
        api.post(path, body, next_page="x"),
        api.post(path, body, cursor="x"),
    ]
    messages = [response.json()["message"] for response in responses]
    assert [response.status_code for response in responses] == [400] * 4
    taken = ["no token" in one for one in messages]
    assert taken == [
        (listing.where, listing.token) == way
        for way in (
            ("body", "next_page"),
            ("body", "cursor"),
            ("query", "next_page"),
            ("query", "cursor"),
        )
    ]


@pytest.mark.parametrize("token", ["x", "!", "W10", "WzEsMl0x", "MQ", "é"])
def test_made_up_tokens(api: Client, token: str) -> None:
    response = api.get("/v1/customers", next_page=token)
    assert response.status_code == 400
    assert "next" in response.json()["message"]


def test_a_token_belongs_to_its_request(api: Client, cast: Cast) -> None:
    body = {"customer_id": cast.team, "include_contract_balances": True}
    token = api.call(BALANCES, body)["next_page"]
    assert api.post(BALANCES, {**body, "next_page": token, "limit": 3}).status_code == 200
    for other in ({**body, "customer_id": cast.scale}, {**body, "include_balance": True}):
        response = api.post(BALANCES, {**other, "next_page": token})
        assert response.status_code == 400
        assert "next_page" in response.json()["message"]


def test_no_token_and_null_begin_at_the_beginning(api: Client, cast: Cast) -> None:
    body = {"customer_id": cast.team, "include_contract_balances": True}
    first = api.call(BALANCES, body)
    assert api.call(BALANCES, {**body, "next_page": None}) == first
    assert api.call(BALANCES, {**body, "next_page": ""}) == first


def test_lists_without_a_limit(api: Client, cast: Cast) -> None:
    usage = {
        "starting_on": "2026-02-01T00:00:00Z",
        "ending_before": "2026-03-01T00:00:00Z",
        "window_size": "NONE",
    }
    for path, body, size in (
        ("/v1/usage", usage, 100),
        ("/v1/credits/listEntries", {}, 10),
        ("/v1/customer-alerts/list", {"customer_id": cast.enterprise}, 5),
    ):
        response = api.post(path, body, limit=1)
        assert response.status_code == 400
        pages = api.pages(path, body)
        assert len(pages) > 1
        assert {len(page["data"]) for page in pages[:-1]} == {size}


def test_seats_tell_how_many_are_left(api: Client, cast: Cast) -> None:
    body = {"customer_id": cast.enterprise, "contract_id": cast.contract, "limit": 12}
    pages = api.pages("/v1/contracts/seatBalances/list", body)
    counts = [page["pagination"] for page in pages]
    assert [one["seats_included"] for one in counts] == [12, 12, 6]
    assert [one["seats_available_for_next_page"] for one in counts] == [18, 6, 0]


def test_seats_with_many_credits_come_on_more_pages(api: Client, cast: Cast) -> None:
    contracts = api.rows("/v2/contracts/list", {"customer_id": cast.enterprise})
    body = {
        "customer_id": cast.enterprise,
        "contract_id": contracts[0]["id"],
        "limit": 100,
        "include_credits_and_commits": True,
    }
    pages = api.pages("/v1/contracts/seatBalances/list", body)
    assert len(pages) > 1
    for page in pages[:-1]:
        shown = [len(row["credits"]) for row in page["data"]]
        assert sum(shown[:-1]) < 100 <= sum(shown)
    assert sum(len(page["data"]) for page in pages) == 30
    del body["include_credits_and_commits"]
    assert len(api.pages("/v1/contracts/seatBalances/list", body)) == 1


class TestBreakdowns:
    def pages(self, api: Client, cast: Cast, **query: Any) -> list[Any]:
        path = f"/v1/customers/{cast.scale}/invoices/breakdowns"
        return api.pages(path, **{**YEAR, **query})

    def test_a_page_has_35_days(self, api: Client, cast: Cast) -> None:
        pages = self.pages(api, cast, limit=100)
        assert {len(page["data"]) for page in pages[:-1]} == {35}
        rows = [row for page in pages for row in page["data"]]
        days = [row["breakdown_start_timestamp"] for row in rows]
        assert days == sorted(set(days))
        assert days[0] == "2025-01-01T00:00:00.000Z"
        assert days[-1] == "2026-03-15T00:00:00.000Z"

    def test_a_page_has_24_hours(self, api: Client, cast: Cast) -> None:
        window = {
            "starting_on": "2026-02-27T12:00:00Z",
            "ending_before": "2026-03-02T00:00:00Z",
        }
        pages = self.pages(api, cast, window_size="HOUR", **window)
        assert [len(page["data"]) for page in pages] == [24, 24, 12]

    def test_smaller_pages(self, api: Client, cast: Cast) -> None:
        pages = self.pages(api, cast, limit=20)
        assert {len(page["data"]) for page in pages[:-1]} == {20}
