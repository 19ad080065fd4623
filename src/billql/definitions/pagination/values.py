"""Counts, flags and tokens in responses, in the forms in which APIs write them."""

from __future__ import annotations

from typing import Any

from billql.util.exact_json import Digits


def count_of(value: Any) -> int | None:
    """Read a count of items or pages, which some APIs write as `7.0` or `"7"`."""
    if isinstance(value, Digits):
        value = value.number
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None


def flag_of(value: Any) -> bool | None:
    """Read a flag, which some APIs write as a text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def token_of(value: Any) -> str | int | None:
    """Read a page token or an id, in which a number keeps every digit; raises ValueError for what
    is neither text nor number. None, `false` and an empty text are none at all.
    """
    if value is None or value is False or value == "":
        return None
    if isinstance(value, Digits):
        number = value.number
        return number if isinstance(number, int) else str(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError
    return value
