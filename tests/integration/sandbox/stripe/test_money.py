"""The story adds up, to the minor unit, in every currency."""

from __future__ import annotations

from .client import Row
from .world import World, by, total


def test_lines_add_up_to_the_invoice(world: World) -> None:
    for invoice in world["invoices"]:
        lines = world.lines[invoice["id"]]
        assert invoice["subtotal"] == total(lines)
        off = [part for line in lines for part in line["discount_amounts"]]
        assert total(invoice["total_discount_amounts"]) == total(off)
        before = [part for line in lines for part in line["pretax_credit_amounts"]]
        assert invoice["total_pretax_credit_amounts"] == before
        taxes = [tax for line in lines for tax in line["taxes"]]
        added = [tax for tax in taxes if tax["tax_behavior"] == "exclusive"]
        assert total(invoice["total_taxes"]) == total(taxes)
        assert invoice["total"] == invoice["subtotal"] - total(before) + total(added)
        assert invoice["total_excluding_tax"] == invoice["total"] - total(taxes)


def test_what_is_due_follows_from_the_total_and_the_balance(world: World) -> None:
    for invoice in world["invoices"]:
        assert invoice["amount_remaining"] == invoice["amount_due"] - invoice["amount_paid"]
        if invoice["status"] == "draft":
            assert invoice["ending_balance"] is None
            assert invoice["number"] is None
            continue
        applied = invoice["starting_balance"] - invoice["ending_balance"]
        credited = invoice["pre_payment_credit_notes_amount"]
        assert invoice["amount_due"] == invoice["total"] + applied - credited
        if invoice["status"] == "paid":
            assert invoice["amount_remaining"] == 0
        if invoice["amount_remaining"] == 0:
            assert invoice["status"] in ("paid", "void")


def test_numbers_of_invoices_have_no_gaps(world: World) -> None:
    customers = by((row for row in world["invoices"] if row["number"]), "customer")
    for customer, rows in customers.items():
        numbers = sorted(row["number"] for row in rows)
        prefix = world.by_id[customer]["invoice_prefix"]
        assert numbers == [f"{prefix}-{place + 1:04d}" for place in range(len(rows))]
        assert world.by_id[customer]["next_invoice_sequence"] == len(rows) + 1


def test_payments_pay_invoices(world: World) -> None:
    payments = by(world["invoice_payments"], "invoice")
    for invoice in world["invoices"]:
        own = payments.get(invoice["id"], [])
        paid = [row for row in own if row["status"] == "paid"]
        assert total(paid, "amount_paid") == invoice["amount_paid"]
        if invoice["status"] in ("open", "uncollectible"):
            waiting = [row for row in own if row["status"] == "open"]
            assert total(waiting, "amount_requested") == invoice["amount_remaining"]
        assert sum(row["is_default"] for row in own) == bool(own)
        for row in own:
            intent = world.by_id[row["payment"]["payment_intent"]]
            assert (intent["customer"], intent["currency"]) == (
                invoice["customer"],
                invoice["currency"],
            )
            assert intent["amount"] == row["amount_requested"]
            assert intent["amount_received"] == (row["amount_paid"] or 0)


def test_charges_pay_intents(world: World) -> None:
    charges = by(world["charges"], "payment_intent")
    for intent in world["payment_intents"]:
        own = charges.get(intent["id"], [])
        received = [row for row in own if row["paid"] and row["captured"]]
        assert total(received, "amount_captured") == intent["amount_received"]
        assert intent["latest_charge"] == (own[0]["id"] if own else None)
        if intent["status"] == "succeeded":
            assert intent["amount_received"] == intent["amount"]
    assert {row["status"] for row in world["charges"]} == {"succeeded", "failed"}
    assert {row["status"] for row in world["payment_intents"]} == {
        "canceled", "requires_capture", "requires_payment_method", "succeeded",
    }  # fmt: skip


def test_refunds_are_in_their_charges(world: World) -> None:
    refunds = by(world["refunds"], "charge")
    for charge in world["charges"]:
        own = [row for row in refunds.get(charge["id"], []) if row["status"] != "failed"]
        assert charge["amount_refunded"] == total(own) <= charge["amount_captured"]
        assert charge["refunded"] == (charge["amount_refunded"] == charge["amount"])
    partly = [row for row in world["charges"] if 0 < row["amount_refunded"] < row["amount"]]
    assert partly
    assert {row["status"] for row in world["refunds"]} == {"succeeded", "pending", "failed"}
    disputed = {row["id"] for row in world["charges"] if row["disputed"]}
    assert disputed == {row["charge"] for row in world["disputes"]}
    statuses = {row["status"] for row in world["disputes"]}
    assert {"won", "lost", "needs_response", "warning_closed"} <= statuses


def test_movements_explain_charges_refunds_and_disputes(world: World) -> None:
    movements = {row["id"]: row for row in world["balance_transactions"]}
    sources = by((row for row in movements.values() if row["source"]), "source")
    for charge in world["charges"]:
        key = charge["balance_transaction"]
        assert (key is not None) == (charge["paid"] and charge["captured"])
        if key is not None:
            assert movements[key]["source"] == charge["id"]
            check_amount(movements[key], charge)
    for refund in world["refunds"]:
        check_amount(movements[refund["balance_transaction"]], refund, sign=-1)
        both = [movements[row["id"]] for row in sources[refund["id"]]]
        if refund["status"] == "failed":
            assert total(both) == 0
            assert refund["failure_balance_transaction"] in movements
    for dispute in world["disputes"]:
        assert [movements[row["id"]] for row in dispute["balance_transactions"]] == dispute[
            "balance_transactions"
        ]
        amount = total(dispute["balance_transactions"])
        assert (amount == 0) == (dispute["status"] in ("won", "warning_closed"))


def check_amount(movement: Row, row: Row, sign: int = 1) -> None:
    rate = movement["exchange_rate"]
    if row["currency"] == "kwd":
        assert movement["currency"] == "usd"
        assert movement["amount"] == sign * ((row["amount"] * rate * 2 + 10) // 20)
    else:
        assert rate is None
        assert movement["currency"] == row["currency"]
        assert movement["amount"] == sign * row["amount"]


def test_movements_explain_the_balance(world: World) -> None:
    rows = world["balance_transactions"]
    for row in rows:
        assert row["net"] == row["amount"] - row["fee"]
        assert row["fee"] == total(row["fee_details"])
        assert row["status"] == ("available" if row["available_on"] <= world.now else "pending")
    balance = world.api.json("balance")
    for state in ("available", "pending"):
        shown = {entry["currency"]: entry["amount"] for entry in balance[state]}
        assert shown.keys() == {"usd", "eur", "jpy"}
        for currency, amount in shown.items():
            own = [row for row in rows if (row["currency"], row["status"]) == (currency, state)]
            assert amount == total(own, "net")
            assert amount == sum(
                entry["source_types"]["card"]
                for entry in balance[state]
                if entry["currency"] == currency
            )


def test_payouts_are_the_sum_of_their_movements(world: World) -> None:
    for payout in world["payouts"]:
        own = world.api.rows("balance_transactions", {"payout": payout["id"]})
        (itself,) = (row for row in own if row["type"] == "payout")
        assert itself["id"] == payout["balance_transaction"]
        assert itself["net"] == -payout["amount"]
        assert total(own, "net") == 0, "it takes just what the others brought"
        assert {row["currency"] for row in own} == {payout["currency"]}
        assert payout["arrival_date"] > payout["created"]
    failed = [row for row in world["payouts"] if row["status"] == "failed"]
    assert len(failed) == 1
    back = world.by_id[failed[0]["failure_balance_transaction"]]
    assert back["net"] == failed[0]["amount"]


def test_items_become_lines(world: World) -> None:
    items = {row["id"]: row for row in world["invoiceitems"]}
    lines = {
        line["parent"]["invoice_item_details"]["invoice_item"]: (invoice, line)
        for invoice, rows in world.lines.items()
        for line in rows
        if line["parent"]["type"] == "invoice_item_details"
    }
    pending = {key for key, item in items.items() if item["invoice"] is None}
    assert items.keys() - pending == lines.keys()
    for key, (invoice, line) in lines.items():
        assert items[key]["invoice"] == invoice
        assert items[key]["amount"] == line["amount"]
        assert items[key]["proration"] == line["parent"]["invoice_item_details"]["proration"]
    prorated = [item for item in items.values() if item["proration"]]
    assert any(item["amount"] < 0 for item in prorated)
    assert any(item["amount"] > 0 for item in prorated)


def test_usage_is_billed_as_it_was_metered(world: World) -> None:
    meters = {row["event_name"]: row["id"] for row in world["billing/meters"]}
    checked = 0
    for invoice in world["invoices"][::6]:
        for line in world.lines[invoice["id"]]:
            price = world.by_id.get((line["pricing"] or {}).get("price_details", {}).get("price"))
            if price is None or not (price["recurring"] or {}).get("meter"):
                continue
            name = price["lookup_key"].removesuffix(f"_metered_{price['currency']}")
            start, end = line["period"]["start"], line["period"]["end"]
            start, end = start // 60 * 60, -(-end // 60) * 60
            query = {"customer": invoice["customer"], "start_time": start, "end_time": end}
            path = f"billing/meters/{meters[name]}/event_summaries"
            (summary,) = world.api.json(path, query)["data"]
            assert summary["aggregated_value"] == line["quantity"]
            unit = price["unit_amount_decimal"]
            assert abs(line["quantity"] * float(unit) - line["amount"]) < 1e-6
            checked += 1
    assert checked > 10


def test_there_is_something_of_everything(world: World) -> None:
    statuses = {row["status"] for row in world["invoices"]}
    assert statuses == {"draft", "open", "paid", "uncollectible", "void"}
    assert {row["currency"] for row in world["invoices"]} == {"usd", "eur", "jpy", "kwd"}
    assert all(row["amount"] % 10 == 0 for row in world["charges"] if row["currency"] == "kwd")
    invoices = world["invoices"]
    assert any(row["total"] == 0 for row in invoices)
    assert any(0 < row["amount_paid"] < row["amount_due"] for row in invoices)
    assert any(row["total_discount_amounts"] for row in invoices)
    assert any(row["starting_balance"] for row in invoices)
    assert any(line["amount"] == 0 for lines in world.lines.values() for line in lines)
    assert any(len(lines) > 100 for lines in world.lines.values())
    reasons = {row["billing_reason"] for row in invoices}
    assert reasons == {
        "manual", "subscription_create", "subscription_cycle", "subscription_update",
    }  # fmt: skip
    assert any(row["customer"] is None for row in world["charges"])
    assert any(row["discounts"] for row in world["subscriptions"])
    due = [row["due_date"] for row in invoices if row["status"] == "open" and row["due_date"]]
    assert min(due) < world.now, "something is overdue"


def test_nothing_is_later_than_the_last_day(world: World) -> None:
    for path, rows in world.lists.items():
        for row in rows:
            moment: int = row.get("created") or row.get("date") or 0
            assert moment <= world.now, path


def test_events_are_of_the_last_thirty_days(world: World) -> None:
    month = 30 * 24 * 3600
    kinds = {row["type"] for row in world["events"]}
    assert {"invoice.paid", "charge.succeeded", "payout.created", "charge.dispute.created"} <= kinds
    for event in world["events"]:
        assert world.now - month <= event["created"] <= world.now
        tables = event["data"]["object"]
        # What is on a test clock is in no list.
        assert tables == (
            world.by_id[tables["id"]]
            if tables.get("test_clock") is None
            else world.api.json(f"{tables['object']}s/{tables['id']}")
        )
    known = {row["data"]["object"]["id"] for row in world["events"]}
    recent = {row["id"] for row in world["invoices"] if row["created"] >= world.now - month}
    assert recent <= known


def test_bills_of_metronome_are_invoices(world: World) -> None:
    story = world.story
    bills = [bill for customer in story.customers for bill in story.bills(customer)]
    issued = [bill for bill in bills if bill.issued <= story.now]
    invoices = {row["id"]: row for row in world["invoices"]}
    imported = {row["id"] for row in world["invoices"] if row["metadata"]}
    assert imported == {bill.stripe_id for bill in issued}
    for bill in issued:
        invoice = invoices[bill.stripe_id]
        assert invoice["metadata"]["metronome_invoice_id"] == bill.metronome_id
        assert invoice["total"] == bill.cents
        assert invoice["status"] == story.status(bill)
        assert [line["amount"] for line in world.lines[bill.stripe_id]] == [
            line.cents for line in bill.lines
        ]
        customer = world.by_id[invoice["customer"]]
        assert customer["metadata"]["metronome_id"] == bill.customer.metronome_id
    assert len(issued) < len(bills)
