"""What is refused, and how it is worded."""

from __future__ import annotations

import httpx
import pytest

from billql.sandbox import Sandbox
from billql.sandbox.api import ApiError, Request, Response

from .asking import MY, Asker
from .conftest import UNTIL


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer dop_v1_wrong", "Basic {}", "{}", "Bearer {}x"]
)
@pytest.mark.parametrize("path", [f"{MY}/balance", f"{MY}/invoices/preview/csv", "/v2/nowhere"])
def test_without_the_token(ask: Asker, authorization: str | None, path: str) -> None:
    request = ask.http.build_request("GET", path)
    del request.headers["authorization"]
    if authorization is not None:
        request.headers["authorization"] = authorization.format(ask.token)
    answer = ask.http.send(request)
    assert answer.status_code == 401
    assert answer.json() == {"id": "unauthorized", "message": "Unable to authenticate you."}


def test_the_token_looks_like_one(ask: Asker) -> None:
    assert ask.token.startswith("dop_v1_")
    assert len(ask.token) == len("dop_v1_") + 64


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
    ],
)
def test_not_found(ask: Asker, path: str) -> None:
    answer = ask.get(path)
    assert answer.status_code == 404
    assert answer.json() == {
        "id": "not_found",
        "message": "The resource you requested could not be found.",
        "request_id": answer.headers["x-request-id"],
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(ask: Asker, method: str) -> None:
    answer = ask.http.request(method, "/v2/droplets", json={"name": "new"})
    assert answer.status_code == 405
    assert answer.json()["id"] == "method_not_allowed"
    assert ask.http.request(method, "/v2/nowhere", content=b"x" * 100_000).status_code == 404


@pytest.mark.parametrize("path", ["/v2/account", "/v2/nowhere", "/v2/sizes?page=0"])
def test_headers_of_every_answer(ask: Asker, path: str) -> None:
    headers = ask.get(path).headers
    assert headers["ratelimit-limit"] == "5000"
    assert headers["ratelimit-remaining"] == "5000"
    assert int(headers["ratelimit-reset"]) > 1_700_000_000
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert "retry-after" not in headers


def test_request_ids_count_the_requests() -> None:
    with Sandbox(size="small", until=UNTIL) as sandbox, Asker(sandbox) as ask:
        ids = [ask.get("/v2/account").headers["x-request-id"] for _ in range(3)]
    assert ids == [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)]


def test_intercept_answers_in_the_apis_stead() -> None:
    answers: list[Response | None] = [None, Response(b"{", 200), Response.json({"a": 1}, 418)]

    def intercept(request: Request) -> Response | None:
        assert request.path == "/v2/account"
        assert request.query == {"try": "1"}
        return answers.pop(0)

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Asker(sandbox) as ask:
        assert "account" in ask.json("/v2/account?try=1")
        assert ask.get("/v2/account?try=1").content == b"{"
        answer = ask.get("/v2/account?try=1")
        assert (answer.status_code, answer.json()) == (418, {"a": 1})
        assert "x-request-id" in answer.headers
    assert [entry.status for entry in sandbox.requests] == [200, 200, 418]


@pytest.mark.parametrize(
    ("status", "message", "body"),
    [
        (403, None, ("forbidden", "You are not authorized to perform this operation")),
        (500, None, ("server_error", "Unexpected server-side error")),
        (503, "Down for repairs", ("service_unavailable", "Down for repairs")),
        (599, None, ("error", "HTTP 599")),
    ],
)
def test_intercept_refuses(status: int, message: str | None, body: tuple[str, str]) -> None:
    def intercept(request: Request) -> Response | None:
        raise ApiError(status, message)

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Asker(sandbox) as ask:
        answer = ask.get("/v2/account")
    assert answer.status_code == status
    assert (answer.json()["id"], answer.json()["message"]) == body


def test_intercept_tears_an_answer_or_hangs_up(caplog: pytest.LogCaptureFixture) -> None:
    def intercept(request: Request) -> Response | None:
        if request.path == "/hang-up":
            raise ConnectionResetError
        torn = {"content-length": "1000", "connection": "close"}
        return Response(b'{"account": {', headers=torn)

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Asker(sandbox) as ask:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            ask.get("/v2/account")
        with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
            ask.get("/hang-up")
    assert not caplog.records


def test_a_fault_of_the_sandbox_is_a_server_error(caplog: pytest.LogCaptureFixture) -> None:
    def intercept(request: Request) -> Response | None:
        raise LookupError("a fault")

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Asker(sandbox) as ask:
        answer = ask.get("/v2/account")
    assert answer.status_code == 500
    assert answer.json()["id"] == "server_error"
    assert "a fault" not in answer.text
    assert "LookupError: a fault" in caplog.text
