"""Requested spans: what a statement's values leave of each column, one entry for each request."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from billql.definitions.catalog import Table
from billql.definitions.methods import Method
from billql.definitions.types import EXAMPLE_BY_TYPE, SQLValue
from billql.errors import BadValue
from billql.planning.intervals import EVERYTHING, Span, Spans, interval_where
from billql.planning.parameter_encoding import (
    LONGEST_LIST,
    MOST_LISTED,
    encode_parameter,
    listed_length,
)
from billql.planning.plan import PushedConstraint, each_value
from billql.planning.pushdown import (
    needs_constraint,
    pushable_span,
    selects_connections,
)

_FAN_OUT = 16
"""How many values of an optional filter are worth a request each."""


class RequestedSpans(msgspec.Struct, frozen=True):
    """What a statement requests of the columns that it constrains."""

    by_column: Mapping[str, Sequence[Spans]]
    """For each column its alternatives, of which each takes requests of its own."""
    is_complete: bool
    """Whether they cover every pushed constraint, so that SQLite alone filters by none."""


def requested_spans(
    table: Table, method: Method, pushed: Sequence[tuple[PushedConstraint, Any]]
) -> RequestedSpans:
    """Return what constraints with their values leave of each column.

    A value that cannot be encoded is left to SQLite, and so are many values of an optional filter.
    Raises BadValue for a value that cannot be encoded if the API needs it.
    """
    list_columns = _list_columns(table, method)
    found: dict[str, set[Span]] = {}
    not_encoded: dict[str, SQLValue] = {}
    is_complete = True
    for one, value in pushed:
        if selects_connections(one.constraint):
            continue
        column = one.constraint.column
        spans = [(each, pushable_span(method, one, each)) for each in _values(one, value)]
        refused = [each for each, span in spans if span is None]
        wanted = {span for _, span in spans if span is not None and not span.empty}
        if refused:
            not_encoded[column] = refused[0]
        elif len(wanted) > _FAN_OUT and not one.is_key and column not in list_columns:
            is_complete = False
        else:
            found[column] = _intersections(found.get(column, {EVERYTHING}), wanted)
    for column, value in not_encoded.items():
        rest = found.get(column, {EVERYTHING})
        if not all(_suffices(table, method, column, span) for span in rest):
            raise _bad_value(table, column, value)
    by_column = {
        column: list(_chunks(table, method, column, _sorted(spans)))
        if column in list_columns
        else [(span,) for span in _sorted(spans)]
        for column, spans in found.items()
    }
    return RequestedSpans(by_column, is_complete and not not_encoded)


def _list_columns(table: Table, method: Method) -> set[str]:
    """Return the columns of which one request can carry several values."""
    columns = {column for column, parameter in method.filters() if parameter.lists}
    # A column that shows what was requested needs a request of its own for each value.
    return columns.difference(table.echo_columns)


def _intersections(some: Iterable[Span], others: Iterable[Span]) -> set[Span]:
    """Return what is in one of some spans and in one of others as well."""
    both = (one & other for one, other in itertools.product(some, others))
    return {span for span in both if not span.empty}


def _sorted(spans: Collection[Span]) -> list[Span]:
    """Return spans from the lowest to the highest; several of a column are single values."""
    return sorted(spans, key=lambda span: span.low) if len(spans) > 1 else list(spans)


def _values(pushed: PushedConstraint, value: Any) -> list[Any]:
    """Return all the values that a constraint compares a column with."""
    values = [*each_value(value)]
    if pushed.column.type == "text" and not pushed.constraint.literal:
        # A REAL column's 5.0 is equal to the text '5' as well.
        values += [int(one) for one in values if isinstance(one, float) and one.is_integer()]
    return values


def _chunks(table: Table, method: Method, column: str, ordered: Sequence[Span]) -> Iterator[Spans]:
    """Split the values of a list into those that one request can carry."""
    carriers = [
        (name, one)
        for name, one in method.parameters.items()
        if one.lists and one.filters(name) == column
    ]
    chunk: list[Span] = []
    length = 0
    for span in ordered:
        added = max(listed_length(table.columns[column], *one, span) for one in carriers)
        if chunk and (length + added > LONGEST_LIST or len(chunk) == MOST_LISTED):
            yield tuple(chunk)
            chunk, length = [], 0
        chunk.append(span)
        length += added
    if chunk:
        yield tuple(chunk)


def _suffices(table: Table, method: Method, column: str, span: Span) -> bool:
    """Return whether a span of a column is all that the API needs to know of it."""
    parameters = [one for filtered, one in method.filters() if filtered == column]
    if column in table.echo_columns and not span.is_point:
        return any(one.default is not None for one in parameters)
    return all(
        encode_parameter(table.columns[column], one, span) is not None
        for one in parameters
        if needs_constraint(one)
    )


def _bad_value(table: Table, column: str, value: SQLValue) -> BadValue:
    """Return the error for a value that the API needs and that cannot be encoded."""
    kind = table.columns[column].type
    is_of_type = interval_where(kind, "=", value) is not None
    shown = "NULL" if value is None else f"{value!r:.80}"
    return BadValue(
        f"{table.name}: {column} cannot be {shown}",
        hint="No request can carry it to where the API expects it."
        if is_of_type
        else f"Give {EXAMPLE_BY_TYPE[kind]}.",
    )
