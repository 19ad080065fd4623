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

from billql.sql.statement_kind import query_of, verb_of
from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import NAMES, Token, quote, unquote


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


class Upsert(msgspec.Struct, frozen=True):
    """The ON CONFLICT DO UPDATE of an INSERT as text."""

    table: str
    """The table with its alias."""
    name: str
    """What its columns are qualified by."""
    conflict: Sequence[str]
    """The columns that several rows must not have alike."""
    values: Sequence[str]
    """What columns are set to."""
    condition: str
    """That of its WHERE, or nothing."""


class Returned(msgspec.Struct, frozen=True):
    """The RETURNING of a statement as text, and what it calls the table."""

    values: str
    name: str


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


def may_leave_rows_out(statement: ParsedStatement) -> bool:
    """Return whether rows that break a constraint may be left out, or replace others that were to
    be changed.
    """
    if _conflict(list(_clauses(statement))) is not None:
        return True
    left_out = {("INSERT", "IGNORE"), ("UPDATE", "IGNORE"), ("UPDATE", "REPLACE")}
    keywords = [token.keyword for token in statement.tokens]
    return any(
        middle == "OR" and (verb, way) in left_out
        for verb, middle, way in zip(keywords, keywords[1:], keywords[2:], strict=False)
    )


def upsert_of(statement: ParsedStatement) -> Upsert | None:
    """Return the ON CONFLICT DO UPDATE of an INSERT; None if there is none, or more than one, or
    one that names no columns alone.
    """
    tokens, clauses = statement.tokens, list(_clauses(statement))
    start = _conflict(clauses)
    after = [one for one in clauses if start is not None and one.start > start]
    sets = next((one for one in after if one.keyword == "SET"), None)
    table, _ = _inserted_table(statement)
    if start is None or sets is None or _conflict(after) is not None or not table:
        return None
    head = [token for token in tokens if start < token.start < sets.start][1:-2]
    names = head[1:-1:2]
    are_names = all(one.kind in NAMES for one in names) and len(head) == 2 * len(names) + 1
    if not names or not are_names or head[-1].text != ")":
        return None
    where = next((one for one in after if one.keyword == "WHERE" and one.start > sets.end), None)
    end = _end(statement, clauses)
    assigned = _assigned(statement, sets.end, end if where is None else where.start)
    return Upsert(
        statement.text[table[0].start : table[-1].end],
        table[-1].text,
        [unquote(one.text).lower() for one in names],
        [value for _, value in assigned],
        "" if where is None else statement.text[where.end : end],
    )


def returned_by(statement: ParsedStatement) -> Returned | None:
    """Return the RETURNING of a statement; None if there is none that reads another table."""
    start = next((one.end for one in _clauses(statement) if one.keyword in _ENDS), None)
    name = target_of(statement)
    if start is None or name is None:
        return None
    reads = any(one.keyword == "SELECT" and one.start > start for one in statement.tokens)
    return Returned(statement.text[start : _text_end(statement)], quote(name)) if reads else None


def inserted_columns(statement: ParsedStatement) -> list[str]:
    """Return the columns that an INSERT lists, in lower case."""
    _, after = _inserted_table(statement)
    end = next((at for at, one in enumerate(after) if one.text == ")" or _begins_rows(one)), 0)
    is_list = end > 0 and after[0].text == "(" and after[end].text == ")"
    names = after[1:end] if is_list else ()
    return [unquote(one.text).lower() for one in names if one.kind in NAMES]


def _inserted_table(statement: ParsedStatement) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return the tokens of the table that an INSERT fills, with its alias, and those after it; none
    where INTO is missing, which SQLite refuses.
    """
    tokens = statement.tokens
    start = next((at + 1 for at, one in enumerate(tokens) if one.keyword == "INTO"), len(tokens))
    ends = (at for at, one in enumerate(tokens) if at > start and _ends_table(one))
    end = next(ends, len(tokens))
    return tokens[start:end], tokens[end:]


def _ends_table(token: Token) -> bool:
    return token.text == "(" or _begins_rows(token)


def _begins_rows(token: Token) -> bool:
    return token.keyword in ("SELECT", "VALUES", "WITH", "DEFAULT")


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
    values = ", ".join(scalar(value) for _, value in parts.assigned) or "1"
    read = f"SELECT {values} FROM {parts.table}{parts.others} {parts.condition}"
    changed = {name for names, _ in parts.assigned for name in names}
    # With a FROM, SQLite reads all rows before it changes any.
    is_stable = parts.others != "" or not names_any(parse(read), changed)
    return ReadPart(f"{parts.before}{read}", is_stable)


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


def scalar(value: str) -> str:
    """Return an expression that reads what a value reads, which may be a row of several."""
    stripped = value.strip()
    return f"EXISTS {stripped}" if stripped[:7].upper() == "(SELECT" else stripped
