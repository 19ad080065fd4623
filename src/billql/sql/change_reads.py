"""What is read for each row that a statement changes, as one SELECT: by the triggers of its table,
by ON CONFLICT DO UPDATE and by RETURNING.

    INSERT INTO t SELECT a FROM n                  WITH "row"("new a") AS (SELECT a FROM n)
    ON t … BEGIN INSERT INTO u SELECT …            SELECT *, (SELECT count(*) FROM
        WHERE k.key = NEW.a; END                       (SELECT … WHERE k.key = "row"."new a"))
                                                   FROM "row"

A trigger whose statements change tables that have triggers has the SELECTs of these in it. It only
foretells which keys will be needed. So what is read for rows that cannot be foretold is left out: a
column has what SQLite makes of it, or a conflict may leave a row out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from billql.sql.read_part import (
    ReadPart,
    deleted_rows,
    inserted_columns,
    inserted_query,
    may_leave_rows_out,
    names_any,
    read_part_of,
    returned_by,
    scalar,
    target_of,
    update_of,
    upsert_of,
)
from billql.sql.statement_kind import CHANGES, verb_of
from billql.sql.statements import ParsedStatement, each_statement, parse
from billql.sql.tokenizer import NAMES, quote, unquote


class Column(NamedTuple):
    """A column of a table that is changed."""

    name: str
    default: str | None
    """What it has where nothing is inserted, as SQL; None if that is not known."""


class Changed(NamedTuple):
    """A table that is changed: the statements that made its triggers, and its columns."""

    triggers: Sequence[str]
    columns: Sequence[Column]


Schema = Callable[[str], Changed]
"""Returns a table of a name, in lower case."""


class _Trigger(NamedTuple):
    """A trigger: what it is called for, the text of its condition, and its statements."""

    text: str
    event: str
    of: frozenset[str]
    """The columns of an UPDATE OF; none for any."""
    condition: str
    body: Sequence[ParsedStatement]


class _Rows(NamedTuple):
    """The rows that a statement changes, as a SELECT."""

    text: str
    columns: Collection[str]
    """The names of its columns: `new a`, `old a`."""
    changed: frozenset[str] = frozenset()
    """The columns that an UPDATE sets."""


_IN_TRIGGERS = {"new": "new", "old": "old"}


class _Read(NamedTuple):
    """What is read for a row, as a SELECT in which `NEW.a` and `OLD.a` are its columns."""

    text: str
    ages: Mapping[str, str] = _IN_TRIGGERS
    """What the row is called in it, by what the names of its columns begin with."""
    condition: str = ""
    """Whether it is read, as an expression; nothing if it always is."""
    written: frozenset[str] = frozenset()
    """The tables that are changed then."""


def reads_of_changes(statement: ParsedStatement, schema: Schema) -> ReadPart | None:
    """Return what a statement reads with what is read for each row that it changes; None if the
    latter is nothing, or cannot be foretold.
    """
    found = _foretold(statement, schema, ())
    if found is None:
        return None
    event, target = _event(statement), target_of(statement)
    written = found.written - (frozenset((target,)) if event == "DELETE" else frozenset())
    return ReadPart(found.text, event != "UPDATE" and not names_any(parse(found.text), written))


def _event(statement: ParsedStatement) -> str:
    return verb_of(statement).replace("REPLACE", "INSERT")


def _foretold(statement: ParsedStatement, schema: Schema, callers: tuple[str, ...]) -> _Read | None:
    """Return what a statement reads with what is read for its rows, and all that is changed then.

    `callers` are the triggers that have called it, by their texts: SQLite calls none within itself.
    """
    target = target_of(statement) if verb_of(statement) in CHANGES else None
    if target is None:
        return None
    table = schema(target)
    rows = _rows(statement, _event(statement), table.columns)
    if rows is None:
        return None
    row = quote(f"billql row {len(callers)}")
    reads, written = [], {target}
    for one in _reads(statement, table, rows, schema, callers):
        text, condition = (
            _of_row(each, one.ages, row, rows.columns) for each in (one.text, one.condition)
        )
        if text is None or condition is None:
            continue
        # Without DISTINCT, SQLite would leave out what the result does not show.
        read = f"(SELECT count(*) FROM (SELECT DISTINCT * FROM ({text})))"
        reads.append(f"CASE WHEN {condition} THEN {read} END" if condition else read)
        written |= one.written
    if not reads:
        return None
    text = f"WITH {row} AS ({rows.text}) SELECT *, {', '.join(reads)} FROM {row}"
    return _Read(text, written=frozenset(written))


def _reads(
    statement: ParsedStatement,
    table: Changed,
    rows: _Rows,
    schema: Schema,
    callers: tuple[str, ...],
) -> Iterator[_Read]:
    """Yield what is read for each row that a statement changes in a table."""
    event = _event(statement)
    upsert = upsert_of(statement)
    if upsert is not None:
        # A row that conflicts with one that the statement itself has inserted is not foreseen.
        own = " AND ".join(
            f"{upsert.name}.{quote(name)} = excluded.{quote(name)}" for name in upsert.conflict
        )
        condition = f" AND ({upsert.condition})" if upsert.condition else ""
        values = ", ".join(map(scalar, upsert.values))
        text = f"SELECT {values} FROM {upsert.table} WHERE {own}{condition}"
        yield _Read(text, {"excluded": "new"})
    if may_leave_rows_out(statement):
        return
    parsed = [*map(parse, table.triggers)]
    if any(map(_may_skip_rows, parsed)):
        return
    for trigger in filter(None, map(_read, parsed)):
        is_called = trigger.event == event and trigger.text not in callers
        if is_called and (not trigger.of or not trigger.of.isdisjoint(rows.changed)):
            yield from _reads_of_trigger(trigger, schema, (*callers, trigger.text))
    returned = returned_by(statement)
    if returned is not None:
        age = "old" if event == "DELETE" else "new"
        own = ", ".join(
            f"{_RETURNED}.{quote(one.name)} AS {quote(one.name)}"
            for one in table.columns
            if f"{age} {one.name}" in rows.columns
        )
        text = f"SELECT {returned.values} FROM (SELECT {own}) AS {returned.name}"
        yield _Read(text, {unquote(_RETURNED): age})


def _reads_of_trigger(
    trigger: _Trigger, schema: Schema, callers: tuple[str, ...]
) -> Iterator[_Read]:
    written: set[str] = set()
    for statement in trigger.body:
        found = _foretold(statement, schema, callers) or _plain(statement)
        # What an earlier one has changed is another by then.
        if found is not None and not names_any(statement, written):
            yield found._replace(condition=trigger.condition)
        written.add(target_of(statement) or "")


def _plain(statement: ParsedStatement) -> _Read | None:
    """Return what a statement reads that changes nothing for which anything is read."""
    part = read_part_of(statement)
    return (
        None if part is None else _Read(part.text, written=frozenset((target_of(statement) or "",)))
    )


def _may_skip_rows(trigger: ParsedStatement) -> bool:
    return any(token.keyword == "RAISE" for token in trigger.tokens)


_RETURNED = quote("billql returned")


def _of_row(text: str, ages: Mapping[str, str], row: str, columns: Collection[str]) -> str | None:
    """Return a text with a column of the row in the place of each `NEW.a` and `OLD.a`, or whatever
    it is called by its age; None if that is not among its `columns`.
    """
    tokens = parse(text).tokens
    parts, at = [], 0
    for one, dot, name in zip(tokens, tokens[1:], tokens[2:], strict=False):
        age = ages.get(unquote(one.text).lower()) if one.kind in NAMES else None
        if age is not None and dot.text == ".":
            column = f"{age} {unquote(name.text)}".lower()
            if column not in columns:
                return None
            parts += [text[at : one.start], f"{row}.{quote(column)}"]
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
    return _Trigger(sql, head[0].keyword, frozenset(of), condition, body)


_EVENTS = ("INSERT", "UPDATE", "DELETE")


def _rows(statement: ParsedStatement, event: str, columns: Sequence[Column]) -> _Rows | None:
    """Return the rows that a statement changes; None if they cannot be foretold."""
    old = {f"old {one.name}": quote(one.name) for one in columns}
    if event == "INSERT":
        return _inserted(statement, columns)
    if event == "DELETE":
        parts = deleted_rows(statement)
        return None if parts is None else _selected(parts[0], old, parts[1])
    update = update_of(statement)
    if update is None or update.others:
        return None
    changed = frozenset(name for names, _ in update.assigned for name in names)
    values = {names[0]: value for names, value in update.assigned if len(names) == 1}
    new = {
        f"new {one.name}": values.get(one.name, quote(one.name))
        for one in columns
        if one.name in values or one.name not in changed
    }
    source = f" FROM {update.table} {update.condition}"
    return _selected(update.before, old | new, source)._replace(changed=changed)


def _selected(before: str, values: Mapping[str, str], source: str) -> _Rows:
    """Return the rows of a source, with values by the names of their columns."""
    listed = ", ".join(f"{value} AS {quote(name)}" for name, value in values.items())
    return _Rows(f"{before}SELECT {listed}{source}", values.keys())


def _inserted(statement: ParsedStatement, columns: Sequence[Column]) -> _Rows | None:
    query = inserted_query(statement)
    if query is None:
        return None
    named = inserted_columns(statement) or [one.name for one in columns]
    listed = [f"new {name}" for name in named]
    others = {
        f"new {one.name}": one.default
        for one in columns
        if one.name not in named and one.default is not None
    }
    values = ", ".join(["*", *(f"{value} AS {quote(name)}" for name, value in others.items())])
    text = (
        f'WITH "billql values"({", ".join(map(quote, listed))}) AS ({query}) '
        f'SELECT {values} FROM "billql values"'
    )
    return _Rows(text, {*listed, *others})
