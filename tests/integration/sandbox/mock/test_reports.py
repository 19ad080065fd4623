"""A mock of reports that have one address: operations by header, parts that add up, months."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.definitions.catalog import Catalog
from billql.errors import DefinitionError
from billql.sandbox.server import Server
from billql.sqlite.session import Session

from .acme import PROVIDER, define, open_session, resource, rows, served

AMOUNT = {"type": "decimal", "currency": "currency"}
BUCKET: dict[str, Any] = {
    "day": {"type": "date", "path": "$parent.Period.Start"},
    "end_day": {"type": "date", "path": "$parent.Period.End"},
    "width": {"type": "text", "path": "$parameter", "hidden": True},
}
BOUNDS: dict[str, Any] = {
    "start": {
        **{"name": "Period.Start", "in": "body", "column": "day", "operator": ">="},
        "required": True,
    },
    "end": {
        **{"name": "Period.End", "in": "body", "column": "day", "operator": "<"},
        **{"required": True, "default": "today"},
    },
    "width": {"in": "body", "values": ["day", "month"], "default": "day", "required": True},
}


def operation(name: str) -> dict[str, Any]:
    return {"operation": {"name": "X-Operation", "in": "header", "value": name}}


def grouped(key: str, path: str = "Keys[0]", **more: Any) -> dict[str, Any]:
    group = {
        "group_type": {"name": "GroupBy[0].Type", "in": "body", "value": "DIMENSION"},
        "group_key": {"name": "GroupBy[0].Key", "in": "body", "value": key},
    }
    columns = {
        **BUCKET,
        key: {"type": "text", "path": path, **more},
        "cost": {**AMOUNT, "path": "Metrics.Cost.Amount"},
        "currency": {"type": "text", "path": "Metrics.Cost.Unit"},
    }
    method = {
        "rows": "Results[].Groups[]",
        "parameters": {**operation("Report"), **BOUNDS, **group},
        "paging": {
            **{"kind": "cursor_token", "path": "Next", "parameter": "Next"},
            "location": "body",
        },
    }
    return resource(columns, ("POST /", method), unique=["day", key])


OWN = {name: {**one, "path": one["path"].removeprefix("$parent.")} for name, one in BUCKET.items()}

RESOURCES: dict[str, Any] = {
    "accounts": resource(
        {"id": "text"},
        ("POST /", {"rows": "Accounts[]", "parameters": operation("Accounts")}),
        unique=["id"],
    ),
    "totals": resource(
        {
            **OWN,
            "cost": {**AMOUNT, "path": "Total.Cost.Amount"},
            "currency": {"type": "text", "path": "Total.Cost.Unit"},
        },
        ("POST /", {"rows": "Results[]", "parameters": {**operation("Report"), **BOUNDS}}),
        unique=["day"],
    ),
    "services": grouped("service", after="$"),
    "by_account": grouped("account", references="acme.billing.accounts.id"),
    "forecast": resource(
        {**OWN, "mean": AMOUNT, "currency": "text"},
        ("POST /", {"rows": "Days[]", "parameters": {**operation("Forecast"), **BOUNDS}}),
        unique=["day"],
    ),
}

PART: dict[str, Any] = {"part_of": "billing.totals.cost", "values": [60, 30, -10], "varies": 0.2}
STORY: dict[str, Any] = {
    "billql": 1,
    "tables": {
        "billing.accounts": {"rows": 3, "columns": {"id": {"values": ["1001", "1002", "1003"]}}},
        "billing.totals": {
            "every": "day",
            "rows": 60,
            "months_if": {"width": "month"},
            "columns": {
                "end_day": {"between": [1, 1]},
                "cost": {"values": [100, 200], "varies": 0.1},
            },
        },
        "billing.services": {
            "rows": 3,
            "like": "billing.totals",
            "columns": {"cost": PART, "service": {"values": ["Compute", "Storage", "Credit"]}},
        },
        "billing.by_account": {
            "rows": 2,
            "like": "billing.totals",
            "columns": {
                "cost": {"part_of": "billing.totals.cost", "between": [1, 9]},
                "account": {"values": ["1003", "1001"]},
            },
        },
        "billing.forecast": {"every": "day", "rows": 10, "ahead": 9},
    },
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return define(tmp_path_factory.mktemp("reports"), PROVIDER, RESOURCES, STORY)


@pytest.fixture(scope="module")
def server(catalog: Catalog) -> Iterator[Server]:
    with served(catalog) as server:
        yield server


@pytest.fixture(scope="module")
def session(catalog: Catalog, server: Server) -> Iterator[Session]:
    with closing(open_session(catalog, server)) as session:
        yield session


def test_an_operation_is_named_by_its_header(server: Server) -> None:
    headers = {"authorization": f"Bearer {server.api.token}", "acme-version": "2026-01-01"}

    def answered(name: str) -> httpx.Response:
        sent = {**headers, "x-operation": name}
        return httpx.post(f"{server.url}/", json={}, headers=sent, trust_env=False)

    assert len(answered("Accounts").json()["Accounts"]) == 3
    for name in ("accounts", "Report", ""):
        assert answered(name).status_code == 400
    assert "x-operation" in answered("None").json()["error"]["message"]


@pytest.mark.parametrize("table", ["services", "by_account"])
@pytest.mark.parametrize("width", ["day", "month"])
def test_the_groups_of_a_bucket_add_up_to_its_total(
    session: Session, table: str, width: str
) -> None:
    where = f"WHERE day >= '2026-02-05' AND width = '{width}'"
    totals = rows(session, f"SELECT day, end_day, cost FROM acme.billing.totals {where}")
    summed = rows(
        session,
        f"SELECT day, end_day, money_sum(cost) FROM acme.billing.{table} {where} GROUP BY day",
    )
    assert summed == totals
    assert len(totals) == {"day": 39, "month": 2}[width]


def test_a_month_is_the_sum_of_its_days(session: Session) -> None:
    def read(width: str) -> list[tuple[Any, ...]]:
        return rows(
            session,
            "SELECT strftime('%Y-%m', day), service, money_sum(cost), min(day), max(end_day) "
            f"FROM acme.billing.services WHERE day >= '2026-01-20' AND width = '{width}' "
            "GROUP BY 1, 2 ORDER BY 1, 2",
        )

    months = read("month")
    assert months == read("day")
    assert {(one[0], *one[3:]) for one in months} == {
        ("2026-01", "2026-01-20", "2026-02-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2026-03", "2026-03-01", "2026-03-16"),
    }


def test_parts_are_as_large_as_the_story_says(session: Session) -> None:
    found = dict(
        rows(
            session,
            "SELECT service, sum(cost) FROM acme.billing.services "
            "WHERE day >= '2026-02-01' GROUP BY service",
        )
    )
    assert found["Compute"] > found["Storage"] > 0 > found["Credit"]


def test_amounts_vary_no_more_than_the_story_says(session: Session) -> None:
    costs = rows(session, "SELECT cost FROM acme.billing.totals WHERE day >= '2026-01-01'")
    assert all(90 <= cost <= 110 or 180 <= cost <= 220 for (cost,) in costs)
    assert len(set(costs)) > 50


def test_a_reference_has_the_values_of_the_story(session: Session) -> None:
    found = rows(
        session, "SELECT DISTINCT account FROM acme.billing.by_account WHERE day >= '2026-03-01'"
    )
    assert sorted(found) == [("1001",), ("1003",)]


def test_some_days_are_ahead(session: Session) -> None:
    found = rows(
        session,
        "SELECT day FROM acme.billing.forecast WHERE day BETWEEN '2026-01-01' AND '2026-05-01'",
    )
    assert found == [(f"2026-03-{day}",) for day in range(15, 25)]


@pytest.mark.parametrize(
    ("table", "story", "message"),
    [
        ("services", {"like": "billing.none"}, "billing.none has no story of its own"),
        ("services", {"like": "billing.by_account"}, "billing.by_account has no story of its own"),
        ("services", {"months_if": {"none": 1}}, "there is no column none"),
        ("accounts", {"months_if": {"id": "1"}}, "no column of time is asked for by both ends"),
        ("services", {"columns": {"cost": {"varies": 0.5}}}, "needs numbers in `values`"),
        (
            "services",
            {"columns": {"cost": {"part_of": "billing.totals.none"}}},
            "there is no column billing.totals.none",
        ),
        (
            "services",
            {"columns": {"cost": {"part_of": "billing.forecast.mean"}}},
            "its rows do not lie in those of billing.forecast",
        ),
        (
            "services",
            {"columns": {"day": {"part_of": "billing.totals.cost"}}},
            "needs a number, and the column is of type date",
        ),
        (
            "services",
            {"columns": {"cost": {**PART, "values": [], "varies": None, "adds": ["cost"]}}},
            "contradicts what else the column is made of",
        ),
    ],
)
def test_a_wrong_story_is_an_error(
    tmp_path: Path, table: str, story: dict[str, Any], message: str
) -> None:
    tables = {**STORY["tables"], f"billing.{table}": story}
    catalog = define(tmp_path, PROVIDER, RESOURCES, {**STORY, "tables": tables})
    with pytest.raises(DefinitionError, match=r"story\.yaml:") as caught, served(catalog):
        pass
    assert message in caught.value.message
