"""Casts by way of text, the order of numerics and intervals, and functions named like types."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from billql.serve.postgres import types
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.formats.text_input import reader
from billql.serve.postgres.formats.text_output import overflow, writer
from billql.serve.postgres.functions.registry import Context, function
from billql.serve.postgres.values import arrays, intervals, numerics

FUNCTIONS = [
    function("date", "timestamp", "date", sql="substr({0}, 1, 10)"),
    function("date", "timestamptz", "date", sql="substr(pg_to_local({0}), 1, 10)"),
    function("date", "date", "date", sql="{0}"),
    function("text", "anytext", "text", sql="{0}"),
    function("int4", "numeric", "int4", sql="pg_to_whole({0}, 'numeric', 'int4')"),
    function("int8", "numeric", "int8", sql="pg_to_whole({0}, 'numeric', 'int8')"),
    function("float8", "numeric", "float8", sql="pg_real({0})"),
]


def _out(context: Context, value: Any, kind: str) -> str:
    text = writer(kind, context)(value)
    return {"t": "true", "f": "false"}[text] if kind == "bool" else text


def _in(context: Context, text: str, kind: str) -> Any:
    return reader(kind, context)(text)


def _array_cast(context: Context, stored: str, source: str, kind: str) -> str:
    one, other = types.element_of(source) or "text", types.element_of(kind) or "text"
    if one == other:
        return stored
    write, read = writer(one, context), reader(other, context)

    def converted(element: Any) -> Any:
        if isinstance(element, list):
            return [converted(each) for each in element]
        return None if element is None else read(write(element))

    return arrays.dump([converted(element) for element in arrays.load(stored)])


def json_of(context: Context, value: Any, kind: str) -> str:
    """Return a value as JSON."""
    if value is None:
        return "null"
    if kind in ("json", "jsonb"):
        return str(value)
    if kind == "bool":
        return "true" if value else "false"
    element = types.element_of(kind)
    if element is not None:
        parts = [
            json_of(context, one, kind if isinstance(one, list) else element)
            if not isinstance(one, list)
            else json_of(context, arrays.dump(one), kind)
            for one in arrays.load(value)
        ]
        return f"[{','.join(parts)}]"
    text = writer(kind, context)(value)
    if kind in types.NUMBERS or kind == "oid":
        return text
    if kind in ("timestamp", "timestamptz"):
        text = text.replace(" ", "T", 1)
        if kind == "timestamptz" and text[-3] in "+-":
            text += ":00"
    return json.dumps(text, ensure_ascii=False)


def _greatest(sign: int) -> Callable[..., Any]:
    def extreme(kind: str, *values: Any) -> Any:
        known = [value for value in values if value is not None]
        if not known:
            return None
        keys: dict[str, Callable[[Any], Any]] = {
            "numeric": numerics.exact,
            "interval": lambda value: intervals.of_stored(value).total,
            "timestamptz": lambda value: value.removesuffix("Z"),  # a fraction sorts before Z
        }
        key = keys.get(kind, lambda value: value)
        return max(known, key=key) if sign > 0 else min(known, key=key)

    return extreme


def _count_of(value: int | None, keyword: str) -> int:
    if value is None:
        return -1 if keyword == "LIMIT" else 0
    if value < 0:
        raise PostgresError("2201W", f"{keyword} must not be negative", hint="Use 0 or more.")
    return value


def _to_float4(value: Any) -> float | None:
    if value is None:
        return None
    try:
        found: float = struct.unpack("!f", struct.pack("!f", float(value)))[0]
    except OverflowError:
        raise overflow("float4") from None
    return found


def compare_numerics(left: str, right: str) -> int:
    """Return -1, 0 or 1 by the order of two numerics with all of their digits."""
    one, other = numerics.exact(left), numerics.exact(right)
    return (one > other) - (one < other)


def compare_intervals(left: str, right: str) -> int:
    """Return -1, 0 or 1 by the order of two intervals."""
    one, other = intervals.of_stored(left).total, intervals.of_stored(right).total
    return (one > other) - (one < other)


COLLATIONS = {"pg_numeric": compare_numerics, "pg_interval": compare_intervals}
"""The collations by which SQLite sorts values that it holds as texts."""

WITH_CONTEXT: dict[str, Callable[..., Any]] = {
    "pg_out": _out,
    "pg_in": _in,
    "pg_array_cast": _array_cast,
}
"""What casts become; all are strict."""

WITH_NULLS: dict[str, Callable[..., Any]] = {
    "pg_greatest": _greatest(1),
    "pg_least": _greatest(-1),
    "pg_count_of": _count_of,
    "pg_to_float4": _to_float4,
}
"""What is called with NULL too."""
