"""Reports that share one address: operations by header, lists in bodies, keys by their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from support.defined import Api, opened, resource, select

CONSTANTS: dict[str, Any] = {
    "target": {"name": "X-Target", "in": "header", "value": "Reports.Costs"},
    "metrics": {"name": "Metrics", "in": "body", "value": ["Cost", "Quantity"]},
    "group_kind": {"name": "GroupBy[0].Type", "in": "body", "value": "TAG"},
    "tag": {"name": "GroupBy[0].Key", "in": "body", "required": True},
    "group": {"name": "GroupBy[1].Key", "in": "body", "value": "SERVICE"},
    "start": {"name": "Period.Start", "in": "body", "column": "day", "operator": ">="},
}

COSTS = resource(
    {
        "day": {"type": "date", "path": "$parent.Period.Start"},
        "tag": {"type": "text", "path": "$parameter"},
        "value": {"type": "text", "path": "Keys[0]", "after": "$"},
        "service": {"type": "text", "path": "Keys[1]"},
        "cost": {"type": "real", "path": "Metrics.Cost.Amount"},
    },
    {"list": {"request": "POST /", "rows": "Results[].Groups[]", "parameters": CONSTANTS}},
    unique=["day", "value", "service"],
)

GROUPS = {
    "2026-01-01": {("team$search", "Storage"): "1.25", ("team$", "Storage"): "2"},
    "2026-01-02": {("team$a$b", "Compute"): "0.5", ("untagged", "Compute"): "4"},
}


def respond(request: httpx.Request) -> dict[str, Any]:
    return {
        "Results": [
            {
                "Period": {"Start": day},
                "Groups": [
                    {"Keys": [*keys], "Metrics": {"Cost": {"Amount": amount}}}
                    for keys, amount in groups.items()
                ],
            }
            for day, groups in GROUPS.items()
        ]
    }


def test_a_report_is_asked_for_by_a_body_and_a_header(tmp_path: Path) -> None:
    sent: list[httpx.Request] = []

    def recorded(request: httpx.Request) -> dict[str, Any]:
        sent.append(request)
        return respond(request)

    with opened(Api(recorded), tmp_path, {"costs": COSTS}) as session:
        select(session, "SELECT day FROM @costs WHERE tag = 'team' AND day >= '2026-01-01'")
    (request,) = sent
    assert request.headers["x-target"] == "Reports.Costs"
    assert json.loads(request.content) == {
        "Metrics": ["Cost", "Quantity"],
        "GroupBy": [{"Type": "TAG", "Key": "team"}, {"Key": "SERVICE"}],
        "Period": {"Start": "2026-01-01"},
    }


def test_keys_are_read_by_their_place_and_without_what_stands_before(tmp_path: Path) -> None:
    with opened(Api(respond), tmp_path, {"costs": COSTS}) as session:
        where = "FROM @costs WHERE tag = 'team'"
        assert select(session, f"SELECT day, value, service, cost {where}") == [
            ("2026-01-01", "search", "Storage", 1.25),
            ("2026-01-01", "", "Storage", 2.0),
            ("2026-01-02", "a$b", "Compute", 0.5),
            ("2026-01-02", "untagged", "Compute", 4.0),
        ]
        # What identifies rows is the same, whether a statement reads it or not.
        counted = f"SELECT count(*) {where} AND (service = 'Storage' OR value = 'a$b')"
        assert select(session, counted) == [(3,)]


def test_another_server_of_the_same_provider_is_named_by_the_definition(tmp_path: Path) -> None:
    hosts: list[str] = []

    def see(request: httpx.Request) -> dict[str, Any]:
        hosts.append(request.url.host)
        return {"data": []}

    def listed(host: str) -> dict[str, Any]:
        parameters = {"endpoint": {"in": "host", "value": host}}
        method = {"request": "GET /", "rows": "data[]", "parameters": parameters}
        return resource({"id": "text"}, {"list": method})

    two = {"costs": listed("costs.eu-west-1"), "budgets": listed("budgets")}
    url = "https://{endpoint}.example.com"
    with opened(Api(see), tmp_path, two, provider={"url": url}) as session:
        select(session, "SELECT * FROM @costs")
        select(session, "SELECT * FROM @budgets")
    assert hosts == ["costs.eu-west-1.example.com", "budgets.example.com"]
