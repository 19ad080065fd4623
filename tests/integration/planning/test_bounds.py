"""Bounds: beyond 64 bits, before 1970, at the ends of the calendar, and between whole seconds.

The API compares as APIs do, to the millisecond and in 64 bits, and refuses what is out of range. A
plain table that shows what rows show gives the answer that is due.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import acme

PROVIDER = (
    acme.PROVIDER
    + """\
paging:
  pages: {kind: page_number, total: total, size: 4}
"""
)

SERVICE = """\
billql: 1
description: What happened.
resources:
  events:
    description: One row for each event.
    columns:
      name: {type: text, description: The name.}
      at: {type: timestamp, description: When it was., format: epoch}
      at_ms: {type: timestamp, description: When it was., format: epoch_ms}
      at_iso: {type: timestamp, description: When it was.}
      day: {type: date, description: The day., format: epoch}
      n: {type: integer, description: A number.}
    methods:
      list:
        request: GET /events
        description: Gives the events.
        parameters:
PARAMETERS
        rows: data[]
        paging: pages
    examples:
      - question: What was?
        sql: SELECT * FROM acme.logs.events
"""

COLUMNS = {"at": "epoch", "at_ms": "epoch_ms", "at_iso": None, "day": "epoch", "n": None}
START = 1_700_000_000
MOMENTS = [0.0, 0.25, START - 1, START - 0.5, *[START + quarter / 4 for quarter in range(13)]]
LAST = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)


def iso(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat(timespec="milliseconds")


EVENTS: list[dict[str, Any]] = [
    {
        "name": f"e{number}",
        "at": moment,
        "at_ms": int(moment * 1000),
        "at_iso": iso(moment),
        "day": moment,
        "n": number - 8 if number else None,
    }
    for number, moment in enumerate(MOMENTS)
]


class Api:
    """Compares numbers and instants; takes no negative time and no number of more than 64 bits."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        said = dict(request.url.params)
        self.asked.append(said)
        rows = EVENTS
        for name, value in said.items():
            if name in ("page", "per_page"):
                continue
            column, _, operator = name.rpartition("_")
            bound = self._read(column, value)
            if bound is None:
                return httpx.Response(400, json={"message": f"{name} cannot be {value}"})
            found = [(self._own(column, row[column]), row) for row in rows]
            rows = [row for own, row in found if own is not None and _TRUE[operator](own, bound)]
        size, page = int(said.get("per_page", "4")), int(said.get("page", "1"))
        data = rows[size * (page - 1) : size * page]
        return httpx.Response(200, json={"data": data, "total": len(rows)})

    @staticmethod
    def _read(column: str, value: str) -> float | None:
        if column == "at_iso":
            return datetime.datetime.fromisoformat(value).timestamp()
        number = int(value)
        return number if -(2**63) <= number < 2**63 and (column == "n" or number >= 0) else None

    @staticmethod
    def _own(column: str, value: Any) -> float | None:
        if column == "at_iso":
            return datetime.datetime.fromisoformat(value).timestamp()
        return None if value is None else float(value)


_TRUE = {
    "lt": lambda own, bound: own < bound,
    "le": lambda own, bound: own <= bound,
    "gt": lambda own, bound: own > bound,
    "ge": lambda own, bound: own >= bound,
}
_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


@pytest.fixture
def api() -> Api:
    """An API that remembers what it was asked."""
    return Api()


@pytest.fixture(params=["ge lt", "gt le", "le", "gt"])
def connection(tmp_path: Path, api: Api, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A connection to an API that has some bounds, beside a table with what rows show."""
    lines = [
        f'          {column}_{one}: {{column: {column}, operator: "{_SIGNS[one]}"'
        + (f", format: {format}}}" if format else "}")
        for column, format in COLUMNS.items()
        for one in str(request.param).split()
    ]
    acme.define(tmp_path, PROVIDER, logs=SERVICE.replace("PARAMETERS", "\n".join(lines)))
    with acme.connect(tmp_path, api, cache_ttl=0.0) as connection:
        connection.execute(
            "CREATE TABLE plain (name TEXT, at TEXT COLLATE time, at_ms TEXT COLLATE time, "
            "at_iso TEXT COLLATE time, day TEXT COLLATE time, n INTEGER)"
        )
        for number, moment in enumerate(MOMENTS):
            shown = datetime.datetime.fromtimestamp(int(moment), datetime.UTC)
            second = shown.strftime("%Y-%m-%dT%H:%M:%SZ")
            row = (f"e{number}", second, second, second, second[:10], EVENTS[number]["n"])
            connection.execute("INSERT INTO plain VALUES (?, ?, ?, ?, ?, ?)", row)
        yield connection


def same(connection: Any, sql: str) -> None:
    expected = connection.execute(sql.replace("@", "plain")).fetchall()
    found = connection.execute(sql.replace("@", "acme.logs.events")).fetchall()
    assert found == expected, sql


TIMES = [
    "2023-11-14T22:13:19Z",
    "2023-11-14T22:13:20Z",
    "2023-11-14T22:13:21Z",
    "2023-11-14T22:13:23Z",
    *("2023-11-14", "2023-11-15", "2023", "1900-01-01", "1970-01-01", "1970-01-01T00:00:00Z"),
    *("1969-12-31T23:59:59Z", "0001-01-01", "9999-12-31", "9999-12", "9999-12-31T23:59:59Z"),
    *("2023-11-14 22:13:20", "2023-11-14 22:13:20.5", "2023-11-15T00:13+02:00", "2023-11"),
]


@pytest.mark.parametrize("column", ["at", "at_ms", "at_iso", "day"])
def test_no_bound_loses_an_instant(connection: Any, column: str) -> None:
    for time in TIMES:
        for operator in ("<", "<=", ">", ">=", "="):
            where = f"WHERE {column} {operator} '{time}'"
            same(connection, f"SELECT name FROM @ {where}")
            same(connection, f"SELECT name FROM @ {where} LIMIT 3 OFFSET 2")
        same(
            connection,
            f"SELECT name FROM @ WHERE {column} BETWEEN '{time}' AND '2023-11-14T22:13:21Z'",
        )
        same(connection, f"SELECT name FROM @ WHERE {column} BETWEEN '1900' AND '{time}'")


NUMBERS = ["1e19", "-1e19", "1e300", "-1e300", "9e999", "-9e999", "9223372036854775807"]
NUMBERS += [
    "-9223372036854775808",
    "9223372036854775808",
    "'1e300'",
    "'abc'",
    "''",
    "x'00'",
    "NULL",
]
NUMBERS += ["0", "-0.5", "2.5", "'2'", "' 2.5 '", "'99999999999999999999'"]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_bound_is_beyond_what_an_api_takes(connection: Any, number: str) -> None:
    for operator in ("<", "<=", ">", ">=", "=", "IS"):
        same(connection, f"SELECT name FROM @ WHERE n {operator} {number}")
        same(connection, f"SELECT name FROM @ WHERE n {operator} {number} LIMIT 3 OFFSET 2")
        same(connection, f"SELECT name FROM @ WHERE n {operator} (SELECT {number})")
    same(connection, f"SELECT name FROM @ WHERE n BETWEEN -2 AND {number}")
    same(connection, f"SELECT name FROM @ WHERE n BETWEEN {number} AND 2")


def test_whole_bounds_are_still_exact(connection: Any, api: Api) -> None:
    sql = "SELECT name FROM acme.logs.events WHERE at >= '2023-11-14T22:13:20Z' LIMIT 1"
    assert connection.execute(sql).fetchall() == [("e4",)]
    sizes = {one["per_page"] for one in api.asked}
    assert sizes == ({"1"} if "at_ge" in api.asked[-1] else {"4"})
