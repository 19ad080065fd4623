"""What a statement reads together with what is read for the rows that it changes."""

from __future__ import annotations

import apsw

from billql.sql.change_reads import Changed, Column, reads_of_changes
from billql.sql.read_part import ReadPart
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import quote
from billql.sqlite._name_resolver import NameResolver

_PLAIN = 0
"""The kind of a column that is neither hidden nor generated."""


def reads_of(
    database: apsw.Connection, names: NameResolver, statement: ParsedStatement
) -> ReadPart | None:
    """Return what a statement and triggers read; None if nothing is read for the rows that it
    changes that can be foretold.
    """

    def changed(table: str) -> Changed:
        rows = database.execute(f"PRAGMA table_xinfo({quote(table)})")
        columns = [
            Column(name.lower(), None if key and kind.upper() == "INTEGER" else default or "NULL")
            for _, name, kind, _, default, key, hidden in rows
            if hidden == _PLAIN
        ]
        return Changed(names.triggers(table), columns)

    return reads_of_changes(statement, changed)
