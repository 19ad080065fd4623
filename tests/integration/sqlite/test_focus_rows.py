"""What the views of FOCUS make of bills: prices, taxes, credits, and what does not add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from billql.sqlite.session import Session
from support import focus
from support.defined import Api
from support.rows import records
from support.small_bills import LINE, METRONOME_INVOICE, USD, answer, session_of


@pytest.fixture
def api() -> Api:
    return Api(answer)


@pytest.fixture
def own(api: Api) -> Iterator[Session]:
    with session_of(api) as session:
        yield session


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


PRICED: dict[str, Any] = {
    "pricing": {
        "price_details": {"price": "price_1", "product": "prod_1"},
        "unit_amount_decimal": "1000",
    },
    "quantity_decimal": "2",
    "amount": 2000,
    "taxes": [],
    "pretax_credit_amounts": [],
}


@pytest.mark.parametrize(
    ("fields", "price", "cost", "negotiated"),
    [
        ({}, 1, 2, 1),
        # Discounts are negotiated, and taxes that a price includes are no part of it.
        ({"pretax_credit_amounts": [{"amount": 500, "type": "discount"}]}, 1, 2, 0.75),
        ({"taxes": [{"amount": 200, "tax_behavior": "inclusive"}]}, 0.9, 1.8, 0.9),
        # The bill is rounded to the minor unit, and a list price is not.
        (
            {
                "pricing": {**PRICED["pricing"], "unit_amount_decimal": "0.4"},
                "quantity_decimal": "1234",
                "amount": 494,
            },
            0.0004,
            0.4936,
            0.494 / 1234,
        ),
        # The part of a period, what is taken back, and tiers have no price.
        ({"amount": 700}, None, 0.7, None),
        ({"amount": -2000}, None, -2, None),
        ({"pricing": {**PRICED["pricing"], "unit_amount_decimal": None}}, None, 2, None),
        ({"quantity_decimal": "0", "amount": 0}, None, 0, None),
    ],
)
def test_a_line_of_stripe_has_a_price_if_it_is_quantity_times_price(
    own: Session,
    api: Api,
    fields: dict[str, Any],
    price: float | None,
    cost: float,
    negotiated: float | None,
) -> None:
    def responding(request: httpx.Request) -> Any:
        if request.url.path.endswith("/lines"):
            return {"object": "list", "data": [LINE | PRICED | fields], "has_more": False}
        if request.url.path.startswith(("/v1/prices", "/v1/products")):
            return httpx.Response(404, json={"error": {"code": "resource_missing"}})
        return answer(request)

    api.respond = responding
    sql = "SELECT * FROM stripe.focus.revenue WHERE InvoiceDetailId = 'il_1' AND InvoiceId = 'in_2'"
    (row,) = records(own, sql)
    found = [row[name] for name in ("ListUnitPrice", "ListCost", "ContractedUnitPrice")]
    assert found == [price, cost, pytest.approx(negotiated)]
    assert (row["SkuId"], row["SkuPriceId"]) == ("prod_1", price and "price_1")
    assert focus.faults("revenue", [row]) == {}


@pytest.mark.parametrize(
    ("fields", "prices"),
    [
        ({}, (None, 15, None, None)),
        ({"unit_price": 500}, (5, 15, 5, "p")),
        ({"unit_price": 400}, (None, 15, None, None)),
        (
            {
                "unit_price": 500,
                "list_price": {"rate_type": "FLAT", "price": 600, "credit_type": USD},
            },
            (6, 18, 5, "p"),
        ),
        ({"unit_price": 500, "list_price": {"rate_type": "TIERED"}}, (5, 15, 5, "p")),
    ],
)
def test_a_line_of_metronome_has_the_prices_that_make_its_total(
    own: Session, api: Api, fields: dict[str, Any], prices: tuple[Any, ...]
) -> None:
    line = METRONOME_INVOICE["line_items"][0] | {"product_id": "p", "quantity": 3} | fields

    def responding(request: httpx.Request) -> Any:
        if request.url.path.endswith("/invoices"):
            return {"data": [METRONOME_INVOICE | {"line_items": [line]}]}
        return answer(request)

    api.respond = responding
    sql = "SELECT * FROM metronome.focus.revenue WHERE ChargeCategory = 'Usage'"
    (row,) = records(own, sql)
    names = ("ListUnitPrice", "ListCost", "ContractedUnitPrice", "SkuPriceId")
    assert tuple(row[name] for name in names) == prices
    assert focus.faults("revenue", [row]) == {}


COMMIT: dict[str, Any] = {
    "id": "33333333-3333-4333-8333-333333333333",
    "type": "PREPAID",
    "name": "Commit",
    "product": {"id": "p", "name": "Prepaid commit"},
    "contract": {"id": "44444444-4444-4444-8444-444444444444"},
    "created_at": "2026-01-01T08:00:00Z",
    "balance": 5000,
    "access_schedule": {
        "credit_type": USD,
        "schedule_items": [
            {
                "amount": 10000,
                "starting_at": "2026-01-01T00:00:00Z",
                "ending_before": "2126-01-01T00:00:00Z",
            }
        ],
    },
    "invoice_schedule": {"schedule_items": [{"amount": 9000, "timestamp": "2026-01-01T00:00:00Z"}]},
    "cost_basis": 0.9,
    "ledger": [{"type": "X", "amount": -5000, "timestamp": "2026-02-01T00:00:00Z"}],
}
CONTRACT = {
    "id": COMMIT["contract"]["id"],
    "customer_id": METRONOME_INVOICE["customer_id"],
    "starting_at": "2026-01-01T00:00:00Z",
    "ending_before": "2126-01-01T00:00:00Z",
}
LATER = {"amount": 1000, "timestamp": "2026-07-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("commit", "expected"),
    [
        (
            {},
            {
                "ContractCommitmentCost": 100,
                "ContractCommitmentDiscountPercentage": 0.1,
                "ContractCommitmentDurationType": "1200 Months",
                "ContractCommitmentLastUpdated": "2026-02-01T00:00:00Z",
                "ContractCommitmentLifecycleStatus": "Active",
                "ContractCommitmentPaymentInterval": "One-Time",
                "ContractCommitmentPaymentModel": "All Upfront",
                "ContractCommitmentPaymentUpfrontPercentage": 1,
                "ContractCommitmentApplicability": '{"IsGlobalScope":true}',
            },
        ),
        ({"balance": 0}, {"ContractCommitmentLifecycleStatus": "Exhausted"}),
        (
            {"archived_at": "2026-03-01T00:00:00Z"},
            {
                "ContractCommitmentLifecycleStatus": "Canceled",
                "ContractCommitmentLastUpdated": "2026-03-01T00:00:00Z",
            },
        ),
        (
            {
                "invoice_schedule": {
                    "schedule_items": [*COMMIT["invoice_schedule"]["schedule_items"], LATER]
                }
            },
            {
                "ContractCommitmentPaymentModel": "Partial Upfront",
                "ContractCommitmentPaymentUpfrontPercentage": 0.9,
                "ContractCommitmentPaymentInterval": "Custom",
            },
        ),
        (
            {"invoice_schedule": {"schedule_items": [LATER]}},
            {"ContractCommitmentPaymentModel": "No Upfront"},
        ),
        (
            {"applicable_product_ids": ["p", "q"]},
            {
                "ContractCommitmentApplicability": '{"InclusionOperator":"Or","Inclusions":'
                '[{"Dimension":"SkuId","Operator":"In","Values":["p","q"]}]}'
            },
        ),
        (
            {"applicable_product_tags": ["usage"]},
            {"ContractCommitmentApplicability": '{"IsComplexScope":true}'},
        ),
        (
            {
                "access_schedule": COMMIT["access_schedule"]
                | {"credit_type": {"id": "9", "name": "Credits"}}
            },
            {
                "BillingCurrency": None,
                "ContractCommitmentCost": None,
                "ContractCommitmentQuantity": 10000,
                "ContractCommitmentUnit": "Credits",
            },
        ),
        ({"invoice_schedule": None}, None),
        ({"type": "CREDIT"}, None),
    ],
)
def test_a_commitment_says_how_it_is_used_and_paid_for(
    own: Session, api: Api, commit: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    def responding(request: httpx.Request) -> Any:
        if request.url.path == "/v2/contracts/list":
            return {"data": [CONTRACT]}
        if request.url.path == "/v1/contracts/customerBalances/list":
            return {"data": [COMMIT | commit]}
        return answer(request)

    api.respond = responding
    rows = records(own, "SELECT * FROM metronome.focus.contract_commitments")
    assert len(rows) == (expected is not None)
    for row in rows:
        assert row == row | (expected or {})
        texts = focus.as_text([row], [name for name in row if row[name] is not None])
        found = focus.lint("contract_commitments", texts)
        assert {rule for rule, _ in found} <= {"missing_mandatory_column"}
        assert focus.faults("contract_commitments", [row]) == {}


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
