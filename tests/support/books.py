"""An API of a small company's books, in dollars, yen, dinars and what is no currency."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

import billql

from .api_client import TOKEN
from .defined import Api, define, resource

INVOICES: list[dict[str, Any]] = [
    {"id": 1, "customer": "Ada", "month": "2026-01", "amount": "1694.30", "tax": "321.92",
     "currency": "USD", "created": "2026-01-31T08:00:00Z", "hours": 12},
    {"id": 2, "customer": "Ada", "month": "2026-02", "amount": "1546.25", "tax": "293.79",
     "currency": "USD", "created": "2026-02-28T08:00:00Z", "hours": 7.5},
    {"id": 3, "customer": "Babbage", "month": "2026-01", "amount": "4408080", "tax": "440808",
     "currency": "JPY", "created": "2026-01-31T09:30:00Z", "hours": 30},
    {"id": 4, "customer": "Babbage", "month": "2026-02", "amount": "-12000", "tax": "0",
     "currency": "JPY", "created": "2026-02-28T09:30:00Z", "hours": 0},
    {"id": 5, "customer": "Curie", "month": "2026-01", "amount": "1250.5", "tax": "0.005",
     "currency": "KWD", "created": "2026-01-31T10:00:00Z", "hours": 3},
    {"id": 6, "customer": "Curie", "month": "2026-02", "amount": "0", "tax": None,
     "currency": "KWD", "created": "2026-02-28T10:00:00Z", "hours": 0},
    {"id": 7, "customer": "Dijkstra", "month": "2026-02", "amount": "12.345678", "tax": "0.1",
     "currency": "usdc", "created": "2026-02-28T11:00:00Z", "hours": 1},
    {"id": 8, "customer": "Dijkstra", "month": "2026-02", "amount": "99.9", "tax": "0.2",
     "currency": None, "created": "2026-02-28T11:00:00Z", "hours": 1},
]  # fmt: skip

PAYMENTS: list[dict[str, Any]] = [
    {"id": 11, "invoice": 1, "paid": 169430, "fee": 4944, "currency": "usd"},
    {"id": 12, "invoice": 2, "paid": 100000, "fee": 2930, "currency": "usd"},
    {"id": 13, "invoice": 3, "paid": 4408080, "fee": 158691, "currency": "jpy"},
    {"id": 14, "invoice": 5, "paid": 1250500, "fee": -250, "currency": "kwd"},
]

PRICES: list[dict[str, Any]] = [
    {"size": "s-1", "hourly": 0.00744, "monthly": 5.0},
    {"size": "s-2", "hourly": 0.02679, "monthly": 18.0},
    {"size": "s-3", "hourly": 0.1, "monthly": 1234567.0},
]

_AMOUNT = {"type": "decimal", "currency": "currency"}
_MINOR = {"type": "integer", "currency": "currency", "minor": True}

RESOURCES = {
    "invoices": resource(
        {
            "id": "integer",
            "customer": "text",
            "month": "month",
            "amount": _AMOUNT,
            "tax": _AMOUNT,
            "currency": "text",
            "created": "timestamp",
            "hours": "real",
        },
        {"list": {"request": "GET /invoices", "rows": "items[]"}},
        ["id"],
    ),
    "payments": resource(
        {"id": "integer", "invoice": "integer", "paid": _MINOR, "fee": _MINOR, "currency": "text"},
        {"list": {"request": "GET /payments", "rows": "items[]"}},
        ["id"],
    ),
    "prices": resource(
        {
            "size": "text",
            "hourly": _AMOUNT,
            "monthly": _AMOUNT,
            "currency": {"type": "text", "value": "USD"},
        },
        {"list": {"request": "GET /prices", "rows": "items[]"}},
        ["size"],
    ),
}


def respond(request: httpx.Request) -> Any:
    """Return all rows of a list."""
    rows = {"/invoices": INVOICES, "/payments": PAYMENTS, "/prices": PRICES}
    return {"items": rows[request.url.path]}


@contextmanager
def books(folder: Path, **options: Any) -> Iterator[billql.Connection]:
    """Open a connection in which the books are `own.all.…`."""
    connection = billql.connect(
        environ={},
        tokens={"own": TOKEN},
        definitions=[define(folder, RESOURCES)],
        http_transport=httpx.MockTransport(Api(respond)),
        **options,
    )
    with connection:
        yield connection
