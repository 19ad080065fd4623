"""One refresh of one history: its scopes are read, one by one, and stored.

A scope is read whole before a transaction begins, and an error in between leaves all that was
stored before. A refresh begins with the scopes that were never read, or longest ago, so that after
a crash it goes on where it stood.
"""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import apsw

from billql.definitions.types import SQLValue
from billql.fetching.exact_amounts import ExactAmounts, Place, plain
from billql.fetching.statement import Series
from billql.history.comparing import Row
from billql.history.definition import HistoryColumn, State
from billql.history.definitions import Definitions
from billql.history.store import Reading, Store, StoredScope
from billql.history.strategy import Part, Strategy, Watch
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import quote

Chosen = Callable[[Sequence[SQLValue]], list[SQLValue]]
"""Returns those of some scopes for which the condition of WHERE is true."""

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


class Refresh:
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

    def parts(self, wanted: Chosen | None) -> Iterator[tuple[Part, State | None]]:
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

    def _parents(self, watch: Watch, wanted: Chosen | None) -> Iterator[tuple[Part, State | None]]:
        """Yield the scopes to read; record how many others were found as they were."""
        started, before = self.time(), self._series.spending.requests
        self._headers = headers = self._read_headers(watch)
        # Where an outer join has found no partner, the scope is NULL, which no header lists.
        missing = (None,) if self._history.has_outer_join else ()
        listed = list(dict.fromkeys((*headers.rows, *watch.header.also, *missing)))
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
