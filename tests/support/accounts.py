"""An API with many accounts: whose bills it gives is a question of the token.

Every row says whose it is, so a row that came with another's token is seen.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import billql

from .server import Asked, Server

SIZE = 5
"""How many bills a page has."""

_TEXT = {"type": "text", "description": "A text."}
_OWNER = {"type": "text", "description": "Whose it is."}
_AMOUNT = {"type": "integer", "description": "What is owed.", "currency": "currency", "minor": True}
_CURRENCY = {"type": "text", "description": "The currency.", "value": "USD"}
_MONEY = {"amount": _AMOUNT, "currency": _CURRENCY}


def _resource(columns: dict[str, Any], request: str, **method: Any) -> dict[str, Any]:
    return {
        "description": "What there is.",
        "columns": columns,
        "methods": {"read": {"request": request, "description": "Reads it.", **method}},
        "examples": [{"question": "What is there?", "sql": "SELECT 1"}],
    }


RESOURCES = {
    "bills": _resource(
        {"id": _TEXT, "owner": _OWNER, **_MONEY},
        "GET /bills",
        rows="data[]",
        paging={"kind": "after_id", "size": SIZE},
        order=["id"],
    ),
    "lines": _resource(
        {
            "bill_id": {**_TEXT, "path": "$parameter"},
            "number": {"type": "integer", "description": "Its number."},
            "owner": _OWNER,
            **_MONEY,
        },
        "GET /bills/{bill_id}/lines",
        rows="data[]",
        parameters={"bill_id": {"in": "path", "required": True}},
    ),
    "broken": _resource({"id": _TEXT}, "GET /broken", rows="data[]"),
    "silent": _resource({"id": _TEXT}, "GET /silent", rows="data[]"),
}


def define(folder: Path, limit: dict[str, float] | None = None) -> None:
    """Write the definitions of the provider `acme`; `limit` is what they state, if anything."""
    provider = {
        "billql": 1,
        "title": "Acme",
        "description": "An API for tests.",
        "version": "1.0.0",
        "documentation": "https://acme.example/docs",
        "url": "https://acme.example",
        "concurrency": 4,
        "limits": [] if limit is None else [limit],
        "auth": {"kind": "bearer", "secret": "ACME_TOKEN", "help": "Ask Acme."},
        "errors": {"message": "message"},
    }
    service = {"billql": 1, "description": "What Acme bills.", "resources": RESOURCES}
    (folder / "acme").mkdir()
    (folder / "acme" / "provider.yaml").write_text(json.dumps(provider))
    (folder / "acme" / "billing.yaml").write_text(json.dumps(service))


def connect(
    folder: Path, url: str, accounts: Iterable[str], database: str | Path = ":memory:", **more: Any
) -> billql.Connection:
    """Open a connection that reads these accounts; it is called by the name of each."""
    names = list(accounts)
    config = folder / f"{'-'.join(names)}.toml"
    if not config.exists():
        text = [
            f'[connections.{name}]\nprovider = "acme"\ntoken_env = "{name}"\nurl = "{url}"\n'
            for name in names
        ]
        new = config.with_suffix(f".{threading.get_ident()}")
        new.write_text("\n".join(text))
        new.replace(config)
    environ = {name: token(name) for name in names}
    return billql.connect(database, environ=environ, config=config, definitions=[folder], **more)


def token(account: str) -> str:
    """Give the token of an account."""
    return f"tok_{account}_{zlib.crc32(account.encode()):08x}"


def bills(account: str) -> list[dict[str, Any]]:
    """Give the bills of an account, in their order."""
    seed = zlib.crc32(account.encode())
    return [
        {"id": f"b{number:03}", "owner": account, "amount": (seed >> number) % 1000}
        for number in range(7 + seed % 9)
    ]


def lines(account: str, bill_id: str) -> list[dict[str, Any]]:
    """Give the lines of a bill."""
    seed = zlib.crc32(f"{account} {bill_id}".encode())
    return [
        {"number": number, "owner": account, "amount": (seed >> number) % 100}
        for number in range(1 + seed % 3)
    ]


def _expect(connection: billql.Connection, sql: str, rows: list[tuple[Any, ...]]) -> None:
    found = connection.execute(sql).fetchall()
    if sorted(found) != sorted(rows):
        raise AssertionError(f"{sql}: {found!r:.300} instead of {rows!r:.300}")


def expect_bills(connection: billql.Connection, mine: tuple[str, ...]) -> None:
    """See that the bills are those of these accounts, just as the connections say."""
    rows = [
        (account, bill["owner"], bill["id"], bill["amount"])
        for account in mine
        for bill in bills(account)
    ]
    _expect(connection, "SELECT connection, owner, id, amount FROM acme.billing.bills", rows)


def expect_lines(connection: billql.Connection, mine: tuple[str, ...]) -> None:
    """See that a join gives the lines of these accounts."""
    rows = [
        (account, line["owner"], bill["id"], line["number"], line["amount"])
        for account in mine
        for bill in bills(account)
        for line in lines(account, bill["id"])
    ]
    sql = """
        SELECT l.connection, l.owner, b.id, l.number, l.amount
        FROM acme.billing.bills b
        JOIN acme.billing.lines l ON l.bill_id = b.id AND l.connection = b.connection
    """
    _expect(connection, sql, rows)


class Accounts:
    """The API. It allows so many requests in a second with each token, if it has a limit."""

    def __init__(self, limit: int | None = None) -> None:
        self.server: Server | None = None
        self.counts: Counter[str] = Counter()
        """How many requests were answered for each account."""
        self.refused = 0
        self.waiting = 0
        """How many requests have waited in `before`, or do."""
        self.before: Callable[[], object] = lambda: None
        """Is called before each answer."""
        self._limit = limit
        self._sent: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> None:
        """Answer a request."""
        self.waiting += 1
        self.before()
        account = self._account(asked)
        if account is None:
            asked.answer({"message": "who are you"}, status=401)
        elif not self._admits(account):
            asked.answer({"message": "slow down"}, 429, {"retry-after": "1"})
        elif asked.path == "/silent":
            asked.hang()
        else:
            body = _body(account, asked)
            asked.answer(body or {"message": "it is broken"}, 200 if body else 404)

    def _account(self, asked: Asked) -> str | None:
        given = asked.headers.get("authorization", "").removeprefix("Bearer ")
        account = given.split("_")[1] if given.count("_") == 2 else ""
        return account if given == token(account) else None

    def _admits(self, account: str) -> bool:
        now = time.monotonic()
        with self._lock:
            sent = self._sent.setdefault(account, deque())
            while sent and sent[0] <= now - 1:
                sent.popleft()
            admitted = self._limit is None or len(sent) < self._limit
            if admitted and self._limit is not None:
                sent.append(now)
            self.counts[account] += admitted
            self.refused += not admitted
            if self.server is not None and len(self.server.asked) > 1000:
                self.server.asked.clear()  # nobody reads it, and it would only grow
        return admitted


def _body(account: str, asked: Asked) -> dict[str, Any] | None:
    query = {name: one[0] for name, one in parse_qs(urlsplit(asked.target).query).items()}
    match asked.path.strip("/").split("/"):
        case ["bills"]:
            after = query.get("starting_after", "")
            left = [bill for bill in bills(account) if bill["id"] > after]
            size = int(query["limit"])
            return {"data": left[:size], "has_more": len(left) > size}
        case ["bills", bill_id, "lines"]:
            return {"data": lines(account, bill_id)}
        case _:
            return None
