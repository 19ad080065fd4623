"""CREATE, REFRESH and DROP MATERIALIZED VIEW, carried out.

A scope is read whole before a transaction begins, and an error in between leaves all that was
stored before. REFRESH begins with the scopes that were never read, or longest ago, so that after a
crash it goes on where it stood.
"""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import apsw

from billql import errors
from billql.definitions.types import SQLValue
from billql.fetching.exact_amounts import ExactAmounts, Place, plain
from billql.fetching.statement import Series
from billql.history import tables
from billql.history.comparing import Row
from billql.history.definition import History, HistoryColumn, State, key_of
from billql.history.definitions import Definitions
from billql.history.store import Reading, Store, StoredScope
from billql.history.strategy import Part, Strategy, Watch, found_scope, strategy_of
from billql.sql.materialized_views import MaterializedView
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import quote

HeaderRow = Mapping[str, SQLValue]


class Described(NamedTuple):
    """A SELECT with whole names, and what its columns are."""

    sql: str
    columns: tuple[HistoryColumn, ...]


class Reader(Protocol):
    """What runs the statements of a history."""

    database: apsw.Connection

    def describe(self, query: ParsedStatement) -> Described:
        """Return a SELECT with whole names, and its columns; raise SqlError for a mistake."""

    def read(self, sql: str) -> list[Row]:
        """Return the rows of a SELECT; raise one of billql's errors."""

    def definitions(self) -> Definitions:
        """Return what the definitions state of columns."""

    def now(self) -> datetime.datetime:
        """Return the time of the session's clock, in UTC."""


class Headers(NamedTuple):
    """The headers of all scopes, as they were read now."""

    rows: Mapping[SQLValue, Sequence[HeaderRow]]
    watched: Mapping[SQLValue, str]
    """What shows of each scope whether it has moved."""


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
            hint=f"There are these: {known}." if known else "CREATE MATERIALIZED VIEW makes one.",
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
    ) -> Callable[[Sequence[SQLValue]], list[SQLValue]]:
        """Return what chooses scopes by a condition; raise SqlError for one about anything else."""
        scope = history.scope
        if scope is None:
            raise statement.error(
                f"{history.name} has no scope that WHERE could choose by",
                None if view.query is None else view.query[0],
                hint="REFRESH without WHERE reads all of it.",
            )

        is_of_time = strategy_of(history, self._reader.definitions()).is_of_time
        collation = " COLLATE time" if is_of_time else ""

        def chosen(values: Sequence[SQLValue]) -> list[SQLValue]:
            first = f"SELECT NULL{collation} WHERE FALSE"
            rows = " UNION ALL ".join([first, *["SELECT ?"] * len(values)])
            sql = f"WITH scopes({quote(scope)}) AS ({rows}) SELECT * FROM scopes WHERE {where}"
            try:
                return [value for (value,) in self._reader.database.execute(sql, values)]
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
        wanted: Callable[[Sequence[SQLValue]], list[SQLValue]] | None,
        *,
        is_new: bool = False,
    ) -> None:
        strategy = strategy_of(history, self._reader.definitions())
        known = [] if is_new else self.store.scopes(history)
        work = _Work(self._reader, self.store, strategy, series, known, self._note)
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


class _Work:
    """One refresh of one history."""

    def __init__(
        self,
        reader: Reader,
        store: Store,
        strategy: Strategy,
        series: Series,
        known: Sequence[StoredScope],
        note: Callable[[str], object],
    ) -> None:
        self._reader = reader
        self._store = store
        self._strategy = strategy
        self._history = strategy.history
        self._series = series
        self._known = {one.value: one for one in known}
        self._note = note
        self._headers = Headers({}, {})
        self._today = reader.now().date()

    def time(self) -> str:
        """Return the time, as it is stored."""
        return f"{self._reader.now():%Y-%m-%dT%H:%M:%SZ}"

    def parts(
        self, wanted: Callable[[Sequence[SQLValue]], list[SQLValue]] | None
    ) -> Iterator[tuple[Part, State | None]]:
        """Yield what to read, with the reason if it is one for all of its scopes."""
        strategy, known = self._strategy, list(self._known.values())
        if strategy.watch is not None:
            yield from self._parents(strategy.watch, wanted)
        elif strategy.months:
            months = strategy.months_so_far(known, self._today)
            chosen = None if wanted is None else wanted(months)
            for part in strategy.month_parts(known, chosen, self._today):
                yield part, None
        else:
            values = [one.value for one in known]
            chosen = values if wanted is None else wanted(values)
            if chosen == values:
                yield Part("TRUE", values, several=True), None
            else:
                for scope in chosen:
                    yield strategy.key_part(scope), None

    def _parents(
        self, watch: Watch, wanted: Callable[[Sequence[SQLValue]], list[SQLValue]] | None
    ) -> Iterator[tuple[Part, State | None]]:
        """Yield the scopes to read; record how many others were found as they were."""
        started, before = self.time(), self._series.spending.requests
        self._headers = headers = self._read_headers(watch)
        listed = list(dict.fromkeys((*headers.rows, *watch.header.also)))
        values = [*(one for one in listed if one not in self._known), *self._known]
        if wanted is not None:
            for scope in wanted(values):
                yield self._strategy.key_part(scope), None
            return
        moved, unchanged = set[SQLValue](), 0
        for scope in values:
            one = self._known.get(scope)
            if one is not None and one.closed and scope in headers.rows:
                if headers.watched[scope] != one.header:
                    moved.add(scope)
                else:
                    unchanged += 1
        if self._known:
            requests = self._series.spending.requests - before
            self._store.watched(
                self._history,
                Reading(
                    None,
                    (),
                    "watched",
                    False,
                    None,
                    started,
                    self.time(),
                    requests,
                    self._strategy.version,
                    0,
                ),
                unchanged,
            )
        for scope in values:
            one = self._known.get(scope)
            if one is None or not one.closed:
                yield self._strategy.key_part(scope), None
            elif scope in moved:
                yield self._strategy.key_part(scope), "restated"

    def _read_headers(self, watch: Watch) -> Headers:
        names = list(dict.fromkeys((watch.column, *watch.columns)))
        listed = ", ".join(map(quote, names))
        rows = self._reader.read(f"SELECT {listed} FROM {watch.resource}")
        places = [Place(at, watch.resource, name) for at, name in enumerate(names)]
        texts = self._texts(rows, places, places)
        self._series.amounts.clear()
        found, exact = (
            defaultdict[SQLValue, list[HeaderRow]](list),
            defaultdict[SQLValue, list[str]](list),
        )
        for row, spelled in zip(rows, texts, strict=True):
            found[row[0]].append(dict(zip(names, row, strict=True)))
            shown = [
                text if text is not None else plain(value)
                for value, text in zip(row, spelled, strict=True)
            ]
            exact[row[0]].append(json.dumps(shown[1:]))
        return Headers(found, {scope: "\n".join(sorted(each)) for scope, each in exact.items()})

    def _texts(
        self, rows: Sequence[Row], places: Sequence[Place], wanted: Sequence[Place]
    ) -> list[list[str | None]]:
        amounts: ExactAmounts = self._series.amounts
        return amounts.texts(rows, places, wanted)

    def read(self, part: Part, state: State | None) -> list[Reading]:
        """Return what a part has, a reading for each scope, oldest first; raise billql's errors."""
        history, strategy = self._history, self._strategy
        started, before = self.time(), self._series.spending.requests
        read = self._reader.read(f"SELECT * FROM ({history.sql}) WHERE {part.condition}")
        exact = {(one.resource, one.column) for one in history.exact}
        wanted = [one for one in history.places if (one.resource, one.column) in exact]
        spelled = self._texts(read, history.places, wanted)
        self._series.amounts.clear()
        rows = [(*row, *texts) for row, texts in zip(read, spelled, strict=True)]
        scopes: dict[SQLValue, list[Row]] = {scope: [] for scope in part.scopes}
        for row in rows:
            scope = strategy.scope_of(row) if part.several else part.scopes[0]
            scopes.setdefault(scope, []).append(row)
        requests = self._series.spending.requests - before
        readings = []
        for scope in sorted(scopes, key=lambda one: (one is not None, str(one))):
            of_scope, header = scopes[scope], self._headers.rows.get(scope, ())
            readings.append(
                Reading(
                    scope,
                    of_scope,
                    state or self._reason(scope),
                    strategy.is_closed(scope, of_scope, header, self._today),
                    self._headers.watched.get(scope),
                    started,
                    started,
                    requests,
                    strategy.version,
                    self._known[scope].refresh if scope in self._known else 0,
                )
            )
            requests = 0
        return readings

    def _reason(self, scope: SQLValue) -> State:
        one = self._known.get(scope)
        if one is None:
            return "first"
        return "closed" if one.closed else "open"

    def write(self, reading: Reading) -> None:
        """Store a scope, and note what has changed."""
        written = self._store.write(self._history, reading._replace(finished=self.time()))
        scope = "" if reading.scope is None else f" {reading.scope!r}"
        name = f"{self._history.name}{scope}"
        if written.refresh is None:
            self._note(f"{name}: another process has just read it")
        else:
            self._note(
                f"{name}: {reading.state}, {written.added} added, {written.removed} removed, "
                f"{written.unchanged} unchanged"
            )
