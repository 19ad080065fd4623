"""A made-up provider that has every paging kind, rows within rows and lists that are posted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from billql.definitions.catalog import Catalog
from billql.sandbox.mock.api import MockApi
from billql.sandbox.server import RequestLog, Server
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

UNTIL = date(2026, 3, 15)
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)

BEARER = {"kind": "bearer", "secret": "ACME_TOKEN", "help": "Ask Acme."}

PROVIDER: dict[str, Any] = {
    "billql": 1,
    "title": "Acme",
    "description": "An API for tests.",
    "version": "1.0.0",
    "documentation": "https://acme.example/docs",
    "url": "https://api.acme.example",
    "auth": BEARER,
    "headers": {"Acme-Version": "2026-01-01"},
    "errors": {
        "message": "error.message",
        "code": "error.code",
        "request_id": "error.request_id",
        "unknown_value": {"code": "resource_missing", "parameter": "error.param"},
    },
    "filter": {
        **{"header": "X-Filter", "all": "+and", "any": "+or"},
        "operators": {">=": "+gte", "<": "+lt"},
    },
}

CUSTOMER = {"type": "text", "references": "acme.billing.customers.id"}
AMOUNT = {"type": "decimal", "currency": "currency"}
CURRENCY = {"type": "text"}
SIZED = {"size": 7, "size_parameter": "limit"}


def resource(columns: Mapping[str, Any], *methods: tuple[str, Any], **more: Any) -> dict[str, Any]:
    """Return a resource; a column may be its type alone, and a method is its request and more."""
    shown = {
        name: {"description": "A column.", **({"type": one} if isinstance(one, str) else one)}
        for name, one in columns.items()
    }
    return {
        "description": "A table.",
        "columns": shown,
        "methods": {
            f"read{number}": {"request": request, "description": "Reads it.", **method}
            for number, (request, method) in enumerate(methods)
        },
        "examples": [{"question": "What is there?", "sql": "SELECT 1"}],
        **more,
    }


def paged(kind: str, **more: Any) -> dict[str, Any]:
    return {"rows": "data[]", "paging": {"kind": kind, **more}}


ID = {"id": "text", "customer": CUSTOMER, "created": "timestamp"}

RESOURCES: dict[str, Any] = {
    "customers": resource(
        {
            "id": "text",
            "name": "text",
            "status": {"type": "text", "values": ["active", "closed"]},
            "created": "timestamp",
            "balance": {**AMOUNT, "divide": 100},
            "currency": CURRENCY,
        },
        (
            "GET /customers",
            {
                **paged("page_number", total="meta.total", size=7),
                "parameters": {
                    "status": {"values": ["active", "closed"], "lists": "comma"},
                    "created[gte]": {"column": "created", "operator": ">=", "format": "epoch"},
                    "created[lt]": {"column": "created", "operator": "<", "format": "epoch"},
                },
                "order": ["-created"],
            },
        ),
        (
            "GET /customers/{id}",
            {
                "parameters": {"id": {"in": "path", "required": True}},
                "single": True,
                "missing": "empty",
            },
        ),
        unique=["id"],
    ),
    "by_token": resource(
        ID,
        (
            "GET /by_token",
            {
                **paged("cursor_token", **SIZED),
                "parameters": {
                    "since": {"column": "created", "operator": ">=", "match": "superset"},
                    "customer": {},
                },
            },
        ),
        unique=["id"],
    ),
    "by_log_token": resource(
        ID,
        (
            "GET /by_log_token",
            {
                **paged("cursor_token", **SIZED, until_empty=True, refused_beside=["customer"]),
                "parameters": {"customer": {}},
            },
        ),
        unique=["id"],
    ),
    "by_id": resource(
        {**ID, "plan": {"type": "text", "values": ["free", "paid"]}},
        (
            "GET /by_id",
            {
                **paged("after_id", size=7),
                "parameters": {"plan": {"values": ["free", "paid"]}, "customer": {}},
            },
        ),
        unique=["id"],
    ),
    "by_filter": resource(
        {
            **ID,
            "created": {"type": "timestamp", "format": "no_zone"},
            "plan": {"type": "text", "values": ["free", "paid", "gold"]},
        },
        (
            "GET /by_filter",
            {
                **paged("page_number", total="total", size=7, least=3),
                "parameters": {
                    "plan": {"in": "filter", "lists": "repeat", "match": "superset"},
                    "customer": {"in": "filter"},
                    "from": {
                        **{"in": "filter", "name": "created", "column": "created"},
                        **{"operator": ">=", "format": "no_zone"},
                    },
                    "to": {
                        **{"in": "filter", "name": "created", "column": "created"},
                        **{"operator": "<", "format": "no_zone"},
                    },
                    "sort": {"in": "filter", "name": "+order_by", "value": "created"},
                },
                "order": ["created"],
            },
        ),
        unique=["id"],
    ),
    "by_link": resource(
        ID,
        (
            "GET /by_link",
            paged("next_url", path="links.next", total="total", parameter="from_item", **SIZED),
        ),
        unique=["id"],
    ),
    "by_header": resource(
        ID, ("GET /by_header", {"rows": "[]", "paging": {"kind": "link_header"}}), unique=["id"]
    ),
    "by_count": resource(
        ID, ("GET /by_count", paged("page_count", pages_at="pages")), unique=["id"]
    ),
    "by_array": resource(ID, ("GET /by_array", paged("link_array", path="links")), unique=["id"]),
    "by_page_from_0": resource(
        ID,
        ("GET /by_page_from_0", paged("page_number", total="total", first_page=0, size=7)),
        unique=["id"],
    ),
    "by_count_from_0": resource(
        ID,
        ("GET /by_count_from_0", paged("page_count", pages_at="pages", first_page=0)),
        unique=["id"],
    ),
    "whole": resource(ID, ("GET /whole", paged("single_page")), unique=["id"]),
    "undeclared": resource(ID, ("GET /undeclared", {"rows": "data[]"}), unique=["id"]),
    # Rows within rows, and what belongs to a customer.
    "invoices": resource(
        {
            "id": "integer",
            "customer": CUSTOMER,
            "month": "month",
            "total": AMOUNT,
            "currency": CURRENCY,
        },
        (
            "GET /customers/{customer}/invoices",
            {
                **paged("cursor_token", **SIZED, path="meta.next", parameter="after"),
                "parameters": {"customer": {"in": "path", "required": True}, "month": {}},
                "missing": "empty",
            },
        ),
        (
            "GET /invoices/{id}",
            {
                "parameters": {"id": {"in": "path", "required": True}},
                "rows": "invoice",
                "single": True,
                "missing": "empty",
            },
        ),
        unique=["id"],
    ),
    "lines": resource(
        {
            "invoice_id": {"type": "integer", "path": "$parent.id"},
            "customer": {**CUSTOMER, "path": "$parent.customer"},
            "number": "integer",
            "product": "text",
            "amount": {**AMOUNT, "path": "price.amount"},
            "currency": {**CURRENCY, "path": "price.currency"},
        },
        (
            "GET /customers/{customer}/invoices",
            {
                **paged("cursor_token", **SIZED, path="meta.next", parameter="after"),
                "rows": "data[].lines[]",
                "parameters": {"customer": {"in": "path", "required": True}},
                "missing": "empty",
            },
        ),
        (
            "GET /invoices/{invoice_id}",
            {
                "parameters": {"invoice_id": {"in": "path", "required": True}},
                "rows": "invoice.lines[]",
                "missing": "empty",
            },
        ),
    ),
    "prices": resource(
        {
            "plan": {"type": "text", "path": "$parent.name"},
            "currency": {"type": "text", "path": "$key"},
            "price": {"type": "real", "path": "$value"},
        },
        ("GET /prices", {"rows": "plans[].prices{}"}),
    ),
    "posted": resource(
        {**ID, "state": {"type": "text", "values": ["on", "off"]}},
        (
            "POST /posted/list",
            {
                "rows": "data[]",
                "parameters": {
                    "customer": {"in": "body", "name": "filter.customer", "required": True},
                    "state": {"in": "body", "values": ["on", "off"]},
                },
                "paging": {
                    "kind": "cursor_token",
                    "location": "body",
                    "size": 2,
                    "size_location": "body",
                },
            },
        ),
        unique=["id"],
    ),
    "usage": resource(
        {"day": "date", "customer": {**CUSTOMER, "path": "$parameter"}, "quantity": "real"},
        (
            "GET /usage",
            {
                "rows": "data[]",
                "parameters": {
                    "customer": {"required": True},
                    "from": {"column": "day", "operator": ">=", "required": True},
                    "to": {"column": "day", "operator": "<=", "default": "today"},
                },
                "window_limit": {"column": "day", "days": 31},
            },
        ),
        unique=["customer", "day"],
    ),
    # A report: buckets of time, each with several rows, by pages of so many buckets.
    "report": resource(
        {
            "day": {"type": "date", "path": "$parent.start", "format": "epoch"},
            "start": {"type": "timestamp", "path": "$parent.start", "format": "epoch"},
            "product": "text",
            "quantity": "integer",
            "width": {"type": "text", "path": "$parameter", "hidden": True},
        },
        (
            "GET /report",
            {
                "rows": "data[].results[]",
                "parameters": {
                    "from": {
                        "column": "day",
                        "operator": ">=",
                        "format": "epoch",
                        "required": True,
                    },
                    "width": {"values": ["1d", "1h"], "default": "1d", "required": True},
                    "group": {"name": "group_by", "value": "product"},
                },
                "paging": {
                    "kind": "cursor_token",
                    "more": "has_more",
                    "size": 2,
                    "size_by": {"parameter": "width", "sizes": {"1h": 5}},
                },
            },
        ),
    ),
    "charges": resource(
        {"charge": "text", "amount": AMOUNT, "currency": CURRENCY},
        ("GET /charges.csv", {"response": "csv"}),
    ),
    "files": resource(
        {
            "invoice_id": {
                "type": "integer",
                "path": "$parameter",
                "references": "acme.billing.invoices.id",
            },
            "name": {"type": "text", "path": "$header.content-disposition", "format": "filename"},
            "bytes": {"type": "blob", "path": "$body"},
        },
        (
            "GET /invoices/{invoice_id}/pdf",
            {
                "response": "bytes",
                "single": True,
                "parameters": {"invoice_id": {"in": "path", "required": True}},
            },
        ),
    ),
    "settings": resource(
        {"id": "text", "region": "text", "enabled": "boolean"},
        ("GET /settings", {"single": True}),
    ),
    "anything": resource(
        {"key": {"type": "text", "path": "$parameter"}, "number": "integer"},
        (
            "GET /things/{key}/numbers",
            {
                "rows": "data[]",
                "parameters": {"key": {"in": "path", "required": True}},
            },
        ),
    ),
}

STORY: dict[str, Any] = {
    "billql": 1,
    "rows": 30,
    "months": 6,
    "tables": {
        "billing.customers": {
            "columns": {
                "name": {"values": ["Amber Labs", "Basalt Foods", "Cedar Media"]},
                "balance": {"sum_of": "billing.invoices.total"},
            }
        },
        "billing.invoices": {
            "every": "month",
            "rows": 6,
            "columns": {
                "total": {"sum_of": "billing.lines.amount"},
            },
        },
        "billing.report": {"every": "day", "rows": 7, "each": 3},
        "billing.lines": {
            "rows": 3,
            "columns": {
                "product": {"values": {"compute": 3, "storage": 1}},
                "amount": {"between": [1, 20]},
            },
        },
    },
}


def define(
    root: Path,
    provider: Mapping[str, Any] = PROVIDER,
    resources: Mapping[str, Any] = RESOURCES,
    story: Mapping[str, Any] | None = STORY,
) -> Catalog:
    """Write the definition below a folder, and return the catalog of it."""
    folder = root / "acme"
    folder.mkdir(parents=True)
    service = {"billql": 1, "description": "What Acme bills.", "resources": resources}
    (folder / "provider.yaml").write_text(json.dumps(provider))
    (folder / "billing.yaml").write_text(json.dumps(service))
    if story is not None:
        (folder / "sandbox").mkdir()
        (folder / "sandbox" / "story.yaml").write_text(json.dumps(story))
    return Catalog([root])


@contextmanager
def served(
    catalog: Catalog, *, untidy: bool = False, name: str = "acme", **options: Any
) -> Iterator[Server]:
    """Serve the mock of a provider."""
    api = MockApi(catalog, name, seed=1, scale=2, until=UNTIL, untidy=untidy)
    server = Server(api, log=RequestLog(), **options)
    try:
        yield server
    finally:
        server.close()


def open_session(
    catalog: Catalog, *servers: Server, token: str | None = None, direct: bool = False
) -> Session:
    """Open a session that asks these servers, with their tokens or another one.

    `direct` means without a network, which takes a third of the time.
    """
    tokens = {server.api.name: token or server.api.token for server in servers}
    urls = {server.api.name: server.url for server in servers}
    transport = _Direct(servers) if direct else None
    options = Options({}, tokens, urls, catalog, clock=lambda: NOW, http_transport=transport)
    return Session(":memory:", lambda: options)


class _Direct(httpx.BaseTransport):
    """Asks servers in this process, without their sockets."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = {httpx.URL(server.url).netloc: server for server in servers}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = self._servers[request.url.netloc].respond(
            request.method,
            request.url.raw_path.decode(),
            dict(request.headers),
            request.read(),
        )
        headers = {"content-type": found.content_type, **found.headers}
        return httpx.Response(found.status, headers=headers, content=found.body)


def rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.execute(sql)]
