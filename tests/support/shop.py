"""An API of one shop, with a list of every kind, for sessions that read it without a network."""

from __future__ import annotations

import datetime
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from billql.config.settings import Settings
from billql.definitions.catalog import Catalog
from billql.sql.statements import Bindings, Row
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

from .api_client import TOKEN
from .server import PATIENCE, Server, Traffic

URL = "https://shop.example.com"
SIZE = 10
"""How many items the API gives on a page."""

PROVIDER: dict[str, Any] = {
    "billql": 1,
    "title": "Shop",
    "description": "A shop for tests.",
    "version": "1.0.0",
    "documentation": "https://shop.example.com/docs",
    "url": URL,
    "auth": {"kind": "bearer", "secret": "SHOP_TOKEN", "help": "Ask the shop."},
    "errors": {"message": "message", "code": "id"},
    "concurrency": 8,
}

NUMBERED = {"kind": "page_number", "total": "total", "size": SIZE}
IDS: dict[str, str | dict[str, Any]] = {
    "id": {"type": "integer", "nullable": False},
    "name": "text",
}


def resource(
    columns: Mapping[str, str | dict[str, Any]], request: str, **method: Any
) -> dict[str, Any]:
    """Give a resource with one method; a column may be its type alone."""
    unique = method.pop("unique", ["id"] if "id" in columns else [])
    shown = {
        name: {
            "description": "A column.",
            **({"type": kind} if isinstance(kind, str) else kind),
        }
        for name, kind in columns.items()
    }
    return {
        "description": "A table.",
        "columns": shown,
        "unique": unique,
        "methods": {"read": {"request": request, "description": "Reads it.", **method}},
        "examples": [{"question": "What is there?", "sql": "SELECT 1"}],
    }


PARENT = {"type": "integer", "path": "$parameter"}
THING_ID = {"thing_id": {"in": "path", "required": True}}

RESOURCES: dict[str, Any] = {
    # Lists, one for each way of paging; `kind` filters exactly.
    "things": resource(
        {**IDS, "kind": "text"},
        "GET /things",
        rows="items[]",
        paging=NUMBERED,
        parameters={"kind": {}},
        order=["id"],
    ),
    "events": resource(
        IDS,
        "GET /events",
        rows="items[]",
        paging={"kind": "cursor_token", "path": "next", "parameter": "after", "size": SIZE},
    ),
    "links": resource(
        IDS,
        "GET /links",
        rows="items[]",
        paging={
            "kind": "next_url",
            "path": "links.next",
            "total": "total",
            "size": SIZE,
            "size_parameter": "per_page",
        },
    ),
    "charges": resource(
        IDS, "GET /charges", rows="items[]", paging={"kind": "after_id", "size": SIZE}
    ),
    # What needs a key.
    "details": resource(
        {"thing_id": PARENT, "size": "integer"},
        "GET /things/{thing_id}",
        parameters=THING_ID,
        single=True,
        missing="empty",
    ),
    "needed": resource(
        {"thing_id": PARENT, "size": "integer"},
        "GET /needed/{thing_id}",
        parameters=THING_ID,
        single=True,
    ),
    "parts": resource(
        {**IDS, "thing_id": PARENT},
        "GET /things/{thing_id}/parts",
        rows="items[]",
        paging=NUMBERED,
        parameters=THING_ID,
        missing="empty",
    ),
    "posted": resource(
        {**IDS, "thing_id": PARENT},
        "POST /posted",
        rows="items[]",
        parameters={"thing_id": {"in": "body", "required": True}},
    ),
    # Windows of time.
    "usage": resource(
        {"day": "date", "amount": "real"},
        "GET /usage",
        rows="items[]",
        unique=["day"],
        parameters={
            "from": {"column": "day", "operator": ">=", "required": True},
            "to": {"column": "day", "operator": "<=", "default": "today"},
        },
        window_limit={"column": "day", "days": 31, "most": 1000},
        order=["day"],
    ),
    # Other answers.
    "balance": resource({"amount": "real"}, "GET /balance", single=True),
    "rates": resource(
        IDS, "GET /rates", rows="items[]", paging=NUMBERED, freshness={"seconds": 86400}
    ),
    "files": resource(
        {
            "name": {"type": "text", "path": "$header.content-disposition", "format": "filename"},
            "content": {"type": "blob", "path": "$body"},
        },
        "GET /file",
        response="bytes",
        single=True,
    ),
    "lines": resource(IDS, "GET /lines", response="csv"),
}

Item = dict[str, Any]


def items(count: int, prefix: str = "n") -> list[Item]:
    return [
        {"id": number, "name": f"{prefix}{number}", "kind": "even" if number % 2 == 0 else "odd"}
        for number in range(1, count + 1)
    ]


class Shop:
    """The API. `before` sees each request with its number, and may answer it or change things;
    `traffic` counts and holds them."""

    def __init__(self, **lists: int) -> None:
        self.lists: dict[str, list[Item]] = {
            name: items(count, name[0]) for name, count in lists.items()
        }
        self.asked: list[str] = []
        self.before: Callable[[httpx.Request, int], httpx.Response | None] = lambda *_: None
        self.traffic = Traffic(0)
        self.amount = 1.5
        self._asked = threading.Condition()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        with self._asked:
            told = request.content.decode() or request.url.query.decode()
            self.asked.append(f"{request.url.path}?{told}".removesuffix("?"))
            number = len(self.asked)
            self._asked.notify_all()
        with self.traffic():
            return self.before(request, number) or self._answer(request)

    def until_asked(self, count: int) -> None:
        """Wait until so many requests have come."""
        with self._asked:
            assert self._asked.wait_for(lambda: len(self.asked) >= count, PATIENCE), self.asked

    def _answer(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        match request.url.path.strip("/").split("/"):
            case ["things" | "rates" as name]:
                kinds = {query["kind"]} if "kind" in query else {"odd", "even"}
                return numbered([one for one in self.lists[name] if one["kind"] in kinds], query)
            case ["events"]:
                start = int(query.get("after", "0"))
                page = self.lists["events"][start : start + int(query["limit"])]
                end = start + len(page)
                more = str(end) if end < len(self.lists["events"]) else None
                return httpx.Response(200, json={"items": page, "next": more})
            case ["links"]:
                start, size = int(query.get("from", "0")), int(query["per_page"])
                found = self.lists["links"]
                body: Item = {"items": found[start : start + size], "total": len(found)}
                if start + size < len(found):
                    link = f"{URL}/links?from={start + size}&per_page={size}"
                    body["links"] = {"next": link}
                return httpx.Response(200, json=body)
            case ["charges"]:
                found = self.lists["charges"]
                ids = [one["id"] for one in found]
                after = query.get("starting_after")
                start = ids.index(int(after)) + 1 if after else 0
                end = start + int(query["limit"])
                shown = [{**one, "id": str(one["id"])} for one in found[start:end]]
                return httpx.Response(200, json={"items": shown, "has_more": end < len(found)})
            case ["things" | "needed", thing]:
                if int(thing) > len(self.lists["things"]):
                    return httpx.Response(404, json={"message": "No such thing", "id": "gone"})
                return httpx.Response(200, json={"size": int(thing) * 100})
            case ["things", thing, "parts"]:
                return numbered(items(int(thing) % 4, f"{thing}-"), query)
            case ["posted"]:
                thing = str(json.loads(request.content)["thing_id"])
                return httpx.Response(200, json={"items": items(2, f"{thing}-")})
            case ["usage"]:
                first = datetime.date.fromisoformat(query["from"])
                last = datetime.date.fromisoformat(query["to"])
                assert (last - first).days < 31, "the window is too long"
                days = [first + datetime.timedelta(n) for n in range((last - first).days + 1)]
                found = [{"day": str(day), "amount": day.toordinal() % 7} for day in days]
                return httpx.Response(200, json={"items": found})
            case ["balance"]:
                return httpx.Response(200, json={"amount": self.amount})
            case ["file"]:
                headers = {
                    "content-type": "application/pdf",
                    "content-disposition": 'attachment; filename="planted-name.pdf"',
                }
                return httpx.Response(200, content=b"%PDF", headers=headers)
            case ["lines"]:
                headers = {"content-type": "text/csv", "content-disposition": "attachment"}
                return httpx.Response(200, content=b"id,name\n1,a\n2,b\n", headers=headers)
        return httpx.Response(404, json={"message": "No such path"})


def numbered(found: Sequence[Item], query: Mapping[str, str]) -> httpx.Response:
    size, page = int(query["per_page"]), int(query.get("page", "1"))
    shown = found[(page - 1) * size : page * size]
    return httpx.Response(200, json={"items": shown, "total": len(found)})


@contextmanager
def opened(
    shop: Callable[[httpx.Request], httpx.Response] | Server | str,
    folder: Path,
    changes: Mapping[str, Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Session]:
    """Open a session in which the shop's tables are there, behind a function or a real server;
    `changes` are of its provider; `resources` stand in place of its own."""
    if callable(shop):
        where: dict[str, Any] = {
            "http_transport": httpx.MockTransport(shop),
            "settings": Settings(attempts=1, patience=1),
        }
    else:
        where = {"urls": {"shop": shop if isinstance(shop, str) else shop.url}}
    definitions = folder / "definitions" / "shop"
    definitions.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    (definitions / "provider.yaml").write_text(json.dumps({**PROVIDER, **(changes or {})}))
    service = {
        "billql": 1,
        "description": "All that it has.",
        "resources": RESOURCES if resources is None else resources,
    }
    (definitions / "all.yaml").write_text(json.dumps(service))
    chosen: dict[str, Any] = {
        "environ": {},
        "tokens": {"shop": TOKEN},
        "catalog": Catalog([definitions.parent]),
        **where,
        **options,
    }
    session = Session(":memory:", lambda: Options(**chosen))
    try:
        yield session
    finally:
        session.close()


def select(session: Session, sql: str, bindings: Bindings = ()) -> list[Row]:
    """Run a statement to its end; `@things` is `shop.all.things`."""
    return list(session.execute(sql.replace("@", "shop.all."), bindings))


def take(session: Session, sql: str, count: int) -> list[Row]:
    """Read a few rows of a statement, and leave it."""
    statement = session.execute(sql.replace("@", "shop.all."))
    rows = list(itertools.islice(statement, count))
    statement.close()
    return rows
