"""JSON: one array of objects, a row on each line.

Reals have the 15 digits that hold, a blob is base64, and a JSON column is JSON, not text. Names
that stand twice are told apart as SQLite does it: `amount` and `amount:1`.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import orjson

from billql.output.cells import real, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from billql.output import Columns, Rows, Stream, Style

binary = False
between = ""

_CONTROLS = re.compile("[\x7f-\x9f]")
"""What JSON need not escape, but a terminal may obey."""


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as an array of objects; it is closed only when the result is complete."""
    before = "[\n"
    for line in objects(columns, rows):
        stream.write(before + line)
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def objects(columns: Columns, rows: Rows) -> Iterator[str]:
    """Give each row as a JSON object in one line."""
    names = unique([column[0] for column in columns])
    nested = [str(column[1]).upper().startswith("JSON") for column in columns]
    for row in rows:
        values = {
            name: _json(value) if is_json else _plain(value)
            for name, is_json, value in zip(names, nested, row, strict=True)
        }
        line = orjson.dumps(values, default=_number).decode()
        yield line if line.isprintable() else _CONTROLS.sub(_escaped, line)


def unique(names: Sequence[str]) -> list[str]:
    """Give names of which none stands twice."""
    taken, found = set(names), list[str]()
    for name in names:
        told, number = name, 0
        while told in found or (number and told in taken):
            number += 1
            told = f"{name}:{number}"
        found.append(told)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        # The nearest real to the digits that hold is printed with just these.
        return rounded(value) if math.isfinite(value) else _infinite(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value


def _infinite(value: float) -> orjson.Fragment:
    """Give what every reader of JSON takes for infinity, which has no name there."""
    return orjson.Fragment(real(value).replace("inf", "9e999"))


def _number(value: object) -> orjson.Fragment:
    """Give a decimal with all its digits; rows have no other types that are not JSON's."""
    return orjson.Fragment(str(value))


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return _plain(value)
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    # Put in as it stands, so that long numbers keep their digits; a line break is only space.
    return orjson.Fragment(value.replace("\n", " ").replace("\r", " "))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
