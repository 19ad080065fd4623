"""Parameters that a client sends in binary become stored values (the `*_recv` functions)."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from billql.serve.postgres import types
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.formats.binary_output import EPOCH_DAYS
from billql.serve.postgres.values import arrays, documents, moments, numerics
from billql.serve.postgres.values.intervals import DAY, Interval

Receiver = Callable[[bytes], Any]
"""Makes a stored value of the bytes of a parameter; struct.error for bytes of another length."""


def receive(kind: str, data: bytes) -> Any:
    """Return the stored value of a parameter; raise PostgresError if the bytes are none."""
    found = types.element_of(kind)
    try:
        if found is not None:
            return arrays.dump(_array(data))
        return receiver(kind)(data)
    except (struct.error, ValueError, IndexError, KeyError) as error:
        raise PostgresError(
            "22P03",
            f"incorrect binary data format for type {types.display(kind)}",
            hint="Send the parameter as text.",
        ) from error


def receiver(kind: str) -> Receiver:
    """Return what reads the values of a type."""
    if kind in types.OIDS:
        return lambda data: struct.unpack("!I", data)[0]
    found = _RECEIVERS.get(kind)
    if found is None:
        raise unsupported(f"a binary parameter of type {types.display(kind)}", "Send it as text.")
    return found


def _array(data: bytes) -> list[Any]:
    dimensions, _, oid = struct.unpack_from("!iiI", data)
    if dimensions == 0:
        return []
    if dimensions != 1:
        raise unsupported("a binary array of several dimensions", "Send it as text.")
    (length,) = struct.unpack_from("!i", data, 12)
    read = receiver(types.BY_OID[oid].name)
    found: list[Any] = []
    at = 20
    for _ in range(length):
        (size,) = struct.unpack_from("!i", data, at)
        at += 4
        if size < 0:
            found.append(None)
            continue
        found.append(read(data[at : at + size]))
        at += size
    return found


def _numeric(data: bytes) -> str:
    count, weight, sign, scale = struct.unpack_from("!hhHh", data)
    if sign not in (0, 0x4000):
        raise unsupported("a number that is not finite", "Send NULL.")
    digits = struct.unpack_from(f"!{count}h", data, 8)
    whole = Decimal(0)
    for place, digit in enumerate(digits):
        part = Decimal(digit).scaleb(4 * (weight - place), numerics.CONTEXT)
        whole = numerics.CONTEXT.add(whole, part)
    return numerics.write(numerics.rounded(whole.copy_negate() if sign else whole, scale))


def _day(data: bytes) -> str:
    (days,) = struct.unpack("!i", data)
    return moments.of_micros((days + EPOCH_DAYS) * DAY).date().isoformat()


def _timestamp(data: bytes) -> str:
    (micros,) = struct.unpack("!q", data)
    return moments.of_micros(micros + EPOCH_DAYS * DAY).isoformat()


def _interval(data: bytes) -> str:
    micros, days, months = struct.unpack("!qii", data)
    return Interval(months, days, micros).stored()


def _jsonb(data: bytes) -> str:
    if data[0] != 1:
        raise ValueError
    return documents.normal(data[1:].decode())


def _text(data: bytes) -> str:
    return data.decode()


_RECEIVERS: dict[str, Receiver] = {
    "bool": lambda data: int(struct.unpack("!?", data)[0]),
    "bytea": bytes,
    "int2": lambda data: struct.unpack("!h", data)[0],
    "int4": lambda data: struct.unpack("!i", data)[0],
    "int8": lambda data: struct.unpack("!q", data)[0],
    "float4": lambda data: struct.unpack("!f", data)[0],
    "float8": lambda data: struct.unpack("!d", data)[0],
    "numeric": _numeric,
    "date": _day,
    "timestamp": _timestamp,
    "timestamptz": lambda data: f"{_timestamp(data)}Z",
    "time": lambda data: moments.of_clock_micros(struct.unpack("!q", data)[0]),
    "interval": _interval,
    "uuid": lambda data: str(uuid.UUID(bytes=data)),
    "jsonb": _jsonb,
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "unknown", "json"), _text),
}
