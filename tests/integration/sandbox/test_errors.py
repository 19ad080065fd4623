"""The error responses of DigitalOcean's sandbox."""

from __future__ import annotations

import httpx
import pytest

from billql.sandbox import Sandbox
from billql.sandbox.api import ApiError, Request, Response

from .client import MY, Client
from .conftest import UNTIL


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer dop_v1_wrong", "Basic {}", "{}", "Bearer {}x"]
)
@pytest.mark.parametrize("path", [f"{MY}/balance", f"{MY}/invoices/preview/csv", "/v2/nowhere"])
def test_without_the_token(api: Client, authorization: str | None, path: str) -> None:
    request = api.http.build_request("GET", path)
    del request.headers["authorization"]
    if authorization is not None:
        request.headers["authorization"] = authorization.format(api.token)
    response = api.http.send(request)
    assert response.status_code == 401
    assert response.json()["id"] == "unauthorized"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v2",
        "/v2/nowhere",
        "/v1/customers/my/balance",
        f"{MY}/balance/more",
        f"{MY}/invoices/00000000-0000-4000-8000-000000000000",
        f"{MY}/invoices/00000000-0000-4000-8000-000000000000/summary",
        f"{MY}/invoices/00000000-0000-4000-8000-000000000000/csv",
        f"{MY}/invoices//pdf",
        "/v2/droplets/abc",
        "/v2/snapshots/a%2Fb",
    ],
)
def test_not_found(api: Client, path: str) -> None:
    response = api.get(path)
    assert response.status_code == 404
    assert set(response.json()) == {"id", "message", "request_id"}
    assert response.json()["id"] == "not_found"
    assert response.json()["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(api: Client, method: str) -> None:
    response = api.http.request(method, "/v2/droplets", json={"name": "new"})
    assert response.status_code == 405
    assert response.json()["id"] == "method_not_allowed"
    assert api.http.request(method, "/v2/nowhere", content=b"x" * 100_000).status_code == 404


@pytest.mark.parametrize("path", ["/v2/account", "/v2/nowhere", "/v2/sizes?page=0"])
def test_headers_of_every_answer(api: Client, path: str) -> None:
    headers = api.get(path).headers
    assert headers["ratelimit-limit"] == "5000"
    assert headers["ratelimit-remaining"] == "5000"
    assert int(headers["ratelimit-reset"]) > 1_700_000_000
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert "retry-after" not in headers


def test_request_ids_count_the_requests() -> None:
    with Sandbox(size="small", until=UNTIL) as sandbox, Client(sandbox) as api:
        ids = [api.get("/v2/account").headers["x-request-id"] for _ in range(3)]
    assert ids == [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)]


def test_intercept_answers_in_the_apis_stead() -> None:
    responses: list[Response | None] = [None, Response(b"{", 200), Response.json({"a": 1}, 418)]

    def intercept(request: Request) -> Response | None:
        assert request.path == "/v2/account"
        assert request.query == {"try": "1"}
        return responses.pop(0)

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Client(sandbox) as api:
        assert "account" in api.json("/v2/account?try=1")
        assert api.get("/v2/account?try=1").content == b"{"
        response = api.get("/v2/account?try=1")
        assert (response.status_code, response.json()) == (418, {"a": 1})
        assert "x-request-id" in response.headers
    assert [entry.status for entry in sandbox.requests] == [200, 200, 418]


@pytest.mark.parametrize(
    ("status", "id"),
    [(403, "forbidden"), (500, "server_error"), (503, "service_unavailable"), (599, "error")],
)
def test_intercept_raises(status: int, id: str) -> None:
    def intercept(request: Request) -> Response | None:
        raise ApiError(status, "Down for repairs")

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Client(sandbox) as api:
        response = api.get("/v2/account")
    assert response.status_code == status
    assert (response.json()["id"], response.json()["message"]) == (id, "Down for repairs")


def test_intercept_tears_an_answer_or_hangs_up(caplog: pytest.LogCaptureFixture) -> None:
    def intercept(request: Request) -> Response | None:
        if request.path == "/hang-up":
            raise ConnectionResetError
        torn = {"content-length": "1000", "connection": "close"}
        return Response(b'{"account": {', headers=torn)

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Client(sandbox) as api:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            api.get("/v2/account")
        with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
            api.get("/hang-up")
    assert not caplog.records


def test_a_fault_of_the_sandbox_is_a_server_error(caplog: pytest.LogCaptureFixture) -> None:
    def intercept(request: Request) -> Response | None:
        raise LookupError("a fault")

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Client(sandbox) as api:
        response = api.get("/v2/account")
    assert response.status_code == 500
    assert response.json()["id"] == "server_error"
    assert "a fault" not in response.text
    assert "LookupError: a fault" in caplog.text
