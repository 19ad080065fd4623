"""LIKE and regular expressions.

https://www.postgresql.org/docs/15/functions-matching.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.functions.registry import function
from billql.serve.postgres.values import arrays


@lru_cache(maxsize=512)
def _like_pattern(pattern: str, escape: str, ignore_case: bool) -> re.Pattern[str]:
    if len(escape) > 1:
        raise PostgresError("22025", "invalid escape string", hint="Use one character.")
    out: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if escape and character == escape:
            at += 1
            if at == len(pattern):
                raise PostgresError(
                    "22025", "LIKE pattern must not end with escape character", hint="Double it."
                )
            out.append(re.escape(pattern[at]))
        elif character == "%":
            if not out or out[-1] != ".*":
                out.append(".*")
        elif character == "_":
            out.append(".")
        else:
            out.append(re.escape(character))
        at += 1
    return re.compile("".join(out), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _like(text: str, pattern: str, escape: str) -> int:
    return int(_like_pattern(pattern, escape, False).fullmatch(text) is not None)


def _ilike(text: str, pattern: str, escape: str) -> int:
    return int(_like_pattern(pattern, escape, True).fullmatch(text) is not None)


_CLASSES = {
    "alpha": "^\\W\\d_", "digit": "0-9", "alnum": "^\\W_", "upper": "A-Z", "lower": "a-z",
    "space": "\\s", "punct": "!-/:-@\\[-`{-~", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


_BOUNDARIES = {"\\m": r"\\b(?=\\w)", "\\M": r"\\b(?<=\\w)", "\\y": r"\\b", "\\Y": r"\\B"}
"""PostgreSQL's marks of where words begin and end, in templates of Python's."""


@lru_cache(maxsize=512)
def expression(pattern: str, flags: str = "") -> re.Pattern[str]:
    """Return a regular expression as Python's; raise PostgresError if it is none."""
    kinds = re.DOTALL
    for flag in flags:
        if flag == "i":
            kinds |= re.IGNORECASE
        elif flag in ("n", "m"):
            kinds = (kinds & ~re.DOTALL) | re.MULTILINE
        elif flag not in ("g", "c", "s"):
            raise unsupported(f"the flag {flag} of a regular expression", "Use i, g, n or s.")
    for posix, meaning in _BOUNDARIES.items():
        pattern = re.sub(rf"(?<!\\)((?:\\\\)*){re.escape(posix)}", rf"\1{meaning}", pattern)
    pattern = re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found[1], found[0]), pattern)
    if not kinds & re.MULTILINE:
        pattern = re.sub(r"(?<!\\)((?:\\\\)*)\$(?![^\[]*\])", r"\1\\Z", pattern)
    try:
        return re.compile(pattern, kinds)
    except (re.error, RecursionError) as error:
        raise PostgresError(
            "2201B", f"invalid regular expression: {error}", hint="Check the pattern."
        ) from None


def _matches(text: str, pattern: str) -> int:
    return int(expression(pattern).search(text) is not None)


def _imatches(text: str, pattern: str) -> int:
    return int(expression(pattern, "i").search(text) is not None)


def _replacement(text: str) -> Callable[[re.Match[str]], str]:
    def made(found: re.Match[str]) -> str:
        def part(piece: re.Match[str]) -> str:
            if piece[1] == "&":
                return found[0]
            return (found[int(piece[1])] or "") if piece[1].isdecimal() else piece[1]

        return re.sub(r"\\([0-9&\\])", part, text)

    return made


def _regexp_replace(text: str, pattern: str, new: str, flags: str = "") -> str:
    count = 0 if "g" in flags else 1
    return expression(pattern, flags).sub(_replacement(new), text, count=count)


def _groups(found: re.Match[str]) -> list[Any]:
    return list(found.groups()) if found.re.groups else [found[0]]


def _regexp_match(text: str, pattern: str, flags: str = "") -> str | None:
    found = expression(pattern, flags).search(text)
    return None if found is None else arrays.dump(_groups(found))


def _regexp_split(text: str, pattern: str, flags: str = "") -> str:
    parts, last = [], 0
    for found in expression(pattern, flags).finditer(text):
        if found.end() == found.start() and found.start() in (0, len(text)):
            continue
        parts.append(text[last : found.start()])
        last = found.end()
    return arrays.dump([*parts, text[last:]])


def _substring_of(text: str, pattern: str) -> str | None:
    found = expression(pattern).search(text)
    if found is None:
        return None
    return found[1] if found.re.groups else found[0]


FUNCTIONS = [
    function("substring", "text text", "text", _substring_of),
    function("regexp_replace", "text text text text", "text", _regexp_replace, optional=1),
    function("regexp_match", "text text text", "_text", _regexp_match, optional=1),
    function("regexp_split_to_array", "text text text", "_text", _regexp_split, optional=1),
    function(
        "regexp_split_to_table", "text text text", "text", _regexp_split, optional=1, is_set=True
    ),
    function(
        "regexp_like",
        "text text text",
        "bool",
        lambda text, pattern, flags="": int(expression(pattern, flags).search(text) is not None),
        optional=1,
    ),
]

OPERATORS: dict[str, Callable[..., Any]] = {
    "pg_like": _like,
    "pg_ilike": _ilike,
    "pg_matches": _matches,
    "pg_imatches": _imatches,
}
"""What operators become; all are strict."""
