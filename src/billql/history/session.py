"""A session that keeps histories: it knows MATERIALIZED VIEW, and AS OF behind a table's name."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from billql.sql.as_of import FUNCTION
from billql.sql.rewriter import Rewritten
from billql.sql.statement_kind import is_about_materialized_view
from billql.sql.statements import ParsedStatement, parse
from billql.sqlite.restrictions import UNRESTRICTED, Restrictions
from billql.sqlite.session import Session

if TYPE_CHECKING:
    import datetime

    from billql.definitions.types import SQLValue
    from billql.fetching.scan_stats import ScanStats
    from billql.history.comparing import Row
    from billql.history.definitions import Definitions
    from billql.history.refresh import Described
    from billql.history.store import Store
    from billql.sql.materialized_views import MaterializedView
    from billql.sql.source_map import RewrittenText
    from billql.sqlite.engine import Engine
    from billql.sqlite.shared import Options, Shared


class HistorySession(Session):
    """One SQLite connection in which resources are tables, and histories of them are stored."""

    def __init__(
        self,
        database: str,
        options: Callable[[], Options | Shared],
        note: Callable[[str], object] = lambda text: None,
        log: Callable[[str], object] | None = None,
        restrictions: Restrictions = UNRESTRICTED,
    ) -> None:
        super().__init__(database, options, note, log, restrictions)
        self.refreshed: Callable[[str], object] = lambda text: None
        """Called with a line for each scope that a refresh has read."""
        self.from_history: bool | str = False
        """Whether views of definitions read histories, or as of which time they do."""
        self._read_scans: list[ScanStats] = []
        # SQLite must not keep the session alive, of which it is a part.
        session = weakref.ref(self)

        def refresh_at(*arguments: Any) -> int:
            found = session()
            assert found is not None, "a session outlives its statements"
            name, value = arguments
            return found.refresh_at(str(name), value)

        self.database.create_scalar_function(FUNCTION, refresh_at, 2)

    def carry_out(self, statement: ParsedStatement) -> list[ScanStats] | None:
        """Carry out a statement about a materialized view, and return its scans; None for any other
        statement. Raise one of billql's errors.
        """
        if not is_about_materialized_view(statement):
            return None
        from billql.sql import materialized_views

        view = materialized_views.read(statement)
        self._read_scans = []
        try:
            self._carry_out(statement, view)
        finally:
            self.scans = self._read_scans
        return self._read_scans

    def _carry_out(self, statement: ParsedStatement, view: MaterializedView) -> None:
        from billql.errors import ProgrammingError
        from billql.history.refreshing import Refreshing

        if self.database.in_transaction:
            raise ProgrammingError(
                f"{view.verb} MATERIALIZED VIEW has transactions of its own",
                hint="End yours with COMMIT or ROLLBACK before it.",
            )
        refreshing = Refreshing(self, self.refreshed)
        if view.verb == "DROP":
            refreshing.drop(statement, view)
            return
        with self.engine.series() as series:
            if view.verb == "CREATE":
                refreshing.create(statement, view, series)
            else:
                refreshing.refresh(statement, view, series)

    @property
    def engine(self) -> Engine:
        """Return what reads resources; it is made when it is first needed."""
        engine = super().engine
        if self.from_history is not False and engine.historic is None:
            from billql.history.historic import StoredRows

            moment = None if self.from_history is True else self.from_history
            engine.historic = StoredRows(self.store(), moment)
        return engine

    # What a refresh needs.

    def describe(self, query: ParsedStatement) -> Described:
        """Return a SELECT with whole names, and its columns; raise SqlError for a mistake."""
        from billql.history.definition import HistoryColumn
        from billql.history.refresh import Described
        from billql.sql.constants import is_compound
        from billql.sqlite.result_amounts import views_of

        explained = query._replace(
            text=f"EXPLAIN {query.text}", start=query.start - len("EXPLAIN ")
        )
        explained = explained._replace(tokens=parse(explained.text).tokens)
        self.execute(explained).close()  # raises for a mistake, and sends nothing
        whole: Rewritten = self.names.rewrite(query)
        origins, types = self.amounts.types_of(whole.sql)
        # Of a UNION SQLite knows the origins of the first part alone, as if they were those of all.
        tables = self.amounts.known_tables()
        is_united = any(map(is_compound, (whole.parsed, *views_of(whole.parsed, tables))))
        columns = []
        for at, (name, declared, _, table, column) in enumerate(origins):
            kind = (None if types is None else types[at]) or declared or ""
            if is_united or table is None or column is None or table.count(".") != 2:
                columns.append(HistoryColumn(name, kind, is_made=True))
            else:
                is_made = self.engine.view(table) is not None
                columns.append(HistoryColumn(name, kind, table, column, is_made))
        return Described(whole.sql, tuple(columns))

    def read(self, sql: str) -> list[Row]:
        """Return the rows of a SELECT; raise one of billql's errors."""
        execution = self.execute(sql)
        try:
            return list(execution)
        finally:
            self._read_scans += execution.scans

    def definitions(self) -> Definitions:
        """Return what the definitions state of columns."""
        from billql.history.definitions import Definitions

        return Definitions(self.engine.catalog)

    def now(self) -> datetime.datetime:
        """Return the time of the session's clock, in UTC."""
        import datetime  # a plain query does without

        return datetime.datetime.fromtimestamp(self.engine.time(), datetime.UTC)

    # AS OF.

    def as_of(self, statement: ParsedStatement) -> RewrittenText | None:
        """Return a statement that reads histories as they were; None if it reads none."""
        if not any(token.keyword in ("OF", "SYSTEM_TIME") for token in statement.tokens):
            return None
        from billql.history.as_of import splice

        return splice(statement, self.store())

    def refresh_at(self, name: str, value: SQLValue) -> int:
        """Return the number of the last refresh up to a time; see `as_of.refresh_at`."""
        from billql.history.as_of import refresh_at

        return refresh_at(self.store(), name, value)

    def store(self) -> Store:
        """Return the histories of the main database."""
        from billql.history.store import Store

        return Store(self.database)
