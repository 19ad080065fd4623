"""What --verbose tells: each request and what became of it, and never a secret."""

from __future__ import annotations

import httpx

import billql
from billql.http import _request_log
from billql.http.reply import HttpResponse, NoResponse
from billql.messages import Request
from billql.sandbox import Sandbox
from support.api_client import TOKEN, connection, get


def test_a_request_and_its_answer() -> None:
    to = connection(name="acme")
    request = get(customer="cus 1", page="2")
    assert _request_log.format_request(request, to, 1) == (
        "> GET https://api.example.com/v1/things?customer=cus+1&page=2 (acme)"
    )
    assert _request_log.format_request(request, to, 3).endswith("(acme, attempt 3)")
    reply = HttpResponse(200, {"x-request-id": "req_1"}, b"x" * 1234)
    assert _request_log.format_response(request, to, reply, 0.25) == (
        "< 200 in 0.250 s, 1,234 bytes, request req_1: GET https://api.example.com/v1/things"
    )
    assert _request_log.format_response(request, to, NoResponse("the server is silent"), 1) == (
        "< no answer: the server is silent in 1.000 s: GET https://api.example.com/v1/things"
    )


def test_a_body_is_told_and_cut() -> None:
    request = Request("POST", "https://api.example.com/v1/x", body={"customer_id": "c" * 600})
    line = _request_log.format_request(request, connection(), 1)
    assert line.startswith('> POST https://api.example.com/v1/x {"customer_id": "ccc')
    assert line.endswith("ccc… (mock)")
    assert len(line) < 600


def test_what_a_parameter_puts_into_a_header_is_shown() -> None:
    request = Request("GET", "https://api.example.com/v1/x", headers=(("X-Filter", '{"a":1}'),))
    line = _request_log.format_request(request, connection(name="acme"), 1)
    assert line == '> GET https://api.example.com/v1/x X-Filter: {"a":1} (acme)'


def test_a_token_is_told_nowhere() -> None:
    request = get(leak=TOKEN)
    replies: list[HttpResponse | NoResponse] = [
        HttpResponse(401, {"request-id": TOKEN}, TOKEN.encode()),
        NoResponse(f"refused {TOKEN}"),
    ]
    lines = [_request_log.format_request(request, connection(), 1)]
    lines += [_request_log.format_response(request, connection(), one, 1) for one in replies]
    assert not [line for line in lines if TOKEN in line]


def test_the_python_api_tells_whoever_asks() -> None:
    lines: list[str] = []
    with Sandbox(size="small") as sandbox:
        tokens = sandbox.tokens
        with billql.connect(
            urls=sandbox.urls, tokens=tokens, environ={}, log=lines.append
        ) as session:
            session.execute("SELECT * FROM digitalocean.billing.balances").fetchall()
    sent, came = (line for line in lines if not line.startswith("* "))
    assert sent == f"> GET {sandbox.urls['digitalocean']}/v2/customers/my/balance (digitalocean)"
    assert came.startswith("< 200 in ")
    assert tokens["digitalocean"] not in sent + came


def test_each_attempt_is_told() -> None:
    lines: list[str] = []
    answers = iter([httpx.Response(503), httpx.Response(200, json={"account_balance": "1.00"})])
    with billql.connect(
        tokens={"digitalocean": TOKEN},
        environ={},
        log=lines.append,
        http_transport=httpx.MockTransport(lambda request: next(answers)),
    ) as session:
        session.execute("SELECT account_balance FROM digitalocean.billing.balances").fetchall()
    exchanges = [line for line in lines if not line.startswith("* ")]
    assert [line[:5] for line in exchanges] == ["> GET", "< 503", "> GET", "< 200"]
    assert exchanges[2].endswith("(digitalocean, attempt 2)")
