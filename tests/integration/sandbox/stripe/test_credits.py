"""Credit notes, customers' balances and billing credits explain each other."""

from __future__ import annotations

from collections import defaultdict

from .client import Row
from .world import World, by, total


def test_credit_notes(world: World) -> None:
    notes = by(world["credit_notes"], "invoice")
    for invoice in world["invoices"]:
        counted = [row for row in notes.get(invoice["id"], []) if row["status"] == "issued"]
        for word in ("pre_payment", "post_payment"):
            amount = total(counted, f"{word}_amount")
            assert amount == invoice[f"{word}_credit_notes_amount"]
    for note in world["credit_notes"]:
        assert note["total"] == note["amount"]
        assert note["total"] == note["pre_payment_amount"] + note["post_payment_amount"]
        taxes = [tax for tax in note["total_taxes"] if tax["tax_behavior"] == "exclusive"]
        assert note["total"] == note["subtotal"] + total(taxes)
        refunded = total(note["refunds"], "amount_refunded")
        for refund in note["refunds"]:
            assert world.by_id[refund["refund"]]["amount"] == refund["amount_refunded"]
        balance = note["customer_balance_transaction"]
        outside = note["out_of_band_amount"] or 0
        if balance is None:
            assert refunded + outside == note["post_payment_amount"]
        else:
            path = f"customers/{note['customer']}/balance_transactions/{balance}"
            assert world.api.json(path)["amount"] == -note["total"]
    assert {row["type"] for row in world["credit_notes"]} == {"pre_payment", "post_payment"}


def test_customer_balances(world: World) -> None:
    kinds = set()
    for customer in world["customers"]:
        entries = world.api.rows(f"customers/{customer['id']}/balance_transactions")[::-1]
        running = 0
        for entry in entries:
            running += entry["amount"]
            assert entry["ending_balance"] == running
            kinds.add(entry["type"])
        assert customer["balance"] == running
        applied = by((entry for entry in entries if entry["invoice"]), "type")
        for entry in applied.get("applied_to_invoice", []):
            invoice = world.by_id[entry["invoice"]]
            moved = invoice["ending_balance"] - invoice["starting_balance"]
            assert entry["amount"] == moved
    assert kinds >= {"initial", "adjustment", "applied_to_invoice", "credit_note"}
    assert any(customer["balance"] < 0 for customer in world["customers"])


def balance_of(world: World, grant: Row) -> Row:
    """Read what is left of one credit grant."""
    query = {
        "customer": grant["customer"],
        "filter[type]": "credit_grant",
        "filter[credit_grant]": grant["id"],
    }
    balances: list[Row] = world.api.json("billing/credit_balance_summary", query)["balances"]
    (balance,) = balances
    return balance


def test_credit_transactions_explain_the_summary(world: World) -> None:
    grants = by(world["billing/credit_grants"], "customer")
    ledger: defaultdict[str, int] = defaultdict(int)
    for entry in world["billing/credit_balance_transactions"]:
        side = entry[entry["type"]]
        sign = 1 if entry["type"] == "credit" else -1
        ledger[entry["credit_grant"]] += sign * side["amount"]["monetary"]["value"]
    assert min(ledger.values()) == 0, "nothing is taken that is not there"
    late = False
    for customer in world["customers"]:
        own = grants.get(customer["id"], [])
        for grant in own:
            balance = balance_of(world, grant)
            left = ledger[grant["id"]]
            over = grant["expires_at"] is not None and grant["expires_at"] <= world.now
            assert balance["ledger_balance"]["monetary"]["value"] == left
            assert balance["available_balance"]["monetary"]["value"] == (0 if over else left)
            late = late or (over and left > 0)
        metered = [row for row in own if "price_type" in row["applicability_config"]["scope"]]
        query = {
            "customer": customer["id"],
            "filter[type]": "applicability_scope",
            "filter[applicability_scope][price_type]": "metered",
        }
        balances = world.api.json("billing/credit_balance_summary", query)["balances"]
        found = {
            each["ledger_balance"]["monetary"]["currency"]: each["ledger_balance"]["monetary"][
                "value"
            ]
            for each in balances
        }
        wanted: defaultdict[str, int] = defaultdict(int)
        for grant in metered:
            wanted[grant["amount"]["monetary"]["currency"]] += ledger[grant["id"]]
        assert found == wanted
    assert late, "something has expired that the ledger does not know yet"


def test_credits_pay_for_lines(world: World) -> None:
    applied = {
        row["id"]: row["debit"]
        for row in world["billing/credit_balance_transactions"]
        if row["debit"] and row["debit"]["type"] == "credits_applied"
    }
    for invoice in world["invoices"]:
        for line in world.lines[invoice["id"]]:
            for part in line["pretax_credit_amounts"]:
                if part["type"] == "credit_balance_transaction":
                    debit = applied.pop(part["credit_balance_transaction"])
                    assert debit["amount"]["monetary"]["value"] == part["amount"]
                    assert debit["credits_applied"] == {
                        "invoice": invoice["id"],
                        "invoice_line_item": line["id"],
                    }
    assert not applied
    types = {
        row["credit"]["type"]
        for row in world["billing/credit_balance_transactions"]
        if row["credit"]
    }
    assert types == {"credits_granted", "credits_application_invoice_voided"}


def test_something_expires_within_thirty_days(world: World) -> None:
    soon = range(world.now, world.now + 30 * 24 * 3600)
    expiring = [row for row in world["billing/credit_grants"] if row["expires_at"] in soon]
    left = 0
    for grant in expiring:
        left += balance_of(world, grant)["available_balance"]["monetary"]["value"]
    assert left > 0


def test_a_customer_with_credits_of_two_currencies(world: World) -> None:
    grants = by(world["billing/credit_grants"], "customer")
    currencies = [{row["amount"]["monetary"]["currency"] for row in own} for own in grants.values()]
    assert {"usd", "eur"} in currencies
