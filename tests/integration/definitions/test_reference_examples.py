"""The example bodies of DigitalOcean's reference, served as they stand, come out of SQL as such."""

from __future__ import annotations

from typing import Any

import httpx

import billql

UUID = "22737513-0ea7-4206-8ceb-98a575af7681"
TEAM = "do:team:12345678-1234-1234-1234-123456789012"

BALANCE = {
    "month_to_date_balance": "23.44",
    "account_balance": "12.23",
    "month_to_date_usage": "11.21",
    "generated_at": "2019-07-09T15:01:12Z",
}
SUMMARY = {
    "amount": "27.13",
    "billing_period": "2020-01",
    "credits_and_adjustments": {"amount": "6.78", "name": "Credits & adjustments"},
    "invoice_id": "123456789",
    "invoice_uuid": UUID,
    "overages": {"amount": "3.45", "name": "Overages"},
    "product_charges": {
        "amount": "12.34",
        "items": [
            {"amount": "10.00", "count": "1", "name": "Spaces Subscription"},
            {"amount": "2.34", "count": "1", "name": "Database Clusters"},
        ],
        "name": "Product usage charges",
    },
    "taxes": {"amount": "4.56", "name": "Taxes"},
    "user_billing_address": {
        "address_line1": "101 Shark Row",
        "city": "Atlantis",
        "country_iso2_code": "US",
        "created_at": "2019-09-03T16:34:46.000+00:00",
        "postal_code": "12345",
        "region": "OC",
        "updated_at": "2019-09-03T16:34:46.000+00:00",
    },
    "user_company": "DigitalOcean",
    "user_email": "sammy@example.com",
    "user_name": "Sammy Shark",
}
CSV = """\
product,group_description,description,hours,start,end,USD,project_name,category
Floating IPs,,Unused Floating IP - 1.1.1.1,100,2020-07-01 00:00:00 +0000,\
2020-07-22 18:14:39 +0000,$3.11,,iaas
Taxes,,STATE SALES TAX (6.25%),,2020-07-01 00:00:00 +0000,2020-07-31 23:59:59 +0000,$0.16,,iaas
"""
INSIGHTS = {
    "current_page": 1,
    "data_points": [
        {
            "description": "droplet name (c-2-4GiB)",
            "group_description": "",
            "region": "nyc3",
            "sku": "1-DO-DROP-0109",
            "start_date": "2025-01-01",
            "total_amount": "0.86",
            "usage_team_urn": TEAM,
        },
        {
            "description": "3 nodes - 4 GB / 2 vCPU / 80 GB SSD",
            "group_description": "kubernetes cluster name",
            "region": "nyc3",
            "sku": "1-KS-K8SWN-00109",
            "start_date": "2025-01-01",
            "total_amount": "2.57",
            "usage_team_urn": TEAM,
        },
    ],
    "total_items": 2,
    "total_pages": 1,
}


def answers(request: httpx.Request) -> httpx.Response:
    bodies: dict[str, Any] = {
        "/v2/customers/my/balance": BALANCE,
        f"/v2/customers/my/invoices/{UUID}/summary": SUMMARY,
        f"/v2/billing/{TEAM}/insights/2025-01-01/2025-01-31": INSIGHTS,
    }
    if request.url.path == f"/v2/customers/my/invoices/{UUID}/csv":
        return httpx.Response(200, text=CSV, headers={"content-type": "text/csv"})
    return httpx.Response(200, json=bodies[request.url.path])


def select(sql: str) -> list[tuple[object, ...]]:
    transport = httpx.MockTransport(answers)
    with billql.connect(tokens={"digitalocean": "token"}, http_transport=transport) as connection:
        return connection.execute(sql).fetchall()


def test_balance() -> None:
    assert select("SELECT * FROM digitalocean.billing.balances") == [
        (23.44, 12.23, 11.21, "USD", "2019-07-09T15:01:12Z")
    ]


def test_summary() -> None:
    assert select(
        "SELECT invoice_id, billing_period, amount, user_name, city, postal_code "
        f"FROM digitalocean.billing.invoice_summary WHERE invoice_uuid = '{UUID}'"
    ) == [("123456789", "2020-01", 27.13, "Sammy Shark", "Atlantis", "12345")]


def test_charges() -> None:
    charges = select(
        "SELECT kind, name, count, amount, currency "
        f"FROM digitalocean.billing.invoice_charges WHERE invoice_uuid = '{UUID}'"
    )
    assert charges == [
        ("product", "Spaces Subscription", 1, 10.0, "USD"),
        ("product", "Database Clusters", 1, 2.34, "USD"),
        ("overages", "Overages", None, 3.45, "USD"),
        ("taxes", "Taxes", None, 4.56, "USD"),
        ("credits_and_adjustments", "Credits & adjustments", None, 6.78, "USD"),
    ]


def test_csv() -> None:
    lines = select(
        "SELECT product, description, hours, start_time, end_time, amount, category "
        f"FROM digitalocean.billing.invoice_csv WHERE invoice_uuid = '{UUID}'"
    )
    assert lines == [
        (
            "Floating IPs",
            "Unused Floating IP - 1.1.1.1",
            100,
            "2020-07-01T00:00:00Z",
            "2020-07-22T18:14:39Z",
            3.11,
            "iaas",
        ),
        (
            "Taxes",
            "STATE SALES TAX (6.25%)",
            None,
            "2020-07-01T00:00:00Z",
            "2020-07-31T23:59:59Z",
            0.16,
            "iaas",
        ),
    ]


def test_insights() -> None:
    points = select(
        "SELECT start_date, sku, total_amount, group_description "
        "FROM digitalocean.billing.insights "
        f"WHERE account_urn = '{TEAM}' AND start_date BETWEEN '2025-01-01' AND '2025-01-31'"
    )
    assert points == [
        ("2025-01-01", "1-DO-DROP-0109", 0.86, ""),
        ("2025-01-01", "1-KS-K8SWN-00109", 2.57, "kubernetes cluster name"),
    ]
