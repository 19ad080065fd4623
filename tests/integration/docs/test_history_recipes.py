"""The cookbook's questions to histories: computed again from what the API sends on both days."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

import billql
from billql.sandbox import Sandbox
from support.paths import ROOT
from support.synced import SYNCED, sync

DAYS = (date(2026, 3, 5), date(2026, 3, 15))
RECIPES = {
    question: sql
    for question, sql in re.findall(
        r"^## (.+?)$.*?^```sql\n(.+?)^```$",
        (ROOT / "docs" / "cookbook.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    if sql.startswith(SYNCED)
}

RESOURCES = ("digitalocean.billing.invoices", "digitalocean.billing.invoice_items")

Items = Counter[tuple[str, str, str]]
"""The product, the description and the amount of items, each as often as it is there."""


def february(sandbox: Sandbox) -> tuple[str, Items]:
    """Return the amount of February's invoice and its items, as the API sends them."""
    address = f"{sandbox.urls['digitalocean']}/v2/customers/my/invoices"
    headers = {"authorization": f"Bearer {sandbox.tokens['digitalocean']}"}
    with httpx.Client(headers=headers) as client:
        invoices = client.get(address, params={"per_page": "200"}).json()["invoices"]
        (invoice,) = (one for one in invoices if one["invoice_period"] == "2026-02")
        items: Items = Counter()
        page = 1
        while True:
            query = {"per_page": "200", "page": str(page)}
            body = client.get(f"{address}/{invoice['invoice_uuid']}", params=query).json()
            for one in body["invoice_items"]:
                items[one["product"], one["description"], one["amount"]] += 1
            if not body.get("links", {}).get("pages", {}).get("next"):
                return invoice["amount"], items
            page += 1


@pytest.fixture(scope="module")
def restated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, Items]]]:
    file, months = tmp_path_factory.mktemp("restated") / "bills.db", []
    for day in DAYS:
        with Sandbox(until=day, restate=True, providers=["digitalocean"]) as sandbox:
            requests = sync(sandbox, day, file, *RESOURCES)
            months.append(february(sandbox))
    # The open month is two pages, the closed one that moved one, the header one.
    assert requests["digitalocean_billing_invoice_items"] == 4
    return file, months


def test_what_changed_after_the_close(restated: tuple[Path, list[tuple[str, Items]]]) -> None:
    file, ((_, before), (_, after)) = restated
    with billql.connect(file) as connection:
        rows = connection.execute(
            RECIPES["Did a month that was closed change afterwards?"]
        ).fetchall()
    assert {row[0] for row in rows} == {"2026-02"}
    gone = sorted((text, float(amount)) for _, text, amount in (before - after).elements())
    come = sorted((text, float(amount)) for _, text, amount in (after - before).elements())
    assert sorted((text, old) for _, _, text, old, _, _ in rows if old is not None) == gone
    assert sorted((text, new) for _, _, text, _, new, _ in rows if new is not None) == come
    assert {row[1] for row in rows} == {"added", "removed", "changed"}


def test_what_was_reported(restated: tuple[Path, list[tuple[str, Items]]]) -> None:
    file, ((reported, before), (now, after)) = restated
    with billql.connect(file) as connection:
        (row,) = connection.execute(
            RECIPES["What did we report on the 5th, and why is it another number now?"]
        ).fetchall()
    difference = Decimal(now) - Decimal(reported)
    assert row[:4] == ("2026-02", float(reported), float(now), float(difference))
    assert sum(map(Decimal, re.findall(r"[-+]\d+\.\d\d", row[4]))) == difference
    moved = {product for product, _, _ in (before - after) + (after - before)}
    assert {one.rpartition(" ")[0] for one in row[4].split(", ")} == moved


def test_both_questions_are_answered() -> None:
    assert len(RECIPES) == 2


def test_other_programs_read_what_the_page_shows(
    restated: tuple[Path, list[tuple[str, Items]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, (_, (now, after)) = restated
    monkeypatch.chdir(file.parent)
    with billql.connect(file) as connection:
        connection.decimals = True
        history = "digitalocean_billing_invoice_items"
        assert len(list(connection.export_history(history, "items", every=True))) == 25
        ((uuid,),) = connection.execute(
            "SELECT invoice_uuid FROM digitalocean_billing_invoices "
            "WHERE invoice_period = '2026-02'"
        ).fetchall()
    page = (ROOT / "docs" / "history.md").read_text()
    of_duckdb, of_pandas = re.findall(r"^```python\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(of_duckdb.replace("duckdb.sql(", "found = duckdb.sql("), names)
    totals = dict(names["found"].fetchall())
    assert totals[uuid] == Decimal(now) == sum(Decimal(one) for *_, one in after.elements())
    exec(of_pandas, names)
    assert len(names["spend"]) == 24
    items = names["items"]
    assert (items["scope"] == uuid).sum() == sum(after.values()) + 2  # gone, and replaced
