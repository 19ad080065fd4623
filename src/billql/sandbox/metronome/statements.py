"""Balances as the API shows them, and the sum of them."""

from __future__ import annotations

from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.metronome.balances import Balance, Entry, Kind, Segment
from billql.sandbox.metronome.formats import USD, iso_millis, iso_offset
from billql.sandbox.rng import Rng

_LEDGER_NAMES: Final[dict[Kind, str]] = {
    "PREPAID": "PREPAID_COMMIT",
    "POSTPAID": "POSTPAID_COMMIT",
    "CREDIT": "CREDIT",
}
"""The names of the kinds in ledgers."""


def segment_json(segment: Segment) -> Json:
    """Return a time in which a balance can be used."""
    return {
        "id": segment.id,
        "amount": segment.amount,
        "starting_at": iso_offset(segment.start),
        "ending_before": iso_offset(segment.end),
    }


def entry_json(entry: Entry, kind: Kind) -> Json:
    """Return an entry of the ledger of a kind of balance."""
    shown: Json = {
        "amount": entry.amount,
        "timestamp": iso_offset(entry.timestamp),
        "type": f"{_LEDGER_NAMES[kind]}_{entry.event}",
    }
    optional_fields = {
        "segment_id": entry.segment,
        "invoice_id": entry.invoice,
        "contract_id": entry.contract,
        "reason": entry.reason,
    }
    return shown | {name: value for name, value in optional_fields.items() if value is not None}


def invoice_json(balance: Balance, now: int) -> Json:
    """Return how a commit is paid for."""
    assert balance.purchase is not None
    bill = balance.purchase
    amount = sum(line.cents for line in bill.lines)
    item: Json = {
        "id": Rng("payment", balance.id).uuid(),
        "amount": amount,
        "unit_price": amount,
        "quantity": 1,
        "timestamp": iso_offset(bill.start),
    }
    if bill.start <= now:
        item["invoice_id"] = bill.metronome_id
    return {"credit_type": USD.json(), "schedule_items": [item], "do_not_invoice": False}


def balance_json(balance: Balance, now: int, *, in_contract: bool = False) -> Json:
    """Return a balance as the API does; what a contract has of it lacks its amount and ledger."""
    shown: Json = {
        "id": balance.id,
        "type": balance.kind,
        "name": balance.name,
        "priority": balance.priority,
        "product": balance.product.brief(),
        "rate_type": "LIST_RATE",
        "access_schedule": {
            "access_type": "SPEND",
            "credit_type": balance.unit.json(),
            "schedule_items": [segment_json(segment) for segment in balance.segments],
        },
        "custom_fields": balance.custom_fields,
        "created_at": iso_millis(balance.created),
    }
    optional_fields: Json = {
        "description": balance.description,
        "created_by": balance.author,
        "applicable_product_ids": list(balance.products) or None,
        "applicable_product_tags": list(balance.tags) or None,
    }
    if balance.contract is not None:
        optional_fields["contract"] = {"id": balance.contract.id}
        optional_fields["applicable_contract_ids"] = [balance.contract.id]
    if balance.recurring:
        key = "recurring_credit_id" if balance.kind == "CREDIT" else "recurring_commit_id"
        optional_fields[key] = balance.recurring
    if balance.subscription:
        optional_fields["subscription_config"] = {
            "subscription_id": balance.subscription,
            "allocation": "INDIVIDUAL",
            "apply_seat_increase_config": {"is_prorated": False},
        }
    if balance.archived is not None and (in_contract or balance.kind != "CREDIT"):
        optional_fields["archived_at"] = iso_millis(balance.archived)
    if in_contract and balance.kind == "CREDIT":
        del shown["rate_type"]
    if balance.kind != "CREDIT":
        optional_fields["rollover_fraction"] = 0
    if balance.purchase is not None:
        optional_fields["invoice_schedule"] = invoice_json(balance, now)
        optional_fields["cost_basis"] = 1
        if balance.contract is not None:
            optional_fields["invoice_contract"] = {"id": balance.contract.id}
    if not in_contract:
        if balance.kind != "CREDIT":
            optional_fields["uniqueness_key"] = f"commit-{balance.id[:8]}"
        entries = sorted(balance.entries, key=lambda entry: entry.timestamp)
        optional_fields["balance"] = balance.amount
        optional_fields["ledger"] = [entry_json(entry, balance.kind) for entry in entries]
    return shown | {name: value for name, value in optional_fields.items() if value is not None}
