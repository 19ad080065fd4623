"""Which scopes a history has, which of them are open, and how each is read.

    parents   the scope is a key, such as an invoice's; a header lists the keys. Each is read by a
              condition on its key, and a closed one again when its header has moved
    months    the scope is a month of a column of time. Months are read by bounds of that column,
              and a closed one not again
    whole     neither: everything is read at once, and compared scope by scope

What is settled, and when, the definitions of the resources state (`settles`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from billql.definitions.model import ScopeHeader, Settles
from billql.definitions.types import MOMENTS, SQLValue
from billql.errors import DataError
from billql.history.definition import History, HistoryColumn
from billql.history.store import StoredScope
from billql.messages import Scalar
from billql.sql.tokenizer import quote, quote_text, type_name
from billql.util.instant import instant

_GAPS = 240
"""For how many months back a month that had no rows may have some now."""


class Origin(NamedTuple):
    """What the definition of a resource or a view has about a column."""

    type: str
    settles: Settles | None
    references: str | None = None
    version: str | None = None
    """The version of the definition."""


class Origins(Protocol):
    """What finds the definition of a column."""

    def origin(self, resource: str, column: str) -> Origin | None:
        """Return what is stated of a column; None if there is no such resource or view."""

    def watched(self, header: ScopeHeader) -> Sequence[str]:
        """Return the columns of a header that show that a scope has moved."""


class Part(NamedTuple):
    """What one statement reads: one scope, or several months."""

    condition: str
    """The condition on the columns of the history's SELECT."""
    scopes: Sequence[SQLValue]
    """The scopes that it reads for sure, even if they have no rows."""
    several: bool = False
    """Whether its rows may be of other scopes too."""


class Watch(NamedTuple):
    """How the headers are read."""

    resource: str
    column: str
    """The column of the header with the scopes."""
    columns: tuple[str, ...]
    """The columns that show that a scope has moved."""
    header: ScopeHeader


@dataclass(frozen=True)
class Strategy:
    """How the scopes of a history are read."""

    history: History
    settles: Settles | None = None
    """What its definition states of its scope, if it does."""
    watch: Watch | None = None
    """How its scopes are listed, if they are keys."""
    months: bool = False
    """Whether its scopes are months."""
    version: str | None = None
    """The version of the definition of its scope's resource."""

    def scope_of(self, row: Sequence[SQLValue]) -> SQLValue:
        """Return the scope of a row; raise DataError for one that is of no month."""
        scope = self.history.scope
        if scope is None:
            return None
        value = row[self._scope_at]
        if not self.months:
            return value
        found = instant(value) if isinstance(value, str) else None
        if found is None:
            raise DataError(
                f"A row of {self.history.name} has {value!r} in {scope}, which is in no month",
                hint="Choose another column with SCOPE BY.",
            )
        return found[:7]

    @property
    def _scope_at(self) -> int:
        return next(
            at for at, one in enumerate(self.history.columns) if one.name == self.history.scope
        )

    @property
    def is_of_time(self) -> bool:
        """Return whether its scopes are times, which compare as such whatever their spelling."""
        if self.history.scope is None:
            return False
        declared = self.history.columns[self._scope_at].type
        return self.months or type_name(declared) in ("DATE", "MONTH", "TIMESTAMP")

    def months_so_far(
        self, known: Sequence[StoredScope], today: datetime.date
    ) -> Sequence[SQLValue]:
        """Return the months that were read before, and those without rows between them and today,
        of `_GAPS` months at most.
        """
        found = {str(one.value) for one in known}
        running = f"{today:%Y-%m}"
        month = max(_later(running, -_GAPS), min(found, default=running))
        while month <= running:
            found.add(month)
            month = _later(month)
        return sorted(found)

    def key_part(self, scope: SQLValue) -> Part:
        """Return how one scope is read by its key."""
        column = quote(self.history.scope or "")
        return Part(
            f"{column} IS NULL" if scope is None else f"{column} = {_literal(scope)}", [scope]
        )

    def is_closed(
        self,
        scope: SQLValue,
        rows: Sequence[Sequence[SQLValue]],
        header: Sequence[Mapping[str, SQLValue]],
        today: datetime.date,
    ) -> bool:
        """Return whether a scope is settled by its rows, and by its header or its month."""
        if self.settles is None:
            return False
        if self.watch is None:
            settled = self._is_over(scope, today)
        else:
            stated = self.watch.header
            settled = not stated.open and scope not in stated.also and bool(header)
            settled = settled and _fit(stated.when, header)
        return settled and self._fits(rows)

    def _fits(self, rows: Sequence[Sequence[SQLValue]]) -> bool:
        """Return whether all rows have the values that settled ones have."""
        assert self.settles is not None, "its definition states what is settled"
        columns = self.history.columns
        resource = next(one.resource for one in columns if one.name == self.history.scope)
        places = {
            one.column: at
            for at, one in enumerate(columns)
            if one.resource == resource and one.column is not None
        }
        if not places.keys() >= self.settles.when.keys():
            return False
        found = [{name: row[places[name]] for name in self.settles.when} for row in rows]
        return _fit(self.settles.when, found)

    def _is_over(self, month: SQLValue, today: datetime.date) -> bool:
        """Return whether a month has settled by the days that have passed since its end."""
        assert self.settles is not None, "its definition states what is settled"
        if not isinstance(month, str):
            return False
        settled = today - datetime.timedelta(days=self.settles.days or 0)
        return f"{settled:%Y-%m}" > month

    def month_parts(
        self, known: Sequence[StoredScope], wanted: Sequence[SQLValue] | None, today: datetime.date
    ) -> Iterator[Part]:
        """Yield how months are read: those that are `wanted`, or else all that are not closed."""
        if wanted is not None:
            for month in wanted:
                yield self._months_part(str(month), _later(str(month)), [month])
            return
        retains = None if self.settles is None else self.settles.retains
        if retains is not None:
            running = f"{today:%Y-%m}"
            closed = {one.value for one in known if one.closed}
            month = _later(running, 1 - retains)
            while month < running:
                if month not in closed:
                    yield self._months_part(month, _later(month), [month])
                month = _later(month)
            # Some APIs refuse an end that is later.
            tomorrow = f"{today + datetime.timedelta(days=1)}"
            end = _later(running) if self._is_of_months else tomorrow
            yield self._months_part(running, end, [running])
            return
        open_months = sorted(str(one.value) for one in known if not one.closed)
        closed_months = sorted(str(one.value) for one in known if one.closed)
        if not known:
            yield self._months_part(None, None, [])
            return
        newest = max((*open_months, *closed_months))
        start = open_months[0] if open_months else _later(newest)
        for month in closed_months:
            if month < start:
                continue
            if start < month:
                yield self._months_part(
                    start, month, [m for m in open_months if start <= m < month]
                )
            start = _later(month)
        yield self._months_part(start, None, [month for month in open_months if month >= start])

    def _months_part(self, start: str | None, end: str | None, scopes: Sequence[SQLValue]) -> Part:
        column = quote(self.history.scope or "")
        length = len("2026-01" if self._is_of_months else "2026-01-01")
        bounds = [
            f"{column} {operator} '{f'{time}-01'[:length]}'"
            for operator, time in ((">=", start), ("<", end))
            if time is not None and time.index("-") == 4  # the calendar ends with 9999
        ]
        return Part(" AND ".join(bounds) or "TRUE", scopes, several=True)

    @property
    def _is_of_months(self) -> bool:
        return self.history.columns[self._scope_at].type.upper().startswith("MONTH")


def found_scope(columns: Sequence[HistoryColumn], origins: Origins) -> str | None:
    """Return the column that is the scope by the definitions: the first one that settles by its own
    resource's, or else the only month; None if there is none.
    """
    months = []
    for one in columns:
        if one.resource is None or one.column is None:
            continue
        origin = origins.origin(one.resource, one.column)
        if origin is None:
            continue
        if origin.settles is not None and origin.settles.scope == one.column:
            return one.name
        if origin.type == "month":
            months.append(one.name)
    return months[0] if len(months) == 1 else None


def strategy_of(history: History, origins: Origins) -> Strategy:
    """Return how a history is read, by the definitions that there are now."""
    found = next((one for one in history.columns if one.name == history.scope), None)
    if found is None or found.resource is None or found.column is None:
        return Strategy(history)
    origin = origins.origin(found.resource, found.column)
    if origin is None:
        return Strategy(history)
    settles = origin.settles
    if settles is not None and settles.scope != found.column:
        settles = None
    if settles is not None and (header := settles.header) is not None:
        own = header.resource == found.resource
        column = found.column if own else (origin.references or "").rpartition(".")[2]
        watch = Watch(header.resource, column, tuple(origins.watched(header)), header)
        return Strategy(history, settles, watch, version=origin.version)
    return Strategy(history, settles, None, origin.type in MOMENTS, origin.version)


def _fit(
    expected: Mapping[str, Scalar | tuple[Scalar, ...]], rows: Sequence[Mapping[str, SQLValue]]
) -> bool:
    """Return whether all rows have one of the values that some columns should have."""
    return all(
        row[name] in (values if isinstance(values, tuple) else (values,))
        for name, values in expected.items()
        for row in rows
    )


def _literal(value: SQLValue) -> str:
    """Return a value as SQL has it."""
    if isinstance(value, str):
        return quote_text(value)
    return f"x'{value.hex()}'" if isinstance(value, bytes) else repr(value)


def _later(month: str, count: int = 1) -> str:
    """Return the month that lies so many months after another one."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + count, 12)
    return f"{year:04}-{number + 1:02}"
