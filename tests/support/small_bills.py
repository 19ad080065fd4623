"""Small bills of four providers, some of which do not add up, and what their APIs respond."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import httpx

from billql.config.settings import Settings
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

from .defined import Api

ITEMS: Mapping[str, list[dict[str, Any]]] = {
    "u-8": [{"product": "Droplets", "amount": "10.10"}, {"product": "New thing", "amount": "0.20"}],
    "u-9": [{"product": "Droplets", "amount": "10.00"}, {"product": "Taxes", "amount": "0.05"}],
    "preview": [{"product": "Spaces Subscription", "amount": "5.00"}],
}
INVOICES = {
    "invoices": [
        {"invoice_uuid": "u-9", "invoice_id": "9", "invoice_period": "2026-09", "amount": "10.05"},
        {"invoice_uuid": "u-8", "invoice_id": "8", "invoice_period": "2026-08", "amount": "9.30"},
    ],
    "invoice_preview": {
        "invoice_uuid": "u-10",
        "invoice_id": "10",
        "invoice_period": "2026-10",
        "amount": "5.00",
    },
    "meta": {"total": 2},
}


def invoice(id: str, total: int, created: int) -> dict[str, Any]:
    fields = {"customer": "cus_1", "customer_name": "Amber", "currency": "kwd", "status": "paid"}
    return {"id": id, "total": total, "created": created, "account_name": "Shark", **fields}


LINE = {
    "id": "il_1",
    "amount": 2000,
    "currency": "kwd",
    "description": "Team",
    "period": {"start": 1_788_300_000, "end": 1_788_300_000},
    "pretax_credit_amounts": [
        {"amount": 100, "type": "discount"},
        {"amount": 300, "type": "credit_balance_transaction"},
    ],
    "taxes": [
        {"amount": 50, "tax_behavior": "inclusive"},
        {"amount": 70, "tax_behavior": "exclusive"},
    ],
}
STRIPE_INVOICES = [invoice("in_2", 1670, 1_788_300_000), invoice("in_1", 1671, 1_785_000_000)]
"""The first adds up, 2.000 - 0.100 - 0.300 + 0.070; the second one is of July."""
NOTE = {
    "id": "cn_1",
    "number": "CN-1",
    "customer": "cus_1",
    "invoice": "in_1",
    "currency": "kwd",
    "status": "issued",
    "created": 1_788_400_000,
    "total": 600,
}
"""A note of September about the invoice of July; its line and the tax on it come to 0.570."""
OTHER_NOTE = {**NOTE, "id": "cn_2", "status": "void"}
NOTE_LINE = {
    "id": "cnli_1",
    "amount": 500,
    "description": "Team, in part",
    "invoice_line_item": "il_1",
    "taxes": [{"amount": 70, "tax_behavior": "exclusive"}],
}
USD = {"id": "2714e483-4ff1-48e4-9e25-ac732e8f24f2", "name": "USD (cents)"}
METRONOME_INVOICE: dict[str, Any] = {
    "id": "22222222-2222-4222-8222-222222222222",
    "customer_id": "11111111-1111-4111-8111-111111111111",
    "type": "USAGE",
    "status": "FINALIZED",
    "total": 1000,
    "credit_type": USD,
    "start_timestamp": "2026-09-01T00:00:00Z",
    "end_timestamp": "2026-10-01T00:00:00Z",
    "line_items": [
        {"name": "Calls", "type": "usage", "total": 1500, "credit_type": USD},
        {
            "name": "Postpaid",
            "type": "applied_commit_or_credit",
            "total": -400,
            "credit_type": USD,
            "applied_commit_or_credit": {"id": "c", "type": "POSTPAID"},
        },
    ],
    "invoice_adjustments": [{"name": "Grant", "total": -300, "credit_type": USD}],
}


def answer(request: httpx.Request) -> Any:
    path = request.url.path
    if path == "/v1/customers":
        archived = request.url.params.get("only_archived") == "true"
        customers = [{"id": METRONOME_INVOICE["customer_id"], "name": "Amber"}]
        return {"data": [] if archived else customers}
    if path.startswith("/v1/customers/"):
        return {"data": [METRONOME_INVOICE]}
    if path == "/v1/invoices":
        status = request.url.params.get("status", "paid")
        data = STRIPE_INVOICES if status == "paid" else []
        return {"object": "list", "data": data, "has_more": False}
    if path == "/v1/credit_notes":
        return {"object": "list", "data": [NOTE, OTHER_NOTE], "has_more": False}
    if path.startswith("/v1/credit_notes/") and not path.endswith("/lines"):
        missing = {"type": "invalid_request_error", "code": "resource_missing", "param": "id"}
        return httpx.Response(404, json={"error": missing})
    if path.startswith("/v1/credit_notes/"):
        return {"object": "list", "data": [NOTE_LINE], "has_more": False}
    if path.endswith("/lines"):
        return {"object": "list", "data": [LINE], "has_more": False}
    if path.startswith("/v1/invoices/"):
        return next(one for one in STRIPE_INVOICES if path.endswith(one["id"]))
    if path == "/v2/account":
        return {"account": {"uuid": "me", "name": "I", "email": "i@example.com"}}
    if path == "/v2/customers/my/invoices":
        return INVOICES
    if path.startswith("/v2/customers/my/invoices/"):
        found = ITEMS[path.rpartition("/")[2]]
        return {"invoice_items": found, "meta": {"total": len(found)}}
    fees = FEES if path.startswith("/v1/balance") else []
    return {"object": "list", "data": fees, "has_more": False, "next_page": None}


def fee(amount: int, currency: str, **more: Any) -> dict[str, Any]:
    detail = {"amount": amount, "currency": currency, "type": "stripe_fee", "description": "A fee"}
    return {
        "id": f"txn_{amount}",
        "type": "charge",
        "amount": 100_000,
        "fee": amount,
        "currency": currency,
        "created": 1_790_000_000,
        "fee_details": [{**detail, **more}],
    }


FEES = [fee(1234, "kwd"), fee(50, "usd"), fee(7, "usd", type="tax"), fee(9, "jpy")]


@contextmanager
def session_of(api: Api) -> Iterator[Session]:
    """Open a session of who has an account at each of them."""
    options = Options(
        environ={},
        tokens=dict.fromkeys(
            ("digitalocean", "stripe", "openai", "anthropic", "metronome"), "token-of-a-test"
        ),
        http_transport=httpx.MockTransport(api),
        settings=Settings(attempts=1, patience=1),
    )
    with closing(Session(":memory:", lambda: options)) as session:
        yield session
