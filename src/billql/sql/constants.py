"""The texts that a statement compares something with: constants and parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billql.sql.statements import Bindings, ParsedStatement
from billql.sql.tokenizer import COMPARISONS, Token, unquote

_AFTER = frozenset(("IS", "NOT", "FROM", "BETWEEN", "AND", "WHEN"))
"""The keywords after which a value is compared: FROM is the end of IS DISTINCT FROM."""

_BEFORE = frozenset(("IS", "NOT", "BETWEEN", "IN"))
"""The keywords before which one is."""

_QUERY = frozenset(("SELECT", "WITH", "VALUES"))
"""The keywords with which a parenthesis holds a query, and no list."""


def compared_texts(statement: ParsedStatement, bindings: Bindings) -> frozenset[str]:
    """Return the texts of a statement that stand beside an operator, in an IN list, or are bound.

    Numbers are among them as texts. A text that stands elsewhere, such as a heading in a SELECT, is
    not.
    """
    values = bindings.values() if isinstance(bindings, Mapping) else bindings
    bound = {str(value) for value in values if isinstance(value, str | int | float)}
    return frozenset((*bound, *_compared_literals(statement.tokens)))


def is_compound(statement: ParsedStatement) -> bool:
    """Return whether a statement joins SELECTs by UNION, INTERSECT or EXCEPT.

    These compare the columns of one SELECT with those of another.
    """
    return any(token.keyword in ("UNION", "INTERSECT", "EXCEPT") for token in statement.tokens)


def _compared_literals(tokens: tuple[Token, ...]) -> Iterator[str]:
    in_list = [False]
    """For each open parenthesis, whether it holds what something is compared with."""
    before = None
    for token, after in zip(tokens, (*tokens[1:], None), strict=True):
        if token.text == "(":
            holds_query = after is not None and after.keyword in _QUERY
            in_list.append(not holds_query and _is_one_of(before, frozenset(("IN",))))
        elif token.text == ")" and len(in_list) > 1:
            in_list.pop()
        elif token.kind in ("string", "number") and (
            in_list[-1] or _is_one_of(before, _AFTER) or _is_one_of(after, _BEFORE)
        ):
            yield unquote(token.text)
        before = token


def _is_one_of(token: Token | None, keywords: frozenset[str]) -> bool:
    """Return whether a token is a comparison's operator or one of some keywords."""
    return token is not None and (token.text in COMPARISONS or token.keyword in keywords)
