"""What a statement that changes data reads, as a SELECT that could be run beside it.

    UPDATE t SET a = (SELECT …), b = c + 1 WHERE d    SELECT (SELECT …), c + 1 FROM t WHERE d
    DELETE FROM t WHERE d RETURNING a                 SELECT 1 FROM t WHERE d
    INSERT INTO t SELECT … ON CONFLICT DO NOTHING     SELECT …

It only foretells which keys will be needed, so what it leaves out costs time and no more.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from billql.sql.statement_kind import query_of, verb_of

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement


class _Clause(NamedTuple):
    """A keyword outside of all parentheses."""

    keyword: str
    start: int
    end: int


_ENDS = ("RETURNING",)


def read_part_of(statement: ParsedStatement) -> str | None:
    """Return what a statement reads as the text of a SELECT; None if it has nothing to read."""
    verb = verb_of(statement)
    clauses = list(_clauses(statement))
    end = next((one.start for one in clauses if one.keyword in _ENDS), len(statement.text))
    if verb in ("INSERT", "REPLACE"):
        query = query_of(statement)
        conflict = _conflict(clauses)
        last = min(end, end if conflict is None else conflict)
        return None if query is None else query[: len(query) - len(statement.text) + last]
    if verb == "DELETE":
        return _of_delete(statement.text, clauses, end)
    if verb == "UPDATE":
        return _of_update(statement, clauses, end)
    return query_of(statement)


def _clauses(statement: ParsedStatement) -> Iterator[_Clause]:
    depth = 0
    for token in statement.tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.keyword:
            yield _Clause(token.keyword, token.start, token.end)


def _conflict(clauses: Sequence[_Clause]) -> int | None:
    """Return where an ON CONFLICT begins."""
    for one, following in itertools.pairwise(clauses):
        if (one.keyword, following.keyword) == ("ON", "CONFLICT"):
            return one.start
    return None


def _of_delete(text: str, clauses: Sequence[_Clause], end: int) -> str | None:
    verb = next((one for one in clauses if one.keyword == "DELETE"), None)
    return None if verb is None else f"{text[: verb.start]}SELECT 1{text[verb.end : end]}"


def _of_update(statement: ParsedStatement, clauses: Sequence[_Clause], end: int) -> str | None:
    text = statement.text
    verb = next((one for one in clauses if one.keyword == "UPDATE"), None)
    sets = next((one for one in clauses if one.keyword == "SET"), None)
    if verb is None or sets is None:
        return None
    after = [one for one in clauses if sets.end <= one.start < end]
    source = next((one for one in after if one.keyword == "FROM"), None)
    where = next((one for one in after if one.keyword == "WHERE"), None)
    end_of_sources = end if where is None else where.start
    end_of_values = end_of_sources if source is None else source.start
    table = text[verb.end : sets.start]
    kinds = [one for one in clauses if verb.end <= one.start < sets.start]
    if kinds and kinds[0].keyword == "OR":  # UPDATE OR REPLACE
        table = text[kinds[1].end : sets.start] if len(kinds) > 1 else ""
    others = "" if source is None else f", {text[source.end : end_of_sources]}"
    values = ", ".join(_values(statement, sets.end, end_of_values)) or "1"
    condition = "" if where is None else text[where.start : end]
    return f"{text[: verb.start]}SELECT {values} FROM {table}{others} {condition}"


def _values(statement: ParsedStatement, start: int, end: int) -> Iterator[str]:
    """Yield what columns are set to, without values of several columns."""
    depth = 0
    begins: int | None = None
    for token in statement.tokens:
        if not start <= token.start < end:
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.text == "=" and begins is None:
            begins = token.end
        elif depth == 0 and token.text == "," and begins is not None:
            yield _scalar(statement.text[begins : token.start])
            begins = None
    if begins is not None:
        yield _scalar(statement.text[begins:end])


def _scalar(value: str) -> str:
    """Return an expression that reads what a value reads, which may be a row of several."""
    stripped = value.strip()
    return f"EXISTS {stripped}" if stripped[:7].upper() == "(SELECT" else stripped
