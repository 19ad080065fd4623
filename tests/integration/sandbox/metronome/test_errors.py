"""The error responses of Metronome's sandbox: status, and the field at fault."""

from __future__ import annotations

from typing import Any

import pytest

from billql.sandbox import Limits, Sandbox
from billql.sandbox.api import ApiError, Request, Response

from .client import BALANCES, NET, UNTIL, USD, YEAR, Client
from .conftest import Cast


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x", "{}", "Basic {}"])
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/nowhere"])
def test_without_the_token(api: Client, authorization: str | None, path: str) -> None:
    request = api.http.build_request("GET", path)
    del request.headers["authorization"]
    if authorization is not None:
        request.headers["authorization"] = authorization.format(api.token)
    response = api.http.send(request)
    assert response.status_code == 401
    assert set(response.json()) == {"message"}


def test_a_restricted_token(api: Client, cast: Cast) -> None:
    token = api.sandbox.restricted("metronome", "customers", "usage")
    with Client(api.sandbox, token) as client:
        assert client.rows("/v1/customers") == api.rows("/v1/customers")
        assert client.get("/v1/billable-metrics").status_code == 403
        for path, needed in (
            (BALANCES, "contracts"),
            ("/v2/contracts/list", "contracts"),
            ("/v1/contract-pricing/products/list", "contract-pricing"),
            ("/v1/credits/listGrants", "credits"),
        ):
            response = client.post(path, {"customer_id": cast.team})
            assert response.status_code == 403
            assert needed in response.json()["message"]
        assert client.get(f"/v1/customers/{cast.team}/invoices").status_code == 403
    with pytest.raises(ValueError, match="unknown permissions: everything"):
        api.sandbox.restricted("metronome", "everything")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/v1/nowhere", 404),
        ("/v3/customers", 404),
        (f"/v1/customers/{USD}", 404),
        (f"/v1/customers/{USD}/invoices", 404),
        (f"/v1/customers/{{team}}/invoices/{USD}", 404),
        (f"/v1/planDetails/{USD}", 404),
        (f"/v1/billable-metrics/{USD}", 404),
        ("/v1/customers/abc", 400),
        ("/v2/contracts/list", 405),
    ],
)
def test_not_found(api: Client, cast: Cast, path: str, status: int) -> None:
    response = api.get(path.format_map(cast._asdict()))
    assert response.status_code == status
    assert set(response.json()) == {"message"}
    assert response.headers["x-request-id"]
    assert response.headers["content-type"] == "application/json; charset=utf-8"


POSTS: list[tuple[str, list[str]]] = [
    ("/v2/contracts/list", ["customer_id"]),
    ("/v2/contracts/get", ["contract_id", "customer_id"]),
    (BALANCES, ["customer_id"]),
    (NET, ["customer_id"]),
    ("/v1/contracts/customerCommits/list", ["customer_id"]),
    ("/v1/contracts/customerCredits/list", ["customer_id"]),
    ("/v1/contracts/seatBalances/list", ["customer_id", "contract_id"]),
    ("/v1/customer-alerts/list", ["customer_id"]),
    ("/v1/customer-alerts/get", ["customer_id", "alert_id"]),
    ("/v1/contract-pricing/rate-cards/getRates", ["rate_card_id", "at"]),
    ("/v1/contract-pricing/rate-cards/get", ["id"]),
    ("/v1/contract-pricing/products/get", ["id"]),
    ("/v1/packages/get", ["package_id"]),
    ("/v1/usage", ["window_size", "starting_on", "ending_before"]),
    (
        "/v1/usage/groups",
        ["customer_id", "billable_metric_id", "group_by", "window_size", *YEAR],
    ),
]
VALUES: dict[str, Any] = {
    "at": "2026-01-01T00:00:00Z",
    "starting_on": "2026-01-01T00:00:00Z",
    "ending_before": "2026-01-02T00:00:00Z",
    "window_size": "DAY",
    "group_by": {"key": "region"},
}


@pytest.mark.parametrize(("path", "needed"), POSTS)
def test_missing_fields(api: Client, path: str, needed: list[str]) -> None:
    body: dict[str, Any] = {}
    for name in needed:
        for fields in (body, {**body, name: None}):
            response = api.post(path, fields)
            assert response.status_code == 400
            assert name in response.json()["message"]
        body[name] = VALUES.get(name, USD)
    response = api.post(path, body)
    assert "required" not in response.text
    response = api.post(path, {**body, "colour": "red"})
    assert response.status_code == 400
    assert "colour" in response.json()["message"]


@pytest.mark.parametrize("path", ["costs", "invoices/breakdowns"])
def test_missing_parameters(api: Client, cast: Cast, path: str) -> None:
    query: dict[str, str] = {}
    for name in ("starting_on", "ending_before"):
        response = api.get(f"/v1/customers/{cast.team}/{path}", **query)
        assert response.status_code == 400
        assert name in response.json()["message"]
        query[name] = YEAR[name]
    assert api.get(f"/v1/customers/{cast.team}/{path}", **query).status_code == 200
    response = api.get(f"/v1/customers/{cast.team}/{path}", colour="red", **query)
    assert "colour" in response.json()["message"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (BALANCES, {"customer_id": "x"}, "customer_id"),
        (BALANCES, {"customer_id": 1}, "customer_id"),
        (BALANCES, {"covering_date": "2026-01-01"}, "covering_date"),
        (BALANCES, {"covering_date": "2026-01-01T00:00:00"}, "covering_date"),
        (BALANCES, {"covering_date": "2026-13-01T00:00:00Z"}, "covering_date"),
        (BALANCES, {"covering_date": 1767225600}, "covering_date"),
        (BALANCES, {"include_balance": "true"}, "include_balance"),
        (BALANCES, {"exclude_zero_balances": 1}, "exclude_zero_balances"),
        (NET, {"invoice_inclusion_mode": "ALL"}, "invoice_inclusion_mode"),
        (
            "/v2/contracts/list",
            {"covering_date": VALUES["at"], "starting_at": VALUES["at"]},
            "covering_date",
        ),
    ],
)
def test_wrong_fields(api: Client, cast: Cast, path: str, body: dict[str, Any], field: str) -> None:
    response = api.post(path, {"customer_id": cast.team, **body})
    assert response.status_code == 400
    assert field in response.json()["message"]


@pytest.mark.parametrize(
    ("content", "type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"x"', "application/json", 400),
        (b"customer_id=1", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 400),
        (b"", "", 400),
    ],
)
def test_wrong_bodies(api: Client, content: bytes, type: str, status: int) -> None:
    response = api.http.post(BALANCES, content=content, headers={"content-type": type})
    assert response.status_code == status
    assert list(response.json()) == ["message"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/customers?only_archived=1", "only_archived"),
        ("/v1/auditLogs?resource_id=1", "resource_id"),
        ("/v1/auditLogs?sort=up", "sort"),
        (
            "/v1/auditLogs?next_page=x&starting_on=2026-01-01T00:00:00Z",
            "next_page",
        ),
    ],
)
def test_wrong_parameters(api: Client, path: str, field: str) -> None:
    response = api.get(path)
    assert response.status_code == 400
    assert field in response.json()["message"]


def test_limits() -> None:
    sandbox = Sandbox(size="small", until=UNTIL, limits=Limits(per_hour=4, per_minute=2))
    with sandbox, Client(sandbox) as api:
        responses = [api.post("/v1/contract-pricing/rate-cards/list") for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert "retry-after" not in responses[1].headers
    assert set(responses[2].json()) == {"message"}
    assert 1 <= int(responses[2].headers["retry-after"]) <= 61


def test_used_up_hours_tell_a_wait_too() -> None:
    sandbox = Sandbox(size="small", until=UNTIL, limits=Limits(per_hour=1))
    with sandbox, Client(sandbox) as api:
        api.get("/v1/plans")
        response = api.get("/v1/plans")
    assert response.status_code == 429
    assert 3000 < int(response.headers["retry-after"]) <= 3601


@pytest.mark.parametrize("status", [500, 503, 599])
def test_intercept_raises(status: int) -> None:
    def intercept(request: Request) -> Response | None:
        raise ApiError(status, "Down for repairs")

    with (
        Sandbox(size="small", until=UNTIL, intercept=intercept) as sandbox,
        Client(sandbox) as api,
    ):
        response = api.get("/v1/customers")
    assert response.status_code == status
    assert response.json() == {"message": "Down for repairs"}
