"""Values from SQL that try to leave their place in a request: path, query, header, body or host.

What a server gets must be the one parameter with just that value, and nothing else that differs
from the same request with an innocent value. What cannot be carried is an error, or is left to
SQLite, but never the request for another resource. The raw bytes of requests are looked at.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import httpx

import billql
from billql.errors import BadValue
from support.server import Asked, Server

from .case import Broken, Case, Outcome

TOKEN = "tok_places_77aa"
PROMISE = "values keep their place"

PROVIDER = {
    "billql": 1,
    "title": "Places",
    "description": "An API that takes parameters in every place.",
    "version": "1.0.0",
    "documentation": "https://places.example/docs",
    "url": "https://places.example",
    "auth": {"kind": "bearer", "secret": "PLACES_TOKEN", "help": "Ask nobody."},
}

ASKED_FOR = {"type": "text", "path": "$parameter", "description": "What was asked for."}


class Place(NamedTuple):
    """A place for a value: the request, its parameter, and what finds the value at the server."""

    request: str
    parameter: dict[str, Any]
    value: Callable[[Asked], str]
    """Gives the value as it arrived; raises Broken for anything that should not be there."""
    is_list: bool = False


def in_path(asked: Asked) -> str:
    """Find it between two words of the path."""
    found = re.fullmatch(r"/things/([\w.~%:-]+)/parts", asked.target, re.ASCII)
    value = unquote(found[1], errors="strict") if found else ""
    # Some servers decode a path before they walk it.
    if not value or not {".", ".."}.isdisjoint(re.split(r"[/\\]", value)):
        raise Broken(f"the request went to {asked.target!r:.200}")
    return value


def at_the_end(asked: Asked) -> str:
    """Find it at the end of the path."""
    if not asked.target.startswith("/things/"):
        raise Broken(f"the request went to {asked.target!r:.200}")
    asked.target += "/parts"
    return in_path(asked)


def in_query(asked: Asked, name: str = "filter") -> str:
    """Find it as the only parameter of the query."""
    path, _, query = asked.target.partition("?")
    strange = re.search(r"[^\w.~%+=&*\[\]-]", query, re.ASCII)
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    if path != "/things" or strange or [one for one, _ in pairs] != [name]:
        raise Broken(f"the request went to {asked.target!r:.200}")
    return pairs[0][1]


def in_header(asked: Asked) -> str:
    """Find it as the value of a header."""
    if asked.target != "/things":
        raise Broken(f"the request went to {asked.target!r:.200}")
    return asked.headers.pop("x-filter", "")


def in_body(asked: Asked) -> str:
    """Find it as the only member of an object in the body."""
    body = json.loads(asked.body)
    if asked.target != "/things" or set(body) != {"where"} or set(body["where"]) != {"filter"}:
        raise Broken(f"the request was {asked.target!r:.200} with {asked.body!r:.200}")
    return str(body["where"]["filter"])


def listed(asked: Asked) -> str:
    """Find it among the parameters of a list, beside one that is innocent."""
    path, _, query = asked.target.partition("?")
    values = [value for _, value in parse_qsl(query, keep_blank_values=True)]
    if path != "/things" or len(values) > 2:
        raise Broken(f"the request went to {asked.target!r:.200}")
    return next((one for one in values if one != INNOCENT), INNOCENT)


def listed_with_commas(asked: Asked) -> str:
    """Find it in a list that is one parameter, beside one that is innocent."""
    first, comma, second = in_query(asked).partition(",")
    if "," in second:
        raise Broken(f"the request went to {asked.target!r:.200}")
    return first if first != INNOCENT or not comma else second


INNOCENT = "innocent"

PLACES = {
    "a path": Place("GET /things/{filter}/parts", {"in": "path", "required": True}, in_path),
    "a path's end": Place("GET /things/{filter}", {"in": "path", "required": True}, at_the_end),
    "a query": Place("GET /things", {"required": True}, in_query),
    "an optional query": Place("GET /things", {}, in_query),
    "a header": Place("GET /things", {"in": "header", "name": "X-Filter"}, in_header),
    "a needed header": Place(
        "GET /things", {"in": "header", "name": "X-Filter", "required": True}, in_header
    ),
    "a body": Place("POST /things", {"in": "body", "name": "where.filter"}, in_body),
    "a repeated parameter": Place("GET /things", {"lists": "repeat"}, listed, is_list=True),
    "a parameter in brackets": Place("GET /things", {"lists": "brackets"}, listed, is_list=True),
    "a list with commas": Place(
        "GET /things", {"lists": "comma"}, listed_with_commas, is_list=True
    ),
}

VALUES = {
    "innocent words": "a b",
    "one step up": "..",
    "itself": ".",
    "one step up and on": "../secrets",
    "steps up in the middle": "a/../../secrets",
    "steps up with backslashes": "..\\..\\secrets",
    "a slash": "a/b",
    "a slash alone": "/",
    "another host": "//evil.example",
    "another address": "https://evil.example/x",
    "a name before the host": "@evil.example",
    "a query": "?x=1",
    "another parameter": "a&admin=true",
    "a fragment": "#f",
    "a semicolon": ";x=1",
    "packed steps": "%2e%2e%2f",
    "packed slash": "a%2fb",
    "packed twice": "%252e%252e%252fsecrets",
    "packed NUL": "a%00b",
    "a broken escape": "100%",
    "a line break": "a\nb",
    "another header": "a\r\nX-Evil: 1",
    "another request": "a HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /secrets",
    "a NUL": "a\0b",
    "a tab": "a\tb",
    "other controls": "\x01\x1b[31m\x7f\x85",
    "spaces around it": " a ",
    "nothing": "",
    "a comma": "a,b",
    "a quote": "a\"b'c",
    "braces": "{filter}",
    "braces of another": "{id}",
    "letters beyond ASCII": "Ünïcödé 中 🧾",
    "dots beyond ASCII": "‥/．．/",
    "a line break beyond ASCII": "a\u2028b\u0085c",
    "letters that fold to ASCII": "\u2024\u2024\u2215\uff0f",
    "a very long one": "a/" * 4000,
    "brackets": "[]",
    "JSON": '"}, "admin": {"x": "',
}


@contextmanager
def attacked(place: Place) -> Iterator[tuple[billql.Connection, Server]]:
    """Open a session on an API with one resource, which takes its parameter in one place."""
    resource: dict[str, Any] = {
        "description": "One row for each thing.",
        "columns": {"filter": ASKED_FOR, "id": {"type": "integer", "description": "The id."}},
        "methods": {
            "read": {
                "request": place.request,
                "description": "Gives them.",
                "parameters": {"filter": place.parameter},
                "rows": "items[]",
            }
        },
        "examples": [{"question": "Which are there?", "sql": "SELECT 1"}],
    }
    if place.is_list:
        resource["columns"] = COLUMNS_OF_LISTS
    service = {"billql": 1, "description": "All of it.", "resources": {"things": resource}}
    with tempfile.TemporaryDirectory() as folder, Server(_answer) as server:
        home = Path(folder) / "places"
        home.mkdir()
        (home / "provider.yaml").write_text(json.dumps(PROVIDER))
        (home / "all.yaml").write_text(json.dumps(service))
        with billql.connect(
            definitions=[folder],
            tokens={"places": TOKEN},
            urls={"places": server.url},
            environ={},
        ) as connection:
            yield connection, server


COLUMNS_OF_LISTS = {
    "filter": {"type": "text", "description": "What was asked for."},
    "id": {"type": "integer", "description": "The id."},
}


def _answer(asked: Asked) -> None:
    if asked.headers.get("authorization") != f"Bearer {TOKEN}":
        asked.answer({"message": "who are you"}, status=401)
    else:
        asked.answer({"items": [{"id": 1, "filter": name} for name in VALUES.values()]})


def _look(place: Place, value: str, asked: Asked) -> None:
    """Compare what arrived with what was asked for."""
    headers = {"host", "authorization", "user-agent", "accept", "accept-encoding"}
    # A header's value is looked for before the others are, since it is one of them.
    found = place.value(asked)
    if place.request.startswith("POST"):
        headers |= {"content-type", "content-length"}
    elif asked.body:
        raise Broken(f"the request had a body: {asked.body!r:.200}")
    if asked.headers.keys() != headers:
        raise Broken(f"the request had the headers {sorted(asked.headers)}")
    if found != value:
        raise Broken(f"{found!r:.200} arrived")


def cases() -> Iterator[Case]:
    """Give a case for each value in each place; the quick ones have each value once."""
    for row, place in enumerate(PLACES):
        for column, value in enumerate(VALUES):
            quick = column % len(PLACES) == row
            yield Case(PROMISE, f"{value} in {place}", _runner(PLACES[place], VALUES[value]), quick)
    for value in VALUES:
        yield Case(PROMISE, f"{value} in a host", _host(VALUES[value]), value == "another host")


def _runner(place: Place, value: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with attacked(place) as (connection, server):
            where = "filter IN (?, ?)" if place.is_list else "filter = ?"
            given = (value, INNOCENT) if place.is_list else (value,)
            sql = f"SELECT filter FROM places.all.things WHERE {where}"
            try:
                rows = connection.execute(sql, given).fetchall()
            except BadValue as error:
                if server.asked or TOKEN in str(error):
                    raise Broken(f"a request was sent: {server.targets!r:.200}") from None
                return "clear error"
            return _judged(place, value, rows, server)

    return run


def _judged(place: Place, value: str, rows: list[tuple[Any, ...]], server: Server) -> Outcome:
    if not (rows or place.is_list or server.asked):
        return "right"  # No request can carry it, so no row can be found by it.
    if {row[0] for row in rows} != {value}:
        raise Broken(f"not the rows of the value: {rows!r:.200}")
    if len(server.asked) != 1:
        raise Broken(f"{len(server.asked)} requests: {server.targets!r:.200}")
    (asked,) = server.asked
    if _says_nothing(place, asked):
        return "right"  # It was left to SQLite.
    _look(place, value, asked)
    return "right"


def _says_nothing(place: Place, asked: Asked) -> bool:
    """Tell whether a request has no parameter at all, which only an optional one may lack."""
    optional = not place.parameter.get("required") and "in" not in place.parameter
    in_header_alone = place.parameter.get("in") == "header" and "x-filter" not in asked.headers
    return (
        asked.target == "/things"
        and place.request.startswith("GET")
        and (optional or (in_header_alone and not place.parameter.get("required")))
    )


# Hosts -------------------------------------------------------------------------------------------


def _host(value: str) -> Callable[[], Outcome]:
    """Put a value into a server's name: it is one label of it, or an error."""

    def run() -> Outcome:
        asked: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(200, json={"items": [{"id": 1}]})

        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "places"
            home.mkdir()
            provider = {**PROVIDER, "url": "https://{filter}.places.example"}
            (home / "provider.yaml").write_text(json.dumps(provider))
            (home / "all.yaml").write_text(json.dumps(HOSTED))
            with billql.connect(
                definitions=[folder],
                tokens={"places": TOKEN},
                environ={},
                http_transport=httpx.MockTransport(answer),
            ) as connection:
                try:
                    sql = "SELECT id FROM places.all.things WHERE filter = ?"
                    connection.execute(sql, (value,)).fetchall()
                except BadValue:
                    if asked:
                        raise Broken(f"a request was sent: {asked[0].url}") from None
                    return "clear error"
        raise Broken(f"the request went to {asked[0].url.host!r}")

    return run


HOSTED = {
    "billql": 1,
    "description": "All of it.",
    "resources": {
        "things": {
            "description": "One row for each thing.",
            "columns": {"filter": ASKED_FOR, "id": {"type": "integer", "description": "The id."}},
            "methods": {
                "read": {
                    "request": "GET /things",
                    "description": "Gives them.",
                    "parameters": {"filter": {"in": "host", "required": True}},
                    "rows": "items[]",
                }
            },
            "examples": [{"question": "Which are there?", "sql": "SELECT 1"}],
        }
    },
}
