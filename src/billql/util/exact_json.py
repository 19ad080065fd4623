"""JSON as a response writes it: every digit of its numbers, and texts that are none in Unicode.

The usual parser makes floats of integers beyond 64 bits and of decimals, which merges ids and loses
zeros, and it refuses what no float holds and half a character. `exact` keeps all of it; it is for
the few columns and responses that need it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_LONG = 20
"""No integer of more letters fits into 64 bits."""

_MAYBE_REAL = re.compile(rb"[.e][-+\d]")
_REAL = re.compile(rb"[:,\[]-?\d+[.e]")
"""Where compact JSON has a number that is a float, or a text that looks like one; the other is
quicker, and finds more that only look so."""

_INTEGER = re.compile(r"-?\d+", re.ASCII)

_BOM = b"\xef\xbb\xbf"
_MOST_DIGITS = 4000
"""Python converts no longer integers (https://docs.python.org/3/library/stdtypes.html#int)."""


class Digits(str):
    """A number, letter for letter as a response writes it."""

    __slots__ = ()

    @property
    def number(self) -> int | float:
        """Return the number: an integer with all its digits, or the nearest float."""
        whole = len(self) < _MOST_DIGITS and _INTEGER.fullmatch(self)
        return int(self) if whole else float(self)


def parse(body: bytes) -> tuple[Any, bool]:
    """Parse JSON, quickly if that is possible; return whether it had to be done by `exact`.

    Raises ValueError for what is not JSON.
    """
    import orjson

    body = body.removeprefix(_BOM)
    try:
        return orjson.loads(body), False
    except orjson.JSONDecodeError as error:
        try:
            return exact(body), True
        except ValueError:
            raise error from None


def is_json(text: str) -> bool:
    """Return whether a text is JSON, whatever its numbers are."""
    try:
        parse(text.encode())
    except ValueError:
        return False
    return not text.startswith("\ufeff")


def exact(body: bytes) -> Any:
    """Parse JSON so that floats and integers beyond 64 bits are `Digits`.

    What is no character stays a lone surrogate: see `is_broken`. Raises ValueError for what is not
    JSON, or is nested too deep.
    """
    text = decoded(body)
    try:
        return json.loads(text, parse_float=Digits, parse_int=_integer, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def decoded(body: bytes) -> str:
    """Return the text of a response; a byte that is no character becomes a lone surrogate."""
    return body.removeprefix(_BOM).decode("utf-8", "surrogateescape")


def loads(text: str) -> Any:
    """Parse JSON that goes out again: integers of any length, and the nearest floats.

    Raises ValueError for what is not JSON, or is nested too deep.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _integer(text: str) -> int | Digits:
    if len(text) > _LONG:
        return Digits(text)
    number = int(text)
    return number if -(2**63) <= number < 2**64 else Digits(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def has_real(values: Sequence[Any]) -> bool:
    """Return whether values from the usual parser have a float in them, or may have one.

    Only there can a digit be lost: integers that fit into 64 bits keep theirs.
    """
    import orjson

    types = set(map(type, values))
    if float in types or types.isdisjoint((dict, list)):
        return float in types
    try:
        text = orjson.dumps(values)
    except TypeError:  # nested deeper than it writes
        return True
    return _MAYBE_REAL.search(text) is not None and _REAL.search(text) is not None


def is_broken(value: Any) -> bool:
    """Return whether a value has a lone surrogate: half a character, or an invalid byte."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += (*one, *one.values())
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str) and not one.isascii():
            try:
                one.encode()
            except UnicodeEncodeError:
                return True
    return False


def written(values: Sequence[Any]) -> list[str | None]:
    """Write parsed values as compact JSON, numbers as they were; None stays.

    Raises ValueError for what is none.
    """
    import orjson

    dumps, option = orjson.dumps, orjson.OPT_PASSTHROUGH_SUBCLASS
    try:
        return [None if one is None else dumps(one, _literal, option).decode() for one in values]
    except TypeError as error:  # nested deeper than it writes, or not JSON at all
        raise ValueError(f"not JSON: {error}") from None


def spelling(value: Any) -> str | None:
    """Return a value that was parsed exactly as a response writes it; a text without its quotes.

    None for null and for an empty text.
    """
    if value is None or value == "":
        return None
    return str(value) if isinstance(value, str) else written([value])[0]


def _literal(value: object) -> Any:
    import orjson

    if isinstance(value, Digits):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is no type of JSON's")
