"""The kind of a statement: what it does, what it reads, and whether it computes times."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

CHANGES = frozenset(("INSERT", "REPLACE", "UPDATE", "DELETE"))
"""The verbs of statements that change data."""
_READ = ("SELECT", "VALUES")
_FILL = ("CREATE", "INSERT", "REPLACE")
_OWN = {verb: verb for verb in ("SHOW", "DESCRIBE", "USE", "REGISTRY")} | {"DESC": "DESCRIBE"}


def verb_of(statement: ParsedStatement) -> str:
    """Return the keyword of a statement's kind, such as SELECT, even after WITH; empty if none."""
    if statement.keyword != "WITH":
        return statement.keyword
    depth = 0
    for token in statement.tokens[1:]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and (token.keyword in CHANGES or token.keyword in _READ):
            return token.keyword
    return ""


def own_verb_of(statement: ParsedStatement) -> str | None:
    """Return the verb of a statement of billql's own, which `show` reads; None for any other."""
    return _OWN.get(statement.keyword)


def is_about_materialized_view(statement: ParsedStatement) -> bool:
    """Return whether a statement is one that `materialized_views` reads."""
    verb = statement.keyword
    if verb not in ("CREATE", "DROP"):
        return verb == "REFRESH"
    return any(token.keyword == "MATERIALIZED" for token in statement.tokens[:5])


def query_of(statement: ParsedStatement) -> str | None:
    """Return what a statement reads, as the text of a statement of its own: a SELECT, or the SELECT
    that fills a table; None if it has none.
    """
    sql, tokens = statement.text, statement.tokens
    first = [token.keyword for token in tokens[:3]]
    if not first or first[0] not in ("WITH", *_READ, *_FILL) or "TRIGGER" in first:
        return None
    depth = 0
    fills = None
    for token in tokens:
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


def computes_times(statement: ParsedStatement) -> bool:
    """Return whether a statement calls what may be about a time, or joins texts."""
    return any(one.keyword in _OF_TIMES or one.text == "||" for one in statement.tokens)


_OF_TIMES = frozenset(("DATE", "DATETIME", "STRFTIME", "SUBSTR", "SUBSTRING", "DATE_TRUNC", "YEAR"))
