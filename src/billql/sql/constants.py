"""The texts that a statement compares something with: constants and parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billql.sql.statements import Bindings, ParsedStatement
from billql.sql.tokenizer import Token, unquote

_COMPARES = frozenset(("=", "==", "<", "<=", ">", ">=", "<>", "!="))
_COMPARING_KEYWORDS = frozenset(("IS", "NOT", "FROM", "BETWEEN", "AND", "WHEN"))
"""The keywords beside a value that is compared: FROM is the end of IS DISTINCT FROM."""


def compared_texts(statement: ParsedStatement, bindings: Bindings) -> frozenset[str]:
    """Return the texts of a statement that stand beside an operator, in an IN list, or are bound.

    Numbers are among them as texts. A text that stands elsewhere, such as a heading in a SELECT, is
    not.
    """
    values = bindings.values() if isinstance(bindings, Mapping) else bindings
    bound = {str(value) for value in values if isinstance(value, str | int | float)}
    return frozenset((*bound, *_compared_literals(statement.tokens)))


def _compared_literals(tokens: tuple[Token, ...]) -> Iterator[str]:
    in_list = [False]
    """For each open parenthesis, whether it holds what something is compared with."""
    before = None
    for token, after in zip(tokens, (*tokens[1:], None), strict=True):
        if token.text == "(":
            is_in = before is not None and before.keyword == "IN"
            in_list.append(is_in or _compares(before))
        elif token.text == ")" and len(in_list) > 1:
            in_list.pop()
        elif token.kind in ("string", "number") and (
            in_list[-1] or _compares(before) or _compares(after)
        ):
            yield unquote(token.text)
        before = token


def _compares(token: Token | None) -> bool:
    return token is not None and (token.text in _COMPARES or token.keyword in _COMPARING_KEYWORDS)
