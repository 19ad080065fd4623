"""CREATE TABLE … AS SELECT keeps the declared types of amounts and times.

SQLite declares the columns of such a table by affinity alone: NUM, REAL, TEXT. Where a column comes
from one that is declared DECIMAL, TIMESTAMP, MONTH and the like, or is an amount that an expression
makes, its type is written into the stored CREATE TABLE. The affinity stays, and so does every
value: https://sqlite.org/pragma.html#pragma_writable_schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import apsw

from billql.sql.amounts import Amount
from billql.sql.source_map import apply_edits
from billql.sql.tokenizer import quote, significant, unquote

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement
    from billql.sqlite.result_amounts import Origin

_KEPT = frozenset(("DECIMAL", "DATE", "MONTH", "TIMESTAMP", "BOOLEAN", "JSON"))
"""The first words of the types that are kept."""
_AMOUNT = "DECIMAL REAL"
"""The type of an amount that an expression makes; resources declare theirs so."""


class Target(NamedTuple):
    """A table that a statement makes."""

    schema: str
    name: str


def target_of(statement: ParsedStatement) -> Target | None:
    """Return the table that a CREATE TABLE … AS SELECT makes; None for any other statement."""
    tokens = statement.tokens
    keywords = [token.keyword for token in tokens]
    if keywords[:1] != ["CREATE"] or "TABLE" not in keywords[1:3]:
        return None
    at = keywords.index("TABLE") + 1
    schema = "main" if at == 2 else "temp"
    if keywords[at : at + 3] == ["IF", "NOT", "EXISTS"]:
        at += 3
    if len(tokens) > at + 2 and tokens[at + 1].text == ".":
        schema, at = unquote(tokens[at].text), at + 2
    if keywords[at + 1 : at + 2] != ["AS"]:
        return None
    return Target(schema, unquote(tokens[at].text))


def exists(database: apsw.Connection, target: Target) -> bool:
    """Return whether there is a table; false also where there is no such schema."""
    found = database.execute(
        "SELECT 1 FROM pragma_table_info(?, ?)", (target.name, target.schema)
    ).fetchone()
    return found is not None


def types_of(
    origins: Sequence[Origin], amounts: Sequence[Amount | None]
) -> list[str | None] | None:
    """Return the types to keep of a SELECT's columns; None if there are none."""
    types: list[str | None] = []
    for (_, declared, *_), amount in zip(origins, amounts, strict=True):
        word = (declared or "").upper().replace("(", " ").partition(" ")[0]
        is_made = not declared and amount is not None and not amount.is_minor
        types.append(declared if word in _KEPT else _AMOUNT if is_made else None)
    return types if any(types) else None


def declare(database: apsw.Connection, target: Target, types: Sequence[str | None]) -> None:
    """Write types into the stored statement of a table that was just made."""
    stored = f"{quote(target.schema)}.sqlite_schema"
    where = "WHERE type = 'table' AND name = ? COLLATE NOCASE"
    row = database.execute(f"SELECT sql FROM {stored} {where}", (target.name,)).fetchone()
    sql = None if row is None else _with_types(str(row[0]), types)
    if sql is None:
        return
    database.pragma("writable_schema", True)
    try:
        database.execute(f"UPDATE {stored} SET sql = ? {where}", (sql, target.name))
        if target.schema.lower() != "temp":  # so that other connections read it anew
            version = database.pragma("schema_version", schema=target.schema)
            database.pragma("schema_version", version + 1, schema=target.schema)
    finally:
        database.execute("PRAGMA writable_schema = RESET")


def _with_types(sql: str, types: Sequence[str | None]) -> str | None:
    """Return a CREATE TABLE that SQLite has written with other types; None if it is different."""
    tokens = significant(sql)
    opening = next((at for at, token in enumerate(tokens) if token.text == "("), len(tokens))
    columns = [opening + 1]
    columns += [at + 1 for at, token in enumerate(tokens) if at > opening and token.text == ","]
    if len(columns) != len(types) or any(token.text == "(" for token in tokens[opening + 1 :]):
        return None
    ends = [start - 1 for start in columns[1:]] + [len(tokens) - 1]
    edits = [
        (tokens[name].end, tokens[end - 1].end, f" {declared}")
        for name, end, declared in zip(columns, ends, types, strict=True)
        if declared
    ]
    return apply_edits(sql, edits)
