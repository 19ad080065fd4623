"""Regular expressions of definitions: those that Python and ECMAScript read alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ONE_LANGUAGE = re.compile(
    r"\\[^\W1-9bBdDfnrsStvwW_]|\(\?(?!:|<?[=!])|[*+?}]\+|\{,|\[\^?\]", re.ASCII
)
"""What Python's regular expressions and ECMAScript's do not both have, or do not read alike."""

_PLAIN = re.compile(r"\\[\W_]|\[\^?(?!\])(?:\\.|[^\]\\])*\]", re.DOTALL)
"""What they read alike: a character that is escaped, and a set."""


def pattern_problems(pattern: str) -> Iterator[str]:
    """Yield why a pattern is no regular expression, or not the same one in both languages."""
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        yield f"is no regular expression: {error}"
        return
    if (found := _ONE_LANGUAGE.search(_PLAIN.sub("x", pattern))) is not None:
        yield f"{found[0]} does not mean the same in Python and in ECMAScript; leave it out"
