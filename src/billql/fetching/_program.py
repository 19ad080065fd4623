"""The program that SQLite runs for what a statement reads (https://sqlite.org/opcode.html)."""

from __future__ import annotations

from functools import cached_property

import apsw

from billql.errors import Error
from billql.fetching._early_stop import ALL_MAY_STOP, NONE_STOPS, EarlyStops, early_stops
from billql.fetching._scan_places import Program, ScanPlaces
from billql.fetching.plain_scan import PlainRead, plain_read
from billql.sql.statements import Bindings


class ReadProgram:
    """What SQLite would run for the SELECT in a statement; `query` is None if there is none."""

    def __init__(self, database: apsw.Connection, query: str | None, bindings: Bindings) -> None:
        self._database = database
        self._query = query
        self._bindings = bindings

    @cached_property
    def _steps(self) -> Program | None:
        """The steps, None if SQLite refuses it."""
        if self._query is None:
            return ()
        try:
            explain = f"EXPLAIN {self._query}"
            return list(self._database.execute(explain, self._bindings, can_cache=False))
        except (apsw.Error, Error):
            return None

    @cached_property
    def stops(self) -> EarlyStops:
        """What it may leave before its end."""
        if self._query is None:
            return NONE_STOPS
        return ALL_MAY_STOP if self._steps is None else early_stops(self._steps)

    def plain_read(self, sql: str) -> PlainRead | None:
        """Return what `sql`, which SQLite runs, reads of one table.

        None if it does more than to read that, or is more than the SELECT.
        """
        return plain_read(self._steps or ()) if sql == self._query else None

    @cached_property
    def recognizes_rows(self) -> bool:
        """Whether it may ask which row one is, as for an OR or a FULL JOIN."""
        if self._query is None or self._steps is None:
            return True
        return any(step[1] == "Rowid" for step in self._steps)

    @cached_property
    def places(self) -> ScanPlaces:
        """Where its scans begin."""
        return ScanPlaces(self._steps or ())
