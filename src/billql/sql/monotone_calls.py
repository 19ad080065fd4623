"""Expressions of one time that never go down as the time goes up, such as `date(created)`.

The month of a later moment is the same month or a later one, and so is the text that shows it. So a
bound on the month is one on the moment, and can be sent to an API that knows nothing of months.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from billql.sql.operands import JOINED, Operands
from billql.sql.tokenizer import unquote

_DESCENDING_UNITS = re.compile(
    r"%Y(?:[^%]*%m(?:[^%]*%d(?:[^%]*%H(?:[^%]*%M(?:[^%]*%S)?)?)?)?)?[^%]*", re.ASCII
)
"""A format of strftime() whose texts sort as the times do: from the year down."""
_FIRST_OF_MONTH = re.compile(r"(?:%Y|\d{4})-(?:%m|\d\d)-01[^%]*", re.ASCII)
_STARTS = frozenset(("start of month", "start of year"))
_SHIFT = re.compile(r"[+-]?\d{1,6}(?:\.\d{1,6})? *(day|hour|minute|second)s?", re.IGNORECASE)
_LEAP = re.compile(r"[+-]?\d{1,4} *(month|year)s?", re.IGNORECASE)
_UNITS = frozenset(("second", "minute", "hour", "day", "week", "month", "quarter", "year"))
"""The units of date_trunc()."""


class Monotone(NamedTuple):
    """An expression among the tokens of a statement."""

    first: int
    """The index of its first token."""
    last: int
    """The index of its last token."""
    is_first_of_month: bool = False
    """Whether it is the beginning of a month, so that adding months keeps the order."""
    is_number: bool = False
    """Whether it is a number, and no text."""
    is_year: bool = False
    """Whether it is the text of a year, four digits."""
    is_cast: bool = False
    """Whether it is a CAST, which has an affinity."""


def monotone_around(tokens: Operands, first: int, last: int, *, is_month: bool) -> Monotone | None:
    """Return the longest such expression of a column of time between two indexes; None if the
    column stands alone.

    `is_month` is whether the column shows months, `2026-01`, and nothing within them.
    """
    found = Monotone(first, last)
    while (outer := _wrapped(tokens, found, is_month)) is not None:
        found, is_month = outer, False
    return None if found.first == first and found.last == last else found


def _wrapped(tokens: Operands, inner: Monotone, is_month: bool) -> Monotone | None:
    """Return what stands around an expression, if that keeps the order too."""
    first, last = inner.first, inner.last
    if inner.is_number:
        return None
    if tokens.text(last + 1) == JOINED:
        return _joined(tokens, inner, is_month)
    if inner.is_year and _is_cast(tokens, first, last):
        return Monotone(first - 2, last + 3, is_number=True, is_cast=True)
    opened, place = first - 1, 0
    while tokens.text(opened) not in ("(", "") and place < 1:
        if tokens.text(opened) != ",":
            return None
        opened, place = opened - 2, place + 1
    if tokens.text(opened) != "(":
        return None
    members = list(tokens.members(opened))
    if len(members) <= place or members[place] != range(first, last + 1):
        return None
    name = unquote(tokens.text(opened - 1)).lower() if opened else ""
    others = [_literal(tokens, member) for number, member in enumerate(members) if number != place]
    closed = tokens.closing(opened)
    return _call(name, place, others, Monotone(opened - 1, closed), inner.is_first_of_month)


def _joined(tokens: Operands, inner: Monotone, is_month: bool) -> Monotone | None:
    """Return the join of an expression and of a constant text behind it."""
    end = inner.last + 2
    is_text = 0 <= end < len(tokens.tokens) and tokens.tokens[end].kind == "string"
    beside = {tokens.text(inner.first - 1), tokens.text(end + 1)}
    if not is_text or beside & {JOINED, "->", "->>"} or tokens.keyword(end + 1) == "COLLATE":
        return None
    added = unquote(tokens.text(end))
    return Monotone(inner.first, end, is_first_of_month=is_month and added.startswith("-01"))


def _is_cast(tokens: Operands, first: int, last: int) -> bool:
    """Return whether CAST (… AS INTEGER) stands around an expression."""
    before = tokens.keyword(first - 2), tokens.text(first - 1)
    after = tokens.keyword(last + 1), tokens.keyword(last + 2), tokens.text(last + 3)
    return before == ("CAST", "(") and after == ("AS", "INTEGER", ")")


def _literal(tokens: Operands, member: range) -> str | None:
    """Return the text of a constant argument; None for any other argument."""
    token = tokens.tokens[member.start] if len(member) == 1 else None
    if token is None or token.kind not in ("string", "number"):
        return None
    return unquote(token.text) if token.kind == "string" else f"#{token.text}"


def _call(
    name: str, place: int, others: Sequence[str | None], call: Monotone, is_first: bool
) -> Monotone | None:
    """Return a call, if it keeps the order of the argument at a place beside constant others."""
    if None in others:
        return None
    constants = [one for one in others if one is not None]
    match name, place:
        case (("date" | "datetime"), 0):
            return _modified(call, constants, is_first)
        case "strftime", 1 if _DESCENDING_UNITS.fullmatch(constants[0]):
            made = _modified(call, constants[1:], is_first)
            starts = _FIRST_OF_MONTH.fullmatch(constants[0]) is not None
            is_year = constants[0] == "%Y"
            return made and made._replace(is_first_of_month=starts, is_year=is_year)
        case (("substr" | "substring"), 0) if len(constants) == 2 and constants[0] == "#1":
            is_length = constants[1].startswith("#")
            return call._replace(is_year=constants[1] == "#4") if is_length else None
        case "date_trunc", 1 if constants[0].lower() in _UNITS:
            return call
        case "year", 0 if not constants:
            return call._replace(is_number=True)
    return None


def _modified(call: Monotone, modifiers: Sequence[str], is_first: bool) -> Monotone | None:
    """Return a call with modifiers of time, if each keeps the order.

    A month later than 31 January is 3 March, and than 1 February 1 March: so only the first of a
    month may be moved by months.
    """
    for modifier in modifiers:
        if modifier.lower() in _STARTS:
            is_first = True
        elif _LEAP.fullmatch(modifier):
            if not is_first:
                return None
        elif _SHIFT.fullmatch(modifier):
            is_first = False
        elif modifier.lower() == "start of day":
            continue
        else:
            return None
    return call._replace(is_first_of_month=is_first)
