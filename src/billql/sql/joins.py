"""How an outer join asks for a table: what to do where a table cannot be read as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from billql.sql.tokenizer import Token, tokenize, unquote

_ENDS_FROM = {"WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "RETURNING", "SET"}
_ENDS_FROM |= {"UNION", "EXCEPT", "INTERSECT"}
_OUTER = {"RIGHT", "FULL"}


def advice(sql: str, table: str, column: str) -> str | None:
    """Say what to do where a RIGHT or a FULL JOIN asks for all rows of a table, and the table is
    read by a column; None where no such join does."""
    words = [token for token in tokenize(sql) if token.kind not in ("space", "comment")]
    for at, word in enumerate(words):
        if word.kind == "quoted" and unquote(word.text).lower() == table:
            side = _side(words, at, at)
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


def _side(words: Sequence[Token], start: int, end: int) -> Literal["left", "all"] | None:
    """Tell which side of a RIGHT or FULL JOIN it is that stands between two places of a FROM."""
    before = start - 1
    while before > 0 and words[before].keyword in ("JOIN", "OUTER"):
        before -= 1
    if before < start - 1 and words[before].keyword in _OUTER:
        return "all"
    depth = 0
    for word, following in zip(words[end + 1 :], words[end + 2 :], strict=False):
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        if depth < 0 or (depth == 0 and (word.keyword in _ENDS_FROM or word.text == ";")):
            break
        if depth == 0 and word.keyword in _OUTER and following.keyword in ("JOIN", "OUTER"):
            return "all" if word.keyword == "FULL" else "left"
    return _side_of_subquery(words, start)


def _side_of_subquery(words: Sequence[Token], inside: int) -> Literal["left", "all"] | None:
    """Tell the same of the subquery or the parentheses in a FROM that a place stands in."""
    depth = 0
    for start in range(inside - 1, 0, -1):
        depth += {"(": -1, ")": 1}.get(words[start].text, 0)
        if depth == -1:
            break
    else:
        return None
    if words[start - 1].keyword not in ("FROM", "JOIN") and words[start - 1].text not in (",", "("):
        return None
    for end in range(start, len(words)):
        depth += {"(": 1, ")": -1}.get(words[end].text, 0)
        if depth == -1:
            return _side(words, start, end)
    return None
