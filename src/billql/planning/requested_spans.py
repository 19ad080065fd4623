"""Requested spans: what a statement's values leave of each column, one entry for each request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from billql.definitions.catalog import Table
from billql.definitions.model import Method
from billql.definitions.types import EXAMPLE_BY_TYPE, SQLValue
from billql.errors import BadValue
from billql.planning.intervals import EVERYTHING, Span, Spans, interval_where
from billql.planning.parameter_encoding import (
    LONGEST_LIST,
    MOST_LISTED,
    encode_parameter,
    listed_length,
)
from billql.planning.plan import PushedConstraint
from billql.planning.pushdown import echo_columns, filters, pushable_span, selects_connections

_FAN_OUT = 16
"""How many values of an optional filter are worth a request each."""


@dataclass
class RequestedSpans:
    """What a statement requests of the columns that it constrains."""

    by_column: dict[str, list[Spans]] = field(default_factory=dict)
    """For each column its alternatives, of which each takes requests of its own."""
    is_complete: bool = True
    """Whether they cover every pushed constraint, so that SQLite alone filters by none."""


def requested_spans(
    table: Table, method: Method, pushed: Sequence[tuple[PushedConstraint, Any]]
) -> RequestedSpans:
    """Return what constraints with their values leave of each column.

    A value that cannot be encoded is left to SQLite. Raises BadValue if the API needs it.
    """
    listed = {column for column, parameter in filters(method) if parameter.lists}
    # A column that shows what was requested needs a request of its own for each value.
    listed.difference_update(echo_columns(table))
    found: dict[str, set[Span]] = {}
    not_encoded: dict[str, SQLValue] = {}
    requested = RequestedSpans()
    for one, value in pushed:
        if selects_connections(one.constraint):
            continue
        column, values = one.constraint.column, _values(one, value)
        spans = [pushable_span(method, one, each) for each in values]
        if None in spans:
            not_encoded[column] = values[spans.index(None)]
            continue
        wanted = {span for span in spans if span is not None and not span.empty}
        if len(wanted) > _FAN_OUT and not one.is_key and column not in listed:
            requested.is_complete = False
            continue
        both = [span & other for span in found.get(column, {EVERYTHING}) for other in wanted]
        found[column] = {span for span in both if not span.empty}
    for column, value in not_encoded.items():
        if not all(
            _suffices(table, method, column, one) for one in found.get(column, {EVERYTHING})
        ):
            raise _bad_value(table, column, value)
        requested.is_complete = False
    for column, alternatives in found.items():
        ordered = (
            sorted(alternatives, key=lambda span: span.low)
            if len(alternatives) > 1
            else list(alternatives)
        )
        requested.by_column[column] = (
            list(_chunks(table, method, column, ordered))
            if column in listed
            else [(span,) for span in ordered]
        )
    return requested


def _values(pushed: PushedConstraint, value: Any) -> list[Any]:
    """Return all the values that a constraint compares a column with."""
    values = [*value] if isinstance(value, set | frozenset) else [value]
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
    parameters = [one for filtered, one in filters(method) if filtered == column]
    if column in echo_columns(table) and not span.is_point:
        return any(one.default is not None for one in parameters)
    return all(
        encode_parameter(table.columns[column], one, span) is not None
        for one in parameters
        if one.required and one.default is None
    )


def _bad_value(table: Table, column: str, value: SQLValue) -> BadValue:
    kind = table.columns[column].type
    is_of_type = interval_where(kind, "=", value) is not None
    return BadValue(
        f"{table.name}: {column} cannot be {value!r:.80}",
        hint="No request can carry it to where the API expects it."
        if is_of_type
        else f"Give {EXAMPLE_BY_TYPE[kind]}.",
    )
