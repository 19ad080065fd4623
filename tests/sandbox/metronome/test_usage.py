"""Usage: windows, metrics and groups add up."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from billql.sandbox.story import Story

from .asking import UNTIL, USD, Asker
from .conftest import Cast

WEEK = {"starting_on": "2026-02-23T00:00:00Z", "ending_before": "2026-03-02T00:00:00Z"}


def metrics(ask: Asker) -> dict[str, str]:
    return {
        row["name"]: row["id"] for row in ask.rows("/v1/billable-metrics", include_archived=True)
    }


def batch(ask: Asker, size: str, customer: str, **body: Any) -> list[Any]:
    return ask.rows("/v1/usage", {**WEEK, "window_size": size, "customer_ids": [customer], **body})


@pytest.mark.parametrize("who", ["enterprise", "team", "planned"])
def test_windows_add_up(ask: Asker, cast: Cast, who: str) -> None:
    customer = cast._asdict()[who]
    whole = batch(ask, "NONE", customer)
    days = batch(ask, "day", customer)
    hours = batch(ask, "Hour", customer)
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


def test_usage_is_the_storys(ask: Asker) -> None:
    story = Story(1, 8, UNTIL)
    names = {metric.name: metric for customer in story.customers for metric in customer.metrics}
    by_id = {customer.metronome_id: customer for customer in story.customers}
    body = {**WEEK, "window_size": "NONE"}
    start, end = 1_771_804_800, 1_772_409_600
    tried = 0
    for row in ask.rows("/v1/usage", body):
        metric = names.get(row["billable_metric_name"])
        if metric is not None and row["value"] is not None:
            assert row["value"] == story.usage.units(by_id[row["customer_id"]], metric, start, end)
            tried += bool(row["value"])
    assert tried > 50


def test_groups_add_up(ask: Asker, cast: Cast) -> None:
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
            "billable_metric_id": metrics(ask)[name],
            "window_size": "DAY",
        }
        whole = ask.rows("/v1/usage/groups", body)
        assert len(whole) == 7
        assert all((row["group_key"], row["group_value"]) == (None, None) for row in whole)
        assert not any("group" in row for row in whole)
        rows = ask.rows("/v1/usage/groups", {**body, "group_key": keys})
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


def test_chosen_groups(ask: Asker, cast: Cast) -> None:
    body = {
        **WEEK,
        "customer_id": cast.enterprise,
        "billable_metric_id": metrics(ask)["API calls"],
        "window_size": "NONE",
    }
    rows = ask.rows("/v1/usage/groups", {**body, "group_key": ["region"]})
    assert {row["group_value"] for row in rows} == {"us-east", "eu-west"}
    chosen = {"group_key": ["region"], "group_filters": {"region": ["eu-west", "mars"]}}
    older = {"group_by": {"key": "region", "values": ["eu-west", "mars"]}}
    one = [row for row in rows if row["group_value"] == "eu-west"]
    assert ask.rows("/v1/usage/groups", {**body, **chosen}) == one
    assert ask.rows("/v1/usage/groups", {**body, **older}) == one
    none = {"group_key": ["region"], "group_filters": {"region": []}}
    assert ask.rows("/v1/usage/groups", {**body, **none}) == rows


def test_batches_with_groups(ask: Asker, cast: Cast) -> None:
    known = metrics(ask)
    wanted = [
        {"id": known["API calls"], "group_by": {"key": "region", "values": ["us-east", "mars"]}},
        {"id": known["Compute"], "group_by": {"key": "machine"}},
        {"id": known["Hosts"]},
    ]
    calls, compute, hosts = batch(ask, "NONE", cast.enterprise, billable_metrics=wanted)
    assert calls["groups"]["mars"] is None
    assert 0 < calls["groups"]["us-east"] < calls["value"]
    assert sum(compute["groups"].values()) == compute["value"]
    assert hosts["value"] == 0
    assert "groups" not in hosts


def test_nothing_is_known_of_the_time_before(ask: Asker, cast: Cast) -> None:
    body = {
        "starting_on": "2024-12-31T00:00:00Z",
        "ending_before": "2025-01-02T00:00:00Z",
        "window_size": "DAY",
        "customer_ids": [cast.enterprise],
    }
    before, after = ask.rows("/v1/usage", body)[:2]
    assert before["value"] is None
    assert after["value"] > 0


def test_the_future_is_not_told(ask: Asker, cast: Cast) -> None:
    body = {
        "starting_on": "2026-03-14T00:00:00Z",
        "ending_before": "2026-03-20T00:00:00Z",
        "window_size": "DAY",
        "customer_ids": [cast.enterprise],
    }
    rows = ask.rows("/v1/usage", body)
    assert {row["start_timestamp"][:10] for row in rows} == {"2026-03-14", "2026-03-15"}


def test_current_period(ask: Asker, cast: Cast) -> None:
    body = {
        "customer_id": cast.enterprise,
        "billable_metric_id": metrics(ask)["API calls"],
        "window_size": "NONE",
    }
    (row,) = ask.rows("/v1/usage/groups", {**body, "current_period": True})
    assert row["starting_on"] == "2026-03-01T00:00:00+00:00"
    assert row["ending_before"] == "2026-04-01T00:00:00+00:00"
    month = {"starting_on": "2026-03-01T00:00:00Z", "ending_before": "2026-04-01T00:00:00Z"}
    assert ask.rows("/v1/usage/groups", {**body, **month}) == [row]
    lead = {**body, "customer_id": cast.lead, "current_period": True}
    for wrong in ({**body, **month, "current_period": True}, lead, body):
        assert ask.post("/v1/usage/groups", wrong).status_code == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"starting_on": "2026-02-23T01:00:00Z"}, "starting_on and ending_before must be aligned"),
        ({"ending_before": "2026-03-02T00:30:00Z"}, "starting_on and ending_before must be align"),
        ({"ending_before": "2026-02-23T00:00:00Z"}, "ending_before must be at least one day"),
        ({"window_size": "WEEK"}, "body/window_size must be equal to one of the allowed values"),
        ({"window_size": "dAy"}, "body/window_size must be equal to one of the allowed values"),
        ({"customer_ids": [USD]}, "Customer not found"),
        ({"billable_metrics": [{"id": USD}]}, "Billable metric not found"),
        ({"billable_metrics": [{}]}, "body/billable_metrics/0 must have required property 'id'"),
    ],
)
def test_wrong_questions(ask: Asker, body: dict[str, Any], words: str) -> None:
    answer = ask.post("/v1/usage", {**WEEK, "window_size": "DAY", **body})
    assert answer.status_code in (400, 404)
    assert answer.json()["message"].startswith(words)


def test_wrong_groups(ask: Asker, cast: Cast) -> None:
    known = metrics(ask)
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
        assert ask.post("/v1/usage/groups", {**body, **wrong}).status_code == 400
    wanted = [{"id": known["Compute"], "group_by": {"key": "planet"}}]
    query = {**WEEK, "window_size": "DAY", "billable_metrics": wanted}
    assert ask.post("/v1/usage", query).status_code == 400


def test_events(ask: Asker, cast: Cast) -> None:
    alias = ask.ask(f"/v1/customers/{cast.enterprise}")["data"]["external_id"]
    hour = 1_772_028_000
    answer = ask.post(
        "/v1/events/search",
        {"transactionIds": [f"{alias}/api_calls/{hour}", f"{alias}/api_calls/1", "x", ""]},
    )
    (event,) = answer.json()
    assert event["timestamp"] == "2026-02-25T14:00:00+00:00"
    rows = ask.rows(
        "/v1/usage",
        {
            "starting_on": "2026-02-25T00:00:00Z",
            "ending_before": "2026-02-26T00:00:00Z",
            "window_size": "HOUR",
            "customer_ids": [cast.enterprise],
            "billable_metrics": [{"id": metrics(ask)["API calls"]}],
        },
    )
    assert event["properties"] == {"count": rows[14]["value"]}
    assert event["matched_customer"]["id"] == cast.enterprise
