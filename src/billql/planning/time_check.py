"""Refusing what is no time where a statement compares a column of time with it.

As a text it would have a place among the times, so the answer would be wrong in silence. What
stands in a row of another table is no mistake of the statement: it equals no time.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, Protocol

from billql.definitions.catalog import Table
from billql.definitions.types import MOMENTS, SQLValue
from billql.errors import BadValue
from billql.planning.plan import Constraint, Plan, each_value
from billql.sql.compared_calls import ComparedCall
from billql.util.instant import SPELLINGS, instant

_COMPARISONS = frozenset(("=", "<", "<=", ">", ">="))
_NUMBER_OF_TIME = re.compile(r"[+-]?\d{7,13}(?:\.\d*)?", re.ASCII)
"""A number that counts time: seconds or milliseconds since 1970, Julian days, or `20260131`."""


class ComparesTexts(Protocol):
    """A statement, which knows what it compares."""

    @property
    def compared_texts(self) -> frozenset[str]:
        """Return the texts that the statement itself compares something with."""


def check_literals(table: Table, constraints: Iterable[Constraint]) -> None:
    """Raise BadValue for a constant that is no time and is compared with a column of time."""
    for one in constraints:
        if one.literal and one.operator in _COMPARISONS and _is_timed(table, one):
            assert one.value is None or isinstance(one.value, str | int | float | bytes)
            if not _is_time(one.value):
                raise _not_a_time(one.value, f"{table.name}: {one.column}")


def check_arguments(
    table: Table, plan: Plan, values: Sequence[Any], statement: ComparesTexts
) -> None:
    """Raise BadValue for such a value of a constraint if it is one of the statement's own texts."""
    for pushed, value in plan.bind_arguments(values).pushed:
        if not _is_timed(table, pushed.constraint):
            continue
        for one in each_value(value):
            is_fault = isinstance(one, str) and not _is_time(one)
            if is_fault and one in statement.compared_texts:
                raise _not_a_time(one, f"{table.name}: {pushed.constraint.column}")


def fault_of_text(text: str, texts: Container[str]) -> BadValue | None:
    """Return the error for a text that is no time and that SQLite compares with one.

    That is one of the statement's own `texts`, and a number that counts time wherever it is from.
    None for others.
    """
    is_fault = text in texts or _NUMBER_OF_TIME.fullmatch(text)
    return _not_a_time(text, "A column of time") if is_fault else None


def text_comparisons(table: Table, plan: Plan) -> Iterator[str]:
    """Yield a warning for each column of time that a plan compares as a text.

    So it is where a plain text column stands before it. SQLite does not distinguish that from a
    COLLATE, but from the LIKE or GLOB that it makes a range of.
    """
    matched = {
        one.column
        for one in plan.constraints
        if one.operator == "other" or one.computed is not None
    }
    for one in plan.constraints:
        is_text = one.collation == "BINARY" and one.operator in (*_COMPARISONS, "in")
        if is_text and not one.literal and one.column in table.columns.keys() - matched:
            column = one.column
            yield (
                f"{table.name}: {column} is compared as a text, because a text column stands "
                f"before it, or by a COLLATE. To compare times, write {column} first, or add "
                "COLLATE time at the end."
            )


_SQLITES_OWN = {"DATETIME(": None, "DATE(": "date"}
"""Functions that return a time, by the type whose form it has: no column has that of DATETIME."""


def text_calls(table: Table, calls: Iterable[ComparedCall]) -> Iterator[str]:
    """Yield a warning for each call with a column of time that is compared as a text.

    It is right where both sides have the same form, so there is none then.
    """
    for call in calls:
        kinds = {
            column.type
            for name, column in table.columns.items()
            if name.lower() in call.names and column.type in MOMENTS
        }
        if kinds and not _form(call.other) & kinds and (_is_sqlites(call) or instant(call.other)):
            yield (
                f"{table.name}: {call.text} is compared as a text, because a call is no column of "
                f"time. To compare times, write {call.text} COLLATE time."
            )


def _is_sqlites(call: ComparedCall) -> bool:
    return call.other in _SQLITES_OWN


def _form(other: str) -> set[str]:
    """Return the types of time whose columns show a text, or what a function returns, as it is."""
    if other in _SQLITES_OWN:
        return {_SQLITES_OWN[other] or ""}
    found = instant(other)
    if found is None:
        return set()
    forms = {"timestamp": found, "date": found[:10], "month": found[:7]}
    return {kind for kind, form in forms.items() if form == other}


def _is_timed(table: Table, constraint: Constraint) -> bool:
    own = constraint.collation is None and constraint.computed is None
    if not own or constraint.column not in table.columns:
        return False
    return table.columns[constraint.column].type in MOMENTS


def _is_time(value: SQLValue) -> bool:
    """Return whether SQLite compares a value as a time, or as NULL or a blob, which is neither."""
    if value is None or isinstance(value, bytes):
        return True
    return instant(str(value)) is not None


def _not_a_time(value: SQLValue, compared: str) -> BadValue:
    """Return the error for a value that is no time."""
    counts = _NUMBER_OF_TIME.fullmatch(str(value)) is not None
    hint = " Use datetime(x, 'unixepoch') for seconds since 1970." if counts else ""
    return BadValue(
        f"{compared} is compared with {value!r:.80}, which is no time", hint=SPELLINGS + hint
    )
