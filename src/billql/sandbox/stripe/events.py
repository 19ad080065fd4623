"""Events of the last thirty days: that an object was created, and how it ended.

The object of an event is in its state of the last day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.stripe.ids import ident
from billql.sandbox.timestamps import DAY

RETENTION: Final = 30 * DAY

Moments = Callable[[Json], Sequence[tuple[str, int | None]]]
"""Returns what happened to an object, and when."""


def _made(kind: str, at: str = "created") -> Moments:
    return lambda row: [(f"{kind}.created", row[at])]


def _invoice(row: Json) -> list[tuple[str, int | None]]:
    transitions = row["status_transitions"]
    return [
        ("invoice.created", row["created"]),
        ("invoice.finalized", transitions["finalized_at"]),
        ("invoice.paid", transitions["paid_at"]),
        ("invoice.payment_succeeded", transitions["paid_at"]),
        ("invoice.marked_uncollectible", transitions["marked_uncollectible_at"]),
        ("invoice.voided", transitions["voided_at"]),
    ]


def _charge(row: Json) -> list[tuple[str, int | None]]:
    if row["status"] == "failed":
        return [("charge.failed", row["created"])]
    return [("charge.succeeded", row["created"])]


def _intent(row: Json) -> list[tuple[str, int | None]]:
    done = row["created"] if row["status"] == "succeeded" else None
    return [
        ("payment_intent.created", row["created"]),
        ("payment_intent.succeeded", done),
        ("payment_intent.canceled", row["canceled_at"]),
    ]


def _subscription(row: Json) -> list[tuple[str, int | None]]:
    return [
        ("customer.subscription.created", row["created"]),
        ("customer.subscription.updated", row["items"]["data"][0]["current_period_start"]),
        ("customer.subscription.deleted", row["ended_at"]),
    ]


def _payout(row: Json) -> list[tuple[str, int | None]]:
    return [
        ("payout.created", row["created"]),
        ("payout.paid", row["arrival_date"] if row["status"] == "paid" else None),
        ("payout.failed", row["arrival_date"] + DAY if row["status"] == "failed" else None),
    ]


_HAPPENINGS: Final[Mapping[str, Moments]] = {
    "customer": _made("customer"),
    "subscription": _subscription,
    "invoiceitem": _made("invoiceitem", "date"),
    "invoice": _invoice,
    "payment_intent": _intent,
    "charge": _charge,
    "refund": _made("refund"),
    "dispute": _made("charge.dispute"),
    "credit_note": _made("credit_note"),
    "quote": _made("quote"),
    "payout": _payout,
    "billing.credit_grant": _made("billing.credit_grant"),
    "billing.credit_balance_transaction": _made("billing.credit_balance_transaction"),
}


def events_of(
    tables: Mapping[str, Sequence[Json]], version: str, opened: int, now: int
) -> Iterator[Json]:
    """Yield the events that are retained, for each table in the order of time."""
    since = max(opened, now - RETENTION)
    for table, happenings in _HAPPENINGS.items():
        for row in reversed(tables[table]):
            for kind, timestamp in happenings(row):
                if timestamp is not None and since <= timestamp <= now:
                    yield _event(kind, timestamp, row, version)


def _event(kind: str, timestamp: int, row: Json, version: str) -> Json:
    return {
        "id": ident("evt_1", kind, row["id"]),
        "api_version": version,
        "created": timestamp,
        "data": {"object": row},
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
