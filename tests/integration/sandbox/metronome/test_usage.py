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
    for name, keys in (
        ("API calls", ["region"]),
        ("Compute", ["machine", "region"]),
        ("Compute", ["machine"]),
        ("Inference tokens", ["model"]),
        ("Assistant prompts", ["user_id"]),
    ):
        body = {
            **WEEK,
            "customer_id": cast.enterprise,
            "billable_metric_id": metrics(api)[name],
            "window_size": "DAY",
        }
        whole = api.rows("/v1/usage/groups", body)
        assert len(whole) == 7
        assert all((row["group_key"], row["group_value"]) == (None, None) for row in whole)
        assert not any("group" in row for row in whole)
        rows = api.rows("/v1/usage/groups", {**body, "group_key": keys})
        for day in whole:
            mine = [row for row in rows if row["starting_on"] == day["starting_on"]]
            assert len(mine) > 1
            assert sum(row["value"] for row in mine) == day["value"]
            assert all(sorted(row["group"]) == keys for row in mine)
            single = {(row["group_key"], row["group_value"]) for row in mine}
            if len(keys) == 1:
                assert single == {(keys[0], row["group"][keys[0]]) for row in mine}
            else:
                assert single == {(None, None)}


def test_chosen_groups(api: Client, cast: Cast) -> None:
    body = {
        **WEEK,
        "customer_id": cast.enterprise,
        "billable_metric_id": metrics(api)["API calls"],
        "window_size": "NONE",
    }
    rows = api.rows("/v1/usage/groups", {**body, "group_key": ["region"]})
    assert {row["group_value"] for row in rows} == {"us-east", "eu-west"}
    chosen = {"group_key": ["region"], "group_filters": {"region": ["eu-west", "mars"]}}
    older = {"group_by": {"key": "region", "values": ["eu-west", "mars"]}}
    one = [row for row in rows if row["group_value"] == "eu-west"]
    assert api.rows("/v1/usage/groups", {**body, **chosen}) == one
    assert api.rows("/v1/usage/groups", {**body, **older}) == one
    none = {"group_key": ["region"], "group_filters": {"region": []}}
    assert api.rows("/v1/usage/groups", {**body, **none}) == rows


def test_batches_with_groups(api: Client, cast: Cast) -> None:
    known = metrics(api)
    wanted = [
        {"id": known["API calls"], "group_by": {"key": "region", "values": ["us-east", "mars"]}},
        {"id": known["Compute"], "group_by": {"key": "machine"}},
        {"id": known["Hosts"]},
    ]
    calls, compute, hosts = batch(api, "NONE", cast.enterprise, billable_metrics=wanted)
    assert calls["groups"]["mars"] is None
    assert 0 < calls["groups"]["us-east"] < calls["value"]
    assert sum(compute["groups"].values()) == compute["value"]
    assert hosts["value"] == 0
    assert "groups" not in hosts


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


def test_current_period(api: Client, cast: Cast) -> None:
    body = {
        "customer_id": cast.enterprise,
        "billable_metric_id": metrics(api)["API calls"],
        "window_size": "NONE",
    }
    (row,) = api.rows("/v1/usage/groups", {**body, "current_period": True})
    assert row["starting_on"] == "2026-03-01T00:00:00+00:00"
    assert row["ending_before"] == "2026-04-01T00:00:00+00:00"
    month = {"starting_on": "2026-03-01T00:00:00Z", "ending_before": "2026-04-01T00:00:00Z"}
    assert api.rows("/v1/usage/groups", {**body, **month}) == [row]
    lead = {**body, "customer_id": cast.lead, "current_period": True}
    for wrong in ({**body, **month, "current_period": True}, lead, body):
        assert api.post("/v1/usage/groups", wrong).status_code == 400


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"starting_on": "2026-02-23T01:00:00Z"}, "starting_on"),
        ({"ending_before": "2026-03-02T00:30:00Z"}, "starting_on"),
        ({"ending_before": "2026-02-23T00:00:00Z"}, "ending_before"),
        ({"window_size": "WEEK"}, "body/window_size"),
        ({"window_size": "dAy"}, "body/window_size"),
        ({"customer_ids": [USD]}, "Customer"),
        ({"billable_metrics": [{"id": USD}]}, "Billable"),
        ({"billable_metrics": [{}]}, "body/billable_metrics/0"),
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
        {"group_key": ["planet"]},
        {"group_key": ["region", "planet"]},
        {"group_filters": {"region": ["us-east"]}},
        {"group_key": ["region"], "group_filters": {"machine": ["gpu"]}},
        {"group_key": ["region"], "group_filters": {"region": ["x"] * 201}},
        {"group_key": ["region"], "group_by": {"key": "region"}},
        {"group_by": {}},
    ]
    for wrong in wrongs:
        assert api.post("/v1/usage/groups", {**body, **wrong}).status_code == 400
    wanted = [{"id": known["Compute"], "group_by": {"key": "planet"}}]
    query = {**WEEK, "window_size": "DAY", "billable_metrics": wanted}
    assert api.post("/v1/usage", query).status_code == 400


def test_events(api: Client, cast: Cast) -> None:
    alias = api.call(f"/v1/customers/{cast.enterprise}")["data"]["external_id"]
    hour = 1_772_028_000
    response = api.post(
        "/v1/events/search",
        {"transactionIds": [f"{alias}/api_calls/{hour}", f"{alias}/api_calls/1", "x", ""]},
    )
    (event,) = response.json()
    assert event["timestamp"] == "2026-02-25T14:00:00+00:00"
    rows = api.rows(
        "/v1/usage",
        {
            "starting_on": "2026-02-25T00:00:00Z",
            "ending_before": "2026-02-26T00:00:00Z",
            "window_size": "HOUR",
            "customer_ids": [cast.enterprise],
            "billable_metrics": [{"id": metrics(api)["API calls"]}],
        },
    )
    assert event["properties"] == {"count": rows[14]["value"]}
    assert event["matched_customer"]["id"] == cast.enterprise
