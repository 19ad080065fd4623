"""Advice for outer joins that read all rows of a table that cannot be read as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from billql.sql.parentheses import closing, enclosing
from billql.sql.rewriter import ENDS_FROM
from billql.sql.tokenizer import Token, unquote

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

_OUTER = {"RIGHT", "FULL"}


def advice(statement: ParsedStatement, table: str, column: str) -> str | None:
    """Return what to do where a RIGHT or a FULL JOIN asks for all rows of a table, and the table is
    read by a column; None where no such join does.
    """
    tokens = statement.tokens
    for at, token in enumerate(tokens):
        if token.kind == "quoted" and unquote(token.text).lower() == table:
            side = _side(tokens, at, at)
            if side == "left":
                return (
                    "A RIGHT JOIN reads its left side as a whole. Swap the sides: "
                    f"FROM … LEFT JOIN {table} ON …"
                )
            if side == "all":
                return (
                    f"A RIGHT or FULL JOIN asks for all rows of {table}, also for those without a "
                    f"partner, and it is read by {column}. Write LEFT JOIN {table}, or join "
                    f"what was read before: WITH k AS MATERIALIZED (SELECT * FROM {table} "
                    f"WHERE {column} IN (…))"
                )
    return None


def _side(tokens: Sequence[Token], start: int, end: int) -> Literal["left", "all"] | None:
    """Return which side of a RIGHT or FULL JOIN the tokens `start` to `end` of a FROM are."""
    before = start - 1
    while before > 0 and tokens[before].keyword in ("JOIN", "OUTER"):
        before -= 1
    if before < start - 1 and tokens[before].keyword in _OUTER:
        return "all"
    depth = 0
    for token, following in zip(tokens[end + 1 :], tokens[end + 2 :], strict=False):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or (depth == 0 and (token.keyword in ENDS_FROM or token.text == ";")):
            break
        if depth == 0 and token.keyword in _OUTER and following.keyword in ("JOIN", "OUTER"):
            return "all" if token.keyword == "FULL" else "left"
    return _side_of_subquery(tokens, start)


def _side_of_subquery(tokens: Sequence[Token], inside: int) -> Literal["left", "all"] | None:
    """Return the same of the subquery or the parentheses in a FROM around a token."""
    start = enclosing(tokens, inside)
    if not start:  # or the first token, before which no FROM stands
        return None
    before = tokens[start - 1]
    if before.keyword not in ("FROM", "JOIN") and before.text not in (",", "("):
        return None
    end = closing(tokens, start)
    return None if end is None else _side(tokens, start, end)
