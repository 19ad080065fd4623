"""Calls such as `max(created)` beside an operator: SQLite compares them without a collation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from billql.sql.parentheses import closing, opening
from billql.sql.tokenizer import COMPARISONS, NAMES, Token, unquote

_PASSING = frozenset(
    ("MAX", "MIN", "COALESCE", "IFNULL", "NULLIF", "IIF", "LAG", "LEAD", "FIRST_VALUE")
)
"""The functions that return one of their arguments as it is."""


class ComparedCall(NamedTuple):
    """A call that is compared with a literal or another call."""

    text: str
    names: frozenset[str]
    """The names in its parentheses, in lower case."""
    other: str
    """The literal, or the name of the other function in capitals with its parenthesis."""


def compared_calls(tokens: Sequence[Token]) -> Iterator[ComparedCall]:
    """Yield the calls in a statement that are compared, and have no COLLATE of their own."""
    for start, token in enumerate(tokens):
        if token.keyword in _PASSING and _text(tokens, start + 1) == "(":
            end = closing(tokens, start + 1) or len(tokens)
            other = _other_side(tokens, start, end)
            if other is not None:
                inside = tokens[start + 2 : end]
                names = (unquote(one.text) for one in inside if one.kind in NAMES)
                arguments = "".join(one.text for one in inside)
                text = f"{token.text}({arguments})"
                yield ComparedCall(text, frozenset(name.lower() for name in names), other)


def _other_side(tokens: Sequence[Token], start: int, end: int) -> str | None:
    """Return what a call is compared with, as far as it is known by its text."""
    after = _text(tokens, end + 1).upper()
    if after in COMPARISONS or after == "BETWEEN":
        return _operand(tokens, end + 2)
    if after != "COLLATE" and _text(tokens, start - 1) in COMPARISONS:
        if _text(tokens, start - 2) != ")":
            return _operand(tokens, start - 2)
        return _operand(tokens, (opening(tokens, start - 2) or 0) - 1)
    return None


def _operand(tokens: Sequence[Token], at: int) -> str | None:
    if not 0 <= at < len(tokens):
        return None
    token = tokens[at]
    if token.kind == "string":
        return unquote(token.text)
    return f"{token.keyword}(" if token.keyword and _text(tokens, at + 1) == "(" else None


def _text(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""
