"""The columns of the SELECTs in a statement, by their tokens; no parser is loaded for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from billql.sql.tokenizer import NAMES, Token, unquote

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement


class Projection(NamedTuple):
    """A column of a SELECT, or of a part of a UNION."""

    name: str | None
    """Its name in lower case; None for an expression without an alias."""
    tokens: Sequence[Token]
    """Its expression, without the alias."""
    has_alias: bool = False


def name_of(token: Token) -> str:
    """Return the name that a token may be, in lower case; empty if it is none."""
    return unquote(token.text).lower() if token.kind in NAMES else ""


def names_of_ctes(statement: ParsedStatement) -> frozenset[str]:
    """Return all names in the WITH clauses of a statement, in lower case, and perhaps more: those
    that stand where `name AS (` or `name (` may be meant.
    """
    tokens = statement.tokens
    if not any(token.keyword == "WITH" for token in tokens):
        return frozenset()
    return frozenset(
        unquote(token.text).lower()
        for token, after, then in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if after.text == "("
        or (after.keyword == "AS" and (then.text == "(" or then.keyword in _BEFORE_CTE))
    )


_BEFORE_CTE = frozenset(("NOT", "MATERIALIZED"))
_ENDS = frozenset(("WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "RETURNING"))
_ENDS |= {"UNION", "EXCEPT", "INTERSECT", "FROM"}
"""The keywords after which the columns of a SELECT have ended."""


def selects(statement: ParsedStatement) -> Iterator[tuple[int, list[Projection]]]:
    """Yield for each SELECT its columns, and how many parentheses are around it."""
    depth = 0
    for at, token in enumerate(statement.tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.keyword == "SELECT":
            yield depth, list(projections(statement.tokens, at + 1))


def projections(tokens: Sequence[Token], start: int) -> Iterator[Projection]:
    """Yield the columns of a SELECT, whose first one begins at a token."""
    start += tokens[start].keyword in ("DISTINCT", "ALL") if start < len(tokens) else 0
    depth, first = 0, start
    for at in range(start, len(tokens) + 1):
        token = tokens[at] if at < len(tokens) else None
        depth -= token is not None and token.text == ")"
        ends = token is None or depth < 0 or token.text == ";"
        if depth == 0 and token is not None and token.keyword in _ENDS:
            ends = ends or token.keyword != "FROM" or tokens[at - 1].keyword != "DISTINCT"
        if (ends or (depth == 0 and token is not None and token.text == ",")) and at > first:
            yield _projection(tokens[first:at])
            first = at + 1
        if ends:
            return
        depth += token is not None and token.text == "("


def _projection(tokens: Sequence[Token]) -> Projection:
    """Return a column from its tokens, which have an alias, are a name, or are an expression."""
    last = tokens[-1]
    if last.kind not in NAMES or len(tokens) == 1 or tokens[-2].text == ".":
        return Projection(name_of(last) or None, tokens)
    if tokens[-2].keyword == "AS":
        return Projection(name_of(last), tokens[:-2], has_alias=True)
    has_alias = tokens[-2].kind not in ("operator",) or tokens[-2].text == ")"
    if has_alias and last.keyword not in ("END", "NULL", "NOTNULL", "ISNULL", "TRUE", "FALSE"):
        return Projection(name_of(last), tokens[:-1], has_alias=True)
    return Projection(None, tokens)
