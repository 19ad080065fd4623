"""JSON: one array of objects, a row on each line; several results in a file are an array of these.

Reals have 15 significant digits, a blob is base64, and a JSON column is JSON, not text. Duplicate
names are made unique as SQLite does it: `amount` and `amount:1`.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

import orjson

from billql.output.batches import batches, converted
from billql.output.text_cells import SHORT_REAL, real, rounded
from billql.util.exact_json import is_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from billql.output import AddResult, Columns, Rows, Stream, Style

binary = False
typed = False
separator = ""

_CONTROLS = re.compile("[\x7f-\x9f]")
"""Characters that JSON need not escape, but that a terminal may interpret."""

_REALS = frozenset((float, type(None)))


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as an array of objects, which is closed only if the result is complete."""
    before = "[\n"
    for text in objects(columns, rows, b",\n"):
        stream.write(before + text)
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


@contextmanager
def document(stream: Stream, style: Style) -> Iterator[AddResult]:
    """Make a document of several results, which is written to `stream` when the block succeeds.

    It is an array with an array for each result; a single result is its array alone. A result that
    fails is left out, and its error is raised.
    """
    from shutil import copyfileobj
    from tempfile import TemporaryFile

    with TemporaryFile("w+", encoding="utf-8", newline="\n") as spool:
        count = 0

        def add(columns: Columns, rows: Rows, title: str | None) -> None:
            nonlocal count
            start = spool.tell()
            try:
                spool.write(",\n" if count else "")
                write(columns, rows, spool, style)
            except BaseException:
                spool.seek(start)
                spool.truncate()
                raise
            count += 1

        yield add
        spool.seek(0)
        stream.write("[\n" if count > 1 else "")
        copyfileobj(spool, stream)
        stream.write("]\n" if count > 1 else "")


def objects(columns: Columns, rows: Rows, separator: bytes) -> Iterator[str]:
    """Yield the rows as JSON objects, some at a time, each in one line but for the separator."""
    names = unique([column[0] for column in columns])
    nested = [str(column[1]).upper().startswith("JSON") for column in columns]
    for batch in batches(rows):
        values = map(_members, nested, zip(*batch, strict=True))
        found = map(dict, map(zip, repeat(names), zip(*values, strict=True)))
        text = separator.join(map(_dumps, found)).decode()
        yield _CONTROLS.sub(_escaped, text) if _may_have_controls(text) else text


def _members(is_json: bool, values: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column as orjson shall see them."""
    if is_json:
        return [_json(value) for value in values]
    return values if _are_short_reals(values) else converted(values, _plain)


def _are_short_reals(values: Sequence[Any]) -> bool:
    """Return whether values are reals with 15 digits at most, and NULLs."""
    if not _REALS.issuperset(map(type, values)):
        return False
    texts = orjson.dumps(values)[1:-1].split(b",")
    # It writes null for what is not finite.
    return max(map(len, texts)) < SHORT_REAL and texts.count(b"null") == values.count(None)


def _may_have_controls(text: str) -> bool:
    """Return whether a text may have characters of `_CONTROLS`; its lines alone are looked at."""
    if text.isascii():
        return "\x7f" in text
    return not all(map(str.isprintable, text.split("\n")))


def unique(names: Sequence[str]) -> list[str]:
    """Return the names with suffixes such as :1 that make them unique."""
    taken, found = set(names), list[str]()
    for name in names:
        candidate, number = name, 0
        while candidate in found or (number and candidate in taken):
            number += 1
            candidate = f"{name}:{number}"
        found.append(candidate)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        # orjson prints the nearest real to 15 digits with just these digits.
        return rounded(value) if math.isfinite(value) else _infinite(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value


def _infinite(value: float) -> orjson.Fragment:
    """Return a number that every reader of JSON reads as infinity, which JSON cannot write."""
    return orjson.Fragment(real(value).replace("inf", "9e999"))


def _number(value: object) -> orjson.Fragment:
    """Return a decimal with all its digits, the only other type of a SQL value."""
    return orjson.Fragment(str(value))


_dumps = partial(orjson.dumps, default=_number)


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return _plain(value)
    if not is_json(value):
        return value
    # The text is inserted as it is, so that long numbers keep their digits.
    return orjson.Fragment(value.replace("\n", " ").replace("\r", " "))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
