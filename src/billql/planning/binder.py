"""Binding: a plan and the values of its constraints become the requests to send.

Pure, like planning. A statement's value goes into the request in the API's own form, or, where it
cannot be encoded, not at all: then SQLite alone filters. Only what the API cannot do without is an
error.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from billql.definitions.catalog import Table
from billql.definitions.model import CONNECTION
from billql.definitions.types import TIME_COLLATION, ColumnType, SQLValue, collation_of
from billql.errors import NotSupportedError, ParameterMissing, RequestLimit
from billql.http.credentials import ApiConnection
from billql.planning import intervals
from billql.planning.bound_encoding import sql_value
from billql.planning.intervals import EVERYTHING, Span, Spans
from billql.planning.limited_windows import limited_windows
from billql.planning.list_request import Coverage, ListRequest, ListRequestBuilder, columns_of_parts
from billql.planning.partition import Part, Point, Several, Window
from billql.planning.plan import Plan, each_value
from billql.planning.pushdown import (
    can_select_one,
    is_exact,
    missing_parameters,
    selects_connections,
)
from billql.planning.requested_spans import requested_spans

_MOST_LISTS = 100_000
"""How many lists one scan may read: values of several columns multiply."""


class BoundPlan(msgspec.Struct, frozen=True):
    """A plan with its values: the lists to read, whose rows follow each other in this order."""

    lists: tuple[ListRequest, ...]
    wanted: int | None = None
    """How many rows the statement will read at most, if that is known."""
    skip: int = 0
    """How many rows to leave out at the beginning."""
    reads: frozenset[str] = frozenset()
    """The columns by which a row is found to belong to one of several lists."""
    are_alike: bool = False
    """Whether the rows of each list are alike in all that the statement reads of them."""


def bind(
    table: Table,
    plan: Plan,
    values: Sequence[Any],
    connections: Sequence[ApiConnection],
    now: datetime.datetime,
) -> BoundPlan:
    """Return the requests of a plan for the values of its constraints, on each of some connections.

    A value is a SQL value, or a set of them for a whole IN list. Raises ParameterMissing for a key
    column without a value, BadValue for one that the API cannot be sent, RequestLimit for more of
    them than any API allows, NotSupportedError for a method that billql cannot call.
    """
    if (need := table.beyond.get(plan.method)) is not None:
        raise NotSupportedError(
            f"{table.name} cannot be read by {plan.method}: it needs {need}, which billql cannot do"
        )
    if plan.missing:
        raise _missing(table, plan)
    return Binder(table, plan, now).bind(values, connections)


def selected_connections(plan: Plan, values: Sequence[Any], names: Sequence[str]) -> list[str]:
    """Return those of some connections from which a statement wants rows."""
    selected = set(names)
    for one, value in plan.bind_arguments(values).pushed:
        if selects_connections(one.constraint):
            spans = [intervals.interval_where("text", "=", each) for each in each_value(value)]
            if None not in spans:
                selected &= {span.low for span in spans if span is not None}
    return [name for name in names if name in selected]


def narrowed_to(
    table: Table, plan: Plan, whole: ListRequest, column: str, span: Span, *, ends: bool
) -> ListRequest:
    """Return the request of a part of a list: the rows of a span of one column.

    `ends` is whether it is the last part, which has no lower end.
    """
    method = table.resource.methods[plan.method]
    shown = Span(None if ends else span.low, span.high)
    parts = {}
    if not _is_column_exact(table, plan, column):
        parts[column] = _window(table.columns[column].type, shown, column in whole.requested)
    coverage = Coverage(whole.requested, {**whole.covered, column: (span,)}, parts)
    return ListRequestBuilder(table, method, plan.used).build(coverage, whole.connection)


class _Defaults(NamedTuple):
    """What a statement requests of a method, with the method's defaults."""

    covered: dict[str, Spans]
    """What the statement requests of each column, with the defaults of its open ends."""
    alternatives: dict[str, list[Spans]]
    """The default values of other columns, of which each takes requests of its own."""


class Binder:
    """Makes the requests of one plan; `now` is the statement's time."""

    def __init__(self, table: Table, plan: Plan, now: datetime.datetime) -> None:
        self._table = table
        self._plan = plan
        self._method = table.resource.methods[plan.method]
        self._now = now
        self._builder = ListRequestBuilder(table, self._method, plan.used)
        self._alternatives: Mapping[str, Sequence[Spans]] = {}
        """What the statement requests of each column: one entry for each request."""

    def bind(self, values: Sequence[Any], connections: Sequence[ApiConnection]) -> BoundPlan:
        """Return the requests for the values of the plan's constraints."""
        arguments = self._plan.bind_arguments(values)
        requested = requested_spans(self._table, self._method, arguments.pushed)
        self._alternatives = requested.by_column
        if math.prod(map(len, self._alternatives.values())) * len(connections) > _MOST_LISTS:
            raise self._too_many()
        found = (one for connection in connections for one in self._lists(connection))
        lists = tuple(itertools.islice(found, _MOST_LISTS + 1))
        if len(lists) > _MOST_LISTS:
            raise self._too_many()
        limit = arguments.limit if requested.is_complete else None
        return BoundPlan(
            lists,
            None if limit is None else limit + arguments.offset,
            arguments.offset if self._plan.skips else 0,
            self._reads(lists),
            are_alike=all(map(self._are_alike, lists)),
        )

    def _are_alike(self, listed: ListRequest) -> bool:
        """Return whether the API returns rows that have one value in each column that is read."""
        read = (self._plan.used - {CONNECTION}).union(listed.parts)
        points = {
            name
            for name, spans in listed.requested.items()
            if len(spans) == 1 and spans[0].is_point and not spans[0].loose
        }
        filters = list(self._method.filters())
        return read <= points and all(
            can_select_one(one for column, one in filters if column == name)
            and _is_column_exact(self._table, self._plan, name)
            for name in read
        )

    def _too_many(self) -> RequestLimit:
        return RequestLimit(
            f"{self._table.name} takes more than {_MOST_LISTS:,} requests for all these values",
            hint="Narrow it down: fewer values, or a shorter window of time.",
        )

    def _reads(self, lists: Iterable[ListRequest]) -> frozenset[str]:
        """Return the columns that must be read to know to which list's part a row belongs."""
        return frozenset().union(*(columns_of_parts(self._table, one.parts) for one in lists))

    def _lists(self, connection: ApiConnection) -> Iterator[ListRequest]:
        """Yield the lists of one connection, in the order in which their rows are wanted."""
        for requested in _combinations(self._alternatives):
            defaults = self._with_defaults(requested)
            known = self._inexact_defaults(defaults)
            for chosen in _combinations(defaults.alternatives):
                covered = {**defaults.covered, **chosen}
                if any(span.empty for spans in covered.values() for span in spans):
                    continue
                parts = dict(self._value_parts(covered, known))
                for window, part in self._windows(requested, covered):
                    coverage = Coverage(requested, {**covered, **window}, {**parts, **part})
                    yield self._builder.build(coverage, connection)

    def _with_defaults(self, requested: Mapping[str, Spans]) -> _Defaults:
        """Return what a statement requests, with defaults for what it leaves open."""
        covered = dict(requested)
        alternatives: dict[str, list[Spans]] = {}
        for column, parameter in self._method.filters():
            if parameter.by is not None and column in covered:
                # No day and no month to come has rows.
                kind = self._table.columns[column].type
                past = Span(None, intervals.current(kind, self._now))
                covered[column] = tuple(span & past for span in covered[column])
            default = parameter.default
            if default is None:
                continue
            span = covered.get(column, (EVERYTHING,))[0]
            edge: Any = intervals.today(self._now) if default == "today" else default
            if parameter.operator == "=" and span == EVERYTHING:
                edges = default if isinstance(default, tuple) else (edge,)
                alternatives[column] = [(Span(one, one),) for one in edges]
            elif parameter.operator[0] == "<" and span.high is None:
                covered[column] = (Span(span.low, edge),)
            elif parameter.operator[0] == ">" and span.low is None:
                covered[column] = (Span(edge, span.high),)
        return _Defaults(covered, alternatives)

    def _inexact_defaults(self, defaults: _Defaults) -> dict[str, frozenset[SQLValue]]:
        """Return the default values of the columns where a request may return other rows too."""
        return {
            column: frozenset(
                sql_value(self._table.columns[column].type, span.low) for (span,) in alternatives
            )
            for column, alternatives in defaults.alternatives.items()
            if not _is_column_exact(self._table, self._plan, column)
        }

    def _value_parts(
        self, covered: Mapping[str, Spans], known: Mapping[str, frozenset[SQLValue]]
    ) -> Iterator[tuple[str, Part]]:
        """Yield the part of a list for each column of which other lists have other values.

        `known` are the defaults that have lists, by column.
        """
        several = {column for column, spans in self._alternatives.items() if len(spans) > 1}
        for column in several.union(known).difference(self._table.echo_columns):
            kind = self._table.columns[column].type
            values = [sql_value(kind, span.low) for span in covered[column]]
            if len(values) > 1:
                yield column, Several(frozenset(values))
            else:
                yield column, Point(values[0], known.get(column, frozenset()), column in several)

    def _windows(
        self, requested: Mapping[str, Spans], covered: Mapping[str, Spans]
    ) -> Iterator[tuple[dict[str, Spans], dict[str, Part]]]:
        """Split a window that is longer than the API allows; yield each with its part of the rows.

        The outer ends stay open: what lies beyond them no other list has, and SQLite checks it.
        """
        longest = self._method.window_limit
        span = EVERYTHING if longest is None else covered.get(longest.column, (EVERYTHING,))[0]
        if longest is None or span.low is None or span.high is None:
            yield {}, {}
            return
        column, kind = longest.column, self._table.columns[longest.column].type
        windows = limited_windows(self._table.name, kind, longest, span)
        needs_no_part = (
            len(windows) == 1
            or column in self._table.echo_columns
            or _is_column_exact(self._table, self._plan, column)
        )
        for window in reversed(windows) if f"-{column}" in self._method.order else windows:
            low = None if window.low == span.low else window.low
            high = None if window.high == span.high else window.high
            part = _window(kind, Span(low, high), column in requested)
            yield {column: (window,)}, {} if needs_no_part else {column: part}


def _combinations(alternatives: Mapping[str, Sequence[Spans]]) -> Iterator[dict[str, Spans]]:
    """Yield each way to take one alternative of every column."""
    for chosen in itertools.product(*alternatives.values()):
        yield dict(zip(alternatives, chosen, strict=True))


def _is_column_exact(table: Table, plan: Plan, column: str) -> bool:
    """Return whether the API returns just the rows that are requested by a column."""
    method = table.resource.methods[plan.method]
    definition = table.columns[column]
    return all(is_exact(definition, one) for name, one in method.filters() if name == column)


def _window(kind: ColumnType, span: Span, asked: bool) -> Window:
    low, high = (None if end is None else sql_value(kind, end) for end in (span.low, span.high))
    return Window(low, high, asked)


_COMPARISONS = frozenset(("=", "in", "<", "<=", ">", ">="))
"""The operators that a key could be requested with."""


def _missing(table: Table, plan: Plan) -> ParameterMissing | NotSupportedError:
    """Return the error for a plan whose method cannot be called."""
    column = plan.missing[0]
    for one in plan.constraints:
        is_comparison = one.operator in _COMPARISONS and one.computed is None
        if one.column == column and one.collation is not None and is_comparison:
            own = collation_of(table.columns[column].type)
            way = "as a time" if own == TIME_COLLATION else "byte by byte"
            return NotSupportedError(
                f"{table.name} finds {column} {way}, and not by the collation {one.collation}",
                hint=f"Compare it without COLLATE, or by COLLATE {own}: WHERE {column} = …",
            )
    others = f" (and {', '.join(plan.missing[1:])})" if plan.missing[1:] else ""
    method = table.resource.methods[plan.method]
    unfilled = missing_parameters(method, [one.constraint for one in plan.pushed])
    operator = next((one.operator for name, one in unfilled if name == column), "=")
    example = _EXAMPLES.get(table.columns[column].type, "'…'")
    return ParameterMissing(
        f"{table.name} cannot be read without a value for {column}{others}",
        resource=table.name,
        column=column,
        hint=f"Add a condition such as: WHERE {column} {operator} {example}",
    )


_EXAMPLES = {
    "date": "'2025-01-01'",
    "month": "'2025-01'",
    "timestamp": "'2025-01-01T00:00:00Z'",
    "integer": "1",
    "boolean": "1",
}
