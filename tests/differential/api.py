"""The mock API: serves shapes strictly. What it would not understand is a complaint, which fails
the test; it reads requests in its own way and shares nothing with what makes them."""

from __future__ import annotations

import datetime
import functools
import itertools
import json
import operator
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from .definitions import PUBLIC_URL
from .shapes import STATES, UUID, Column, Filter, Row, Shape, SQLValue, in_order, is_row
from .troubles import NO_TROUBLES, Troubles, delayed, failed

URL = "https://gateway.example"
"""Where the API is asked, which is not its public address."""

LONGEST = 8000
"""The longest path with its query, in bytes; most servers take no more."""

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


def token(account: str) -> str:
    """Give the token of an account."""
    return f"token-of-{account}"


class Api:
    """Serves the rows of some shapes: to each account its own."""

    def __init__(
        self, tables: Sequence[tuple[Shape, Sequence[Row]]], troubles: Troubles = NO_TROUBLES
    ) -> None:
        self._tables = {shape.name: (shape, list(rows)) for shape, rows in tables}
        self._troubles = troubles
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        """The requests that were answered."""
        self.failures: list[str] = []
        """The requests that failed for good, whatever was asked."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        account = request.headers.get("authorization", "").removeprefix("Bearer token-of-")
        line = f"{account} {request.method} {request.url} {request.content.decode()}"
        headers = sorted(pair for pair in request.headers.items() if pair[0].startswith("x-"))
        line = f"{line} {headers}" if headers else line
        with self._lock:
            early = line not in self._seen and self._troubles.delaying(line)
            self._seen.add(line)
        if early:
            return delayed(self._troubles.delay)
        try:
            answer = httpx.Response(200, json=self._answer(request, account))
        except NotFoundError:
            answer = httpx.Response(404, json={"message": "There is no such thing."})
        except RefusedError as refusal:
            with self._lock:
                self.complaints.append(f"{line}: {refusal}")
            return httpx.Response(400, json={"message": str(refusal)})
        if self._troubles.failing(line) and self._may_fail(request):
            with self._lock:
                self.failures.append(line)
            return failed(self._troubles.failure, answer)
        with self._lock:
            self.asked.append(line)
        return answer

    def _may_fail(self, request: httpx.Request) -> bool:
        """Tell whether the failure at hand is no honest answer to a request."""
        name = _parts(request)[0]
        honest = name == "one" or any(
            one.location == "path" for one in self._tables[name][0].filters
        )
        return not (honest and self._troubles.failure == "404")

    def _answer(self, request: httpx.Request, account: str) -> Any:
        first, *parts = _parts(request)
        if len(request.url.raw_path) > LONGEST:
            raise RefusedError("the address is too long")
        given = _Given(request)
        if first == "one":
            shape, rows = self._table(parts[0], account)
            given.finish()
            return {"item": _one(shape, rows, parts[1])}
        shape, rows = self._table(first, account)
        if request.method != shape.verb:
            raise RefusedError("another verb was expected")
        return _list(shape, rows, given, parts)

    def _table(self, name: str, account: str) -> tuple[Shape, list[Row]]:
        if name not in self._tables:
            raise RefusedError("no such path")
        shape, rows = self._tables[name]
        return shape, [row for row in rows if row["@"] == account]


def _parts(request: httpx.Request) -> list[str]:
    return [unquote(part) for part in _path(request).split("/")[1:]]


def _path(request: httpx.Request) -> str:
    return request.url.raw_path.decode().partition("?")[0]


class _Given:
    """What a request carries, to be taken one by one, so that nothing is left over."""

    def __init__(self, request: httpx.Request) -> None:
        self.path = _path(request)
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
    return _written(shape.columns, found[0], switches)


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
    items = _items(shape, in_order(shape, rows))
    page, around = _page(shape, items, given, repr((told, sorted(on))))
    given.finish()
    written = [_item(shape, rows, on) for rows in page]
    return {"items": _array(shape, written), **around}


def _items(shape: Shape, rows: list[Row]) -> list[list[Row]]:
    """Give the rows of each item of the list."""
    if shape.nesting is None:
        return [[row] for row in rows]
    return [list(group) for _, group in itertools.groupby(rows, lambda row: row["^"])]


def _item(shape: Shape, rows: list[Row], on: frozenset[str]) -> dict[str, Any]:
    """Write an item of the list: a row, or what holds some rows."""
    number = rows[0]["^" if shape.nesting else "#"]
    numbers = shape.paging is not None and shape.paging.numbers
    id = {"#": number if numbers else str(number)}
    if shape.nesting is None:
        return id | _written(shape.columns, rows[0], on)
    own = [column for column in shape.columns if column.of_parent]
    told = id | _written(own, rows[0], on)
    own = [one for one in shape.columns if not one.of_parent and one.name != "line"]
    lines = [(str(row.get("line")), _written(own, row, on)) for row in rows if is_row(row)]
    match shape.nesting:
        case "lines":
            return told | {"lines": _array(shape, [line for _, line in lines])}
        case "deep":
            half = len(lines) // 2
            groups = [
                _array(shape, [line for _, line in part]) for part in (lines[:half], lines[half:])
            ]
            return told | {"groups": [{"lines": group} for group in groups]}
        case "map":
            return told | {"lines": dict(lines)}
        case "sources":
            return told | {
                source: _array(shape, [line for name, line in lines if name == source])
                for source in ("lines", "taxes")
            }


def _array(shape: Shape, elements: list[Any]) -> list[Any] | None:
    return None if shape.null_lists and not elements else elements


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
    column = shape.column(one.column)
    owns = [(row, _own(column, one, row)) for row in rows]
    return [row for row, own in owns if any(_matches(one, own, value) for value in values)]


def _own(column: Column, one: Filter, row: Row) -> Any:
    """Give a row's value as the filter compares it: instants count in seconds."""
    value = row[one.column]
    if value is None or not _is_instant(column.type, one.format):
        return value
    assert isinstance(value, str)
    if column.moments:
        return _seconds(value) + _into_day(row["~"])
    in_seconds = one.operator == "=" or (one.format == "epoch" and not one.fine)
    in_seconds = in_seconds or column.whole or column.type != "timestamp"
    fraction = 0 if in_seconds else row["~"]
    assert isinstance(fraction, float | int)
    return _seconds(value) + fraction


def _is_instant(kind: str, format: str | None) -> bool:
    return kind == "timestamp" or format is not None


def _switch(text: str | None) -> bool:
    if text not in (None, "true"):
        raise RefusedError("a switch is true or absent")
    return text == "true"


def _told(shape: Shape, one: Filter, given: _Given, parts: list[str]) -> list[Any]:
    column = shape.column(one.column)
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
    if one.known and not {*one.known, one.null}.issuperset(
        text for text in texts if text is not None
    ):
        raise RefusedError(f"{one.name} does not know {texts}")
    if one.form and not all(text is None or re.fullmatch(UUID, text) for text in texts):
        raise RefusedError(f"{one.name} does not look like {texts}")
    return [
        text
        if text in (one.null, "all" if one.default == "all" else None)
        else _read(column, one, text)
        for text in texts
        if text is not None
    ]


def _read(column: Column, one: Filter, text: Any) -> Any:
    """Read a parameter as the value that rows have.

    Nothing lies before 1970, and what lies after the second before it is everything.
    """
    kind, format = column.type, one.format
    if one.location == "body":
        text = _untyped(kind, format, text)
    if format is not None:
        if not re.fullmatch(_FORMS["integer"], text):
            raise RefusedError(f"{text!r} is not a time")
        if int(text) < (-1 if one.operator == ">" else 0):
            raise RefusedError(f"{text!r} lies before 1970")
        return int(text) / (1000 if format == "epoch_ms" else 1)
    if kind in _FORMS and not re.fullmatch(_FORMS[kind], text):
        raise RefusedError(f"{text!r} is not a {kind}")
    if kind == "timestamp":
        return _seconds(text)
    if kind == "integer":
        return int(text)
    if kind == "decimal":
        return float(text) / (100 if column.cents else 1)
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
    if one.match == "inclusive":
        return given in STATES and STATES.index(str(own)) <= STATES.index(given)
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


def _page(
    shape: Shape, items: list[list[Row]], given: _Given, told: str
) -> tuple[list[list[Row]], Any]:
    paging = shape.paging
    if paging is None:
        return items, {}
    in_body = paging.in_body
    sized = paging.sized or paging.kind in ("page", "last_row")
    word = "per_page" if paging.kind in ("page", "next_url") else "limit"
    size = (given.number(word, in_body=in_body) if sized else None) or paging.size
    if size > paging.size and not paging.clamps:
        raise RefusedError("the page is too large")
    size = min(size, paging.gives or paging.size)
    meta = {"meta": {"total": len(items)}} if paging.total or paging.kind == "page" else {}
    if paging.kind == "page":
        start = ((given.number("page") or 1) - 1) * size
        if paging.ends and start > 0 and start >= len(items):
            raise NotFoundError
        return items[start : start + size], meta
    if paging.kind == "last_row":
        after = given.one("starting_after")
        numbers = [str(rows[0]["^" if shape.nesting else "#"]) for rows in items]
        start = 1 + numbers.index(after) if after is not None else 0
        return items[start : start + size], {"has_more": len(items) > start + size}
    token = given.one("cursor" if paging.kind == "next_url" else "next_page", in_body=in_body)
    start = 0
    if token is not None:
        place, _, filters = token.partition("|")
        if filters != told:
            raise RefusedError("the filters are not those of the first page")
        start = int(place)
    more = f"{start + size}|{told}" if start + size < len(items) else None
    if paging.kind == "token":
        return items[start : start + size], {"next_page": more}
    query = httpx.QueryParams((*given.pairs, ("cursor", more))) if more else None
    link = f"{PUBLIC_URL if paging.public else URL}{given.path}?{query}" if query else None
    return items[start : start + size], {"links": {"next": link}, **meta}


def _written(columns: Iterable[Column], row: Row, on: frozenset[str]) -> dict[str, Any]:
    return {
        column.name: _write(column, row[column.name], row["~"])
        for column in columns
        if not column.echo and (column.switch is None or column.switch in on)
    }


@functools.cache
def _write(column: Column, value: Any, fraction: Any) -> Any:
    """Give the form in which answers have a value."""
    if value is None:
        return None
    kind, format = column.type, column.format
    if column.whole:
        fraction = 0
    if column.moments:
        seconds = _seconds(value) + _into_day(fraction)
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        return seconds if format == "epoch" else moment.isoformat()
    if format is not None:
        seconds = _seconds(value) + (fraction if kind == "timestamp" else 0)
        return int(seconds * 1000) if format == "epoch_ms" else int(seconds)
    if kind == "timestamp" and fraction:
        return value.replace("Z", f"{fraction:.3f}Z"[1:])
    if kind == "decimal":
        return round(value * 100) if column.cents else f"{value:.2f}"
    if kind == "json":
        return json.loads(value)
    if column.numbers:
        return int(value)
    return bool(value) if kind == "boolean" else value


def _into_day(fraction: Any) -> int:
    """Give the seconds of a day that a fraction stands for."""
    return int(fraction * 86_399)
