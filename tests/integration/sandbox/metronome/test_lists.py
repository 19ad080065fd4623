"""The filters of the other lists."""

from __future__ import annotations

from typing import Any

from .client import MOMENTS, NOW, USD, Client, utc
from .conftest import Cast


def test_customers(api: Client, cast: Cast) -> None:
    active = api.rows("/v1/customers")
    gone = api.rows("/v1/customers", only_archived=True)
    assert all(row["archived_at"] is None for row in active)
    assert all(row["archived_at"] for row in gone)
    assert api.rows("/v1/customers", only_archived=False) == active
    for alias in active[3]["ingest_aliases"]:
        assert api.rows("/v1/customers", ingest_alias=alias) == [active[3]]
    sold = [row for row in active if row["customer_config"]["salesforce_account_id"]]
    account = sold[0]["customer_config"]["salesforce_account_id"]
    assert api.rows("/v1/customers", salesforce_account_ids=account) == [sold[0]]
    assert api.call(f"/v1/customers/{cast.team}")["data"] in active
    assert api.call(f"/v1/customers/{cast.team.upper()}")["data"]["id"] == cast.team


def test_invoices(api: Client, cast: Cast) -> None:
    everything = api.invoices(cast.enterprise)
    issued = [row["issued_at"] for row in everything]
    assert issued == sorted(issued)
    for name in ("status", "contract_id"):
        values = {row[name] for row in everything}
        assert len(values) > 1
        for value in values:
            assert api.invoices(cast.enterprise, **{name: value}) == [
                row for row in everything if row[name] == value
            ]
    assert api.invoices(cast.enterprise, credit_type_id=USD) == everything
    assert api.invoices(cast.planned, credit_type_id=USD) == []
    period = api.invoices(
        cast.enterprise,
        starting_on="2025-06-01T00:00:00Z",
        ending_before="2025-09-01T00:00:00Z",
    )
    months = [row["start_timestamp"][:7] for row in period if row["type"] == "USAGE"]
    assert months == ["2025-06", "2025-07"]
    for row in everything[:3]:
        one = api.call(f"/v1/customers/{cast.enterprise}/invoices/{row['id']}")["data"]
        assert one == row


def test_breakdowns(api: Client, cast: Cast) -> None:
    path = f"/v1/customers/{cast.scale}/invoices/breakdowns"
    window = {"starting_on": "2026-03-13T01:00:00Z", "ending_before": "2026-03-17T00:00:00Z"}
    days = api.rows(path, **window)
    assert [row["breakdown_start_timestamp"][:10] for row in days] == ["2026-03-14", "2026-03-15"]
    assert {row["status"] for row in days} == {"DRAFT"}
    assert api.rows(path, **window, status="FINALIZED") == []
    hours = api.rows(path, **window, window_size="HOUR")
    assert hours[0]["breakdown_start_timestamp"] == "2026-03-13T01:00:00.000Z"
    assert hours[-1]["breakdown_end_timestamp"] == "2026-03-15T06:00:00.000Z"
    assert all(row["line_items"] for row in hours)


def test_grants(api: Client, cast: Cast) -> None:
    path = "/v1/credits/listGrants"
    everything = api.rows(path, {})
    assert len({row["customer_id"] for row in everything}) > 5
    mine = api.rows(path, {"customer_ids": [cast.planned]})
    assert mine == [row for row in everything if row["customer_id"] == cast.planned]
    assert api.rows(path, {"credit_grant_ids": [mine[0]["id"]]}) == [mine[0]]
    assert api.rows(path, {"credit_type_ids": [USD]}) == [
        row for row in everything if row["grant_amount"]["credit_type"]["id"] == USD
    ]
    for moment in MOMENTS:
        assert api.rows(path, {"effective_before": moment}) == [
            row for row in everything if row["effective_at"] < utc(moment)
        ]
        assert api.rows(path, {"not_expiring_before": moment}) == [
            row
            for row in everything
            if row["expires_at"] >= utc(moment)
            and not (row["expires_at"] == utc(moment) and ".5" in moment)
        ]
    response = api.post(path, {"customer_ids": [USD], "credit_grant_ids": [USD]})
    assert response.status_code == 400


def test_entries(api: Client, cast: Cast) -> None:
    path = "/v1/credits/listEntries"
    (whole,) = api.rows(path, {"customer_ids": [cast.planned]})
    (part,) = api.rows(
        path, {"customer_ids": [cast.planned], "starting_on": "2025-06-01T00:00:00Z"}
    )
    for before, after in zip(whole["ledgers"], part["ledgers"], strict=True):
        entries = [one for one in before["entries"] if one["effective_at"] >= "2025-06-01"]
        assert after["entries"] == entries
        pending = after["pending_entries"]
        change = sum(one["amount"] for one in [*entries, *pending])
        start, end = after["starting_balance"], after["ending_balance"]
        assert end["including_pending"] - start["including_pending"] == change
        assert start["effective_at"] == "2025-06-01T00:00:00+00:00"
        assert end == before["ending_balance"]
    (usd,) = api.rows(path, {"customer_ids": [cast.planned], "credit_type_ids": [USD]})
    assert all(one["credit_type"]["id"] == USD for one in usd["ledgers"])


def test_rates(api: Client) -> None:
    path = "/v1/contract-pricing/rate-cards/getRates"
    cards = api.rows("/v1/contract-pricing/rate-cards/list", {})
    assert [card["aliases"][0]["name"] for card in cards] == ["standard", "enterprise"]
    body = {"rate_card_id": cards[1]["id"], "at": NOW}
    rates = api.rows(path, body)
    assert all("ending_before" not in rate for rate in rates)
    tokens = [rate for rate in rates if rate["product_name"] == "Inference tokens"]
    assert [rate["pricing_group_values"] for rate in tokens] == [
        {"model": "small"},
        {"model": "large"},
    ]

    (seats,) = (rate for rate in rates if rate["product_name"] == "Seats")
    assert seats["rate"]["rate_type"] == "FLAT"
    assert seats["rate"]["price"] == 0
    earlier = api.rows(path, {**body, "at": "2024-06-01T00:00:00Z"})
    prices = [rate["rate"]["price"] for rate in rates if rate["product_name"] == "API calls"]
    before = [rate["rate"]["price"] for rate in earlier if rate["product_name"] == "API calls"]
    assert before == [price * 1.25 for price in prices]


def test_products(api: Client) -> None:
    path = "/v1/contract-pricing/products/list"
    everything = api.rows(path, {"archive_filter": "ALL"})
    assert len({"archived_at" in row for row in everything}) == 2
    assert {row["type"] for row in everything} == {
        "USAGE",
        "SUBSCRIPTION",
        "COMPOSITE",
        "FIXED",
        "PRO_SERVICE",
    }
    (renamed,) = (row for row in everything if row["updates"])
    assert renamed["initial"]["name"] != renamed["current"]["name"]
    metrics = api.rows("/v1/billable-metrics")
    everything = api.rows("/v1/billable-metrics", include_archived=True)
    assert len(everything) == len(metrics) + 2


def test_alerts(api: Client, cast: Cast) -> None:
    path, body = "/v1/customer-alerts/list", {"customer_id": cast.enterprise}
    everything = api.rows(path, {**body, "alert_statuses": ["ENABLED", "DISABLED", "ARCHIVED"]})
    assert {row["alert"]["status"] for row in everything} == {"enabled", "disabled", "archived"}
    assert api.rows(path, body) == [
        row for row in everything if row["alert"]["status"] == "enabled"
    ]
    for row in everything:
        archived = row["alert"]["status"] == "archived"
        assert (row["customer_status"] is None) == archived
        one = api.call("/v1/customer-alerts/get", {**body, "alert_id": row["alert"]["id"]})["data"]
        assert one == row
    statuses = {
        row["customer_status"]
        for customer in api.customers()
        for row in api.rows(path, {"customer_id": customer["id"]})
    }
    assert statuses == {"ok", "in_alarm"}


def test_audit_logs(api: Client) -> None:
    def logs(**query: Any) -> list[Any]:
        rows = []
        same = {"limit": 100, "sort": "date_desc", **query}
        page = api.call("/v1/auditLogs", **same)
        for name in ("starting_on", "ending_before"):
            same.pop(name, None)
        while page["data"]:
            rows += page["data"]
            page = api.call("/v1/auditLogs", **same, next_page=page["next_page"])
        return rows

    everything = logs()
    times = [row["timestamp"] for row in everything]
    assert times == sorted(times, reverse=True)
    window = {"starting_on": "2025-06-01T00:00:00Z", "ending_before": "2025-09-01T00:00:00Z"}
    part = [row for row in everything if "2025-06" <= row["timestamp"] < "2025-09"]
    assert len(part) > 10
    assert logs(**window) == part
    one = everything[0]
    found = logs(resource_id=one["resource_id"], resource_type=one["resource_type"])
    assert one in found
    assert len(found) < 5


def test_seats(api: Client, cast: Cast) -> None:
    path = "/v1/contracts/seatBalances/list"
    body = {"customer_id": cast.enterprise, "contract_id": cast.contract}
    seats = api.rows(path, body)
    assert len(seats) == 30
    assert all(set(seat) == {"seat_id", "balances"} for seat in seats)
    chosen = {**body, "skip_missing_seat_ids": True}
    assert api.rows(path, {**chosen, "seat_ids": [seats[3]["seat_id"]]}) == [seats[3]]
    assert api.rows(path, {**chosen, "seat_ids": ["nobody"]}) == []
    day = {**body, "covering_date": NOW, "include_credits_and_commits": True}
    rows = api.rows(path, day)
    assert {len(row["credits"]) for row in rows} == {1}
    assert api.rows(path, {**body, "covering_date": "2020-01-01T00:00:00Z"})[0]["balances"] == []


def test_packages(api: Client) -> None:
    packages = api.rows("/v1/packages/list", {"archive_filter": "ALL"})
    assert [row["name"] for row in packages] == ["Team", "Starter", "Team (old)"]
    contracts = [
        contract
        for customer in api.customers()
        for contract in api.rows("/v2/contracts/list", {"customer_id": customer["id"]})
    ]
    assert {one.get("package_id") for one in contracts} == {packages[0]["id"], None}
    assert api.call("/v1/packages/get", {"package_id": packages[1]["id"]})["data"] == packages[1]
    assert api.post("/v1/packages/get", {"package_id": USD}).status_code == 404
