"""What the triggers of a table read for each row that a statement changes, as one SELECT.

    INSERT INTO t SELECT a FROM n                    WITH "billql row"("new a") AS (SELECT a FROM n)
    ON t … BEGIN INSERT INTO u SELECT …              SELECT *, (SELECT count(*) FROM
        WHERE k.key = NEW.a; END                         (SELECT … WHERE k.key = "new a"))
                                                     FROM "billql row"

It only foretells which keys will be needed. So a trigger is left out whose rows cannot be foretold:
a column has what SQLite makes of it, or a conflict may leave a row out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from billql.sql.read_part import (
    ReadPart,
    deleted_rows,
    has_conflicts,
    inserted_query,
    names_any,
    read_part_of,
    target_of,
    update_of,
)
from billql.sql.statement_kind import verb_of
from billql.sql.statements import ParsedStatement, each_statement, parse
from billql.sql.tokenizer import NAMES, quote, unquote

_ROW = quote("billql row")


class Column(NamedTuple):
    """A column of a table that is changed."""

    name: str
    default: str | None
    """What it has where nothing is inserted, as SQL; None if that is not known."""


class _Trigger(NamedTuple):
    """A trigger: what it is called for, the text of its condition, and its statements."""

    event: str
    of: frozenset[str]
    """The columns of an UPDATE OF; none for any."""
    condition: str
    body: Sequence[ParsedStatement]


def reads_with_triggers(
    statement: ParsedStatement, triggers: Sequence[str], columns: Sequence[Column]
) -> ReadPart | None:
    """Return what a statement and the triggers of its table read; None if the latter read nothing
    that can be foretold.

    `triggers` are the statements that made them, `columns` those of the table.
    """
    event = verb_of(statement).replace("REPLACE", "INSERT")
    parsed = [*map(parse, triggers)]
    found = [one for one in map(_read, parsed) if one is not None and one.event == event]
    if not found or has_conflicts(statement) or any(map(_may_skip_rows, parsed)):
        return None
    rows, changed = _rows(statement, event, columns)
    reads: list[str] = []
    written = {target_of(statement) or ""} if event == "INSERT" else set[str]()
    for trigger in found:
        if not trigger.of or not trigger.of.isdisjoint(changed):
            reads += _reads_of(trigger)
            written.update(target_of(one) or "" for one in trigger.body)
    if rows is None or not reads:
        return None
    text = f"WITH {_ROW} AS ({rows}) SELECT *, {', '.join(reads)} FROM {_ROW}"
    return ReadPart(text, event != "UPDATE" and not names_any(parse(text), written))


def _may_skip_rows(trigger: ParsedStatement) -> bool:
    return any(token.keyword == "RAISE" for token in trigger.tokens)


def _reads_of(trigger: _Trigger) -> Iterator[str]:
    """Yield expressions that read what the statements of a trigger read."""
    for statement in trigger.body:
        part = read_part_of(statement)
        if part is not None:
            read = f"(SELECT count(*) FROM (SELECT DISTINCT * FROM ({_of_row(part.text)})))"
            # Without DISTINCT, SQLite would leave out what the result does not show.
            condition = _of_row(trigger.condition)
            yield f"CASE WHEN {condition} THEN {read} END" if condition else read


def _of_row(text: str) -> str:
    """Return a text with a column of the row in the place of each `NEW.a` and `OLD.a`."""
    tokens = parse(text).tokens
    parts, at = [], 0
    for one, dot, name in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if one.kind in NAMES and dot.text == "." and unquote(one.text).lower() in ("new", "old"):
            column = f"{unquote(one.text)} {unquote(name.text)}".lower()
            parts += [text[at : one.start], f"{_ROW}.{quote(column)}"]
            at = name.end
    return "".join([*parts, text[at:]])


def _read(trigger: ParsedStatement) -> _Trigger | None:
    """Return the parts of a trigger; None if it is none that SQLite would have taken."""
    sql, tokens = trigger.text, trigger.tokens
    event = next((at for at, one in enumerate(tokens) if one.keyword in _EVENTS), None)
    begin = next((at for at, one in enumerate(tokens) if one.keyword == "BEGIN"), None)
    if event is None or begin is None:
        return None
    head = tokens[event:begin]
    on = next((at for at, one in enumerate(head) if one.keyword == "ON"), len(head))
    when = next((at for at, one in enumerate(head) if one.keyword == "WHEN"), None)
    of = {unquote(one.text).lower() for one in head[2:on] if one.kind in NAMES}
    condition = "" if when is None else sql[head[when].end : tokens[begin].start].strip()
    inner = each_statement(sql[tokens[begin].end : tokens[-1].start])
    body = [parse(one.text.removesuffix(";")) for one in inner]
    return _Trigger(head[0].keyword, frozenset(of), condition, body)


_EVENTS = ("INSERT", "UPDATE", "DELETE")


def _rows(
    statement: ParsedStatement, event: str, columns: Sequence[Column]
) -> tuple[str | None, frozenset[str]]:
    """Return the rows that a statement changes as a SELECT, and the columns that an UPDATE sets."""
    old = ", ".join(f"{quote(one.name)} AS {quote(f'old {one.name}')}" for one in columns)
    if event == "INSERT":
        return _inserted(statement, columns), frozenset()
    if event == "DELETE":
        parts = deleted_rows(statement)
        return (None if parts is None else f"{parts[0]}SELECT {old}{parts[1]}"), frozenset()
    update = update_of(statement)
    if update is None or update.others:
        return None, frozenset()
    changed = frozenset(name for names, _ in update.assigned for name in names)
    values = {names[0]: value for names, value in update.assigned if len(names) == 1}
    new = [
        f"{values.get(one.name, quote(one.name))} AS {quote(f'new {one.name}')}"
        for one in columns
        if one.name in values or one.name not in changed
    ]
    read = f"SELECT {', '.join([old, *new])} FROM {update.table} {update.condition}"
    return f"{update.before}{read}", changed


def _inserted(statement: ParsedStatement, columns: Sequence[Column]) -> str | None:
    query = inserted_query(statement)
    if query is None:
        return None
    named = _inserted_columns(statement) or [one.name for one in columns]
    listed = ", ".join(quote(f"new {name}") for name in named)
    others = [
        f"{one.default} AS {quote(f'new {one.name}')}"
        for one in columns
        if one.name not in named and one.default is not None
    ]
    values = ", ".join(["*", *others])
    return f'WITH "billql values"({listed}) AS ({query}) SELECT {values} FROM "billql values"'


def _inserted_columns(statement: ParsedStatement) -> list[str]:
    """Return the columns that an INSERT lists, in lower case."""
    tokens = statement.tokens
    into = next((at for at, one in enumerate(tokens) if one.keyword == "INTO"), len(tokens))
    found: list[str] = []
    for token in tokens[into + 1 :]:
        if token.text == ")" or token.keyword in ("SELECT", "VALUES", "WITH", "DEFAULT"):
            return found if token.text == ")" else []
        if token.text == "(":
            found = []
        elif token.kind in NAMES:
            found.append(unquote(token.text).lower())
    return []
