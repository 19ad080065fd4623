"""Texts become stored values: literals of a statement, casts, and parameters in text."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from billql.serve.postgres import types
from billql.serve.postgres.errors import PostgresError, invalid_text, unsupported
from billql.serve.postgres.formats.text_output import overflow
from billql.serve.postgres.values import arrays, documents, intervals, moments, numerics

Reader = Callable[[str], Any]
"""Makes a stored value of a text; raises PostgresError if it writes none."""


class Surroundings(Protocol):
    """What the meaning of some texts depends on."""

    @property
    def now(self) -> datetime.datetime:
        """Return when the transaction began, in the session's zone."""

    def oid_of(self, kind: str, name: str) -> int:
        """Return the number of an object, by its type (`regclass`) and its name."""


def reader(kind: str, around: Surroundings) -> Reader:
    """Return what reads the values of a type."""
    if kind == "timestamptz":
        return lambda text: moments.parse_timestamptz(text, around.now)
    if kind == "timestamp":
        return lambda text: moments.parse_timestamp(text, around.now)
    if kind == "date":
        return lambda text: moments.parse_date(text, around.now)
    if kind in types.OIDS and kind.startswith("reg"):
        return lambda text: _object(kind, text, around)
    if kind in ("int2vector", "oidvector"):
        return lambda text: arrays.dump([int(one) for one in text.split()])
    element = types.element_of(kind)
    if element is not None:
        each = reader(element, around)
        return lambda text: arrays.dump(_each(arrays.parse(text), each))
    found = _READERS.get(kind)
    if found is None:
        raise unsupported(f"a value of type {types.display(kind)}", "Compare it as text.")
    return found


def _each(elements: list[Any], read: Reader) -> list[Any]:
    return [
        None if one is None else _each(one, read) if isinstance(one, list) else read(one)
        for one in elements
    ]


def _object(kind: str, text: str, around: Surroundings) -> int:
    stripped = text.strip()
    return int(stripped) if stripped.isdecimal() else around.oid_of(kind, stripped)


_TRUE = frozenset(("t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"))
_FALSE = frozenset(("f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"))


def _boolean(text: str) -> int:
    lowered = text.strip().lower()
    if lowered in _TRUE or lowered in _FALSE:
        return int(lowered in _TRUE)
    raise invalid_text("boolean", text)


def whole(kind: str) -> Reader:
    """Return what reads whole numbers of a type."""
    limit = types.INTEGERS.get(kind, 2**32)

    def read(text: str) -> int:
        if not re.fullmatch(r"\s*[-+]?\d+\s*", text, re.ASCII):
            raise invalid_text(types.display(kind), text)
        number = int(text)
        if not (-limit <= number < limit):
            raise PostgresError(
                "22003",
                f'value "{text}" is out of range for type {types.display(kind)}',
                hint="Cast it to numeric.",
            )
        return number

    return read


def _real(text: str) -> float | str:
    stripped = text.strip()
    if stripped.lower() in ("nan", "infinity", "-infinity", "inf", "-inf"):
        raise unsupported(f"the number {stripped}", "Use a finite number, or NULL.")
    try:
        number = float(stripped.replace("_", "x"))
    except ValueError:
        raise invalid_text("double precision", text) from None
    if number in (float("inf"), float("-inf")):
        raise overflow("float8")
    return number


def stored_numeric(text: str) -> int | float | str:
    """Return the numeric of a text as SQLite holds it: a number if it is exact in one."""
    value = numerics.parse(text)
    if not value.is_finite():
        raise unsupported(f"the number {text.strip()}", "Use a finite number, or NULL.")
    return numerics.write(value)


def _bytes(text: str) -> bytes:
    if text.startswith("\\x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            raise invalid_text("bytea", text) from None
    return re.sub(
        rb"\\(\\|[0-3][0-7]{2})",
        lambda match: b"\\" if match[1] == b"\\" else bytes([int(match[1], 8)]),
        text.encode(),
    )


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        raise invalid_text("uuid", text) from None


def _json(text: str) -> str:
    documents.load(text)
    return text


_READERS: dict[str, Reader] = {
    "bool": _boolean,
    "bytea": _bytes,
    "numeric": stored_numeric,
    "float4": _real,
    "float8": _real,
    "time": moments.parse_time,
    "interval": lambda text: intervals.parse(text).stored(),
    "json": _json,
    "jsonb": documents.normal,
    "uuid": _uuid,
    "name": lambda text: text.encode()[:63].decode(errors="ignore"),
    "char": lambda text: text[:1],
    "bpchar": str,
    "inet": str,
    "xid8": str,
    **dict.fromkeys(
        ("text", "varchar", "unknown", "aclitem", "pg_node_tree", "tid", "pg_lsn"), str
    ),
    **{kind: whole(kind) for kind in ("int2", "int4", "int8", "oid", "xid", "cid")},
}
