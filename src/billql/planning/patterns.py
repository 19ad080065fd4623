"""Patterns of LIKE and GLOB that begin with a part of a time, as `2026-%`: ranges of time."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from billql.definitions.types import Operator, SQLValue
from billql.planning.plan import Computed

_BEGINNING = re.compile("[0-9:-]*")
"""The characters of times that are no wildcards, and that have no capitals."""


def beginning_of(pattern: str) -> str:
    """Return the text with which all times begin that match a pattern; empty if it is open."""
    found = _BEGINNING.match(pattern)
    assert found is not None, "an empty text matches"
    return found[0]


_COMPARE: dict[Operator, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _holds(time: SQLValue, comparison: Operator, pattern: SQLValue) -> bool:
    """Return whether the beginning of a time compares so with that of a pattern."""
    beginning = beginning_of(str(pattern))
    return _COMPARE[comparison](str(time)[: len(beginning)], beginning)


BEGINNING = Computed("LIKE", "BINARY", _holds, is_beginning=True)
"""The beginning of a time, as long as that of the pattern that it is compared with."""
