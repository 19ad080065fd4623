"""What the views of FOCUS request, and what they make of bills that do not add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import httpx
import pytest

from billql.config.settings import Settings
from billql.errors import ApiError
from billql.sqlite.engine import Options
from billql.sqlite.session import Session
from support.defined import Api
from support.rows import records

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
METRONOME_INVOICE = {
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


@pytest.fixture
def api() -> Api:
    return Api(answer)


@pytest.fixture
def own(api: Api) -> Iterator[Session]:
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


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM focus.cost_and_usage "
        "WHERE BillingPeriodStart >= '2026-09-01' AND ProviderName = 'DigitalOcean'",
        "SELECT f.ServiceName, money_sum(f.BilledCost) FROM focus.cost_and_usage AS f "
        "WHERE f.ProviderName IN ('DigitalOcean') AND f.BillingPeriodStart >= '2026-09' GROUP BY 1",
        "SELECT count(*) FROM digitalocean.focus.cost_and_usage "
        "WHERE BillingPeriodStart BETWEEN '2026-09-01' AND '2026-12-01'",
    ],
)
def test_only_one_provider_and_its_invoices_are_requested(own: Session, api: Api, sql: str) -> None:
    assert list(own.execute(sql))
    paths = sorted(asked.partition("?")[0] for asked in api.asked)
    assert paths == [
        "/v2/account",
        "/v2/customers/my/invoices",  # the list
        "/v2/customers/my/invoices",  # the preview, which comes along with a page of one
        "/v2/customers/my/invoices/preview",
        "/v2/customers/my/invoices/u-9",
    ]


def test_a_provider_without_a_part_is_not_requested(own: Session, api: Api) -> None:
    sql = "SELECT count(*) FROM focus.cost_and_usage WHERE ProviderName = 'Nobody'"
    assert list(own.execute(sql)) == [(0,)]
    assert api.asked == []


@pytest.mark.parametrize(
    ("provider", "bounds"),
    [
        ("Stripe", ["created%5Bgte%5D=1788220800", "created%5Blt%5D=1790812800"]),
        ("OpenAI", ["start_time=1788220800", "end_time=1790812800"]),
        ("Anthropic", ["starting_at=2026-09-01", "ending_at=2026-10-01"]),
    ],
)
@pytest.mark.parametrize(
    "condition",
    [
        "ChargePeriodStart >= '2026-09-01' AND ChargePeriodStart < '2026-10-01'",
        "BillingPeriodStart = '2026-09-01'",
        "BillingPeriodStart BETWEEN '2026-09-01' AND '2026-09-30'",
        "BillingPeriodStart > date('2026-08-15') AND BillingPeriodEnd <= '2026-10-01'",
    ],
)
def test_a_condition_on_a_period_is_sent(
    own: Session, api: Api, condition: str, provider: str, bounds: list[str]
) -> None:
    sql = f"SELECT BilledCost FROM focus.cost_and_usage WHERE ProviderName = '{provider}'"
    list(own.execute(f"{sql} AND {condition}"))
    (asked,) = api.asked
    assert [bound for bound in bounds if bound not in asked] == []


def test_what_an_invoice_does_not_itemise_is_an_adjustment(own: Session) -> None:
    rows = records(own, "SELECT * FROM digitalocean.focus.cost_and_usage WHERE x_Residual = 1")
    (row,) = rows
    assert (row["InvoiceId"], row["BilledCost"], row["ChargeCategory"]) == ("8", -1.0, "Adjustment")
    assert row["ChargeDescription"] == "Not itemised by the API"
    total = (
        "SELECT money_sum(BilledCost) FROM digitalocean.focus.cost_and_usage WHERE InvoiceId = '8'"
    )
    assert list(own.execute(total)) == [(9.3,)]


def test_an_invoice_of_stripe_is_split_into_lines_taxes_and_credits(own: Session, api: Api) -> None:
    sql = "SELECT ChargeCategory, BilledCost, ListCost, x_Residual FROM stripe.focus.revenue"
    found = sorted(
        own.execute(f"{sql} WHERE BillingPeriodStart >= '2026-09-01' AND InvoiceId LIKE 'in_%'")
    )
    assert found == [
        ("Credit", -0.3, -0.3, 0),
        ("Purchase", 1.85, 1.95, 0),
        ("Tax", 0.05, 0.05, 0),
        ("Tax", 0.07, 0.07, 0),
    ]
    paths = [asked.partition("?")[0] for asked in api.asked]
    assert "/v1/invoices/in_2/lines" in paths
    assert list(own.execute(f"{sql} WHERE InvoiceId = 'in_1' AND x_Residual = 1")) == [
        ("Adjustment", 0.001, 0.001, 1)
    ]


def test_a_credit_note_is_a_correction_in_its_own_month(own: Session, api: Api) -> None:
    columns = "ChargeClass, ChargeCategory, BilledCost, x_Residual, BillingPeriodStart, InvoiceId"
    sql = f"SELECT {columns}, ChargePeriodStart FROM stripe.focus.revenue"
    found = sorted(own.execute(f"{sql} WHERE ChargeClass = 'Correction'"))
    month, began = "2026-09-01T00:00:00Z", "2026-09-01T22:00:00Z"
    assert [row[:6] for row in found] == [
        ("Correction", "Adjustment", -0.03, 1, month, "cn_1"),
        ("Correction", "Purchase", -0.5, 0, month, "cn_1"),
        ("Correction", "Tax", -0.07, 0, month, "cn_1"),
    ]
    assert {row[6] for row in found if row[1] != "Adjustment"} == {began}
    api.asked.clear()
    list(own.execute(f"{sql} WHERE BillingPeriodStart >= '2026-10-01'"))
    assert any("credit_notes?created%5Bgte%5D=1790812800" in asked for asked in api.asked)


def test_an_invoice_of_metronome_has_credits_and_what_is_not_itemised(own: Session) -> None:
    sql = "SELECT ChargeCategory, ChargeDescription, BilledCost, x_Residual FROM focus.revenue"
    found = sorted(own.execute(f"{sql} WHERE x_Connection = 'metronome'"))
    assert found == [
        ("Adjustment", "Not itemised by the API", -2.0, 1),
        ("Credit", "Grant", -3.0, 0),
        ("Usage", "Calls", 15.0, 0),
    ]


def test_a_service_that_the_table_does_not_have_is_other(own: Session) -> None:
    sql = "SELECT ServiceCategory, ServiceSubcategory FROM focus.cost_and_usage"
    found = list(own.execute(f"{sql} WHERE ServiceName = 'New thing'"))
    assert found == [("Other", "Other (Other)")]


def test_an_account_without_a_team_is_the_user(own: Session) -> None:
    sql = "SELECT DISTINCT BillingAccountId, BillingAccountName FROM focus.cost_and_usage"
    assert list(own.execute(f"{sql} WHERE ProviderName = 'DigitalOcean'")) == [("do:user:me", "I")]


def test_amounts_have_the_digits_of_their_currency(own: Session) -> None:
    sql = "SELECT BillingCurrency, ChargeCategory, BilledCost FROM stripe.focus.cost_and_usage"
    assert sorted(own.execute(sql)) == [
        ("JPY", "Usage", 9.0),
        ("KWD", "Usage", 1.234),
        ("USD", "Tax", 0.07),
        ("USD", "Usage", 0.5),
    ]


def test_a_part_that_fails_is_an_error(own: Session, api: Api) -> None:
    def failing(request: httpx.Request) -> Any:
        if request.url.path == "/v2/account":
            return httpx.Response(403, json={"id": "forbidden", "message": "No scope."})
        return answer(request)

    api.respond = failing
    with pytest.raises(ApiError, match=r"No scope\."):
        list(own.execute("SELECT * FROM focus.cost_and_usage"))
