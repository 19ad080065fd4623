"""What kind of statement a text is: what it reads, and whether it has an IN over a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.sql import tokenizer

if TYPE_CHECKING:
    pass


def query_of(sql: str) -> str | None:
    """Give what a statement reads, as a statement of its own: a SELECT, or the one that fills a
    table; None if it has none."""
    words = [token for token in tokenizer.tokenize(sql) if token.kind not in ("space", "comment")]
    first = [word.keyword for word in words[:3]]
    if not first or first[0] not in ("WITH", *_READ, *_FILL) or "TRIGGER" in first:
        return None
    depth = 0
    fills = None
    for token in words:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth > 0:
            continue
        if token.keyword in _READ or (token.keyword == "WITH" and fills is not None):
            return sql if fills is None else sql[: fills.start] + sql[token.start :]
        if token.keyword in ("UPDATE", "DELETE"):
            return None
        if token.keyword in _FILL and fills is None:
            fills = token
    return None


_READ = ("SELECT", "VALUES")
_FILL = ("CREATE", "INSERT", "REPLACE")


def has_in_subquery(sql: str) -> bool:
    """Tell whether a statement has an IN whose right side is a query or a table.

    Such a list may be empty, and APSW 3.54 fails on an empty list that is handed over whole.
    """
    words = [token for token in tokenizer.tokenize(sql) if token.kind not in ("space", "comment")]
    following = zip(words, words[1:], words[2:], strict=False)
    return any(
        word.keyword == "IN"
        and (
            first.text != "("
            or second.keyword in ("SELECT", "WITH", "VALUES")
            or second.text == "("
        )
        for word, first, second in following
    ) or (len(words) > 1 and words[-2].keyword == "IN")
