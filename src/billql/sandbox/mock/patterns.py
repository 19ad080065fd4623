"""Texts that match a pattern of a definition, such as `AC[0-9a-f]{32}`."""

from __future__ import annotations

import re
import string
from typing import Final, NamedTuple

from billql.sandbox.rng import Rng

_CLASSES: Final = {
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "_",
}
_ANY: Final = string.ascii_lowercase + string.digits
_REPEATS: Final = {"*": (0, 8), "+": (1, 8), "?": (0, 1)}
_COUNT: Final = re.compile(r"\{(\d+)(,?)(\d*)\}", re.ASCII)
_MORE: Final = 8
"""How many more than the least there are at most, where a pattern has no most."""


class _Part(NamedTuple):
    """A part of a pattern, with how often it stands there at least and at most."""

    one_of: str | list[list[_Part]]
    """The characters of which it is one, or the alternatives of a group."""
    low: int
    high: int


class _UnknownError(Exception):
    """The pattern has something that is not read here, such as a lookahead."""


def matching(pattern: str, rng: Rng) -> str | None:
    """Return a text that matches a pattern as a whole; None if none is found."""
    try:
        alternatives, end = _alternatives(pattern, 0)
    except (_UnknownError, IndexError):
        return None
    if end < len(pattern):
        return None
    text = _drawn(alternatives, rng)
    return text if re.fullmatch(pattern, text, re.ASCII) else None


def _drawn(alternatives: list[list[_Part]], rng: Rng) -> str:
    return "".join(
        rng.pick(part.one_of) if isinstance(part.one_of, str) else _drawn(part.one_of, rng)
        for part in rng.pick(alternatives)
        for _ in range(rng.between(part.low, part.high))
    )


def _alternatives(pattern: str, at: int) -> tuple[list[list[_Part]], int]:
    """Return the alternatives that begin at a place, and where they end."""
    found: list[list[_Part]] = [[]]
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":
            found.append([])
            at += 1
        elif pattern[at] in "^$":
            at += 1
        else:
            one_of, at = _atom(pattern, at)
            low, high, at = _repeat(pattern, at)
            found[-1].append(_Part(one_of, low, high))
    return found, at


def _atom(pattern: str, at: int) -> tuple[str | list[list[_Part]], int]:
    first = pattern[at]
    if first == "(":
        start = at + 3 if pattern.startswith("(?:", at) else at + 1
        if start == at + 1 and pattern[start] == "?":
            raise _UnknownError
        inner, end = _alternatives(pattern, start)
        return inner, end + 1
    if first == "[":
        return _set(pattern, at + 1)
    if first == "\\":
        return _escaped(pattern[at + 1]), at + 2
    return (_ANY if first == "." else first), at + 1


def _escaped(character: str) -> str:
    if character.isalnum() and character not in _CLASSES:
        raise _UnknownError
    return _CLASSES.get(character, character)


def _set(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at] == "^":
        others, end = _set(pattern, at + 1)
        return "".join(one for one in _ANY if one not in others), end
    found = ""
    while pattern[at] != "]":
        if pattern[at] == "\\":
            found, at = found + _escaped(pattern[at + 1]), at + 2
        elif pattern[at + 1] == "-" and pattern[at + 2] != "]":
            found += "".join(map(chr, range(ord(pattern[at]), ord(pattern[at + 2]) + 1)))
            at += 3
        else:
            found, at = found + pattern[at], at + 1
    return found, at + 1


def _repeat(pattern: str, at: int) -> tuple[int, int, int]:
    """Return how often a part stands there, at least and at most, and where that ends."""
    if at < len(pattern) and pattern[at] in _REPEATS:
        return *_REPEATS[pattern[at]], at + 1
    found = _COUNT.match(pattern, at)
    if found is None:
        return 1, 1, at
    low = int(found[1])
    if not found[2]:
        return low, low, found.end()
    return low, int(found[3]) if found[3] else low + _MORE, found.end()
