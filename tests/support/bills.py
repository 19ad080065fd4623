"""An API of bills that are restated, and connections that keep its history; no network."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

import billql
from billql.config.settings import Settings
from billql.dbapi.connection import Connection

from .api_client import TOKEN

URL = "https://bills.example.com"
NOON = datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC)

PROVIDER: dict[str, Any] = {
    "billql": 1,
    "title": "Bills",
    "description": "Bills for tests.",
    "version": "1.0.0",
    "documentation": "https://bills.example.com/docs",
    "url": URL,
    "auth": {"kind": "bearer", "secret": "BILLS_TOKEN", "help": "Ask."},
    "errors": {"message": "message"},
}


def _resource(columns: Mapping[str, Any], request: str, **rest: Any) -> dict[str, Any]:
    method = {"request": request, "description": "Reads it.", "rows": "items[]"}
    method |= {name: rest.pop(name) for name in ("parameters", "missing") if name in rest}
    shown = {
        name: {"description": "A column.", **({"type": one} if isinstance(one, str) else one)}
        for name, one in columns.items()
    }
    return {
        "description": "A table.",
        "columns": shown,
        "methods": {"read": {**method, "paging": {"kind": "single_page"}}},
        "examples": [{"question": "What is there?", "sql": "SELECT 1"}],
        **rest,
    }


_AMOUNT = {"type": "decimal", "currency": "currency"}
_MONEY = {"amount": _AMOUNT, "currency": "text"}
_HEADER = {"resource": "bills.all.invoices", "when": {"state": ["paid", "void"]}}
_DAYS = {
    "from": {"column": "day", "operator": ">="},
    "before": {"column": "day", "operator": "<"},
}

RESOURCES: dict[str, Any] = {
    "invoices": _resource(
        {"id": "text", "month": "month", "state": "text", "note": "text", **_MONEY},
        "GET /invoices",
        unique=["id"],
        settles={"scope": "month", "header": _HEADER},
    ),
    # Equal lines have no key.
    "lines": _resource(
        {
            "invoice": {
                "type": "text",
                "path": "$parameter",
                "references": "bills.all.invoices.id",
            },
            "product": "text",
            "hours": "real",
            **_MONEY,
        },
        "GET /invoices/{invoice}",
        parameters={"invoice": {"in": "path", "required": True}},
        missing="empty",
        settles={"scope": "invoice", "header": {**_HEADER, "also": ["preview"]}},
    ),
    "charges": _resource(
        {"id": "text", "day": "date", "state": "text", **_MONEY},
        "GET /charges",
        parameters=_DAYS,
        unique=["id"],
        settles={"scope": "day", "days": 14, "when": {"state": "done"}},
    ),
    "costs": _resource(
        {"day": "date", "product": "text", **_MONEY},
        "GET /costs",
        parameters={name: {**one, "required": True} for name, one in _DAYS.items()},
        settles={"scope": "day", "days": 14, "retains": 3},
    ),
    "credits": _resource({"id": "integer", "left": "decimal"}, "GET /credits", unique=["id"]),
}


class Bills:
    """The API. A line is a product, an amount as JSON has it, and more members if needed."""

    def __init__(self) -> None:
        self.lines: dict[str, list[tuple[str, str]]] = {}
        self.states: dict[str, str] = {}
        self.months: dict[str, str] = {}
        self.amounts: dict[str, str] = {}
        """The amounts of invoices, if they are not the sums of their lines."""
        self.charges: list[tuple[str, str, str, str]] = []
        """Each an id, a day, a state and an amount."""
        self.credits: list[tuple[int, str]] = []
        self.requests: list[str] = []
        self.failing: dict[str, httpx.Response] = {}
        """What answers in the place of a path."""
        self.now = NOON

    def add(self, invoice: str, month: str, *lines: tuple[str, str], state: str = "paid") -> None:
        """Add an invoice, or change one."""
        self.lines[invoice], self.months[invoice], self.states[invoice] = list(lines), month, state

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        query = request.url.query.decode()
        self.requests.append(f"{request.url.path}?{query}".removesuffix("?"))
        if request.url.path in self.failing:
            return self.failing[request.url.path]
        body = self._body(request.url.path.strip("/").split("/"), dict(request.url.params))
        if body is None:
            return httpx.Response(404, json={"message": "There is no such thing"})
        return httpx.Response(200, content=f'{{"items":[{",".join(body)}]}}'.encode())

    def _body(self, path: list[str], query: Mapping[str, str]) -> list[str] | None:
        match path:
            case ["invoices"]:
                return [
                    _object(id=f'"{one}"', month=f'"{month}"', state=f'"{self.states[one]}"',
                            note=f'"{len(self.requests)}"', amount=self._amount(one))
                    for one, month in self.months.items()
                ]  # fmt: skip
            case ["invoices", invoice] if invoice in self.lines or invoice == "preview":
                return [
                    _object(product=f'"{product}"', hours="1.5", amount=amount)
                    for product, amount in self.lines.get(invoice, ())
                ]
            case ["charges" | "costs" as name]:
                first, last = query.get("from", ""), query.get("before", "9999")
                return [
                    _object(id=f'"{id_}"', day=f'"{day}"', state=f'"{state}"', amount=amount)
                    if name == "charges"
                    else _object(day=f'"{day}"', product=f'"{state}"', amount=amount)
                    for id_, day, state, amount in self.charges
                    if first <= day < last
                ]
            case ["credits"]:
                return [_object(id=str(id_), left=left) for id_, left in self.credits]
        return None

    def _amount(self, invoice: str) -> str:
        if invoice in self.amounts:
            return self.amounts[invoice]
        from decimal import Decimal

        return (
            f'"{sum((Decimal(one.strip(chr(34))) for _, one in self.lines[invoice]), Decimal())}"'
        )

    def pass_days(self, days: float) -> None:
        """Let some days pass."""
        self.now += datetime.timedelta(days=days)


def _object(**members: str) -> str:
    members = {**members, "currency": '"USD"'}
    return f"{{{','.join(f'{json.dumps(name)}:{value}' for name, value in members.items())}}}"


def connect(api: Bills, folder: Path, database: Path | str = ":memory:", **more: Any) -> Connection:
    """Open a connection in which the bills are tables."""
    definitions = folder / "definitions" / "bills"
    if not definitions.exists():
        definitions.mkdir(parents=True)
        (definitions / "provider.yaml").write_text(json.dumps(PROVIDER))  # JSON is YAML
        service = {"billql": 1, "description": "All that it has.", "resources": RESOURCES}
        (definitions / "all.yaml").write_text(json.dumps(service))
    return billql.connect(
        database,
        definitions=[definitions.parent],
        environ={"BILLQL_DATA": str(folder / "data"), "BILLQL_CONFIG": ""},
        tokens={"bills": TOKEN},
        http_transport=httpx.MockTransport(api),
        settings=Settings(attempts=1, patience=1),
        clock=lambda: api.now,
        autocommit=True,
        **more,
    )
