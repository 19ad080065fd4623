"""The collation `time` of a session: SQLite compares texts as instants (see `util.instant`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import apsw

from billql.sql.tokenizer import unquote

if TYPE_CHECKING:
    from billql.sql.statements import Bindings, ParsedStatement
    from billql.sqlite._current_statement import CurrentStatement


NAME_OF_HIDDEN = ""
"""By what name SQLite looks for the collation of a virtual table's hidden column, whatever it is
declared to be: when it cuts HIDDEN from the type, it loses the name behind it (3.54)."""


class TimeCollation:
    """Adds itself to a connection when SQLite first meets its name."""

    def __init__(self) -> None:
        self.current: CurrentStatement | None = None
        """The statement that SQLite is running, of a session that has read a resource."""
        self._suspects: set[str] = set()
        """What statements have written as timestamps though it is no time."""

    def add(self, database: apsw.Connection, name: str) -> None:
        """Add the collation to a connection if that is its name; other names stay unknown."""
        if name.lower() == "time":
            from billql.util.instant import collation

            for each in (name, NAME_OF_HIDDEN):
                database.create_collation(each, collation(self._notice, self._suspects))

    def watch(self, statement: ParsedStatement, bindings: Bindings) -> None:
        """Look at the texts of a statement that is begun."""
        from billql.util.instant import look_alikes

        values = bindings.values() if isinstance(bindings, Mapping) else bindings
        bound = (value for value in values if isinstance(value, str))
        written = (unquote(one.text) for one in statement.tokens if one.kind == "string")
        self._suspects.update(look_alikes((*written, *bound)))

    def _notice(self, text: str) -> None:
        """Let the running statement fail if it is at fault for a text that is no time."""
        running = None if self.current is None else self.current.find()
        if running is None or running.fault is not None:
            return
        from billql.planning.time_check import fault_of_text

        fault = fault_of_text(text, running.texts_beside_times)
        if fault is not None:
            running.fail(fault)
