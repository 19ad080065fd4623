"""CREATE, REFRESH and DROP MATERIALIZED VIEW, carried out: what a history is, and which scopes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import apsw

from billql import errors
from billql.definitions.types import SQLValue
from billql.fetching.statement import Series
from billql.history import tables
from billql.history.definition import History, HistoryColumn, key_of
from billql.history.definitions import Definitions
from billql.history.refresh import Chosen, Reader, Refresh
from billql.history.store import Store
from billql.history.strategy import found_scope, strategy_of
from billql.sql.materialized_views import MaterializedView
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import quote


class Refreshing:
    """Carries out the statements of one session about its histories.

    `note` is called with a line about each scope that was read.
    """

    def __init__(self, reader: Reader, note: Callable[[str], object] = lambda text: None) -> None:
        self._reader = reader
        self._note = note
        self.store = Store(reader.database)

    def create(self, statement: ParsedStatement, view: MaterializedView, series: Series) -> None:
        """Make a history, and read it for the first time.

        Nothing is made if its first scope cannot be read.
        """
        if (taken := self.store.taken(view.name)) is not None:
            if view.if_exists and self.store.find(view.name) is not None:
                return
            raise statement.error(f"There is already a table {taken}", view.at)
        self.store.check_writable()
        assert view.query is not None, "CREATE has a SELECT"
        history = self._defined(statement, view, statement.text[slice(*view.query)])
        self._refresh(history, series, None, is_new=True)

    def drop(self, statement: ParsedStatement, view: MaterializedView) -> None:
        """Remove a history."""
        history = self.store.find(view.name)
        if history is not None:
            self.store.check_writable()
            self.store.drop(history)
        elif not view.if_exists:
            raise self._unknown(statement, view)

    def refresh(self, statement: ParsedStatement, view: MaterializedView, series: Series) -> None:
        """Read again what is open; or the scopes for which the condition of WHERE is true."""
        history = self.store.find(view.name)
        if history is None:
            raise self._unknown(statement, view)
        self.store.check_writable()
        where = None if view.query is None else statement.text[slice(*view.query)]
        wanted = None if where is None else self._condition(statement, view, history, where)
        self._refresh(history, series, wanted)

    def _unknown(self, statement: ParsedStatement, view: MaterializedView) -> errors.SqlError:
        known = ", ".join(one.name for one in self.store.all())
        return statement.error(
            f"There is no materialized view {view.name}",
            view.at,
            hint=f"There are these: {known}."
            if known
            else "CREATE MATERIALIZED VIEW makes one, in the file that --db names.",
            kind=errors.UnknownName,
        )

    # What a history is.

    def _defined(self, statement: ParsedStatement, view: MaterializedView, query: str) -> History:
        """Return a new history; raise SqlError for one that cannot be stored."""
        assert view.query is not None, "CREATE has a SELECT"
        start, _ = view.query
        part = statement._replace(
            text=query,
            tokens=tuple(
                token._replace(start=token.start - start)
                for token in statement.tokens
                if view.query[0] <= token.start < view.query[1]
            ),
            start=statement.start + start,
        )
        for token in part.tokens:
            if token.kind == "variable":
                raise part.error("A materialized view has no parameters", token.start)
        described = self._reader.describe(part)
        names = [one.name for one in described.columns]
        for name in names:
            if sum(other.lower() == name.lower() for other in names) > 1:
                raise part.error(
                    f"Two columns are called {name}", 0, hint="Give one of them another name by AS."
                )
        if (own := tables.reserved(names)) is not None:
            raise part.error(f"billql itself has a column {own}", 0, hint="Rename yours by AS.")
        definitions = self._reader.definitions()
        scope = self._scope(statement, view, described.columns, definitions)
        resources = {one.resource for one in described.columns if one.resource is not None}
        unique = {resource: definitions.unique(resource) for resource in resources}
        key = key_of(described.columns, unique)
        return History(view.name, query, described.sql, described.columns, scope, key)

    def _scope(
        self,
        statement: ParsedStatement,
        view: MaterializedView,
        columns: Sequence[HistoryColumn],
        definitions: Definitions,
    ) -> str | None:
        names = {one.name.lower(): one.name for one in columns}
        if view.scope is not None:
            if view.scope and view.scope.lower() not in names:
                raise statement.error(
                    f"There is no column {view.scope}",
                    view.scope_at,
                    hint=f"SCOPE BY names a column of the SELECT: {', '.join(names.values())}.",
                )
            return names[view.scope.lower()] if view.scope else None
        found = found_scope(columns, definitions)
        if found is None:
            raise statement.error(
                f"By which column {view.name} is read and compared cannot be found",
                view.at,
                hint="Name a billing period, a time or a parent's key: "
                f"CREATE MATERIALIZED VIEW {view.name} SCOPE BY {columns[0].name} AS …; "
                "SCOPE BY NONE reads everything each time.",
            )
        return found

    def _condition(
        self, statement: ParsedStatement, view: MaterializedView, history: History, where: str
    ) -> Chosen:
        """Return what chooses scopes by a condition; raise SqlError for one about anything else."""
        scope = history.scope
        if scope is None:
            raise statement.error(
                f"{history.name} has no scope that WHERE could choose by",
                None if view.query is None else view.query[0],
                hint="REFRESH without WHERE reads all of it.",
            )

        start, _ = view.query or (0, 0)
        for token in statement.tokens:
            if token.kind == "variable" and token.start >= start:
                raise statement.error("REFRESH has no parameters", token.start)
        is_of_time = strategy_of(history, self._reader.definitions()).is_of_time
        collation = " COLLATE time" if is_of_time else ""

        def chosen(values: Sequence[SQLValue]) -> list[SQLValue]:
            # As many scopes as there are: SQLite limits the terms of a UNION and the parameters.
            rows = f"SELECT NULL{collation} WHERE FALSE UNION ALL SELECT value FROM json_each(?)"
            sql = f"WITH scopes({quote(scope)}) AS ({rows}) SELECT * FROM scopes WHERE {where}"
            try:
                found = self._reader.database.execute(sql, (json.dumps(values),))
                return [value for (value,) in found]
            except apsw.SQLError as error:
                raise statement.error(
                    str(error),
                    None if view.query is None else view.query[0],
                    hint=f"WHERE is about the scope of {history.name}, its column {scope}.",
                ) from error

        return chosen

    # Reading.

    def _refresh(
        self,
        history: History,
        series: Series,
        wanted: Chosen | None,
        *,
        is_new: bool = False,
    ) -> None:
        strategy = strategy_of(history, self._reader.definitions())
        known = [] if is_new else self.store.scopes(history)
        work = Refresh(self._reader, self.store, strategy, series, known, self._note)
        done, is_made = 0, not is_new
        try:
            for part, state in work.parts(wanted):
                readings = work.read(part, state)
                if not is_made:
                    self.store.create(history, work.time())
                    is_made = True
                for reading in readings:
                    work.write(reading)
                    done += 1
        except errors.Error as error:
            if done and error.hint is None:
                error.hint = (
                    f"{done} scopes of {history.name} are stored; REFRESH MATERIALIZED VIEW "
                    f"{history.name} goes on with the others."
                )
            raise
        if not is_made:
            self.store.create(history, work.time())
