"""Parentheses among the tokens of a statement: which belong together, and what they are around."""

from __future__ import annotations

from collections.abc import Sequence

from billql.sql.tokenizer import Token

_STEPS = {"(": 1, ")": -1}


def closing(tokens: Sequence[Token], opening: int) -> int | None:
    """Return the index of the parenthesis that closes another one; None if there is none."""
    return _balanced(tokens, range(opening, len(tokens)))


def opening(tokens: Sequence[Token], closing: int) -> int | None:
    """Return the index of the parenthesis that another one closes; None if there is none."""
    return _balanced(tokens, range(closing, -1, -1))


def enclosing(tokens: Sequence[Token], inside: int) -> int | None:
    """Return the index of the parenthesis that opens around a token; None if there is none."""
    depth = 0
    for at in range(inside - 1, -1, -1):
        depth += _STEPS.get(tokens[at].text, 0)
        if depth > 0:
            return at
    return None


def _balanced(tokens: Sequence[Token], places: range) -> int | None:
    """Return the first of some places up to which as many parentheses open as close."""
    depth = 0
    for at in places:
        depth += _STEPS.get(tokens[at].text, 0)
        if depth == 0:
            return at
    return None
