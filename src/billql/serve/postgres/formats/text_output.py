"""Values as PostgreSQL writes them in text."""

from __future__ import annotations

import datetime
import re
import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from billql.serve.postgres import types
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.values import arrays, documents, intervals, moments, numerics

Writer = Callable[[Any], str]
"""Makes the text of a stored value that is not NULL."""
ColumnWriter = Callable[[Sequence[Any]], Sequence[str | None]]
"""Makes the texts of some stored values of one column, None of NULL."""


class Surroundings(Protocol):
    """What the text of some values depends on."""

    @property
    def zone(self) -> datetime.tzinfo:
        """Return the time zone of the session."""

    def name_of(self, kind: str, oid: int) -> str:
        """Return how the object of a number is written: a table's name for `regclass`."""


def writer(kind: str, around: Surroundings) -> Writer:
    """Return what writes the values of a type."""
    if kind in types.OIDS and kind.startswith("reg"):
        return lambda value: around.name_of(kind, integer(value, "oid"))
    if kind == "timestamptz":
        return lambda value: moments.write_timestamptz(_text(value, kind), around.zone)
    if kind in ("int2vector", "oidvector"):
        return lambda value: " ".join(map(str, arrays.load(value)))
    element = types.element_of(kind)
    if element is not None:
        each = writer(element, around)
        return lambda value: arrays.write(_each(arrays.load(value), each))
    return _WRITERS.get(kind, lambda value: _text(value, kind))


def column_writer(kind: str, around: Surroundings) -> ColumnWriter:
    """Return what writes the values of a column of a type."""
    write = writer(kind, around)

    def written(values: Sequence[Any]) -> Sequence[str | None]:
        if kind in types.TEXTS and _TEXTS.issuperset(map(type, values)):
            return values
        return [None if value is None else write(value) for value in values]

    return written


_TEXTS = frozenset((str, type(None)))


def _each(elements: list[Any], write: Writer) -> list[Any]:
    return [
        None if one is None else _each(one, write) if isinstance(one, list) else write(one)
        for one in elements
    ]


def mismatch(value: Any, kind: str) -> PostgresError:
    """Return the error for a stored value that is none of its column's type."""
    shown = f"{value!r:.60}"
    return PostgresError(
        "22P02",
        f"the value {shown} is no {types.display(kind)}",
        hint="A local table holds any value in any column: cast it, or repair the table.",
    )


def integer(value: Any, kind: str) -> int:
    """Return a whole number that fits a type; raise PostgresError for any other value."""
    limit = types.INTEGERS.get(kind, 2**32)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    if not isinstance(value, int):
        if isinstance(value, float):
            raise overflow(kind)
        raise mismatch(value, kind)
    if not (-limit <= value < limit):
        raise overflow(kind)
    return value


def overflow(kind: str) -> PostgresError:
    """Return the error for a number that its type cannot hold."""
    names = {
        "int2": "smallint",
        "int4": "integer",
        "int8": "bigint",
        "float8": "double precision",
        "float4": "real",
    }
    return PostgresError(
        "22003", f"{names.get(kind, kind)} out of range", hint="Cast to a wider type: x::numeric."
    )


def real(value: Any) -> float:
    """Return a double; raise PostgresError for any other value."""
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and value in _SPECIAL_REALS:
        return _SPECIAL_REALS[value]
    raise mismatch(value, "float8")


_SPECIAL_REALS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def write_real(value: Any) -> str:
    """Return a double with as few digits as name it."""
    number = real(value)
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    text = repr(number)
    if "e" in text or abs(number) >= 1e15:
        return _with_exponent(text, 15)
    return text.removesuffix(".0")


def _write_float4(value: Any) -> str:
    number = struct.unpack("!f", struct.pack("!f", real(value)))[0]
    for digits in range(1, 10):
        text = f"{number:.{digits}g}"
        if struct.unpack("!f", struct.pack("!f", float(text)))[0] == number:
            return _with_exponent(text, 6)
    return write_real(number)


def _with_exponent(text: str, limit: int) -> str:
    """Return a number's digits, with an exponent if the first of them stands far from the point."""
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    place = len(digits) - 1 + int(exponent)
    minus = "-" if sign else ""
    if -4 <= place < limit or not any(digits):
        return f"{Decimal(text).normalize():f}"
    fraction = "".join(map(str, digits[1:]))
    return f"{minus}{digits[0]}{'.' if fraction else ''}{fraction}e{place:+03}"


def write_numeric(value: Any) -> str:
    """Return a numeric with all its digits; raise PostgresError for any other value."""
    if isinstance(value, bool | int):
        return str(int(value))
    if isinstance(value, float | str):
        try:
            return numerics.write_stored(value)
        except ArithmeticError:
            raise mismatch(value, "numeric") from None
    raise mismatch(value, "numeric")


def _write_boolean(value: Any) -> str:
    if value in (0, 1) and isinstance(value, int | float):
        return "t" if value else "f"
    raise mismatch(value, "bool")


def _write_bytes(value: Any) -> str:
    return f"\\x{_bytes(value).hex()}"


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    raise mismatch(value, "bytea")


def _text(value: Any, kind: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return write_real(value)
    raise mismatch(value, kind)


_MOMENT_FORMS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "timestamp": re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?)?", re.ASCII),
    "time": re.compile(r"\d\d:\d\d:\d\d(\.\d+)?", re.ASCII),
}


def _moment(kind: str, write: Callable[[str], str]) -> Writer:
    form = _MOMENT_FORMS[kind]

    def written(value: Any) -> str:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise mismatch(value, kind)
        return write(value)

    return written


def _trimmed(value: str) -> str:
    return value.rstrip("0") if "." in value else value


_WRITERS: dict[str, Writer] = {
    "bool": _write_boolean,
    "bytea": _write_bytes,
    "numeric": write_numeric,
    "float8": write_real,
    "float4": _write_float4,
    "date": _moment("date", str),
    "timestamp": _moment("timestamp", moments.write_timestamp),
    "time": _moment("time", _trimmed),
    "interval": lambda value: intervals.write(intervals.of_stored(value)),
    "jsonb": lambda value: documents.normal(_text(value, "jsonb")),
    "void": lambda value: "",
    **{
        kind: lambda value, kind=kind: str(integer(value, kind))  # type: ignore[misc]
        for kind in ("int2", "int4", "int8", "oid", "xid", "cid")
    },
}
