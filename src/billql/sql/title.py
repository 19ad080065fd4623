"""The title of a statement's result: what the statement is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.sql.tokenizer import NAMES, unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.sql.statements import ParsedStatement
    from billql.sql.tokenizer import Token


def title_of(statement: ParsedStatement) -> str | None:
    """Return the first line of the comment before a statement, else the name of its first table.

    None if it has neither. Of a dotted name it is the last part.
    """
    start = statement.tokens[0].start if statement.tokens else 0
    for line in statement.text[:start].splitlines():
        if comment := line.strip().lstrip("-/*").removesuffix("*/").strip():
            return comment
    for place, token in enumerate(statement.tokens):
        if token.keyword == "FROM":
            return _last_part(statement.tokens[place + 1 :])
    return None


def _last_part(tokens: Sequence[Token]) -> str | None:
    """Return the last part of the dotted name with which `tokens` begin; None if it is none."""
    name, after_dot = None, True
    for token in tokens:
        if token.kind in NAMES and after_dot:
            name, after_dot = unquote(token.text), False
        elif token.text == "." and name is not None:
            after_dot = True
        else:
            break
    return name
