"""Searches: what a query finds is what a look at the whole list would find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .client import Client, Row

Tables = dict[str, list[Row]]


def found(api: Client, path: str, query: str, **more: Any) -> list[str]:
    ids: list[str] = []
    page: str | None = None
    while True:
        params = {"query": query, "limit": 100, **more} | ({"page": page} if page else {})
        response = api.json(f"{path}/search", params)
        assert response["object"] == "search_result"
        assert response["url"] == f"/v1/{path}/search"
        ids += [row["id"] for row in response["data"]]
        page = response["next_page"]
        assert (page is not None) == response["has_more"]
        if page is None:
            return ids


CASES: list[tuple[str, str, Callable[[Row], bool]]] = [
    ("customers", "metadata['plan']:'scale'", lambda row: row["metadata"]["plan"] == "scale"),
    ("customers", 'metadata["nobody"]:null', lambda row: True),
    ("customers", "name~'lab'", lambda row: "lab" in row["name"].lower()),
    ("customers", "-name~'lab'", lambda row: "lab" not in row["name"].lower()),
    ("customers", "name:'BASALT LABS'", lambda row: row["name"] == "Basalt Labs"),
    ("customers", "phone:null", lambda row: row["phone"] is None),
    ("invoices", "total>100000", lambda row: row["total"] > 100_000),
    ("invoices", "total>=0 AND total<=0", lambda row: row["total"] == 0),
    ("invoices", "status:'open' total<500000", lambda row: (
        row["status"] == "open" and row["total"] < 500_000
    )),
    ("invoices", "status:'open' OR status:'void'", lambda row: row["status"] in ("open", "void")),
    ("invoices", "currency:'jpy'", lambda row: row["currency"] == "jpy"),
    ("invoices", "-status:'paid' and -status:'void'", lambda row: (
        row["status"] not in ("paid", "void")
    )),
    ("charges", "refunded:'true'", lambda row: row["refunded"]),
    ("charges", "disputed:'true'", lambda row: row["disputed"]),
    ("charges", "amount:2500", lambda row: row["amount"] == 2500),
    ("charges", "payment_method_details.card.brand:'amex'", lambda row: (
        row["payment_method_details"].get("card", {}).get("brand") == "amex"
    )),
    ("payment_intents", "status:'requires_payment_method'", lambda row: (
        row["status"] == "requires_payment_method"
    )),
    ("payment_intents", "customer:null", lambda row: row["customer"] is None),
    ("prices", "active:'false'", lambda row: not row["active"]),
    ("prices", "lookup_key:'team_month_usd'", lambda row: row["lookup_key"] == "team_month_usd"),
    ("products", "active:'true' AND shippable:'true'", lambda row: bool(row["shippable"])),
    ("products", "description~'company'", lambda row: "company" in (row["description"] or "")),
    ("subscriptions", "status:'canceled'", lambda row: row["status"] == "canceled"),
    ("subscriptions", "canceled_at>0", lambda row: row["canceled_at"] is not None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "query", "test"), CASES, ids=[case[1] for case in CASES])
def test_queries(
    stripe_api: Client, tables: Tables, path: str, query: str, test: Callable[[Row], bool]
) -> None:
    wanted = [row["id"] for row in tables[path] if test(row)]
    assert wanted
    assert found(stripe_api, path, query) == wanted


def test_pages(stripe_api: Client, tables: Tables) -> None:
    whole = [row["id"] for row in tables["invoices"] if row["status"] == "paid"]
    assert len(whole) > 100
    assert found(stripe_api, "invoices", "status:'paid'") == whole
    assert found(stripe_api, "invoices", "status:'paid'", limit=17) == whole


def test_the_official_client_searches(stripe_api: Client, tables: Tables) -> None:
    v1 = stripe_api.client.v1
    row = tables["invoices"][3]
    services: tuple[tuple[Any, str, int], ...] = (
        (v1.customers, f"email:'{tables['customers'][0]['email']}'", 1),
        (v1.invoices, f"customer:'{row['customer']}' AND created>={row['created']}", 1),
        (v1.charges, "status:'failed'", 5),
        (v1.payment_intents, "amount>0", 101),
        (v1.prices, "type:'recurring'", 11),
        (v1.products, "active:'true'", 11),
        (v1.subscriptions, "status:'active'", 11),
    )
    for service, query, some in services:
        rows: list[Any] = list(service.search({"query": query}).auto_paging_iter())
        assert len({each.id for each in rows}) == len(rows) >= some


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("customers", "nothing"),
        ("customers", "name:'a' AND"),
        ("customers", "name:'a' AND created>1 OR created<2"),
        ("customers", "name:'it"),
        ("customers", "balance>1"),
        ("customers", "name['a']:'b'"),
        ("customers", "name>'a'"),
        ("charges", "currency~'us'"),
        ("charges", "amount>'many'"),
    ],
)
def test_queries_that_are_wrong(stripe_api: Client, path: str, query: str) -> None:
    status, error = stripe_api.error(f"{path}/search", query=query)
    assert status == 400
    assert error["param"] == "query"


def test_parameters_that_are_wrong(stripe_api: Client) -> None:
    status, error = stripe_api.error("customers/search")
    assert (status, error["code"], error["param"]) == (400, "parameter_missing", "query")
    status, error = stripe_api.error("customers/search", query="created>1", starting_after="x")
    assert (status, error["code"]) == (400, "parameter_unknown")
    assert stripe_api.error("customers/search", query="created>1", page="!")[0] == 400
