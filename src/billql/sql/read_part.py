"""What a statement that changes data reads, as a SELECT that could be run beside it.

    UPDATE t SET a = (SELECT …), b = c + 1 WHERE d    SELECT (SELECT …), c + 1 FROM t WHERE d
    DELETE FROM t WHERE d RETURNING a                 SELECT 1 FROM t WHERE d
    INSERT INTO t SELECT … ON CONFLICT DO NOTHING     SELECT …

It only foretells which keys will be needed, so what it leaves out costs time and no more.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence

import msgspec

from billql.sql.statement_kind import CHANGES, query_of, verb_of
from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import NAMES, unquote


class ReadPart(msgspec.Struct, frozen=True):
    """What a statement reads as the text of a SELECT."""

    text: str
    is_stable: bool = True
    """Whether it reads the same after the statement has changed some rows. SQLite reads all that it
    inserts before it inserts any into a table that is read, or has triggers."""


class Update(msgspec.Struct, frozen=True):
    """The parts of an UPDATE as text."""

    before: str
    """What stands before the verb: a WITH, or nothing."""
    table: str
    """The table with its alias."""
    assigned: Sequence[tuple[tuple[str, ...], str]]
    """The columns that are set, in lower case, with what they are set to."""
    others: str
    """What stands behind FROM, after a comma; or nothing."""
    condition: str
    """The WHERE, or nothing."""


class _Clause(msgspec.Struct, frozen=True):
    """A keyword outside of all parentheses."""

    keyword: str
    start: int
    end: int


_ENDS = ("RETURNING",)


def read_part_of(statement: ParsedStatement) -> ReadPart | None:
    """Return what a statement reads; None if it has nothing to read."""
    verb = verb_of(statement)
    if verb in ("INSERT", "REPLACE"):
        query = inserted_query(statement)
        return None if query is None else ReadPart(query)
    if verb == "DELETE":
        return _of_delete(statement)
    if verb == "UPDATE":
        return _of_update(statement)
    whole = query_of(statement)
    return None if whole is None else ReadPart(whole)


def inserted_query(statement: ParsedStatement) -> str | None:
    """Return the SELECT or the VALUES of an INSERT; None if it has neither."""
    clauses = list(_clauses(statement))
    query, end = query_of(statement), _end(statement, clauses)
    conflict = _conflict(clauses)
    last = min(end, end if conflict is None else conflict)
    return None if query is None else query[: len(query) - len(statement.text) + last]


def has_conflicts(statement: ParsedStatement) -> bool:
    """Return whether a statement states what becomes of rows that break a constraint."""
    tokens = statement.tokens
    return _conflict(list(_clauses(statement))) is not None or any(
        one.keyword in CHANGES and other.keyword == "OR"
        for one, other in itertools.pairwise(tokens)
    )


def target_of(statement: ParsedStatement) -> str | None:
    """Return the table that a statement changes, without its database, in lower case."""
    verb = verb_of(statement)
    clauses = [one for one in _clauses(statement) if one.keyword]
    at = next((one.end for one in clauses if one.keyword == verb), None)
    if at is None:
        return None
    skipped = {"INTO", "FROM", "OR", "ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"}
    names = [one for one in statement.tokens if one.start >= at and one.keyword not in skipped]
    if len(names) > 2 and names[1].text == ".":
        names = names[2:]
    return unquote(names[0].text).lower() if names else None


def names_any(statement: ParsedStatement, names: Collection[str]) -> bool:
    """Return whether any of some names, in lower case, stands in a statement."""
    return any(
        token.kind in NAMES and unquote(token.text).lower() in names for token in statement.tokens
    )


def _clauses(statement: ParsedStatement) -> Iterator[_Clause]:
    depth = 0
    for token in statement.tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.keyword:
            yield _Clause(token.keyword, token.start, token.end)


def _end(statement: ParsedStatement, clauses: Sequence[_Clause]) -> int:
    """Return where the RETURNING of a statement begins, or where it ends."""
    return next((one.start for one in clauses if one.keyword in _ENDS), _text_end(statement))


def _text_end(statement: ParsedStatement) -> int:
    last = statement.tokens[-1]
    return last.start if last.text == ";" else len(statement.text)


def _conflict(clauses: Sequence[_Clause]) -> int | None:
    """Return where an ON CONFLICT begins."""
    for one, following in itertools.pairwise(clauses):
        if (one.keyword, following.keyword) == ("ON", "CONFLICT"):
            return one.start
    return None


def deleted_rows(statement: ParsedStatement) -> tuple[str, str] | None:
    """Return what stands before a DELETE, and its FROM with its WHERE."""
    clauses = list(_clauses(statement))
    verb = next((one for one in clauses if one.keyword == "DELETE"), None)
    text = statement.text
    return None if verb is None else (text[: verb.start], text[verb.end : _end(statement, clauses)])


def _of_delete(statement: ParsedStatement) -> ReadPart | None:
    parts = deleted_rows(statement)
    return None if parts is None else ReadPart(f"{parts[0]}SELECT 1{parts[1]}")


def _of_update(statement: ParsedStatement) -> ReadPart | None:
    parts = update_of(statement)
    if parts is None:
        return None
    values = ", ".join(_scalar(value) for _, value in parts.assigned) or "1"
    read = f"SELECT {values} FROM {parts.table}{parts.others} {parts.condition}"
    changed = {name for names, _ in parts.assigned for name in names}
    return ReadPart(f"{parts.before}{read}", not names_any(parse(read), changed))


def update_of(statement: ParsedStatement) -> Update | None:
    """Return the parts of an UPDATE; None if there is no SET."""
    text = statement.text
    clauses = list(_clauses(statement))
    end = _end(statement, clauses)
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
    condition = "" if where is None else text[where.start : end]
    assigned = list(_assigned(statement, sets.end, end_of_values))
    return Update(text[: verb.start], table, assigned, others, condition)


def _assigned(
    statement: ParsedStatement, start: int, end: int
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the columns that are set, one or several at a time, and what they are set to."""
    depth = 0
    begins: int | None = None
    names: list[str] = []
    for token in statement.tokens:
        if not start <= token.start < end:
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if begins is None and token.kind in NAMES:
            names.append(unquote(token.text).lower())
        elif depth == 0 and token.text == "=" and begins is None:
            begins = token.end
        elif depth == 0 and token.text == "," and begins is not None:
            yield tuple(names), statement.text[begins : token.start]
            begins, names = None, []
    if begins is not None:
        yield tuple(names), statement.text[begins:end]


def _scalar(value: str) -> str:
    """Return an expression that reads what a value reads, which may be a row of several."""
    stripped = value.strip()
    return f"EXISTS {stripped}" if stripped[:7].upper() == "(SELECT" else stripped
