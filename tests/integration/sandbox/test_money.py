"""Wherever an amount is returned, it is the same to the cent."""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from billql.sandbox import Sandbox

from .client import MY, Client
from .conftest import UNTIL


def total(rows: list[Any], field: str = "amount") -> Decimal:
    return sum((Decimal(row[field]) for row in rows), Decimal("0.00"))


def check(api: Client) -> None:
    for invoice in api.invoices():
        path = f"{MY}/invoices/{invoice['invoice_uuid']}"
        amount = Decimal(invoice["amount"])
        items = api.rows(path, "invoice_items")
        assert total(items) == amount

        summary = api.json(f"{path}/summary")
        charges = summary["product_charges"]
        assert Decimal(summary["amount"]) == amount
        assert total(charges["items"]) == Decimal(charges["amount"])
        sections = ["product_charges", "overages", "taxes", "credits_and_adjustments"]
        assert total([summary[section] for section in sections]) == amount

        counted = Counter(item["product"] for item in items)
        for product in charges["items"]:
            assert counted[product["name"]] == int(product["count"])

        rows = list(csv.DictReader(io.StringIO(api.get(f"{path}/csv").text)))
        assert [row["USD"].removeprefix("$") for row in rows] == [item["amount"] for item in items]


def test_invoices_of_a_normal_account(api: Client) -> None:
    check(api)


@pytest.mark.parametrize(("seed", "size"), [(2, "small"), (3, 2), (4, 17)])
def test_invoices_of_other_accounts(seed: int, size: Any) -> None:
    with Sandbox(seed=seed, size=size, until=UNTIL) as sandbox, Client(sandbox) as api:
        check(api)


def test_history_adds_up_to_the_balance(api: Client) -> None:
    balance = api.json(f"{MY}/balance")
    history = api.rows(f"{MY}/billing_history", "billing_history")
    preview = api.json(f"{MY}/invoices")["invoice_preview"]
    account = Decimal(balance["account_balance"])
    assert total(history) == account
    assert balance["month_to_date_usage"] == preview["amount"]
    assert account + Decimal(preview["amount"]) == Decimal(balance["month_to_date_balance"])
    assert balance["generated_at"] == preview["updated_at"]


def test_history_has_every_invoice_and_every_type_of_event(api: Client) -> None:
    history = api.rows(f"{MY}/billing_history", "billing_history")
    billed = [
        (entry["invoice_uuid"], entry["invoice_id"], entry["amount"])
        for entry in history
        if entry["type"] == "Invoice"
    ]
    assert billed == [
        (invoice["invoice_uuid"], invoice["invoice_id"], invoice["amount"])
        for invoice in api.invoices()[1:]
    ]
    assert len({entry["type"] for entry in history}) == 10
    assert len(history) > 40
    dates = [entry["date"] for entry in history]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] < "2026-03-16"
    assert all(Decimal(e["amount"]) < 0 for e in history if e["type"] in ("Payment", "Credit"))


def test_invoices_have_what_invoices_can_have(api: Client) -> None:
    invoices = api.invoices()
    periods = [invoice["invoice_period"] for invoice in invoices]
    assert periods[0] == "2026-03"
    assert len(periods) == 25
    assert periods == sorted(periods, reverse=True)
    assert "0.00" in {invoice["amount"] for invoice in invoices}

    sizes, taxes, credit, overages, zeros, alike = [], set(), set(), set(), 0, 0
    for invoice in invoices[1:]:
        path = f"{MY}/invoices/{invoice['invoice_uuid']}"
        items = api.rows(path, "invoice_items")
        sizes.append(len(items))
        zeros += sum(item["amount"] == "0.00" for item in items)
        alike += len(items) - len({tuple(item.items()) for item in items})
        summary = api.json(f"{path}/summary")
        taxes.add(summary["taxes"]["amount"])
        overages.add(summary["overages"]["amount"])
        credit.add(Decimal(summary["credits_and_adjustments"]["amount"]))
    assert max(sizes) > 400, "some need three pages of the largest size"
    assert min(sizes) <= 200, "some fit on one"
    assert len(taxes) > 10
    assert len(overages) > 5
    assert "0.00" in taxes & overages
    assert max(credit) == 0
    assert min(credit) < 0
    assert zeros > 0, "some items cost nothing"
    assert alike > 0, "some items are the same"


def test_the_preview_grows_into_the_invoice() -> None:
    from datetime import date

    amounts = []
    for day in (date(2026, 2, 1), date(2026, 2, 14), date(2026, 2, 28)):
        with Sandbox(size="small", until=day) as sandbox, Client(sandbox) as api:
            preview = api.json(f"{MY}/invoices")["invoice_preview"]
            assert preview["invoice_period"] == "2026-02"
            assert preview["updated_at"] == f"{day}T06:31:50Z"
            amounts.append(Decimal(preview["amount"]))
    with Sandbox(size="small", until=date(2026, 3, 1)) as sandbox, Client(sandbox) as api:
        invoice = api.json(f"{MY}/invoices")["invoices"][0]
        assert invoice["invoice_period"] == "2026-02"
        amounts.append(Decimal(invoice["amount"]))
    assert amounts == sorted(amounts)
    assert 0 < amounts[0] < amounts[-1]
