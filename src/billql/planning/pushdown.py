"""Pushdown: what a method's parameters can make of a constraint, and of its value.

The rule above all others: what the API filters may change what an answer costs, never what it is.
So SQLite checks every constraint again, and one that cannot be encoded exactly is sent as a wider
one or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from billql.definitions.accepted_values import is_among
from billql.definitions.catalog import Table
from billql.definitions.methods import Method, Parameter
from billql.definitions.model import CONNECTION, Column
from billql.definitions.types import MOMENTS, Operator, SQLValue
from billql.planning import intervals
from billql.planning.bound_encoding import is_precise
from billql.planning.intervals import Span
from billql.planning.parameter_encoding import accepts_value, encode_parameter, is_no_key
from billql.planning.plan import Constraint, PushedConstraint, Unknown
from billql.planning.preimage import preimage
from billql.util.instant import instant


def push_down(
    table: Table, method: Method, constraints: Sequence[Constraint]
) -> tuple[PushedConstraint, ...]:
    """Return those of SQLite's constraints whose values a method can use."""
    keys = key_columns_of(table, method)
    found = []
    for number, one in enumerate(constraints):
        parameters = tuple(matching_parameters(method, one))
        if not one.usable or not (parameters or selects_connections(one)):
            continue
        column = table.columns[one.column]
        exact = not parameters or _is_exact(column, one, parameters)
        pushed = PushedConstraint(number, one, column, parameters, exact, one.column in keys)
        found.append(pushed)
    return tuple(found)


def look_ups(
    table: Table, name: str, constraints: Sequence[Constraint], pushed: Sequence[PushedConstraint]
) -> tuple[PushedConstraint, ...]:
    """Return the constraints whose values a method cannot use, and which are wanted all the same.

    By an equality with a value of another row, rows are found in a list that has been read. Where
    a key is looked up, other methods may carry what its own cannot: a list that holds the keys.
    """
    carried = {one.number for one in pushed}
    others = [other for key, other in table.resource.methods.items() if key != name]
    if not any(one.is_key for one in pushed):
        others = []
    return tuple(
        PushedConstraint(number, one, table.columns[one.column], (), False, False)
        for number, one in enumerate(constraints)
        if number not in carried
        and one.usable
        and one.column in table.columns
        and (
            _compares_rows(table.columns[one.column], one)
            or any(_carries_more(other, one) for other in others)
        )
    )


def _carries_more(method: Method, constraint: Constraint) -> bool:
    """Return whether another method has a use for a constraint's value, or for a whole list."""
    return not constraint.listed and bool(matching_parameters(method, constraint))


def _compares_rows(column: Column, constraint: Constraint) -> bool:
    """Return whether a constraint is an equality with a value of another row."""
    return (
        constraint.operator == "="
        and isinstance(constraint.value, Unknown)
        and constraint.collation is None
        and not (constraint.literal or constraint.listed)
        and column.type != "blob"
    )


def selects_one(constraint: Constraint) -> bool:
    """Return whether a constraint is sure to leave one value: an equality, or `<> 0` of a truth
    value.
    """
    if constraint.operator == "<>":
        return not isinstance(constraint.value, Unknown) and constraint.value in (0, 1)
    return constraint.operator == "="


def selects_connections(constraint: Constraint) -> bool:
    """Return whether a constraint selects the connections to read from."""
    return (
        constraint.column == CONNECTION
        and constraint.operator in ("=", "in")
        and constraint.collation is None
    )


def _matches(column: str, parameter: Parameter, constraint: Constraint) -> bool:
    """Return whether a parameter can carry something of a constraint: its value, or its bound."""
    if column != constraint.column:
        return False
    if constraint.collation is not None and not _holds_in_own_collation(constraint, parameter):
        return False
    if constraint.operator == "is null":
        return parameter.null is not None
    if constraint.operator == "within":
        return parameter.operator != "=" or parameter.by is not None
    if constraint.of_truth:
        return parameter.operator == "="
    is_bound = constraint.operator in ("<", "<=", ">", ">=")
    return (
        constraint.operator in ("=", "in")
        or parameter.operator[0] == constraint.operator[0]
        or (parameter.by is not None and is_bound)
    )


def _holds_in_own_collation(constraint: Constraint, parameter: Parameter) -> bool:
    """Return whether what is true in a constraint's collation is so in the API's comparison."""
    if constraint.collation == "BINARY":  # equal texts are the same time
        return constraint.operator in ("=", "in")
    ignores_case = constraint.collation == "NOCASE" and parameter.ignores_case
    return ignores_case and constraint.operator == "="


def matching_parameters(method: Method, constraint: Constraint) -> list[Parameter]:
    """Return the parameters that can carry something of a constraint."""
    return [
        parameter
        for column, parameter in method.filters()
        if _matches(column, parameter, constraint)
    ]


def _is_exact(column: Column, constraint: Constraint, parameters: Sequence[Parameter]) -> bool:
    """Return whether parameters together select just the rows that satisfy a constraint."""
    if constraint.collation is not None or constraint.computed is not None:
        return False
    if not all(is_exact(column, parameter) for parameter in parameters):
        return False
    if constraint.of_truth:
        return selects_one(constraint)
    return constraint.operator not in ("=", "in") or can_select_one(parameters)


def can_select_one(parameters: Iterable[Parameter]) -> bool:
    """Return whether parameters of a column can together leave one value of it."""
    ends = {parameter.operator[0] for parameter in parameters}
    return "=" in ends or ends == {"<", ">"}


def is_exact(column: Column, parameter: Parameter) -> bool:
    """Return whether the API returns just the rows that a parameter selects, and never more."""
    return (
        parameter.match == "exact"
        and not parameter.ignores_case
        and is_precise(column.type, parameter.format, parameter.operator, column.whole)
    )


def missing_parameters(
    method: Method, pushed: Sequence[Constraint]
) -> Iterator[tuple[str, Parameter]]:
    """Yield the required parameters that no constraint fills, each after its column."""
    for column, parameter in method.filters():
        if needs_constraint(parameter) and not any(
            _matches(column, parameter, one) and not _leaves_open(parameter, one) for one in pushed
        ):
            yield column, parameter


def _leaves_open(parameter: Parameter, constraint: Constraint) -> bool:
    """Return whether the days or months that a constraint leaves have no first one, or whether it
    may leave both truth values.
    """
    if constraint.of_truth:
        return not selects_one(constraint)
    return parameter.by is not None and constraint.operator in ("<", "<=")


def needs_constraint(parameter: Parameter) -> bool:
    """Return whether a method cannot be called unless a constraint fills a parameter."""
    return parameter.required and parameter.default is None


def key_columns_of(table: Table, method: Method) -> set[str]:
    """Return the columns that a statement must constrain, if it uses a method."""
    return {*table.echo_columns, *(column for column, one in method.filters() if one.required)}


def pushable_span(method: Method, pushed: PushedConstraint, value: SQLValue) -> Span | None:
    """Return the column values that satisfy a constraint with a value.

    None means that no parameter can carry them, so SQLite alone filters. A key that is a text is
    requested by a number's own text; see `planner.widened`.
    """
    constraint = pushed.constraint
    if constraint.operator == "is null" or (constraint.accepts_null and value is None):
        return _span_of_null(method, pushed)
    span = _interval(pushed, value)
    if span is None or span.empty:
        return span
    return _encodable(pushed, span.as_loose() if constraint.collation == "NOCASE" else span)


def _span_of_null(method: Method, pushed: PushedConstraint) -> Span | None:
    """Return the span of NULL, where a parameter can request rows without a value."""
    if any(one.null is not None for one in pushed.parameters):
        return intervals.NULL
    # A row that is requested by its key has one.
    is_key = method.single and any(one.required for one in pushed.parameters)
    return intervals.NOTHING if is_key else None


def _interval(pushed: PushedConstraint, value: SQLValue) -> Span | None:
    """Return the column values for which SQLite finds a comparison true, if they are known."""
    constraint, kind = pushed.constraint, pushed.column.type
    operator: Operator = "="
    if constraint.operator in ("<", "<=", ">", ">="):
        operator = constraint.operator
    if constraint.operator == "<>":
        return intervals.other_truth_value(value)
    if constraint.computed is not None:
        return preimage(kind, constraint.computed, operator, value)
    if kind == "text" and pushed.is_key:
        value = intervals.number_as_text(value)
    elif kind in MOMENTS and isinstance(value, int | float) and not constraint.literal:
        # A number from an expression may be a year; one from a numeric column equals no text.
        is_year = instant(str(value)) is not None
        return intervals.NOTHING if operator == "=" and not is_year else None
    elif kind == "text" and constraint.literal:
        value = intervals.number_as_text(value) or value
    span = intervals.interval_where(kind, operator, value)
    if span is None and operator == "=" and kind in MOMENTS and not constraint.literal:
        return intervals.NOTHING  # what is no time stands in a row of another table
    return span


def _encodable(pushed: PushedConstraint, span: Span) -> Span | None:
    """Return a span if every parameter can carry it; no values where none of its rows can be."""
    column, parameters = pushed.column, pushed.parameters
    if not all(accepts_value(one, span) for one in parameters):
        is_real = is_among(column.values, span.low, ignores_case=span.loose)
        return None if is_real else intervals.NOTHING
    if any(is_no_key(column, one, span) for one in parameters):
        return intervals.NOTHING
    can_encode = all(
        encode_parameter(column, one, span) is not None
        or (one.by is not None and not span.is_point)
        for one in parameters
    )
    return span if can_encode else None
