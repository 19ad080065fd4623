"""JSON documents: jsonb's own text, and the operators on it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from billql.serve.postgres.errors import PostgresError, invalid_text
from billql.serve.postgres.values import numerics


def load(text: str) -> Any:
    """Return a document, with numbers as decimals; raise PostgresError for what is no JSON."""
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
    except ValueError:
        raise invalid_text("json", text if len(text) < 80 else f"{text[:80]}…") from None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def write(value: Any) -> str:
    """Return a document as jsonb writes it: keys by length and bytes, a space after `:` and `,`."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_text(key)}: {write(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write, value)) + "]"
    if isinstance(value, Decimal):
        return numerics.write(numerics.plain(value))
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value)


def key(text: str) -> str:
    """Return a text that is the same for equal documents: 1 and 1.0 are equal."""
    return write(_with_plain_numbers(load(text)))


def _with_plain_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_plain_numbers(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_plain_numbers(one) for one in value]
    return value.normalize(numerics.CONTEXT) if isinstance(value, Decimal) else value


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def normal(text: str) -> str:
    """Return a JSON text as jsonb writes it."""
    return write(load(text))


def plain_text(value: Any) -> str | None:
    """Return what `->>` makes of a value: a text without quotes, None for null."""
    if value is None or isinstance(value, str):
        return value
    return write(value)


def member(value: Any, key: Any) -> tuple[bool, Any]:
    """Return whether a document has a key (a text) or a place (a number), and what is there."""
    if isinstance(key, str):
        if isinstance(value, dict) and key in value:
            return True, value[key]
        return False, None
    if isinstance(value, list) and -len(value) <= key < len(value):
        return True, value[key]
    return False, None


def along(value: Any, path: list[Any]) -> tuple[bool, Any]:
    """Return whether a document has something at the end of a path, and what it is."""
    for step in path:
        if step is None:
            return False, None
        key: Any = step
        if isinstance(value, list):
            try:
                key = int(step)
            except ValueError:
                return False, None
        found, value = member(value, key)
        if not found:
            return False, None
    return True, value


def contains(whole: Any, part: Any) -> bool:
    """Return whether one document holds another (`@>`)."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and contains(whole[key], value) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(
            any(contains(one, value) for one in whole) for value in part
        )
    if isinstance(whole, list):
        return any(_same(one, part) for one in whole)
    return _same(whole, part)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


def kind(value: Any) -> str:
    """Return the name of a document's kind."""
    return KINDS.get(type(value), "number")


def expect(value: Any, wanted: str, what: str) -> Any:
    """Return a document of a kind; raise PostgresError for one of another."""
    if kind(value) != wanted:
        raise PostgresError(
            "22023", f"cannot {what} of a {kind(value)}", hint="Test it with jsonb_typeof()."
        )
    return value
