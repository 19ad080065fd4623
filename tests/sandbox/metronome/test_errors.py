"""What is refused, and how it is worded."""

from __future__ import annotations

from typing import Any

import pytest

from billql.sandbox import Limits, Sandbox
from billql.sandbox.api import ApiError, Request, Response

from .asking import BALANCES, NET, UNTIL, USD, YEAR, Asker
from .conftest import Cast


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x", "{}", "Basic {}"])
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/nowhere"])
def test_without_the_token(ask: Asker, authorization: str | None, path: str) -> None:
    request = ask.http.build_request("GET", path)
    del request.headers["authorization"]
    if authorization is not None:
        request.headers["authorization"] = authorization.format(ask.token)
    answer = ask.http.send(request)
    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized"}


def test_the_token_looks_like_one(ask: Asker) -> None:
    assert len(ask.token) == 64
    assert set(ask.token) <= set("0123456789abcdef")


def test_a_restricted_token(ask: Asker, cast: Cast) -> None:
    token = ask.sandbox.restricted("metronome", "customers", "usage")
    with Asker(ask.sandbox, token) as asker:
        assert asker.rows("/v1/customers") == ask.rows("/v1/customers")
        assert asker.get("/v1/billable-metrics").status_code == 403
        for path, needed in (
            (BALANCES, "contracts"),
            ("/v2/contracts/list", "contracts"),
            ("/v1/contract-pricing/products/list", "contract-pricing"),
            ("/v1/credits/listGrants", "credits"),
        ):
            answer = asker.post(path, {"customer_id": cast.team})
            assert answer.status_code == 403
            words = f"The token does not have access to this resource: {needed}"
            assert answer.json() == {"message": words}
        assert asker.get(f"/v1/customers/{cast.team}/invoices").status_code == 403
    with pytest.raises(ValueError, match="unknown permissions: everything"):
        ask.sandbox.restricted("metronome", "everything")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/", 404, "Not found"),
        ("/v1/nowhere", 404, "Not found"),
        ("/v3/customers", 404, "Not found"),
        (f"/v1/customers/{USD}", 404, "Customer not found"),
        (f"/v1/customers/{USD}/invoices", 404, "Customer not found"),
        (f"/v1/customers/{{team}}/invoices/{USD}", 404, "Invoice not found"),
        (f"/v1/planDetails/{USD}", 404, "Plan not found"),
        (f"/v1/billable-metrics/{USD}", 404, "Billable metric not found"),
        ("/v1/customers/{planned}/billing-config/stripe", 404, "Billing config not found"),
        ("/v1/customers/{team}/billing-config/netsuite", 404, "Billing config not found"),
        ("/v1/customers/abc", 400, 'customer_id must match format "uuid"'),
        ("/v1/contracts/list", 405, "Method not allowed"),
    ],
)
def test_not_found(ask: Asker, cast: Cast, path: str, status: int, words: str) -> None:
    answer = ask.get(path.format_map(cast._asdict()))
    assert answer.status_code == status
    assert answer.json() == {"message": words}
    assert answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


POSTS: list[tuple[str, list[str]]] = [
    ("/v1/contracts/list", ["customer_id"]),
    ("/v2/contracts/list", ["customer_id"]),
    ("/v1/contracts/get", ["customer_id", "contract_id"]),
    ("/v2/contracts/get", ["customer_id", "contract_id"]),
    ("/v2/contracts/getEditHistory", ["customer_id", "contract_id"]),
    (BALANCES, ["customer_id"]),
    (NET, ["customer_id"]),
    ("/v1/contracts/customerCommits/list", ["customer_id"]),
    ("/v1/contracts/customerCredits/list", ["customer_id"]),
    ("/v1/contracts/seatBalances/list", ["customer_id", "contract_id"]),
    ("/v1/contracts/getContractRateSchedule", ["customer_id", "contract_id"]),
    ("/v1/contracts/listNamedSchedules", ["customer_id"]),
    ("/v1/customer-alerts/list", ["customer_id"]),
    ("/v1/customer-alerts/get", ["customer_id", "alert_id"]),
    ("/v1/contract-pricing/rate-cards/getRates", ["rate_card_id", "at"]),
    ("/v1/contract-pricing/rate-cards/getRateSchedule", ["rate_card_id", "starting_at"]),
    ("/v1/contract-pricing/rate-cards/get", ["id"]),
    ("/v1/contract-pricing/products/get", ["id"]),
    ("/v1/packages/get", ["package_id"]),
    ("/v1/packages/listContractsOnPackage", ["package_id"]),
    ("/v1/usage", ["starting_on", "ending_before", "window_size"]),
    ("/v1/usage/groups", ["customer_id", "billable_metric_id", "window_size"]),
    ("/v1/getCustomerBillingProviderConfigurations", ["customer_id"]),
    ("/v1/events/search", ["transactionIds"]),
]
VALUES: dict[str, Any] = {
    "at": "2026-01-01T00:00:00Z",
    "starting_at": "2026-01-01T00:00:00Z",
    "starting_on": "2026-01-01T00:00:00Z",
    "ending_before": "2026-01-02T00:00:00Z",
    "window_size": "DAY",
    "transactionIds": ["x"],
}


@pytest.mark.parametrize(("path", "needed"), POSTS)
def test_missing_fields(ask: Asker, path: str, needed: list[str]) -> None:
    body: dict[str, Any] = {}
    for name in needed:
        for given in (body, {**body, name: None}):
            answer = ask.post(path, given)
            assert answer.status_code == 400
            assert answer.json() == {"message": f"body must have required property '{name}'"}
        body[name] = VALUES.get(name, USD)
    answer = ask.post(path, body)
    assert "required" not in answer.text
    answer = ask.post(path, {**body, "colour": "red"})
    assert answer.status_code == 400
    assert answer.json() == {"message": "body must NOT have additional properties: 'colour'"}


@pytest.mark.parametrize("path", ["costs", "invoices/breakdowns"])
def test_missing_parameters(ask: Asker, cast: Cast, path: str) -> None:
    query: dict[str, str] = {}
    for name in ("starting_on", "ending_before"):
        answer = ask.get(f"/v1/customers/{cast.team}/{path}", **query)
        assert answer.status_code == 400
        assert answer.json() == {"message": f"query must have required property '{name}'"}
        query[name] = YEAR[name]
    assert ask.get(f"/v1/customers/{cast.team}/{path}", **query).status_code == 200
    answer = ask.get(f"/v1/customers/{cast.team}/{path}", colour="red", **query)
    assert answer.json() == {"message": "query must NOT have additional properties: 'colour'"}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (BALANCES, {"customer_id": "x"}, 'body/customer_id must match format "uuid"'),
        (BALANCES, {"customer_id": 1}, 'body/customer_id must match format "uuid"'),
        (BALANCES, {"covering_date": "2026-01-01"}, 'body/covering_date must match format "date-'),
        (BALANCES, {"covering_date": "2026-01-01T00:00:00"}, "body/covering_date must match form"),
        (BALANCES, {"covering_date": "2026-13-01T00:00:00Z"}, "body/covering_date must match for"),
        (BALANCES, {"covering_date": 1767225600}, "body/covering_date must match format"),
        (BALANCES, {"include_balance": "true"}, "body/include_balance must be boolean"),
        (BALANCES, {"access_type": "CASH"}, "body/access_type must be equal to one of the allow"),
        (NET, {"filters": {}}, "body/filters must be array"),
        (NET, {"filters": [{"ids": ["x"]}]}, 'body/filters/0/ids/0 must match format "uuid"'),
        (NET, {"filters": [{"id": []}]}, "body/filters/0 must NOT have additional properties: 'i"),
        (NET, {"filters": [{"custom_fields": {"a": 1}}]}, "body/filters/0/custom_fields/a must b"),
        (NET, {"access_type": "QUANTITY", "credit_type_id": USD}, "credit_type_id must not be pr"),
        (
            "/v1/contracts/list",
            {"covering_date": VALUES["at"], "starting_at": VALUES["at"]},
            "covering_date can not be used together with starting_at",
        ),
    ],
)
def test_wrong_fields(ask: Asker, cast: Cast, path: str, body: dict[str, Any], words: str) -> None:
    answer = ask.post(path, {"customer_id": cast.team, **body})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(words)


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
def test_wrong_bodies(ask: Asker, content: bytes, type: str, status: int) -> None:
    answer = ask.http.post(BALANCES, content=content, headers={"content-type": type})
    assert answer.status_code == status
    assert list(answer.json()) == ["message"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/v1/customers?only_archived=1", "query/only_archived must be boolean"),
        ("/v1/auditLogs?resource_id=1", "resource_id and resource_type must be given together"),
        ("/v1/auditLogs?sort=up", "query/sort must be equal to one of the allowed values"),
        (
            "/v1/auditLogs?next_page=x&starting_on=2026-01-01T00:00:00Z",
            "next_page can not be used together with starting_on",
        ),
    ],
)
def test_wrong_parameters(ask: Asker, path: str, words: str) -> None:
    answer = ask.get(path)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(words)


def test_limits() -> None:
    sandbox = Sandbox(size="small", until=UNTIL, limits=Limits(per_hour=4, per_minute=2))
    with sandbox, Asker(sandbox) as ask:
        answers = [ask.post("/v1/packages/list") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "retry-after" not in answers[1].headers
    assert answers[2].json() == {"message": "Too many requests"}
    assert 1 <= int(answers[2].headers["retry-after"]) <= 61


def test_used_up_hours_tell_a_wait_too() -> None:
    sandbox = Sandbox(size="small", until=UNTIL, limits=Limits(per_hour=1))
    with sandbox, Asker(sandbox) as ask:
        ask.get("/v1/plans")
        answer = ask.get("/v1/plans")
    assert answer.status_code == 429
    assert 3000 < int(answer.headers["retry-after"]) <= 3601


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (500, None, "Internal server error"),
        (503, "Down for repairs", "Down for repairs"),
        (599, None, "HTTP 599"),
    ],
)
def test_intercept_refuses(status: int, message: str | None, words: str) -> None:
    def intercept(request: Request) -> Response | None:
        raise ApiError(status, message)

    with Sandbox(size="small", until=UNTIL, intercept=intercept) as sandbox, Asker(sandbox) as ask:
        answer = ask.get("/v1/customers")
    assert answer.status_code == status
    assert answer.json() == {"message": words}
