"""Servers that repeat a token: in errors, headers, links, values, in one form or another.

The token comes back in every place that billql may show: nothing that it says has a part of it. A
token in a row is data, since it is what the API has answered; it is in the rows and nowhere else.
"""

from __future__ import annotations

import io
import json
import logging
import pickle
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import billql
from billql.config.settings import Settings
from support.server import Asked, Script, Server

from . import planted
from .case import Broken, Case, Outcome

PROMISE = "secrets stay inside"

PROVIDER = {
    "billql": 1,
    "title": "Acme",
    "description": "An API that repeats what it is told.",
    "version": "1.0.0",
    "documentation": "https://acme.example/docs",
    "url": "https://acme.example",
    "auth": {"kind": "bearer", "secret": "ACME_TOKEN", "help": "Ask Acme."},
    "errors": {"message": "message", "code": "code", "request_id": "request_id"},
}

COLUMNS = {
    "id": {"type": "text", "description": "The id."},
    "amount": {"type": "decimal", "description": "What is owed.", "currency": "currency"},
    "currency": {"type": "text", "description": "The currency.", "value": "USD"},
    "paid": {"type": "boolean", "description": "Whether it is paid."},
    "day": {"type": "date", "description": "The day."},
    "month": {"type": "month", "description": "The month."},
    "at": {"type": "timestamp", "description": "The instant."},
    "number": {"type": "integer", "description": "A number."},
    "more": {"type": "json", "description": "Anything else."},
}

PAGING: dict[str, dict[str, Any]] = {
    "bills": {"kind": "page_number", "total": "total", "size": 2},
    "links": {"kind": "next_url", "path": "next", "total": "total", "size": 2},
    "tokens": {"kind": "cursor_token", "path": "next", "parameter": "after", "size": 2},
    "rows": {"kind": "after_id", "size": 2},
}


def define(folder: Path, auth: dict[str, Any] | None = None) -> Path:
    """Write the definitions of Acme below a folder, and give the folder of providers."""
    lists = {
        name: {
            "description": "One row for each bill.",
            "columns": COLUMNS,
            "methods": {
                "list": {
                    "request": f"GET /{name}",
                    "description": "Gives the bills.",
                    "rows": "items[]",
                    "paging": paging,
                    **({"order": ["id"]} if name == "rows" else {}),
                }
            },
            "unique": ["id"],
            "examples": [
                {"question": "Which are there?", "sql": f"SELECT id FROM acme.all.{name}"}
            ],
        }
        for name, paging in PAGING.items()
    }
    lines = {
        "description": "One row for each line.",
        "columns": COLUMNS,
        "methods": {
            "list": {"request": "GET /lines", "description": "Gives them.", "response": "csv"}
        },
        "examples": [{"question": "Which are there?", "sql": "SELECT id FROM acme.all.lines"}],
    }
    service = {
        "billql": 1,
        "description": "All of it.",
        "resources": {**lists, "lines": lines},
    }
    home = folder / "acme"
    home.mkdir(parents=True)
    provider = {**PROVIDER, "auth": auth} if auth else PROVIDER
    (home / "provider.yaml").write_text(json.dumps(provider))
    (home / "all.yaml").write_text(json.dumps(service))
    return folder


Say = Callable[[Asked, str], None]
"""Answers a request with a token, in the form in which it is to come back."""

JSON = {"content-type": "application/json"}


def body(status: int = 200, headers: dict[str, str] | None = None, **members: str) -> Say:
    """Answer with members in which `TOKEN` stands for the token."""

    def say(asked: Asked, token: str) -> None:
        told = {name: text.replace("TOKEN", token) for name, text in members.items()}
        shown = {name: text.replace("TOKEN", token) for name, text in (headers or {}).items()}
        asked.answer(told, status, shown)

    return say


def refusing(status: int) -> Say:
    """Answer with an error that repeats the token wherever it can."""
    return body(
        status,
        {"x-request-id": "TOKEN", "retry-after": "9999", "server": "TOKEN"},
        message="No such token: Bearer TOKEN.",
        code="TOKEN",
        request_id="TOKEN",
    )


def row(**members: Any) -> Say:
    """Answer with a list of one row, which is as it should be but for some members."""

    def say(asked: Asked, token: str) -> None:
        told = json.dumps([{"id": "a", **members}]).replace("TOKEN", json.dumps(token)[1:-1])
        asked.answer(f'{{"items": {told}, "total": 1}}', headers=JSON)

    return say


def listed(*ids: str, **members: Any) -> Say:
    """Answer with a list of these ids, and other members of the answer."""

    def say(asked: Asked, token: str) -> None:
        told = json.dumps({"items": [{"id": one} for one in ids], **members})
        asked.answer(told.replace("TOKEN", json.dumps(token)[1:-1]), headers=JSON)

    return say


def text(content: str, kind: str = "application/json", status: int = 200) -> Say:
    """Answer with a text."""
    return lambda asked, token: asked.answer(
        content.replace("TOKEN", token), status, {"content-type": kind.replace("TOKEN", token)}
    )


def raw(content: str) -> Say:
    """Answer with bytes that need not be HTTP."""

    def say(asked: Asked, token: str) -> None:
        asked.send(content.replace("TOKEN", token).encode())
        asked.end()

    return say


def then(first: Say, second: Say) -> Say:
    """Answer the first page in one way, and the following ones in another."""

    def say(asked: Asked, token: str) -> None:
        is_first = "2" not in asked.target and "after" not in asked.target
        (first if is_first else second)(asked, token)

    return say


SAYINGS: dict[str, tuple[str, Say]] = {
    **{
        f"an error {status}": ("bills", refusing(status))
        for status in (400, 401, 403, 404, 409, 418, 422, 429, 500, 503)
    },
    "an error for people": ("bills", text("<h1>TOKEN</h1>", "text/html", 502)),
    "an error whose message is an object": ("bills", text('{"message": {"is": "TOKEN"}}')),
    "a long error": ("bills", body(400, message="x" * 485 + "TOKEN", code="TOKEN" * 9)),
    "a redirect": ("bills", body(302, {"location": "/login?token=TOKEN"})),
    "a redirect to a host": ("bills", body(302, {"location": "https://TOKEN.example/"})),
    "another shape": ("bills", body(token="Bearer TOKEN")),
    "a text": ("bills", text('"TOKEN"')),
    "a list": ("bills", text('["TOKEN"]')),
    "rows that are texts": ("bills", text('{"items": ["TOKEN"], "total": 1}')),
    "no JSON": ("bills", text("TOKEN")),
    "half a JSON": ("bills", text('{"items": [{"id": "TOKEN')),
    "a kind of its own": ("bills", text("x", "TOKEN")),
    "a packing of its own": ("bills", body(200, {"content-encoding": "TOKEN"})),
    "a length of its own": ("bills", raw("HTTP/1.1 200 OK\r\ncontent-length: TOKEN\r\n\r\n")),
    "no HTTP": ("bills", raw("TOKEN\r\n\r\n")),
    "a status of its own": ("bills", raw("HTTP/1.1 TOKEN TOKEN\r\n\r\n")),
    "a reason": ("bills", raw("HTTP/1.1 400 TOKEN\r\ncontent-length: 0\r\n\r\n")),
    "half a header": ("bills", raw("HTTP/1.1 200 OK\r\nTOKEN TOKEN\r\n\r\n")),
    "half a chunk": (
        "bills",
        raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nTOKEN\r\n"),
    ),
    "an unknown transfer": ("bills", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: TOKEN\r\n\r\n")),
    **{
        f"a {kind} that is {name}": ("bills", row(**{kind: value}))
        for kind in COLUMNS
        if kind not in ("id", "currency", "more")
        for name, value in {
            "the token": "TOKEN",
            "a list of it": ["TOKEN"],
            "an object of it": {"TOKEN": "TOKEN"},
            "long before it": "x" * 60 + "TOKEN",
            "long after it": "TOKEN" + "x" * 60,
        }.items()
    },
    "an id that is an object": ("bills", row(id={"TOKEN": ["TOKEN"]})),
    "a total": ("bills", listed("a", "b", total="TOKEN")),
    "a total that changes": ("links", listed("a", "b", total="TOKEN", next="?page=2")),
    "a token that it calls next, again and again": ("tokens", listed("a", "b", next="TOKEN")),
    "a token that is a list": ("tokens", listed("a", "b", next=["TOKEN"])),
    "a token, and then an error": ("tokens", then(listed("a", next="TOKEN"), refusing(500))),
    "a link to another host": ("links", listed("a", next="https://TOKEN.example/")),
    "a link to a name and a password": ("links", listed("a", next="https://TOKEN@acme.example/")),
    "a link of another scheme": ("links", listed("a", next="TOKEN:TOKEN")),
    "a link that is none": ("links", listed("a", next="http://[TOKEN")),
    "a link, and then an error": (
        "links",
        then(listed("a", next="/links/TOKEN?page=2&token=TOKEN"), refusing(500)),
    ),
    "a link, and then silence": (
        "links",
        then(listed("a", next="/links/TOKEN?page=2&token=TOKEN"), raw("")),
    ),
    "a link, and then another shape": (
        "links",
        then(listed("a", next="/links/TOKEN?page=2"), text('{"TOKEN": 1}')),
    ),
    "a link in a circle": ("links", listed("a", next="/links?page=2&token=TOKEN")),
    "rows that come twice": ("links", listed("TOKEN", next="/links?page=2")),
    "rows in no order": ("rows", listed("xTOKEN", "TOKEN", has_more=False)),
    "has_more": ("rows", listed("a", has_more="TOKEN")),
    "a CSV of another kind": ("lines", text("id\nTOKEN\n", "TOKEN")),
    "a CSV with too many fields": ("lines", text("id\nTOKEN,TOKEN\n", "text/csv")),
    "a CSV with an open quote": ("lines", text('id\n"TOKEN', "text/csv")),
    "a CSV with a wrong value": ("lines", text("id,amount\na,TOKEN\n", "text/csv")),
}

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda token: token,
    "packed for a URL": lambda token: quote(token, safe=""),
    "packed as JSON": lambda token: json.dumps(token)[1:-1],
    "in small letters": str.lower,
    "half of it": lambda token: token[: len(token) // 2],
}

SETTINGS = Settings(attempts=1, read_timeout=2.0, response_timeout=4.0)


class Told(io.StringIO):
    """Everything that was said, to logs and in warnings as well."""

    def __init__(self) -> None:
        super().__init__()
        self._handler = logging.StreamHandler(self)
        # What h11's and httpcore's own debugging prints of answers is not billql's.
        self._loggers = [logging.getLogger(name) for name in ("", "httpx", "billql", "apsw")]

    def __enter__(self) -> Told:
        self._levels = [logger.level for logger in self._loggers]
        for logger in self._loggers:
            logger.setLevel(logging.DEBUG)
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        logging.getLogger().addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        logging.getLogger("httpcore").setLevel(logging.NOTSET)
        for logger, level in zip(self._loggers, self._levels, strict=True):
            logger.setLevel(level)


def all_of(error: BaseException | None) -> Iterator[str]:
    """Give everything that an error shows, with all that has led to it, shown by Python or not."""
    while error is not None:
        yield f"{error} {error!r} {error.args!r} {vars(error)!r}"
        yield from traceback.format_exception(error)
        packed = pickle.dumps(error)
        if repr(pickle.loads(packed)) != repr(error):
            raise Broken("an error that comes from another process is another one")
        yield repr(packed)
        error = error.__cause__ or error.__context__


def ask(name: str, script: Script, token: str) -> Iterator[tuple[str, str]]:
    """Ask for a list in every way that tells something; gives what was told, and where."""
    with tempfile.TemporaryDirectory() as folder, Server(script) as server, Told() as told:
        definitions = define(Path(folder) / "definitions")
        cache = Path(folder) / "cache"
        with (
            warnings.catch_warnings(record=True) as warned,
            closing(
                billql.connect(
                    definitions=[definitions],
                    tokens={"acme": token},
                    urls={"acme": server.url},
                    environ={},
                    settings=SETTINGS,
                    cache=cache,
                    log=lambda line: told.write(f"{line}\n"),
                    warn=lambda line: told.write(f"{line}\n"),
                )
            ) as connection,
        ):
            warnings.simplefilter("always")
            sql = f"SELECT * FROM acme.all.{name}"
            cursor = connection.cursor()
            try:
                cursor.execute(f"{sql} ORDER BY id LIMIT 5").fetchall()
            except billql.Error as error:
                yield "an error", "\n".join(all_of(error))
            yield "the figures", repr([*cursor.scans, *(one.as_dict() for one in cursor.scans)])
            for inner in (f"EXPLAIN {sql}", f"EXPLAIN QUERY PLAN {sql}", "SHOW CONNECTIONS"):
                yield inner, repr(connection.execute(inner).fetchall())
            for table in ("connections", "scans"):
                rows = connection.execute(f"SELECT * FROM billql.catalog.{table}").fetchall()
                yield f"billql.catalog.{table}", repr(rows)
            yield "objects", repr([connection, vars(connection), cursor, vars(cursor)])
        yield "logs", told.getvalue()
        yield "warnings", repr([(one.message, one) for one in warned])
        for path in cache.rglob("*"):
            if path.is_file() and planted.whole(path.read_bytes().decode("latin-1"), token):
                raise Broken(f"the token is in {path.name}")
        _look(server, token)


def _look(server: Server, token: str) -> None:
    """See that the token went into one header alone."""
    for asked in server.asked:
        if asked.headers.pop("authorization", None) != f"Bearer {token}":
            raise Broken("a request without the token, or with another")
        if planted.whole(f"{asked.target} {asked.headers} {asked.body!r}", token):
            raise Broken(f"the token went into {asked.target}")


def cases() -> Iterator[Case]:
    """Give a case for each saying, with a plain token or an odd one, in several forms."""
    for place, (name, (table, say)) in enumerate(SAYINGS.items()):
        for number, (form, packed) in enumerate(FORMS.items()):
            make = planted.odd if form.startswith("packed") or place % 2 else planted.plain
            quick = place % (len(FORMS) * 3) == number * 3
            told = f"{name} repeats a token {form}"
            yield Case(PROMISE, told, _runner(table, say, packed, make(told)), quick)
    for kind, make in (("token", planted.plain), ("odd token", planted.odd)):
        yield Case(PROMISE, f"rows repeat the {kind}", _in_rows(make(kind)))


def _runner(
    table: str, say: Say, packed: Callable[[str], str], token: str
) -> Callable[[], Outcome]:
    def run() -> Outcome:
        outcome: Outcome = "right"
        for where, shown in ask(table, lambda asked: say(asked, packed(token)), token):
            outcome = "clear error" if where == "an error" else outcome
            planted.search(where, shown, [token])
        return outcome

    return run


def _in_rows(token: str) -> Callable[[], Outcome]:
    """See that a token which an API gives in a row is in the row, and in no file."""

    def run() -> Outcome:
        say = row(more={"token": "TOKEN"})
        for where, shown in ask("bills", lambda asked: say(asked, token), token):
            planted.search(where, shown, [token])
        return "right"

    return run
