"""The money adds up: ledgers, balances, invoices, usage and costs tell the same story."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from billql.sandbox import Sandbox
from billql.sandbox.story import Story

from .client import NET, NOW, UNTIL, USD, Client
from .conftest import Cast


def usd(line: Any) -> bool:
    return bool(line["credit_type"]["id"] == USD)


def applied(line: Any) -> str:
    return str(line.get("applied_commit_or_credit", {}).get("type", ""))


def test_ledgers_explain_balances(balances: dict[str, list[Any]]) -> None:
    kinds: Counter[str] = Counter()
    for rows in balances.values():
        for row in rows:
            ledger = row["ledger"]
            kinds.update(entry["type"] for entry in ledger)
            assert sum(entry["amount"] for entry in ledger) == row["balance"] >= 0
            assert [one["timestamp"] for one in ledger] == sorted(
                one["timestamp"] for one in ledger
            )
            segments = row["access_schedule"]["schedule_items"]
            started = [one for one in segments if one["starting_at"] <= NOW]
            begun = [one for one in ledger if one["type"].endswith(("_START", "INITIAL_BALANCE"))]
            assert [one["amount"] for one in begun] == [one["amount"] for one in started]
            if all(one["ending_before"] <= NOW for one in segments):
                assert row["balance"] == 0
            ids = {one["id"] for one in segments}
            assert {one["segment_id"] for one in ledger if "segment_id" in one} <= ids
    assert set(kinds) == {
        "CREDIT_AUTOMATED_INVOICE_DEDUCTION",
        "CREDIT_EXPIRATION",
        "CREDIT_MANUAL",
        "CREDIT_SEGMENT_START",
        "POSTPAID_COMMIT_AUTOMATED_INVOICE_DEDUCTION",
        "POSTPAID_COMMIT_EXPIRATION",
        "POSTPAID_COMMIT_INITIAL_BALANCE",
        "POSTPAID_COMMIT_TRUEUP",
        "PREPAID_COMMIT_AUTOMATED_INVOICE_DEDUCTION",
        "PREPAID_COMMIT_EXPIRATION",
        "PREPAID_COMMIT_MANUAL",
        "PREPAID_COMMIT_SEGMENT_START",
    }


def test_invoices_explain_ledgers(
    balances: dict[str, list[Any]], invoices: dict[str, list[Any]]
) -> None:
    for customer, rows in balances.items():
        taken: defaultdict[tuple[str, str], int] = defaultdict(int)
        for invoice in invoices[customer]:
            for line in invoice["line_items"]:
                if applied(line):
                    taken[invoice["id"], line["commit_id"]] += line["total"]
        booked = {
            (entry["invoice_id"], row["id"]): entry["amount"]
            for row in rows
            for entry in row["ledger"]
            if entry["type"].endswith("DEDUCTION")
        }
        assert booked == taken


def test_lines_add_up(invoices: dict[str, list[Any]], story: Story) -> None:
    kinds: Counter[str] = Counter()
    for rows in invoices.values():
        for invoice in rows:
            lines = invoice["line_items"]
            kinds.update(line["type"] for line in lines)
            unit = invoice["credit_type"]["id"]
            counting = [
                line["total"]
                for line in lines
                if line["credit_type"]["id"] == unit and applied(line) != "POSTPAID"
            ]
            adjusted = [one["total"] for one in invoice.get("invoice_adjustments", ())]
            assert invoice["subtotal"] == sum(counting)
            assert invoice["total"] == sum(counting) + sum(adjusted) >= 0
            assert sum(line["total"] for line in lines if not usd(line)) == (
                0 if unit == USD else invoice["subtotal"]
            )
            for line in lines:
                if "unit_price" in line:
                    assert line["unit_price"] * line["quantity"] == pytest.approx(line["total"])
                for part in line.get("sub_line_items", ()):
                    assert part["subtotal"] == line["total"]
                    assert ("price" in part) == bool(part["quantity"])
    assert set(kinds) == {
        "applied_commit_or_credit",
        "commit_purchase",
        "scheduled",
        "subscription",
        "usage",
    }
    assert kinds["subscription"] > 0


def test_invoices_are_the_ones_billed_through_stripe(
    invoices: dict[str, list[Any]], story: Story
) -> None:
    statuses = {
        "open": "FINALIZED",
        "paid": "PAID",
        "void": "VOID",
        "uncollectible": "UNCOLLECTIBLE",
    }
    seen: Counter[str] = Counter()
    for customer in story.customers:
        rows = {row["id"]: row for row in invoices[customer.metronome_id]}
        bills = {bill.metronome_id: bill for bill in story.bills(customer)}
        assert {id for id, row in rows.items() if usd(row)} == set(bills)
        for id, bill in bills.items():
            row = rows[id]
            external = row["external_invoice"]
            assert row["total"] == bill.cents
            seen[row["status"]] += 1
            if bill.issued > story.now:
                assert row["status"] == "DRAFT"
                assert external is None
                continue
            seen[external["external_status"]] += 1
            assert external["billing_provider_type"] == "stripe"
            assert external["invoice_id"] == bill.stripe_id
            assert external["invoiced_total"] == row["total"]
            status = statuses.get(story.status(bill), "DRAFT")
            assert external["external_status"] in (
                [status] if status != "FINALIZED" else [status, "PARTIALLY_PAID", "PAYMENT_FAILED"]
            )
            void = external["external_status"] == "VOID"
            assert row["status"] == ("VOID" if void else "FINALIZED")
        for row in rows.values():
            if not usd(row):
                assert row["external_invoice"] is None
                assert row["billable_status"] == "unbillable"
    assert {"DRAFT", "FINALIZED", "PAID", "PARTIALLY_PAID", "PAYMENT_FAILED"} <= set(seen)


def test_every_metronome_customer_is_stripes_too(api: Client, story: Story) -> None:
    rows = {row["id"]: row for row in api.customers()}
    assert set(rows) == {customer.metronome_id for customer in story.customers}
    for customer in story.customers:
        assert customer.stripe_id in rows[customer.metronome_id]["ingest_aliases"]
        fields = rows[customer.metronome_id]["custom_fields"]
        project = customer.project.uuid if customer.project else None
        assert fields.get("digitalocean_project_id") == project


def test_net_balance_is_the_sum(api: Client, balances: dict[str, list[Any]]) -> None:
    nonzero = set()
    for customer, rows in balances.items():
        for unit in {USD, *(row["access_schedule"]["credit_type"]["id"] for row in rows)}:
            mine = [row for row in rows if row["access_schedule"]["credit_type"]["id"] == unit]
            response = api.call(NET, {"customer_id": customer, "credit_type_id": unit})["data"]
            assert response == {
                "balance": sum(row["balance"] for row in mine),
                "credit_type_id": unit,
            }
            if response["balance"]:
                nonzero.add(unit)
            final = api.call(
                NET,
                {
                    "customer_id": customer,
                    "credit_type_id": unit,
                    "invoice_inclusion_mode": "FINALIZED",
                },
            )["data"]["balance"]
            assert final >= response["balance"]
    assert len(nonzero) == 2


def test_seats_explain_the_credits_of_prompts(
    api: Client, cast: Cast, balances: dict[str, list[Any]]
) -> None:
    body = {
        "customer_id": cast.enterprise,
        "contract_id": cast.contract,
        "include_credits_and_commits": True,
    }
    seats = api.rows("/v1/contracts/seatBalances/list", body)
    left: Counter[str] = Counter()
    for seat in seats:
        (total,) = seat["balances"]
        assert total["balance"] == sum(credit["balance"] for credit in seat["credits"])
        assert seat["commits"] == []
        for credit in seat["credits"]:
            left[credit["id"]] += credit["balance"]
    known = {row["id"]: row["balance"] for row in balances[cast.enterprise]}
    assert left == Counter({id: known[id] for id in left})
    assert sum(left.values()) > 0
    assert len({seat["balances"][0]["balance"] for seat in seats}) > 5


def test_purchases_are_invoiced(
    balances: dict[str, list[Any]], invoices: dict[str, list[Any]]
) -> None:
    tried = 0
    for customer, rows in balances.items():
        issued = {row["id"]: row for row in invoices[customer]}
        for row in rows:
            if row["type"] != "PREPAID" or "archived_at" in row:
                continue
            (item,) = row["invoice_schedule"]["schedule_items"]
            invoice = issued[item["invoice_id"]]
            assert invoice["type"] == "SCHEDULED"
            assert invoice["total"] == item["amount"] == item["unit_price"]
            assert invoice["line_items"][0]["commit_id"] == row["id"]
            tried += 1
    assert tried > 10


def test_there_is_something_of_everything(
    api: Client, balances: dict[str, list[Any]], invoices: dict[str, list[Any]]
) -> None:
    everything = [row for rows in balances.values() for row in rows]
    assert {row["type"] for row in everything} == {"PREPAID", "POSTPAID", "CREDIT"}
    for wanted in (
        lambda row: row["balance"] == 0,
        lambda row: row["balance"] > 0 and "contract" not in row,
        lambda row: row["balance"] > 0 and "contract" in row,
        lambda row: "archived_at" in row,
        lambda row: row["access_schedule"]["credit_type"]["id"] != USD and row["balance"],
        lambda row: len(row["access_schedule"]["schedule_items"]) > 10,
        lambda row: "recurring_credit_id" in row,
        lambda row: "subscription_config" in row,
    ):
        assert any(map(wanted, everything))
    expiring = [
        row
        for row in everything
        if row["balance"] > 0
        for item in row["access_schedule"]["schedule_items"]
        if NOW < item["ending_before"] <= "2026-04-14T06:00:00+00:00"
    ]
    assert {row["access_schedule"]["credit_type"]["name"] for row in expiring} == {
        "USD (cents)",
        "Credits",
    }
    assert api.rows("/v1/customers", only_archived=True)


@pytest.mark.parametrize("size", ["small", "normal"])
def test_grants_explain_their_credits(size: Any) -> None:
    with Sandbox(seed=2, size=size, until=UNTIL) as sandbox, Client(sandbox) as api:
        grants = api.rows("/v1/credits/listGrants", {}, limit=100)
        ledgers = {
            (row["customer_id"], ledger["credit_type"]["id"]): ledger
            for row in api.rows("/v1/credits/listEntries", {})
            for ledger in row["ledgers"]
        }
        assert {grant["grant_amount"]["credit_type"]["name"] for grant in grants} == {
            "USD (cents)",
            "Credits",
        }
        left: Counter[tuple[str, str]] = Counter()
        for grant in grants:
            key = grant["customer_id"], grant["grant_amount"]["credit_type"]["id"]
            amount = grant["grant_amount"]["amount"]
            posted = amount + sum(entry["amount"] for entry in grant["deductions"])
            pending = posted + sum(entry["amount"] for entry in grant["pending_deductions"])
            balance = grant["balance"]
            assert balance["including_pending"] == pending >= 0
            expired = grant["expires_at"] <= NOW
            assert balance["excluding_pending"] == (0 if expired else posted)
            left[key] += pending
        for key, ledger in ledgers.items():
            running = 0
            for entry in ledger["entries"] + ledger["pending_entries"]:
                running += entry["amount"]
                assert entry["running_balance"] == running >= 0
            assert ledger["starting_balance"]["including_pending"] == 0
            assert ledger["ending_balance"]["including_pending"] == running == left[key]


def test_drafts_take_from_balances_before_they_are_final(
    api: Client, balances: dict[str, list[Any]], invoices: dict[str, list[Any]]
) -> None:
    tried = 0
    for customer, rows in balances.items():
        drafts = {row["id"] for row in invoices[customer] if row["status"] == "DRAFT"}
        taken = sum(
            entry["amount"]
            for row in rows
            for entry in row["ledger"]
            if entry.get("invoice_id") in drafts
            and row["access_schedule"]["credit_type"]["id"] == USD
        )
        now, final = (
            api.call(NET, {"customer_id": customer, "invoice_inclusion_mode": mode})["data"]
            for mode in ("FINALIZED_AND_DRAFT", "FINALIZED")
        )
        assert now == api.call(NET, {"customer_id": customer})["data"]
        assert final["balance"] - now["balance"] == -taken
        tried += bool(taken)
    assert tried > 3
