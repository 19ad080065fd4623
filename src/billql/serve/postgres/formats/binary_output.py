"""Values as PostgreSQL sends them in binary (the `*_send` functions of its types)."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from billql.serve.postgres import types
from billql.serve.postgres.formats.text_output import (
    Surroundings,
    integer,
    mismatch,
    real,
    write_numeric,
    writer,
)
from billql.serve.postgres.values import arrays, documents, intervals, moments
from billql.serve.postgres.values.intervals import DAY

Sender = Callable[[Any], bytes]
"""Makes the bytes of a stored value that is not NULL."""
ColumnSender = Callable[[Sequence[Any]], Sequence[bytes | None]]
"""Makes the bytes of some stored values of one column, None of NULL."""

EPOCH_DAYS = 10_957
"""PostgreSQL counts from 2000-01-01; this is how many days that is after 1970-01-01."""


def sender(kind: str, around: Surroundings) -> Sender:
    """Return what sends the values of a type."""
    element = types.element_of(kind)
    if element is not None:
        oid, first = types.TYPES[element].oid, 0 if kind.endswith("vector") else 1
        send = sender(element, around)
        return lambda value: _array(arrays.load(value), oid, send, first)
    if kind in types.OIDS:
        return lambda value: struct.pack("!I", integer(value, "oid"))
    found = _SENDERS.get(kind)
    if found is not None:
        return found
    write = writer(kind, around)
    return lambda value: write(value).encode()


def column_sender(kind: str, around: Surroundings) -> ColumnSender:
    """Return what sends the values of a column of a type."""
    send = sender(kind, around)
    return lambda values: [None if value is None else send(value) for value in values]


def _array(elements: list[Any], oid: int, send: Sender, first: int) -> bytes:
    lengths: list[int] = []
    level: Any = elements
    while isinstance(level, list) and level:
        lengths.append(len(level))
        level = level[0]
    flat = _flat(elements)
    head = struct.pack("!iiI", len(lengths), int(None in flat), oid)
    sizes = b"".join(struct.pack("!ii", length, first) for length in lengths)
    body = b"".join(
        struct.pack("!i", -1) if one is None else struct.pack("!i", len(sent)) + sent
        for one in flat
        for sent in (b"" if one is None else send(one),)
    )
    return head + sizes + body


def _flat(elements: list[Any]) -> list[Any]:
    if elements and isinstance(elements[0], list):
        return [one for part in elements for one in _flat(part)]
    return elements


_SPECIAL_NUMERICS = {
    text: struct.pack("!hhHh", 0, 0, sign, 0)
    for text, sign in (("NaN", 0xC000), ("Infinity", 0xD000), ("-Infinity", 0xF000))
}


def _numeric(value: Any) -> bytes:
    """Return a numeric as PostgreSQL's digits in base 10,000."""
    text = write_numeric(value)
    if (special := _SPECIAL_NUMERICS.get(text)) is not None:
        return special
    whole, _, fraction = text.removeprefix("-").partition(".")
    whole = whole.rjust(-(-len(whole) // 4) * 4, "0")
    places = whole + fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    digits = [int(places[at : at + 4]) for at in range(0, len(places), 4)]
    weight = len(whole) // 4 - 1
    while digits and digits[0] == 0:
        digits.pop(0)
        weight -= 1
    while digits and digits[-1] == 0:
        digits.pop()
    sign = 0x4000 if digits and text.startswith("-") else 0
    count = len(digits)
    return struct.pack(
        f"!hhHh{count}h", count, weight if digits else 0, sign, len(fraction), *digits
    )


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise mismatch(value, "bytea")
    return value


def _boolean(value: Any) -> bytes:
    if value not in (0, 1):
        raise mismatch(value, "bool")
    return b"\1" if value else b"\0"


def _moment(kind: str) -> Sender:
    def send(value: Any) -> bytes:
        if not isinstance(value, str):
            raise mismatch(value, kind)
        return struct.pack("!q", moments.micros_of(value) - EPOCH_DAYS * DAY)

    return send


def _date(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) != 10:
        raise mismatch(value, "date")
    return struct.pack("!i", moments.micros_of(value) // DAY - EPOCH_DAYS)


def _interval(value: Any) -> bytes:
    found = intervals.of_stored(value)
    return struct.pack("!qii", found.micros, found.days, found.months)


_SENDERS: dict[str, Sender] = {
    "bool": _boolean,
    "bytea": _bytes,
    "int2": lambda value: struct.pack("!h", integer(value, "int2")),
    "int4": lambda value: struct.pack("!i", integer(value, "int4")),
    "int8": lambda value: struct.pack("!q", integer(value, "int8")),
    "xid": lambda value: struct.pack("!I", integer(value, "oid")),
    "cid": lambda value: struct.pack("!I", integer(value, "oid")),
    "float4": lambda value: struct.pack("!f", real(value)),
    "float8": lambda value: struct.pack("!d", real(value)),
    "numeric": _numeric,
    "date": _date,
    "timestamp": _moment("timestamp"),
    "timestamptz": _moment("timestamptz"),
    "time": lambda value: struct.pack("!q", moments.clock_micros(value)),
    "interval": _interval,
    "uuid": lambda value: uuid.UUID(value).bytes,
    "jsonb": lambda value: b"\1" + documents.normal(value).encode(),
    "void": lambda value: b"",
}
