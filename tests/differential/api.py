"""The mock API: serves shapes strictly. What it would not understand is a complaint, which fails
the test; it reads requests in its own way and shares nothing with what makes them."""

from __future__ import annotations

import datetime
import functools
import json
import operator
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from .shapes import Filter, Row, Shape, SQLValue, in_order

URL = "https://mock.example"
TOKEN = "t"

_FORMS = {
    "integer": r"-?[0-9]+",
    "decimal": r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?",
    "boolean": r"true|false",
    "month": r"[0-9]{4}-[0-9]{2}",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class RefusedError(Exception):
    """A request that the API does not take."""


class NotFoundError(Exception):
    """A key that does not exist."""


class Api:
    """Serves the rows of some shapes."""

    def __init__(self, tables: Sequence[tuple[Shape, Sequence[Row]]]) -> None:
        self._tables = {shape.name: (shape, list(rows)) for shape, rows in tables}
        self._lock = threading.Lock()
        self.complaints: list[str] = []
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        line = f"{request.method} {request.url} {request.content.decode()}"
        headers = sorted(pair for pair in request.headers.items() if pair[0].startswith("x-"))
        with self._lock:
            self.asked.append(f"{line} {headers}" if headers else line)
        try:
            return httpx.Response(200, json=self._answer(request))
        except NotFoundError:
            return httpx.Response(404, json={"message": "There is no such thing."})
        except RefusedError as refusal:
            with self._lock:
                self.complaints.append(f"{line}: {refusal}")
            return httpx.Response(400, json={"message": str(refusal)})

    def _answer(self, request: httpx.Request) -> Any:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise RefusedError("a wrong token")
        _, first, *rest = request.url.raw_path.decode().partition("?")[0].split("/")
        parts = [unquote(part) for part in rest]
        given = _Given(request)
        if first == "one":
            shape, rows = self._table(parts[0])
            given.finish()
            return {"item": _one(shape, rows, parts[1])}
        shape, rows = self._table(unquote(first))
        if request.method != shape.verb:
            raise RefusedError("another verb was expected")
        return _list(shape, rows, given, parts)

    def _table(self, name: str) -> tuple[Shape, list[Row]]:
        if name not in self._tables:
            raise RefusedError("no such path")
        return self._tables[name]


class _Given:
    """What a request carries, to be taken one by one, so that nothing is left over."""

    def __init__(self, request: httpx.Request) -> None:
        self.url = URL + request.url.raw_path.decode().partition("?")[0]
        self._query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        self._body: dict[str, Any] = json.loads(request.content) if request.content else {}
        self._headers = {k: v for k, v in request.headers.items() if k.startswith("x-")}
        self.pairs = [(name, text) for name, text in self._query if name != "cursor"]

    def query(self, name: str) -> list[str]:
        found = [text for one, text in self._query if one == name]
        self._query = [pair for pair in self._query if pair[0] != name]
        return found

    def body(self, name: str) -> Any:
        return self._body.pop(name, None)

    def header(self, name: str) -> str | None:
        return self._headers.pop(name, None)

    def one(self, name: str, *, in_body: bool = False) -> Any:
        if in_body:
            return self.body(name)
        found = self.query(name)
        if len(found) > 1:
            raise RefusedError(f"{name} stands twice")
        return found[0] if found else None

    def number(self, name: str, *, in_body: bool = False) -> int | None:
        found = self.one(name, in_body=in_body)
        if found is None:
            return None
        if not (type(found) is int if in_body else re.fullmatch("[0-9]+", found)):
            raise RefusedError(f"{name} is not a number")
        return int(found)

    def finish(self) -> None:
        left = [*(name for name, _ in self._query), *self._body, *self._headers]
        if left:
            raise RefusedError(f"unknown parameters {left}")


def _one(shape: Shape, rows: list[Row], key: str) -> Any:
    found = [row for row in rows if row["id"] == key]
    if shape.by_id == "caseless" and not found:
        found = [row for row in rows if str(row["id"]).lower() == key.lower()]
    if not found:
        raise NotFoundError
    switches = frozenset(column.switch for column in shape.columns if column.switch is not None)
    return _written(shape, found[0], switches)


def _list(shape: Shape, rows: list[Row], given: _Given, parts: list[str]) -> Any:
    bounds: dict[str, Any] = {}
    told: list[object] = []
    for one in shape.filters:
        values = _told(shape, one, given, parts)
        if not values and one.required:
            raise RefusedError(f"{one.name} is required")
        is_key = one.location == "path" and one.operator == "="
        if is_key and all(row[one.column] != values[0] for row in rows):
            raise NotFoundError
        if shape.days is not None and one.column == shape.window and values:
            bounds[one.operator] = values[0]
        told.append((one.name, values))
        rows = _filtered(shape, one, rows, values)
    if parts:
        raise RefusedError("the path goes on")
    if shape.days is not None:
        _check_window(bounds, shape.days)
    switches = {column.switch for column in shape.columns if column.switch is not None}
    on = frozenset(name for name in switches if _switch(given.one(name)))
    rows = in_order(shape, rows)
    page, around = _page(shape, rows, given, repr((told, sorted(on))))
    given.finish()
    return {"items": [_written(shape, row, on) for row in page], **around}


def _filtered(shape: Shape, one: Filter, rows: list[Row], values: list[Any]) -> list[Row]:
    if not values:
        # The API's own filter, which the definition switches off.
        shown = one.default[0] if isinstance(one.default, tuple) else None
        if one.default == "all":
            return [row for row in rows if row[one.column] != "hidden"]
        return [row for row in rows if shown is None or row[one.column] == shown]
    if values == ["all"] == [one.default]:
        return rows
    if values == [one.null]:
        return [row for row in rows if row[one.column] is None]
    kind = shape.column(one.column).type
    owns = [(row, _own(kind, one, row)) for row in rows]
    return [row for row, own in owns if any(_matches(one, own, value) for value in values)]


def _own(kind: str, one: Filter, row: Row) -> Any:
    """Give a row's value as the filter compares it: instants count in seconds."""
    value = row[one.column]
    if value is None or not _is_instant(kind, one.format):
        return value
    assert isinstance(value, str)
    whole = kind != "timestamp" or one.operator == "=" or one.format == "epoch"
    fraction = 0 if whole else row["~"]
    assert isinstance(fraction, float | int)
    return _seconds(value) + fraction


def _is_instant(kind: str, format: str | None) -> bool:
    return kind == "timestamp" or format is not None


def _switch(text: str | None) -> bool:
    if text not in (None, "true"):
        raise RefusedError("a switch is true or absent")
    return text == "true"


def _told(shape: Shape, one: Filter, given: _Given, parts: list[str]) -> list[Any]:
    kind = shape.column(one.column).type
    texts: list[Any]
    if one.location == "body":
        found = given.body(one.name)
        texts = found if one.lists and isinstance(found, list) else [found]
    elif one.location == "header":
        texts = [given.header(one.name)]
    elif one.location == "path":
        texts = [parts.pop(0)]
    else:
        texts = list(given.query(f"{one.name}[]" if one.lists == "brackets" else one.name))
        if len(texts) > 1 and one.lists in (None, "comma"):
            raise RefusedError(f"{one.name} stands twice")
        if one.lists == "comma":
            texts = [piece for text in texts for piece in text.split(",")]
    return [
        text
        if text in (one.null, "all" if one.default == "all" else None)
        else _read(kind, one.format, text, typed=one.location == "body")
        for text in texts
        if text is not None
    ]


def _read(kind: str, format: str | None, text: Any, *, typed: bool) -> Any:
    """Read a parameter as the value that rows have."""
    if typed:
        text = _untyped(kind, format, text)
    if format is not None:
        if not re.fullmatch(_FORMS["integer"], text):
            raise RefusedError(f"{text!r} is not a time")
        return int(text) / (1000 if format == "epoch_ms" else 1)
    if kind in _FORMS and not re.fullmatch(_FORMS[kind], text):
        raise RefusedError(f"{text!r} is not a {kind}")
    if kind == "timestamp":
        return _seconds(text)
    if kind == "integer":
        return int(text)
    if kind == "decimal":
        return float(text)
    return int(text == "true") if kind == "boolean" else text


def _untyped(kind: str, format: str | None, value: Any) -> str:
    """Check the JSON type of a value; gives its text."""
    number = kind in ("integer", "decimal") or format is not None
    expected = bool if kind == "boolean" else (int, float) if number else str
    if not isinstance(value, expected) or (number and isinstance(value, bool)):
        raise RefusedError(f"{value!r} has the wrong JSON type")
    return value if isinstance(value, str) else json.dumps(value)


def _matches(one: Filter, own: SQLValue, given: Any) -> bool:
    if own is None:
        return False
    if one.match == "coarse":
        own, given = _coarse(own), _coarse(given)
    if one.operator != "=":
        strict = one.match == "coarse"
        return _COMPARE[f"{one.operator[0]}=" if strict else one.operator](own, given)
    if one.match == "caseless":
        return str(own).lower() == str(given).lower()
    if one.match == "prefix":
        return str(own).startswith(str(given))
    return bool(own == given)


def _coarse(value: Any) -> Any:
    """Round to a ten, or to a month."""
    return value[:7] if isinstance(value, str) else value // 10


def _check_window(bounds: Mapping[str, Any], days: int) -> None:
    (low, first), (high, last) = sorted(bounds.items(), reverse=True)
    if isinstance(first, str):
        length = (_seconds(last) - _seconds(first)) // 86400 + 1 - (low == ">") - (high == "<")
    else:
        length = (last - first - 1) / 86400
    if length > days:
        raise RefusedError("the window is too long")


@functools.cache
def _seconds(text: str) -> int:
    if len(text) == 7:
        text += "-01"
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    return round(moment.timestamp())


def _page(shape: Shape, rows: list[Row], given: _Given, told: str) -> tuple[list[Row], Any]:
    paging = shape.paging
    if paging is None:
        return rows, {}
    in_body = paging.in_body
    sized = paging.sized or paging.kind in ("page", "last_row")
    word = "per_page" if paging.kind in ("page", "next_url") else "limit"
    size = (given.number(word, in_body=in_body) if sized else None) or paging.size
    if size > paging.size and not paging.clamps:
        raise RefusedError("the page is too large")
    size = min(size, paging.size)
    meta = {"meta": {"total": len(rows)}} if paging.total or paging.kind == "page" else {}
    if paging.kind == "page":
        number = given.number("page") or 1
        return rows[(number - 1) * size : number * size], meta
    if paging.kind == "last_row":
        after = given.one("starting_after")
        start = 1 + [str(row["#"]) for row in rows].index(after) if after is not None else 0
        return rows[start : start + size], {"has_more": len(rows) > start + size}
    token = given.one("cursor" if paging.kind == "next_url" else "next_page", in_body=in_body)
    start = 0
    if token is not None:
        place, _, filters = token.partition("|")
        if filters != told:
            raise RefusedError("the filters are not those of the first page")
        start = int(place)
    more = f"{start + size}|{told}" if start + size < len(rows) else None
    if paging.kind == "token":
        return rows[start : start + size], {"next_page": more}
    query = httpx.QueryParams((*given.pairs, ("cursor", more))) if more else None
    link = f"{given.url}?{query}" if query else None
    return rows[start : start + size], {"links": {"next": link}, **meta}


def _written(shape: Shape, row: Row, on: frozenset[str]) -> dict[str, Any]:
    return {"#": str(row["#"])} | {
        column.name: _write(column.type, column.format, row[column.name], row["~"])
        for column in shape.columns
        if not column.echo and (column.switch is None or column.switch in on)
    }


@functools.cache
def _write(kind: str, format: str | None, value: Any, fraction: Any) -> Any:
    """Give the form in which answers have a value."""
    if value is None:
        return None
    if format is not None:
        seconds = _seconds(value) + (fraction if kind == "timestamp" else 0)
        return int(seconds * 1000) if format == "epoch_ms" else int(seconds)
    if kind == "timestamp" and fraction:
        return value.replace("Z", f"{fraction:.3f}Z"[1:])
    if kind == "decimal":
        return f"{value:.2f}"
    return bool(value) if kind == "boolean" else value
