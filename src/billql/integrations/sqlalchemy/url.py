"""The arguments of `billql.connect` that a URL `billql:///FILE?NAME=VALUE` names."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

_FORMS = "billql://, billql:///relative.db, billql:////absolute.db, billql://?sandbox=1"

_SWITCHES = {"1": True, "true": True, "yes": True, "on": True} | {
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def _switch(text: str) -> bool:
    return _SWITCHES[text.lower()]


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError
    return number


def _text(text: str) -> str:
    if not text:
        raise ValueError
    return text


_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "sandbox": (_switch, "1 or 0"),
    "profile": (_text, "a profile's name"),
    "config": (_text, "a file"),
    "read_only": (_switch, "1 or 0"),
    "max_requests": (_count, "a whole number"),
    "max_cost": (_number, "a number"),
    "max_rows": (_count, "a whole number"),
    "timeout": (_number, "a number of seconds"),
    "cache_ttl": (_number, "a number of seconds"),
    "cache": (_text, "a folder"),
    "decimals": (_switch, "1 or 0"),
    "skip_failing_connections": (_switch, "1 or 0"),
}
"""How the value of each parameter is read, and what it shall be.

Tokens are none of them, because programs print URLs: `connect_args` of `create_engine` takes any
argument.
"""

_LISTS = {"definitions": (_text, "a folder")}
"""The same for those that may be repeated."""


def arguments(url: URL) -> tuple[str, dict[str, Any]]:
    """Return the database of a URL and the arguments by name; raise ArgumentError."""
    if url.host or url.port or url.username or url.password:
        raise ArgumentError(
            f"{url.render_as_string()} names a host, a port or a user, which billql does not have. "
            f"Write one of {_FORMS}."
        )
    found: dict[str, Any] = {}
    for name, values in url.normalized_query.items():
        if name in _LISTS:
            found[name] = tuple(_read(name, value, *_LISTS[name]) for value in values)
        elif name not in _READERS:
            raise ArgumentError(_unknown(name))
        elif len(values) > 1:
            raise ArgumentError(f"The parameter {name} of the URL is there {len(values)} times")
        else:
            found[name] = _read(name, values[0], *_READERS[name])
    return url.database or ":memory:", found


def _read(name: str, value: str, read: Callable[[str], Any], form: str) -> Any:
    try:
        return read(value)
    except (ValueError, KeyError):
        raise ArgumentError(
            f"The parameter {name} of the URL is {value!r}; it shall be {form}"
        ) from None


def _unknown(name: str) -> str:
    known = [*_READERS, *_LISTS]
    close = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
    return (
        f"A URL of billql has no parameter {name}. {hint} Tokens and other arguments of "
        "billql.connect go into connect_args of create_engine."
    )
