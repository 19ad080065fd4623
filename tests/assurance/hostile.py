"""A hostile API, speaking real HTTP: lists of every kind of paging, and a fault at one page of one.

The rows are known, so each case can be judged: just these rows, each once, or a clear error.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

import billql
from billql.config.settings import Settings
from support.server import Asked, Server, head

from .case import Broken, Case, Outcome, leftovers

TOKEN = "tok_assurance_4f1c"
PAGES, SIZE = 5, 4
PROMISE = "hostile API"

PROVIDER = {
    "billql": 1,
    "title": "Hostile",
    "description": "An API that means no good.",
    "version": "1.0.0",
    "documentation": "https://hostile.example/docs",
    "url": "https://hostile.example",
    "concurrency": 4,
    "auth": {"kind": "bearer", "secret": "HOSTILE_TOKEN", "help": "Ask nobody."},
    "errors": {"message": "message", "code": "code", "request_id": "request_id"},
}

COLUMNS = {
    "id": {"type": "text", "description": "The id."},
    "amount": {"type": "decimal", "description": "What is owed.", "currency": "currency"},
    "currency": {"type": "text", "description": "The currency.", "value": "USD"},
    "note": {"type": "text", "description": "Anything at all."},
    "more": {"type": "json", "description": "Anything else."},
    "paid": {"type": "boolean", "description": "Whether it is paid, which nothing is."},
}

CONDITIONS = ("", "WHERE NOT paid", "WHERE paid IS FALSE", "WHERE paid <> 1")
"""What holds for every row; but for the first one, the API is asked for it."""

PAGING: dict[str, Mapping[str, Any]] = {
    "pages": {"kind": "page_number", "total": "total", "size": SIZE},
    "links": {"kind": "next_url", "path": "links.next", "size": SIZE},
    "tokens": {"kind": "cursor_token", "path": "next", "parameter": "after", "size": SIZE},
    "rows": {"kind": "after_id", "size": SIZE},
}


def service() -> dict[str, Any]:
    """Give the definition of its resources: a list for each kind of paging, and a single row."""
    example = [{"question": "What is owed?", "sql": "SELECT 1"}]
    lists = {
        name: {
            "description": "One row for each thing.",
            "columns": COLUMNS,
            "methods": {
                "list": {
                    "request": f"GET /{name}",
                    "description": "Gives all of them.",
                    "rows": "items[]",
                    "parameters": {"paid": {}},
                    "paging": paging,
                }
            },
            "unique": ["id"],
            "examples": example,
        }
        for name, paging in PAGING.items()
    }
    one = {
        "description": "The one thing.",
        "columns": COLUMNS,
        "methods": {"get": {"request": "GET /one", "description": "Gives it.", "single": True}},
        "examples": example,
    }
    return {"billql": 1, "description": "All of it.", "resources": {**lists, "one": one}}


Item = dict[str, Any]


def item(number: int) -> Item:
    amount, note = f"{number}.10", "as it should be"
    return {"id": f"i{number:03}", "amount": amount, "note": note, "more": {}, "paid": False}


ITEMS = [item(number) for number in range(PAGES * SIZE)]


class Page(NamedTuple):
    """A page as it should be."""

    number: int
    body: dict[str, Any]
    url: str
    """The address of the server."""


Fault = Callable[[Asked, Page], None]


class Hostile:
    """The API. One fault lies at a page of a list, or at all of them, for its first requests."""

    def __init__(
        self, name: str, number: int | None, fault: Fault, times: int | None = None
    ) -> None:
        self.url = ""
        self._place = (name, number)
        self._fault = fault
        self._left = times

    def __call__(self, asked: Asked) -> None:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            asked.answer({"message": "who are you"}, status=401)
            return
        name = asked.path.strip("/")
        query = {key: one[0] for key, one in parse_qs(urlsplit(asked.target).query).items()}
        number = _number(name, query)
        page = Page(number, _body(name, number, self.url), self.url)
        list_name, place = self._place
        if name == list_name and place in (number, None) and self._left != 0:
            if self._left is not None:
                self._left -= 1
            self._fault(asked, page)
        else:
            asked.answer(page.body)


def _number(name: str, query: Mapping[str, str]) -> int:
    match name:
        case "pages":
            return int(query.get("page", "1")) - 1
        case "links" | "tokens":
            return int(query.get("after", "0").removeprefix("t"))
        case "rows":
            after = query.get("starting_after", "i-01")
            return (int(after[1:]) + 1) // SIZE
        case _:
            return 0


def _body(name: str, number: int, url: str) -> dict[str, Any]:
    if name == "one":
        return ITEMS[0]
    body: dict[str, Any] = {"items": ITEMS[number * SIZE : number * SIZE + SIZE]}
    more = number + 1 < PAGES
    match name:
        case "pages":
            body["total"] = len(ITEMS)
        case "links":
            body["links"] = {"next": f"{url}/links?after={number + 1}"} if more else {}
        case "tokens":
            body["next"] = str(number + 1) if more else None
        case "rows":
            body["has_more"] = more
    return body


LIMITS = Settings(
    connect_timeout=5.0,
    read_timeout=5.0,
    response_timeout=8.0,
    statement_timeout=30.0,
    patience=3.0,
    attempts=2,
    body_limit=1024 * 1024,
    max_requests=200,
    max_rows=10_000,
)
"""What bounds every case."""

LONGEST = 15.0
"""How many seconds a case may take before it counts as a hang."""


@contextmanager
def attacked(
    api: Hostile, settings: Settings = LIMITS
) -> Iterator[tuple[billql.Connection, Server]]:
    """Open a session on a hostile API."""
    with tempfile.TemporaryDirectory() as folder, Server(api) as server:
        api.url = server.url
        acme = Path(folder) / "hostile"
        acme.mkdir()
        (acme / "provider.yaml").write_text(json.dumps(PROVIDER))
        (acme / "all.yaml").write_text(json.dumps(service()))
        with billql.connect(
            definitions=[folder],
            tokens={"hostile": TOKEN},
            urls={"hostile": server.url},
            environ={},
            settings=settings,
        ) as connection:
            yield connection, server


class Allowed(NamedTuple):
    """What may come of a fault: the right rows, or an error of a kind that says certain words."""

    right: bool = False
    errors: tuple[type[billql.Error], ...] = ()
    words: tuple[str, ...] = ("",)
    """Of which one is said."""


def outcome(
    connection: billql.Connection, source: str, allowed: Allowed, rows: list[tuple[Any, ...]]
) -> Outcome:
    """Read a list twice, perhaps under a condition, and judge what comes: what is kept of a failure
    must not serve either.
    """
    first = _read(connection, source, allowed, rows)
    again = _read(connection, source, allowed, rows)
    return "right" if first == "right" and again == "right" else "clear error"


def _read(
    connection: billql.Connection, source: str, allowed: Allowed, rows: list[tuple[Any, ...]]
) -> Outcome:
    sql = f"SELECT id, amount, note, more FROM hostile.all.{source}"
    try:
        found = connection.execute(sql).fetchall()
    except billql.Error as error:
        return _judged(error, allowed)
    if sorted(map(repr, found)) != sorted(map(repr, rows)):
        raise Broken(f"{len(found)} rows that are not the right ones: {found!r:.200}")
    if not allowed.right:
        raise Broken("the right rows, where an error was expected")
    return "right"


def _judged(error: billql.Error, allowed: Allowed) -> Outcome:
    told = f"{type(error).__name__}: {error}"
    if not isinstance(error, allowed.errors):
        raise Broken(f"an error of the wrong kind: {told}")
    if not any(words in str(error) for words in allowed.words):
        raise Broken(f"an error that does not say {allowed.words}: {told}")
    if TOKEN in f"{told} {error.hint} {error!r}":
        raise Broken("an error with a token in it")
    return "clear error"


def rows_of(items: list[Item]) -> list[tuple[Any, ...]]:
    """Give rows as SQL has them."""
    return [(one["id"], float(one["amount"]), one["note"], "{}") for one in items]


class Attack(NamedTuple):
    """A fault with a name, and what may come of it; `times` is how often it happens."""

    name: str
    fault: Fault
    allowed: Allowed
    times: int | None = None
    lists: tuple[str, ...] = tuple(PAGING)
    numbers: tuple[int | None, ...] = (0, 2, 4)
    """The pages at which it lies, counted from 0; None is every page."""
    settings: Settings = LIMITS


def cases_of(attacks: list[Attack]) -> Iterator[Case]:
    """Give a case for each attack, list and page; every tenth is quick, but each attack has one."""
    for place, attack in enumerate(attacks):
        for name in attack.lists:
            for number in attack.numbers:
                where = "all pages" if number is None else f"page {number + 1}"
                quick = (place + list(PAGING).index(name) + (number or 0) // 2) % 12 == 0
                told = f"{attack.name} at {where} of {name}"
                yield Case(PROMISE, told, _runner(attack, name, number), quick)


def _runner(attack: Attack, name: str, number: int | None) -> Callable[[], Outcome]:
    def run() -> Outcome:
        api = Hostile(name, number, attack.fault, attack.times)
        with attacked(api, attack.settings) as (connection, server):
            condition = CONDITIONS[crc32(f"{attack.name} {name} {number}".encode()) % 4]
            found = outcome(connection, f"{name} {condition}", attack.allowed, rows_of(ITEMS))
            connection.close()
            server.until(lambda: server.open == 0, LONGEST)
        if left := leftovers():
            raise Broken(f"threads are left: {left}")
        return found

    return run


def packed(body: bytes) -> bytes:
    """Give a gzip bomb's or any body's whole answer."""
    shown = {"content-encoding": "gzip", "content-type": "application/json"}
    data = gzip.compress(body)
    return head(200, {**shown, "content-length": str(len(data))}) + data
