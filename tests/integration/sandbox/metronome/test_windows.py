"""Usage, costs and breakdowns explain what invoices say, in windows of any size."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from .client import USD, YEAR, Client
from .conftest import Cast


def used(api: Client, customer: str, start: str, end: str, size: str = "NONE") -> dict[str, float]:
    body = {
        "customer_ids": [customer],
        "starting_on": start,
        "ending_before": end,
        "window_size": size,
    }
    total: Counter[str] = Counter()
    for row in api.rows("/v1/usage", body):
        total[row["billable_metric_name"]] += row["value"] or 0
    return {name: value for name, value in total.items() if value}


@pytest.mark.parametrize("who", ["enterprise", "scale", "team", "planned"])
def test_usage_explains_usage_lines(
    api: Client, cast: Cast, invoices: dict[str, list[Any]], who: str
) -> None:
    customer = cast._asdict()[who]
    tried = 0
    for invoice in invoices[customer]:
        if "start_timestamp" not in invoice:
            continue
        billed: Counter[str] = Counter()
        for line in invoice["line_items"]:
            if line["type"] == "usage":
                billed[line["name"]] += line["quantity"]
        expected = used(api, customer, invoice["start_timestamp"], invoice["end_timestamp"])
        if who == "planned":
            lots = {"API calls": 25, "Compute": 5, "Inference tokens": 5000, "Storage": 50}
            expected = {name: value // lots[name] for name, value in expected.items()}
        assert {name: value for name, value in billed.items() if value} == expected
        tried += 1
    assert tried == 15


@pytest.mark.parametrize("who", ["enterprise", "scale", "team", "planned"])
def test_costs_add_up_to_the_usage_of_invoices(
    api: Client, cast: Cast, invoices: dict[str, list[Any]], who: str
) -> None:
    customer = cast._asdict()[who]
    costs: Counter[tuple[str, str, str]] = Counter()
    for day in api.rows(f"/v1/customers/{customer}/costs", limit=100, **YEAR):
        for id, part in day["credit_types"].items():
            assert part["cost"] == sum(line["cost"] for line in part["line_item_breakdown"])
            for line in part["line_item_breakdown"]:
                costs[day["start_timestamp"][:7], id, line["name"]] += line["cost"]
    billed: Counter[tuple[str, str, str]] = Counter()
    for invoice in invoices[customer]:
        for line in invoice["line_items"]:
            if line["type"] == "usage" and line["total"]:
                month = invoice["start_timestamp"][:7]
                billed[month, line["credit_type"]["id"], line["name"]] += line["total"]
    assert costs == billed


def lines_of(rows: list[Any]) -> dict[tuple[str, ...], tuple[float, float]]:
    """What usage and what balances paid come to, by all that tells lines apart."""
    total: defaultdict[tuple[str, ...], list[float]] = defaultdict(lambda: [0, 0])
    for row in rows:
        for line in row["line_items"]:
            if line["type"] in ("usage", "applied_commit_or_credit"):
                groups = {
                    **line.get("presentation_group_values", {}),
                    **line.get("pricing_group_values", {}),
                }
                key = (
                    row["id"],
                    line["type"],
                    line["name"],
                    line["product_id"],
                    line.get("commit_id", ""),
                    *groups.values(),
                )
                total[key][0] += line["total"]
                total[key][1] += line.get("quantity", 0)
    return {key: (one, two) for key, (one, two) in total.items() if one or two}


@pytest.mark.parametrize("who", ["enterprise", "scale", "team", "planned"])
def test_days_add_up_to_invoices(
    api: Client, cast: Cast, invoices: dict[str, list[Any]], who: str
) -> None:
    customer = cast._asdict()[who]
    path = f"/v1/customers/{customer}/invoices/breakdowns"
    days = api.rows(path, **YEAR)
    months = [row for row in invoices[customer] if "start_timestamp" in row]
    assert lines_of(days) == lines_of(months)
    if who == "planned":
        return
    totals: Counter[str] = Counter()
    for row in days:
        totals[row["id"]] += row["total"]
    for row in months:
        fees = sum(one["total"] for one in row["line_items"] if one["type"] == "scheduled")
        assert totals[row["id"]] == row["total"] - fees


@pytest.mark.parametrize("who", ["enterprise", "scale", "team", "planned"])
def test_hours_add_up_to_days(api: Client, cast: Cast, who: str) -> None:
    path = f"/v1/customers/{cast._asdict()[who]}/invoices/breakdowns"
    window = {"starting_on": "2026-02-26T00:00:00Z", "ending_before": "2026-03-03T00:00:00Z"}
    days = api.rows(path, **window)
    hours = api.rows(path, window_size="hour", **window)
    assert len(days) == 5
    assert len(hours) == 120
    assert lines_of(hours) == lines_of(days)


def test_some_month_is_paid_by_several(invoices: dict[str, list[Any]]) -> None:
    """Only where one balance runs out and the next begins are lines split."""
    payers = [
        {line.get("commit_id") for line in row["line_items"] if line["credit_type"]["id"] == USD}
        for rows in invoices.values()
        for row in rows
    ]
    assert max(map(len, payers)) > 2
