"""Row values whose IN SQLite must not look up, because it would look for other values.

    FROM a RIGHT JOIN b … WHERE (b.x, b.y) IN (…)    WHERE +((b.x, b.y) IN (…))

Beside a RIGHT or a FULL JOIN, SQLite 3.53 reads the rows that matched nothing in a loop of its own.
Where an index, or a filter of a virtual table, takes y alone, that loop looks for x's values in it,
and such rows are missing. What `+` stands before is checked for each row, and never looked up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from billql.sql import parentheses
from billql.sql.operands import Operands
from billql.sql.source_map import Edit

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

_BEFORE = frozenset(("WHERE", "ON", "AND", "OR", "NOT"))
"""The keywords that a condition follows; before a parenthesis, other names are functions."""


def row_value_edits(statement: ParsedStatement) -> Iterator[Edit]:
    """Yield the edits that keep SQLite from looking up row values beside a RIGHT or FULL JOIN."""
    tokens = statement.tokens
    keywords = {token.keyword for token in tokens}
    if not (keywords >= {"JOIN", "IN"} and keywords & {"RIGHT", "FULL"}):
        return
    operands = Operands(tokens)
    for at, token in enumerate(tokens[:-1]):
        if token.keyword != "IN" or operands.text(at - 1) != ")" or tokens[at + 1].text != "(":
            continue
        first, last = parentheses.opening(tokens, at - 1), parentheses.closing(tokens, at + 1)
        if first is None or last is None or len(list(operands.members(first))) < 2:
            continue
        if operands.keyword(first - 1) in _BEFORE or operands.text(first - 1) == "(":
            yield tokens[first].start, tokens[first].start, "+("
            yield tokens[last].end, tokens[last].end, ")"
