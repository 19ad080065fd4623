"""Lists: the official client pages through each, and cursors cut them without loss."""

from __future__ import annotations

from typing import Any

import pytest

from .client import LISTS, Client, everything

Tables = dict[str, list[dict[str, Any]]]


@pytest.mark.parametrize("path", LISTS)
def test_the_official_client_reads_every_list(stripe_small: Client, path: str) -> None:
    listed = LISTS[path]
    rows = everything(stripe_small, path)
    page = listed.first_page(stripe_small.client)
    assert page.object == "list"
    assert page.url == f"/v1/{path}"
    ids = [row.id for row in page.auto_paging_iter()]
    assert ids == [row["id"] for row in rows]
    assert len(ids) == len(set(ids))
    for row in (rows[0], rows[-1]):
        assert listed.one(stripe_small.client, row["id"]).to_dict()["id"] == row["id"]


def test_the_official_client_reads_lists_within_objects(stripe_api: Client, tables: Tables) -> None:
    v1 = stripe_api.client.v1
    invoice = max(tables["invoices"], key=lambda row: int(row["lines"]["has_more"]))
    lines = list(v1.invoices.line_items.list(invoice["id"]).auto_paging_iter())
    assert len(lines) > 100
    assert sum(line.amount for line in lines) == invoice["subtotal"]
    note = tables["credit_notes"][0]
    (line,) = v1.credit_notes.line_items.list(note["id"]).auto_paging_iter()
    assert line.amount == note["subtotal"]
    sizes = []
    for quote in tables["quotes"]:
        items = list(v1.quotes.line_items.list(quote["id"]).auto_paging_iter())
        assert sum(item.amount_total for item in items) == quote["amount_total"]
        sizes.append(len(items))
    assert max(sizes) > 10
    subscription = tables["subscriptions"][0]
    items_of = list(
        v1.subscription_items.list({"subscription": subscription["id"]}).auto_paging_iter()
    )
    assert [item.id for item in items_of] == [item["id"] for item in subscription["items"]["data"]]
    assert v1.subscription_items.retrieve(items_of[0].id).subscription == subscription["id"]
    customer = next(row for row in tables["customers"] if row["balance"])
    entries = list(v1.customers.balance_transactions.list(customer["id"]).auto_paging_iter())
    assert entries[0].ending_balance == customer["balance"]
    one = v1.customers.balance_transactions.retrieve(customer["id"], entries[-1].id)
    assert one.amount == entries[-1].amount


def test_there_is_enough_to_page_through(tables: Tables) -> None:
    for path, least in {
        "invoices": 400,
        "invoiceitems": 400,
        "charges": 400,
        "payment_intents": 400,
        "invoice_payments": 400,
        "balance_transactions": 500,
        "events": 300,
        "billing/credit_balance_transactions": 150,
        "payouts": 100,
    }.items():
        assert len(tables[path]) >= least, path


@pytest.mark.parametrize("path", sorted(LISTS.keys() - {"billing/alerts"}))
def test_newest_first(tables: Tables, path: str) -> None:
    word = "date" if path == "invoiceitems" else "created"
    moments = [row[word] for row in tables[path]]
    assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize("path", ["invoices", "charges", "customers", "promotion_codes", "events"])
def test_many_rows_of_one_second(tables: Tables, path: str) -> None:
    moments = [row["created"] for row in tables[path]]
    assert max(moments.count(moment) for moment in set(moments)) > 5


@pytest.mark.parametrize("limit", [1, 3, 10, 99, 100])
def test_pages_of_any_size_are_the_same_list(
    stripe_api: Client, tables: Tables, limit: int
) -> None:
    whole = [row["id"] for row in tables["promotion_codes"]]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = stripe_api.json("promotion_codes", query)
        assert 1 <= len(page["data"]) <= limit
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        assert len(page["data"]) == limit
        query["starting_after"] = seen[-1]
    assert seen == whole


def test_ten_rows_without_a_limit(stripe_api: Client, tables: Tables) -> None:
    page = stripe_api.json("invoices")
    assert [row["id"] for row in page["data"]] == [row["id"] for row in tables["invoices"][:10]]
    assert page == {"object": "list", "data": page["data"], "has_more": True, "url": "/v1/invoices"}


def test_after_the_last(stripe_api: Client, tables: Tables) -> None:
    page = stripe_api.json("coupons", {"starting_after": tables["coupons"][-1]["id"]})
    assert page == {"object": "list", "data": [], "has_more": False, "url": "/v1/coupons"}


@pytest.mark.parametrize("path", LISTS)
def test_an_object_alone_is_as_in_its_list(stripe_api: Client, tables: Tables, path: str) -> None:
    for row in tables[path][:: max(1, len(tables[path]) // 5)]:
        assert stripe_api.json(f"{path}/{row['id']}") == row


def test_invoices_come_with_their_first_ten_lines(stripe_api: Client, tables: Tables) -> None:
    for invoice in tables["invoices"][::25]:
        lines = stripe_api.rows(f"invoices/{invoice['id']}/lines")
        assert invoice["lines"]["data"] == lines[:10]
        assert invoice["lines"]["has_more"] == (len(lines) > 10)
        assert invoice["lines"]["url"] == f"/v1/invoices/{invoice['id']}/lines"


def test_canceled_subscriptions_are_left_out_by_default(stripe_api: Client, tables: Tables) -> None:
    default = {row["id"] for row in stripe_api.rows("subscriptions")}
    rows = {status: everything_with(stripe_api, status) for status in ("all", "canceled")}
    assert rows["all"] - default == rows["canceled"]
    assert rows["all"] == {row["id"] for row in tables["subscriptions"]}
    statuses = {row["status"] for row in everything(stripe_api, "subscriptions")}
    assert statuses >= {
        "active", "canceled", "incomplete", "incomplete_expired", "paused", "trialing",
    }  # fmt: skip


def everything_with(api: Client, status: str) -> set[str]:
    return {row["id"] for row in api.rows("subscriptions", {"status": status})}
