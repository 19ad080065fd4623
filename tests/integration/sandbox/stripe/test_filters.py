"""What a filter keeps is what a look at the whole list would keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from billql.sandbox.stripe.clocks import CLOCK, CUSTOMER

from .client import Client, Row

Tables = dict[str, list[Row]]
Test = Callable[[Row], bool]


def field(name: str, value: Any) -> Test:
    def test(row: Row) -> bool:
        at: Any = row
        for part in name.split("."):
            at = at[part] if at is not None else None
        return bool(at == value)

    return test


def check(api: Client, tables: Tables, path: str, query: dict[str, Any], test: Test) -> list[Row]:
    wanted = [row for row in tables[path] if test(row)]
    found = api.rows(path, query)
    assert [row["id"] for row in found] == [row["id"] for row in wanted]
    assert wanted, "a filter that finds nothing shows nothing"
    return wanted


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("invoices", "status"),
        ("invoices", "collection_method"),
        ("invoices", "customer"),
        ("invoiceitems", "customer"),
        ("invoiceitems", "invoice"),
        ("invoice_payments", "invoice"),
        ("invoice_payments", "status"),
        ("subscriptions", "status"),
        ("subscriptions", "collection_method"),
        ("credit_notes", "customer"),
        ("credit_notes", "invoice"),
        ("quotes", "status"),
        ("quotes", "customer"),
        ("customers", "email"),
        ("balance_transactions", "currency"),
        ("balance_transactions", "type"),
        ("balance_transactions", "source"),
        ("payouts", "status"),
        ("payouts", "destination"),
        ("charges", "customer"),
        ("charges", "payment_intent"),
        ("payment_intents", "customer"),
        ("refunds", "charge"),
        ("refunds", "payment_intent"),
        ("disputes", "charge"),
        ("disputes", "payment_intent"),
        ("events", "type"),
        ("products", "type"),
        ("prices", "currency"),
        ("prices", "product"),
        ("prices", "type"),
        ("plans", "product"),
        ("promotion_codes", "code"),
        ("promotion_codes", "customer"),
        ("billing/credit_grants", "customer"),
        ("billing/credit_balance_transactions", "credit_grant"),
        ("billing/meters", "status"),
        ("billing/alerts", "alert_type"),
    ],
)
def test_by_a_value(stripe_api: Client, tables: Tables, path: str, name: str) -> None:
    values = sorted({row[name] for row in tables[path] if row[name] is not None})
    for value in values[:: max(1, len(values) // 4)]:
        every = {"status": "all"} if path == "subscriptions" else {}
        check(stripe_api, tables, path, {**every, name: value}, field(name, value))


def test_by_values_within(stripe_api: Client, tables: Tables) -> None:
    def first(path: str, name: str) -> Any:
        for row in tables[path]:
            for part in name.split("."):
                row = row[part] if row is not None else None
            if row is not None:
                return row
        raise AssertionError(name)

    for path, name, where in (
        ("invoices", "subscription", "parent.subscription_details.subscription"),
        ("promotion_codes", "coupon", "promotion.coupon"),
        ("billing/alerts", "meter", "usage_threshold.meter"),
    ):
        value = first(path, where)
        check(stripe_api, tables, path, {name: value}, field(where, value))
    recurring = {"recurring[interval]": "month", "recurring[usage_type]": "metered"}
    check(
        stripe_api,
        tables,
        "prices",
        recurring,
        lambda row: row["recurring"] is not None and row["recurring"]["usage_type"] == "metered",
    )
    intent = first("invoice_payments", "payment.payment_intent")
    check(
        stripe_api,
        tables,
        "invoice_payments",
        {"payment[type]": "payment_intent", "payment[payment_intent]": intent},
        field("payment.payment_intent", intent),
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("products", "active"),
        ("prices", "active"),
        ("plans", "active"),
        ("promotion_codes", "active"),
        ("tax_rates", "active"),
        ("tax_rates", "inclusive"),
    ],
)
def test_by_true_and_false(stripe_api: Client, tables: Tables, path: str, name: str) -> None:
    for value in (True, False):
        word = str(value).lower()
        check(stripe_api, tables, path, {name: word}, lambda row, v=value: bool(row[name]) == v)  # type: ignore[misc]


def test_pending_items(stripe_api: Client, tables: Tables) -> None:
    for word, pending in (("true", True), ("false", False)):
        check(
            stripe_api,
            tables,
            "invoiceitems",
            {"pending": word},
            lambda row, p=pending: (row["invoice"] is None) == p,  # type: ignore[misc]
        )


def test_by_a_key_and_by_delivery(stripe_api: Client, tables: Tables) -> None:
    key = "team_month_usd"
    check(stripe_api, tables, "prices", {"lookup_keys[]": key}, field("lookup_key", key))
    assert stripe_api.rows("events", {"delivery_success": "false"}) == []
    assert stripe_api.rows("events", {"delivery_success": "true"}) == tables["events"]


RANGED = [
    *((path, "created", "created") for path in (
        "invoices", "invoice_payments", "credit_notes", "customers", "balance_transactions",
        "payouts", "charges", "payment_intents", "refunds", "disputes", "events", "products",
        "prices", "plans", "coupons", "promotion_codes", "tax_rates",
    )),
    ("invoiceitems", "created", "date"),
    ("invoices", "due_date", "due_date"),
    ("payouts", "arrival_date", "arrival_date"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "name", "where"), RANGED)
def test_by_time(stripe_api: Client, tables: Tables, path: str, name: str, where: str) -> None:
    moments = sorted({row[where] for row in tables[path] if row[where] is not None})
    low, high = moments[len(moments) // 3], moments[len(moments) * 2 // 3]
    tests: list[tuple[dict[str, int], Test]] = [
        ({f"{name}[gte]": low, f"{name}[lt]": high + 1}, lambda row: low <= row[where] <= high),
        ({f"{name}[gte]": low}, lambda row: row[where] >= low),
        ({f"{name}[lt]": high + 1}, lambda row: row[where] <= high),
    ]
    for query, test in tests:
        check(
            stripe_api,
            tables,
            path,
            query,
            lambda row, t=test: row[where] is not None and t(row),  # type: ignore[misc]
        )
    assert stripe_api.rows(path, {f"{name}[lt]": moments[0]}) == []
    assert stripe_api.rows(path, {f"{name}[gte]": moments[-1] + 1}) == []


def test_subscriptions_by_their_items(stripe_api: Client, tables: Tables) -> None:
    def any_item(test: Test) -> Test:
        return lambda row: any(test(item) for item in row["items"]["data"])

    item = tables["subscriptions"][0]["items"]["data"][0]
    price = item["price"]["id"]
    for query, test in (
        ({"price": price}, lambda each: each["price"]["id"] == price),
        ({"plan": price}, lambda each: each["plan"]["id"] == price),
    ):
        check(stripe_api, tables, "subscriptions", {**query, "status": "all"}, any_item(test))
    for word in ("current_period_start", "current_period_end"):
        moments = sorted(row["items"]["data"][0][word] for row in tables["subscriptions"])
        middle = moments[len(moments) // 2]
        check(
            stripe_api,
            tables,
            "subscriptions",
            {f"{word}[gte]": middle, "status": "all"},
            any_item(lambda each, w=word, m=middle: each[w] >= m),  # type: ignore[misc]
        )


def test_credit_transactions_of_a_customer(stripe_api: Client, tables: Tables) -> None:
    grants = {row["id"]: row["customer"] for row in tables["billing/credit_grants"]}
    for customer in sorted(set(grants.values()))[:4]:
        check(
            stripe_api,
            tables,
            "billing/credit_balance_transactions",
            {"customer": customer},
            lambda row, c=customer: grants[row["credit_grant"]] == c,  # type: ignore[misc]
        )


def test_balance_entries_of_a_customer(stripe_api: Client, tables: Tables) -> None:
    entries = [
        (row["id"], entry)
        for row in tables["customers"]
        for entry in stripe_api.rows(f"customers/{row['id']}/balance_transactions")
    ]
    owner, entry = next(each for each in entries if each[1]["invoice"])
    path = f"customers/{owner}/balance_transactions"
    found = stripe_api.rows(path, {"invoice": entry["invoice"]})
    assert entry in found
    assert all(each["invoice"] == entry["invoice"] for each in found)
    assert stripe_api.rows(path, {"created[lt]": 1}) == []
    assert entry in stripe_api.rows(path, {"created[gte]": entry["created"]})


def test_filters_together(stripe_api: Client, tables: Tables) -> None:
    row = next(row for row in tables["invoices"] if row["status"] == "uncollectible")
    query = {
        "customer": row["customer"],
        "status": "uncollectible",
        "created[gte]": row["created"],
    }
    check(
        stripe_api,
        tables,
        "invoices",
        query,
        lambda each: (
            each["customer"] == row["customer"]
            and each["status"] == "uncollectible"
            and each["created"] >= row["created"]
        ),
    )


@pytest.mark.parametrize(
    "path",
    [
        *("invoices", "invoiceitems", "subscriptions", "credit_notes", "quotes"),
        *("promotion_codes", "payment_intents", "billing/credit_grants"),
    ],
)
def test_by_the_account_that_stands_for_a_customer(
    stripe_api: Client, tables: Tables, path: str
) -> None:
    known = {row["id"]: row["customer_account"] for row in tables["customers"]}
    for row in tables[path]:
        assert row["customer_account"] == known.get(row["customer"])
    account = next(row["customer_account"] for row in tables[path] if row["customer_account"])
    query = {"customer_account": account}
    if path == "subscriptions":
        query["status"] = "all"
    check(stripe_api, tables, path, query, field("customer_account", account))


def test_credits_of_an_account(stripe_api: Client, tables: Tables) -> None:
    grant = next(row for row in tables["billing/credit_grants"] if row["customer_account"])
    account = {"customer_account": grant["customer_account"]}
    customer = {"customer": grant["customer"]}
    path = "billing/credit_balance_transactions"
    assert stripe_api.rows(path, account) == stripe_api.rows(path, customer) != []
    scope = {"filter[type]": "credit_grant", "filter[credit_grant]": grant["id"]}
    path = "billing/credit_balance_summary"
    summary = stripe_api.json(path, account | scope)
    assert summary == stripe_api.json(path, customer | scope)
    assert summary["customer_account"] == grant["customer_account"]
    status, error = stripe_api.error(path, **scope, customer_account="acct_other")
    assert (status, error["code"], error["param"]) == (400, "resource_missing", "customer_account")


@pytest.mark.parametrize("path", ["customers", "subscriptions", "quotes"])
def test_what_is_on_a_test_clock(stripe_api: Client, tables: Tables, path: str) -> None:
    (row,) = stripe_api.rows(path, {"test_clock": CLOCK})
    assert row["test_clock"] == CLOCK
    assert stripe_api.json(f"{path}/{row['id']}") == row
    assert row["id"] not in {each["id"] for each in tables[path]}
    if path != "customers":
        assert stripe_api.rows(path, {"customer": CUSTOMER}) == [row]


def test_what_belongs_to_things_on_a_test_clock(stripe_api: Client) -> None:
    assert stripe_api.rows(f"customers/{CUSTOMER}/balance_transactions") == []
    ((quote,), (subscription,)) = (
        stripe_api.rows(path, {"test_clock": CLOCK}) for path in ("quotes", "subscriptions")
    )
    assert stripe_api.rows(f"quotes/{quote['id']}/line_items")
    items = stripe_api.rows("subscription_items", {"subscription": subscription["id"]})
    assert items == subscription["items"]["data"]
    assert {item["subscription"] for item in items} == {subscription["id"]}
    assert stripe_api.json(f"subscription_items/{items[0]['id']}") == items[0]


def test_nothing_belongs_to_other_accounts_and_test_clocks(stripe_api: Client) -> None:
    assert stripe_api.rows("invoices", {"customer_account": "acct_other"}) == []
    assert stripe_api.rows("customers", {"test_clock": "clock_other"}) == []
    assert stripe_api.rows("subscriptions", {"automatic_tax[enabled]": "true"}) == []
