"""Bills whose rows do not add up, and what is negative in them, in the columns of FOCUS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from billql.config.settings import Settings
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

ORG = "4888442a3354817a7320eb61"
INVOICE = "65a1f0c2d3e4b5a697870001"
SID = "AC0000000000000000000000000000a1fa"
ACCOUNT = "0" * 32
ATLAS = {"MONGODB_ATLAS_CLIENT_ID": "id"}
MONTH = {"startDate": "2026-09-01T00:00:00Z", "endDate": "2026-10-01T00:00:00Z"}
LINODE_ITEM = {"from": "2026-09-01T00:00:00", "to": "2026-09-30T23:59:59", "type": "hourly"}


def atlas(**fields: Any) -> dict[str, Any]:
    return {"id": INVOICE, "orgId": ORG, **MONTH, "statusName": "PAID", **fields}


def usage(category: str, price: str) -> dict[str, Any]:
    dates = {"start_date": "2026-09-01", "end_date": "2026-09-30"}
    named = {"category": category, "description": category, "account_sid": SID}
    return {
        **named,
        **dates,
        "price": price,
        "price_unit": "usd",
        "usage": "1",
        "usage_unit": "calls",
    }


def charge(product: str, kind: str, cost: float) -> dict[str, Any]:
    return {"product_name": product, "charge_type": kind, "cost": cost}


def counted(count: int) -> dict[str, Any]:
    return {"success": True, "result_info": {"total_count": count}}


BODIES: dict[str, Mapping[str, Any]] = {
    "linode": {
        "/v4/account": {"euuid": "e-1", "company": "", "email": "a@acme.example"},
        "/v4/account/invoices": {
            "data": [{"id": 7, "label": "Invoice 7", "date": "2026-10-01T00:10:00", "total": 10.5}],
            "pages": 1,
            "results": 1,
        },
        "/v4/account/invoices/7/items": {
            "data": [
                {**LINODE_ITEM, "label": "Nanode 1GB - a", "amount": 8, "tax": 0.5, "total": 8.5},
                {"label": "Promo credit", "amount": -1, "tax": 0, "total": -1},
            ],
            "pages": 1,
            "results": 2,
        },
    },
    "vultr": {
        "/v2/billing/invoices": {
            "billing_invoices": [{"id": 3, "date": "2026-10-01T00:10:00+00:00", "amount": 11}],
        },
        "/v2/billing/invoices/3/items": {
            "invoice_items": [
                {"product": "Block Storage", "total": 12},
                {"product": "", "total": -2},
            ],
        },
        "/v2/billing/pending-charges": {"pending_charges": []},
    },
    "mongodb_atlas": {
        "/api/oauth/token": {"access_token": "t", "token_type": "Bearer", "expires_in": 3600},
        "/api/atlas/v2/orgs": {"results": [{"id": ORG, "name": "Acme"}], "totalCount": 1},
        f"/api/atlas/v2/orgs/{ORG}/invoices": {
            "results": [atlas(amountBilledCents=1230, salesTaxCents=100, creditsCents=50)],
            "totalCount": 1,
        },
        f"/api/atlas/v2/orgs/{ORG}/invoices/{INVOICE}": atlas(
            lineItems=[
                {"sku": "ATLAS_AWS_INSTANCE_M10", "totalPriceCents": 1200, "discountCents": 60}
            ]
        ),
    },
    "twilio": {
        "/2010-04-01/Accounts.json": {
            "accounts": [{"sid": SID, "owner_account_sid": SID, "friendly_name": "Acme"}],
        },
        f"/2010-04-01/Accounts/{SID}/Usage/Records/Monthly.json": {
            "usage_records": [
                usage("calls", "5"),
                usage("calls-inbound", "2"),
                usage("calls-inbound-local", "2"),
                usage("calls-outbound", "3"),
                usage("callsomething", "1"),
                usage("sms", "0"),
                usage("totalprice", "6.5"),
            ],
        },
    },
    "datadog": {
        "/api/v2/usage/historical_cost": {
            "data": [
                {
                    "attributes": {
                        "date": "2026-09-01T00:00:00Z",
                        "public_id": "p",
                        "total_cost": 20,
                        "charges": [
                            charge("infra_host", "committed", 10),
                            charge("infra_host", "total", 12),
                            charge("rum", "total", 5),
                        ],
                    }
                }
            ],
        },
        "/api/v2/usage/estimated_cost": {"data": []},
    },
    "cloudflare": {
        "/client/v4/accounts": {"result": [{"id": ACCOUNT, "name": "Acme"}], **counted(1)},
        f"/client/v4/accounts/{ACCOUNT}/billing/history": {
            "result": [
                {"id": f"h{n}", "type": kind, "amount": 5, "currency": "usd"}
                | {"action": "subscription", "occurred_at": f"2026-09-0{n}T10:00:00Z"}
                for n, kind in enumerate(("charge", "refund", "payment"), start=1)
            ],
            **counted(3),
        },
    },
}
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "cloudflare": [("Purchase", None, -5.0, 0), ("Purchase", None, 5.0, 0)],
    "datadog": [
        ("Adjustment", "Not itemised by the API", 2.0, 1),
        ("Adjustment", "Not itemised by the API", 3.0, 1),
        ("Purchase", "infra_host committed", 10.0, 0),
        ("Usage", "rum total", 5.0, 0),
    ],
    "linode": [
        ("Adjustment", "Not itemised by the API", 3.0, 1),
        ("Credit", "Promo credit", -1.0, 0),
        ("Tax", "Tax on Nanode 1GB - a", 0.5, 0),
        ("Usage", "Nanode 1GB - a", 8.0, 0),
    ],
    "mongodb_atlas": [
        ("Adjustment", "Not itemised by the API", -0.1, 1),
        ("Tax", "Sales tax", 1.0, 0),
        ("Usage", "ATLAS_AWS_INSTANCE_M10", 11.4, 0),
    ],
    "twilio": [
        ("Adjustment", "Not itemised by the API", 0.5, 1),
        ("Usage", "calls-inbound-local", 2.0, 0),
        ("Usage", "calls-outbound", 3.0, 0),
        ("Usage", "callsomething", 1.0, 0),
    ],
    "vultr": [
        ("Adjustment", "Not itemised by the API", 1.0, 1),
        ("Credit", None, -2.0, 0),
        ("Usage", None, 12.0, 0),
    ],
}
"""The category, the description and the cost of each row, and whether it is a residual."""


@contextmanager
def opened(provider: str) -> Iterator[Session]:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=BODIES[provider][request.url.path])

    options = Options(
        environ={
            "DD_APP_KEY": "key",
            "DD_APPLICATION_KEY": "key",
            "TWILIO_ACCOUNT_SID": SID,
            **ATLAS,
        },
        tokens={provider: "token-of-a-test"},
        http_transport=httpx.MockTransport(answer),
        settings=Settings(attempts=1, patience=1),
    )
    session = Session(":memory:", lambda: options)
    try:
        yield session
    finally:
        session.close()


@pytest.mark.parametrize("provider", EXPECTED)
def test_what_does_not_add_up_is_a_row_that_says_so(provider: str) -> None:
    columns = "ChargeCategory, ChargeDescription, BilledCost, x_Residual"
    sql = f"SELECT {columns} FROM focus.cost_and_usage WHERE BillingPeriodStart = '2026-09-01'"
    with opened(provider) as session:
        found = list(session.execute(sql))
        periods = "SELECT DISTINCT BillingPeriodEnd FROM focus.cost_and_usage"
        assert list(session.execute(periods)) == [("2026-10-01T00:00:00Z",)]
    assert sorted(found, key=str) == sorted(EXPECTED[provider], key=str)
