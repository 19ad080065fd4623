"""Usage: windows, metrics and groups add up."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from billql.sandbox.story import Story

from .client import UNTIL, USD, Client
from .conftest import Cast

WEEK = {"starting_on": "2026-02-23T00:00:00Z", "ending_before": "2026-03-02T00:00:00Z"}


def metrics(api: Client) -> dict[str, str]:
    return {
        row["name"]: row["id"] for row in api.rows("/v1/billable-metrics", include_archived=True)
    }


def batch(api: Client, size: str, customer: str, **body: Any) -> list[Any]:
    return api.rows("/v1/usage", {**WEEK, "window_size": size, "customer_ids": [customer], **body})


@pytest.mark.parametrize("who", ["enterprise", "team", "planned"])
def test_windows_add_up(api: Client, cast: Cast, who: str) -> None:
    customer = cast._asdict()[who]
    whole = batch(api, "NONE", customer)
    days = batch(api, "day", customer)
    hours = batch(api, "Hour", customer)
    assert (len(whole), len(days), len(hours)) == (5, 5 * 7, 5 * 7 * 24)
    for row in whole:
        assert row["start_timestamp"] == "2026-02-23T00:00:00+00:00"
        assert row["end_timestamp"] == "2026-03-02T00:00:00+00:00"
        for rows in (days, hours):
            mine = [one for one in rows if one["billable_metric_id"] == row["billable_metric_id"]]
            assert sum(one["value"] for one in mine) == row["value"]
            assert all(
                one["end_timestamp"] == two["start_timestamp"] for one, two in pairwise(mine)
            )


def test_usage_is_the_storys(api: Client) -> None:
    story = Story(1, 8, UNTIL)
    names = {metric.name: metric for customer in story.customers for metric in customer.metrics}
    by_id = {customer.metronome_id: customer for customer in story.customers}
    body = {**WEEK, "window_size": "NONE"}
    start, end = 1_771_804_800, 1_772_409_600
    tried = 0
    for row in api.rows("/v1/usage", body):
        metric = names.get(row["billable_metric_name"])
        if metric is not None and row["value"] is not None:
            assert row["value"] == story.usage.units(by_id[row["customer_id"]], metric, start, end)
            tried += bool(row["value"])
    assert tried > 50


def test_groups_add_up(api: Client, cast: Cast) -> None:
    for name, key in (
        ("API calls", "region"),
        ("Compute", "machine"),
        ("Inference tokens", "model"),
        ("Assistant prompts", "user_id"),
    ):
        body = {
            **WEEK,
            "customer_id": cast.enterprise,
            "billable_metric_id": metrics(api)[name],
            "window_size": "DAY",
        }
        used = batch(api, "DAY", cast.enterprise)
        whole = [row for row in used if row["billable_metric_id"] == body["billable_metric_id"]]
        assert len(whole) == 7
        rows = api.rows("/v1/usage/groups", {**body, "group_by": {"key": key}})
        for day in whole:
            mine = [row for row in rows if row["starting_on"] == day["start_timestamp"]]
            assert len(mine) > 1
            assert sum(row["value"] for row in mine) == day["value"]
            single = {(row["group_key"], row["group_value"]) for row in mine}
            assert single == {(key, row["group"][key]) for row in mine}


def test_chosen_groups(api: Client, cast: Cast) -> None:
    body = {
        **WEEK,
        "customer_id": cast.enterprise,
        "billable_metric_id": metrics(api)["API calls"],
        "window_size": "NONE",
    }
    rows = api.rows("/v1/usage/groups", {**body, "group_by": {"key": "region"}})
    assert {row["group_value"] for row in rows} == {"us-east", "eu-west"}
    chosen = {"key": "region", "values": ["eu-west", "mars"]}
    one = [row for row in rows if row["group_value"] == "eu-west"]
    assert api.rows("/v1/usage/groups", {**body, "group_by": chosen}) == one
    none = {"key": "region", "values": []}
    assert api.rows("/v1/usage/groups", {**body, "group_by": none}) == rows


def test_nothing_is_known_of_the_time_before(api: Client, cast: Cast) -> None:
    body = {
        "starting_on": "2024-12-31T00:00:00Z",
        "ending_before": "2025-01-02T00:00:00Z",
        "window_size": "DAY",
        "customer_ids": [cast.enterprise],
    }
    before, after = api.rows("/v1/usage", body)[:2]
    assert before["value"] is None
    assert after["value"] > 0


def test_nothing_of_the_future_is_returned(api: Client, cast: Cast) -> None:
    body = {
        "starting_on": "2026-03-14T00:00:00Z",
        "ending_before": "2026-03-20T00:00:00Z",
        "window_size": "DAY",
        "customer_ids": [cast.enterprise],
    }
    rows = api.rows("/v1/usage", body)
    assert {row["start_timestamp"][:10] for row in rows} == {"2026-03-14", "2026-03-15"}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"starting_on": "2026-02-23T01:00:00Z"}, "starting_on"),
        ({"ending_before": "2026-03-02T00:30:00Z"}, "starting_on"),
        ({"ending_before": "2026-02-23T00:00:00Z"}, "ending_before"),
        ({"window_size": "WEEK"}, "window_size"),
        ({"window_size": "dAy"}, "window_size"),
        ({"customer_ids": [USD]}, "Customer"),
    ],
)
def test_invalid_requests(api: Client, body: dict[str, Any], name: str) -> None:
    response = api.post("/v1/usage", {**WEEK, "window_size": "DAY", **body})
    assert response.status_code in (400, 404)
    assert response.json()["message"].startswith(name)


def test_wrong_groups(api: Client, cast: Cast) -> None:
    known = metrics(api)
    body = {
        **WEEK,
        "customer_id": cast.enterprise,
        "billable_metric_id": known["Compute"],
        "window_size": "DAY",
    }
    wrongs: list[dict[str, Any]] = [
        {"group_by": {"key": "planet"}},
        {"group_by": {"key": "region", "values": ["x"] * 201}},
        {"group_by": {}},
        {"starting_on": None},
    ]
    for wrong in wrongs:
        assert api.post("/v1/usage/groups", {**body, **wrong}).status_code == 400
