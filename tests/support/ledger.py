"""An API of one company's books, of which every list can be counted and read beside plain tables.

Each table is a list in pages of a hundred, with filters that the API applies; the same rows fill a
table of plain SQLite, so that an answer can be compared while its requests are counted.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import httpx

from billql.sql.statements import Row
from billql.sqlite.session import Session
from support.shop import PROVIDER, URL, opened

SIZE = 100

Item = dict[str, Any]


@dataclass(frozen=True)
class List:
    """One list of the API: its columns by type, its rows, and how it can be asked for."""

    columns: Mapping[str, str]
    rows: tuple[Item, ...]
    filters: tuple[str, ...] = ()
    paging: str = "total"
    """`total` (numbered pages), `token`, or `none`: all in one response."""
    get: str | None = None
    """The column by which single rows are requested, beside the list."""
    key: str | None = None
    """The column without which there is no list."""
    order: tuple[str, ...] = ()
    definition: Mapping[str, Any] = field(default_factory=dict)
    """What else its definition says of its list."""

    def resource(self, name: str) -> dict[str, Any]:
        """Return its definition."""
        method: dict[str, Any] = {
            "request": f"GET /{name}",
            "description": "Reads the list.",
            "rows": "items[]",
            "parameters": {one: {} for one in self.filters},
            "order": list(self.order),
            **self.definition,
        }
        if self.key is not None:
            method["parameters"][self.key] = {"required": True}
        if self.paging == "total":
            method["paging"] = {"kind": "page_number", "total": "total", "size": SIZE}
        elif self.paging == "token":
            method["paging"] = {
                "kind": "cursor_token",
                "path": "next",
                "parameter": "after",
                "size": SIZE,
            }
        methods = {"list": method}
        if self.get is not None:
            methods["get"] = {
                "request": f"GET /{name}/{{{self.get}}}",
                "description": "Reads one row.",
                "parameters": {self.get: {"in": "path", "required": True}},
                "single": True,
                "missing": "empty",
            }
        return {
            "description": "A table.",
            "columns": {
                one: {"type": kind, "description": "A column."}
                for one, kind in self.columns.items()
            },
            "unique": ["id"] if "id" in self.columns else [],
            "methods": methods,
            "examples": [{"question": "What is there?", "sql": "SELECT 1"}],
        }


ENTRIES = tuple(
    {
        "id": f"e{n:04}",
        "name": f"name {n % 500}",
        "customer": f"c{n % 50:02}",
        "region": f"r{n % 16}",
        "kind": f"k{n % 12}",
        "state": f"s{n % 3}",
        "open": n % 2 == 0,
        "amount": n % 17 if n % 9 else None,
        "created": f"2026-{1 + n // 84:02}-{1 + n // 3 % 28:02}T00:00:00Z",
    }
    for n in range(1000)
)
ENTRY = {
    "id": "text",
    "name": "text",
    "customer": "text",
    "region": "text",
    "kind": "text",
    "state": "text",
    "open": "boolean",
    "amount": "integer",
    "created": "timestamp",
}
FILTERS = ("customer", "region", "kind", "state", "open")
NEWEST = tuple(sorted(ENTRIES, key=lambda one: (one["created"], one["id"]), reverse=True))

LISTS: Mapping[str, List] = {
    "entries": List(ENTRY, ENTRIES, FILTERS, get="id"),
    "newest": List(ENTRY, NEWEST, FILTERS, order=("-created",), get="id"),
    "feed": List(ENTRY, NEWEST, FILTERS, paging="token", get="id"),
    "notes": List(ENTRY, ENTRIES),
    "slips": List(ENTRY, ENTRIES, paging="token"),
    "customers": List(
        {"id": "text", "name": "text", "region": "text"},
        tuple({"id": f"c{n:02}", "name": f"name {n}", "region": f"r{n % 16}"} for n in range(60)),
    ),
    "invoices": List(
        {"id": "text", "customer": "text", "status": "text", "amount": "integer"},
        tuple(
            {
                "id": f"i{n:03}",
                "customer": f"c{n % 45:02}",
                "status": "open" if n % 5 else "paid",
                "amount": n,
            }
            for n in range(400)
        ),
        ("customer", "status"),
    ),
    "plans": List(
        {"id": "text", "region": "text", "price": "integer"},
        tuple({"id": f"p{n}", "region": f"r{n % 8}", "price": n} for n in range(40)),
        ("region",),
        paging="none",
    ),
    "details": List(
        {"entry": "text", "size": "integer"},
        tuple({"entry": one["id"], "size": n} for n, one in enumerate(ENTRIES)),
        paging="none",
        key="entry",
    ),
    "marks": List(
        {"number": "integer", "mark": "text"},
        tuple({"number": n, "mark": f"m{n}"} for n in range(1000)),
        paging="none",
        key="number",
    ),
}


class Ledger:
    """The API; counts what it is asked, and holds each response for some seconds."""

    def __init__(self, lists: Mapping[str, List] = LISTS, latency: float = 0.0) -> None:
        self.lists = lists
        self.latency = latency
        self.asked: list[str] = []
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.asked.append(f"{request.url.path}?{request.url.query.decode()}")
        if self.latency:
            time.sleep(self.latency)
        return self.before(request) or self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        name, _, wanted = request.url.path.removeprefix("/").partition("/")
        listed = self.lists[name]
        if wanted:
            for row in listed.rows:
                if row[str(listed.get)] == wanted:
                    return httpx.Response(200, json=row)
            return httpx.Response(404, json={"message": "No such row", "id": "none"})
        query = dict(request.url.params)
        found = [row for row in listed.rows if all(_fits(row, *one) for one in query.items())]
        if listed.paging == "none":
            return httpx.Response(200, json={"items": found})
        if listed.paging == "token":
            start = int(query.get("after", "0"))
            end = start + int(query["limit"])
            following = str(end) if end < len(found) else None
            return httpx.Response(200, json={"items": found[start:end], "next": following})
        page, size = int(query.get("page", "1")), int(query["per_page"])
        shown = found[(page - 1) * size : page * size]
        return httpx.Response(200, json={"items": shown, "total": len(found)})


def _fits(row: Item, name: str, value: str) -> bool:
    """Return whether a row has what a parameter of the query requests."""
    if name not in row:
        return True  # it asks for a page
    return json.dumps(row[name]).strip('"') == value


@contextmanager
def session(ledger: Ledger, folder: Path, **options: Any) -> Iterator[Session]:
    """Open a session over the books."""
    resources = {name: listed.resource(name) for name, listed in ledger.lists.items()}
    changes = {"url": URL, "concurrency": PROVIDER["concurrency"]}
    with opened(ledger, folder, changes, resources, **options) as opened_session:
        yield opened_session


def plain(lists: Mapping[str, List] = LISTS) -> apsw.Connection:
    """Return plain SQLite with the same rows in tables of the same names."""
    database = apsw.Connection(":memory:")
    for name, listed in lists.items():
        affinities = {"boolean": "INTEGER", "integer": "INTEGER", "real": "REAL"}
        columns = (
            f'"{one}" {affinities.get(kind, "TEXT")}' for one, kind in listed.columns.items()
        )
        database.execute(f'CREATE TABLE "{name}" ({", ".join(columns)})')
        marks = ", ".join("?" * len(listed.columns))
        database.executemany(
            f'INSERT INTO "{name}" VALUES ({marks})',
            [tuple(row[one] for one in listed.columns) for row in listed.rows],
        )
    return database


def expected(database: apsw.Connection, sql: str) -> list[Row]:
    """Return what plain SQLite answers; `@entries` is its table."""
    return [tuple(row) for row in database.execute(sql.replace("@", ""))]
