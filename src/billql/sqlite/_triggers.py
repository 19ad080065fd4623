"""What a statement reads together with the triggers of the table that it changes."""

from __future__ import annotations

import apsw

from billql.sql.read_part import ReadPart, target_of
from billql.sql.statement_kind import CHANGES, verb_of
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import quote
from billql.sql.trigger_reads import Column, reads_with_triggers
from billql.sqlite._name_resolver import NameResolver

_PLAIN = 0
"""The kind of a column that is neither hidden nor generated."""


def reads_of(
    database: apsw.Connection, names: NameResolver, statement: ParsedStatement
) -> ReadPart | None:
    """Return what a statement and triggers read; None if no trigger reads what can be foretold."""
    table = target_of(statement) if verb_of(statement) in CHANGES else None
    triggers = names.triggers(table) if table else []
    if not (table and triggers):
        return None
    rows = database.execute(f"PRAGMA table_xinfo({quote(table)})")
    columns = [
        Column(name.lower(), None if key and kind.upper() == "INTEGER" else default or "NULL")
        for _, name, kind, _, default, key, hidden in rows
        if hidden == _PLAIN
    ]
    return reads_with_triggers(statement, triggers, columns)
