"""Planning: which method reads a resource, what the API filters, and what is left to SQLite.

Pure: `choose` answers the question of SQLite's planner, "what would it cost to read this table
under these constraints", with a `Plan`. `bind` later turns it into requests.

The rule above all others: what the API filters may change what an answer costs, never what it is.
So SQLite checks every constraint again, a constraint that cannot be said exactly is said more
widely or not at all, and a LIMIT is only ever a hint of how much to ask for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from billql.definitions.accepted_values import is_among
from billql.definitions.catalog import Table
from billql.definitions.model import CONNECTION, Column, Method, Parameter
from billql.definitions.pagination import Paginator
from billql.definitions.types import MOMENTS, Operator, SQLValue
from billql.messages import to_text
from billql.planning import intervals
from billql.planning.intervals import Span
from billql.planning.parameter_encoding import encode_parameter, is_no_key, takes
from billql.util.text import counted

IMPOSSIBLE: Final = 1e18
"""The cost of a plan that cannot be run; SQLite takes it only if there is no other."""

_COST_OF_REQUEST = 1000.0
"""What a request costs, where reading a row that is at hand costs 1."""

_ROWS_OF_LIST = 1000
"""How many rows a list has, if nobody has said."""


class Unknown:
    """A value that only the running statement will tell."""


UNKNOWN: Final = Unknown()


class Constraint(NamedTuple):
    """SQLite's side of a predicate, as its planner offers it."""

    column: str
    operator: Operator | Literal["in", "is null", "limit", "offset", "other"]
    usable: bool
    value: SQLValue | Unknown = UNKNOWN
    literal: bool = False
    """Whether the value stands in the statement, so that SQLite gives it the column's affinity."""
    takes_null: bool = False
    """Whether it is an IS, which NULL satisfies as well."""
    collation: str = "BINARY"
    """How it compares texts."""


class Order(NamedTuple):
    """One term of an ORDER BY."""

    column: str
    descending: bool


@dataclass(frozen=True)
class Plan:
    """How to read a resource: chosen when SQLite plans, carried out when it runs.

    `arguments` are the numbers of the constraints whose values are wanted, in that order.
    """

    method: str
    constraints: tuple[Constraint, ...]
    arguments: tuple[int, ...]
    used: frozenset[str]
    missing: tuple[str, ...] = ()
    """The columns without which the method cannot be called."""
    limit: int | None = None
    """The argument that holds the LIMIT, if the API's rows are just the statement's."""
    offset: int | None = None
    """The argument that holds the OFFSET, beside a LIMIT."""
    skips: bool = False
    """Whether billql leaves out the rows of the OFFSET itself."""
    order: tuple[Order, ...] = ()
    """The order that the statement asks for, if the API promises to give rows in it."""
    cost: float = IMPOSSIBLE
    rows: int = 1
    requests: int = 1
    correlated: bool = False
    """Whether its values come from the current row of a join."""
    summary: str = ""
    """What EXPLAIN QUERY PLAN shows."""


def with_points(constraints: Sequence[Constraint]) -> list[Constraint]:
    """Give the constraints with `BETWEEN 'x' AND 'x'` as the `= 'x'` that it means."""
    highs = {
        (one.column, one.value, one.collation)
        for one in constraints
        if one.operator == "<=" and one.usable and one.literal
    }
    return [
        one._replace(operator="=")
        if one.operator == ">="
        and one.usable
        and one.literal
        and (one.column, one.value, one.collation) in highs
        else one
        for one in constraints
    ]


# Choosing ---------------------------------------------------------------------------------------


def choose_plan(
    table: Table,
    constraints: Sequence[Constraint],
    used: frozenset[str],
    order: Sequence[Order] = (),
    connections: int = 1,
) -> Plan:
    """Choose the cheapest method under the constraints at hand.

    `connections` tells how many there are to read from, unless a constraint chooses among them.
    """
    plans = (
        _plan_method(table, name, tuple(constraints), used, order, connections)
        for name in table.resource.methods
    )
    return min(plans, key=lambda plan: (plan.cost, len(plan.missing)))


def _plan_method(
    table: Table,
    name: str,
    constraints: tuple[Constraint, ...],
    used: frozenset[str],
    order: Sequence[Order],
    connections: int,
) -> Plan:
    method = table.resource.methods[name]
    pushed = [
        number
        for number, one in enumerate(constraints)
        if one.usable and (chooses_connections(one) or matching_parameters(method, one))
    ]
    asked = [constraints[i].operator for i in pushed if constraints[i].column == CONNECTION]
    one_connection = "=" in asked or (connections == 1 and not asked)
    served = {constraints[i].column for i in pushed if constraints[i].operator in ("=", "in")}
    defaults = {column for column, one in filters(method) if one.default is not None}
    missing = [
        *missing_parameters(method, [constraints[i] for i in pushed]),
        *(one for one in echo_columns(table) if one in used and one not in served | defaults),
    ]
    exact = _exact(table, method, constraints, pushed)
    many = any(constraints[i].operator == "in" for i in pushed)
    ordered = not order or (one_connection and not many and _provides_order(method, order, served))
    plan = Plan(
        name,
        # Without their values, statements of the same form have the same plan.
        tuple(one._replace(value=UNKNOWN) for one in constraints),
        tuple(pushed),
        used,
        missing=tuple(dict.fromkeys(missing)),
        order=tuple(order) if ordered else (),
        correlated=any(
            constraints[i].operator == "=" and isinstance(constraints[i].value, Unknown)
            for i in pushed
        ),
    )
    if exact and ordered and not many:
        known = all(_is_known(table, method, constraints[number]) for number in pushed)
        plan = _with_limit(plan, known and one_connection)
    return _estimated(table, method, plan, pushed, exact, 1 if one_connection else connections)


def _with_limit(plan: Plan, known: bool) -> Plan:
    """Take the LIMIT as a hint of how much to ask for.

    The OFFSET beside it is another hint, unless it is certain that the API's rows are just the
    statement's: then billql skips those rows itself, and with them the pages that hold them.
    """
    places = {one.operator: i for i, one in enumerate(plan.constraints) if one.usable}
    if "limit" not in places:
        return plan
    plan = replace(plan, limit=len(plan.arguments), arguments=(*plan.arguments, places["limit"]))
    if "offset" not in places:
        return plan
    return replace(
        plan,
        offset=len(plan.arguments),
        arguments=(*plan.arguments, places["offset"]),
        skips=known,
    )


def filters(method: Method) -> Iterator[tuple[str, Parameter]]:
    """Give each parameter that a constraint can fill, with the column that it filters."""
    for name, parameter in method.parameters.items():
        column = parameter.filters(name)
        if column is not None:
            yield column, parameter


def chooses_connections(constraint: Constraint) -> bool:
    """Tell whether a constraint says which connections to read from."""
    return (
        constraint.column == CONNECTION
        and constraint.operator in ("=", "in")
        and constraint.collation == "BINARY"
    )


def _matches(column: str, parameter: Parameter, constraint: Constraint) -> bool:
    """Tell whether a parameter can say something of a constraint: its value, or its bound."""
    if column != constraint.column:
        return False
    if constraint.collation != "BINARY":
        # What an API compares byte by byte, it cannot compare in another collation.
        ignores_case = constraint.collation == "NOCASE" and parameter.ignores_case
        return ignores_case and constraint.operator == "="
    if constraint.operator == "is null":
        return parameter.null is not None
    return constraint.operator in ("=", "in") or parameter.operator[0] == constraint.operator[0]


def matching_parameters(method: Method, constraint: Constraint) -> list[Parameter]:
    """Give the parameters that can say something of a constraint."""
    return [
        parameter
        for column, parameter in filters(method)
        if _matches(column, parameter, constraint)
    ]


def _exact(
    table: Table, method: Method, constraints: Sequence[Constraint], pushed: Sequence[int]
) -> bool:
    """Tell whether the API's rows are just those that satisfy all the constraints."""
    for number, one in enumerate(constraints):
        if one.operator in ("limit", "offset"):
            continue
        if number not in pushed:
            return False
        if one.column == CONNECTION:
            continue
        column = table.columns[one.column]
        matching = matching_parameters(method, one)
        if not all(is_exact(column, parameter) for parameter in matching):
            return False
        ends = {parameter.operator[0] for parameter in matching}
        if one.operator in ("=", "in") and "=" not in ends and ends != {"<", ">"}:
            return False
    return True


def is_exact(column: Column, parameter: Parameter) -> bool:
    """Tell whether the API gives just the rows that a parameter asks for, and never more."""
    return (
        parameter.match == "exact"
        and not parameter.ignores_case
        and intervals.is_precise(column.type, parameter.format, parameter.operator, column.whole)
    )


def missing_parameters(method: Method, pushed: Sequence[Constraint]) -> Iterator[str]:
    """Give the columns of required parameters that no constraint fills."""
    for column, parameter in filters(method):
        if (
            parameter.required
            and parameter.default is None
            and not any(_matches(column, parameter, one) for one in pushed)
        ):
            yield column


def echo_columns(table: Table) -> list[str]:
    """Give the columns whose value only the statement knows."""
    columns = table.resource.columns
    return [name for name, column in columns.items() if column.path == "$parameter"]


def key_columns_of(table: Table, method: Method) -> set[str]:
    """Give the columns about which a statement must say something."""
    return {*echo_columns(table), *(column for column, one in filters(method) if one.required)}


def key_columns(table: Table) -> frozenset[str]:
    """Give the columns that some method cannot do without."""
    required = (
        column
        for method in table.resource.methods.values()
        for column, parameter in filters(method)
        if parameter.required
    )
    return frozenset((*required, *echo_columns(table)))


def _provides_order(method: Method, order: Sequence[Order], served: set[str]) -> bool:
    """Tell whether rows come in an order, where the statement gives each column one value."""
    asked = [f"-{term.column}" if term.descending else term.column for term in order]
    for column, parameter in filters(method):
        if isinstance(parameter.default, tuple) and column not in served:
            return False
    if method.window_limit is not None and order[0].column != method.window_limit.column:
        return False  # windows follow each other in time
    return method.single or list(method.order[: len(asked)]) == asked


def _is_known(table: Table, method: Method, constraint: Constraint) -> bool:
    """Tell whether a constraint's value is already known to be one that can be pushed."""
    if isinstance(constraint.value, Unknown) or constraint.operator == "in":
        return False
    return pushable_span(table, method, constraint, constraint.value) is not None


def pushable_span(
    table: Table, method: Method, constraint: Constraint, value: SQLValue
) -> Span | None:
    """Give the column values that satisfy a constraint with a value, if the API can be told.

    A key that is a text is asked for by a number's own text; see `widened`.
    """
    column = table.columns[constraint.column]
    if constraint.operator == "is null" or (constraint.takes_null and value is None):
        matching = matching_parameters(method, constraint)
        if any(one.null is not None for one in matching):
            return intervals.NULL
        # A row that is asked for by its key has one.
        is_key = method.single and any(one.required for one in matching)
        return intervals.NOTHING if is_key else None
    operator: Operator = "="
    if constraint.operator in ("<", "<=", ">", ">="):
        operator = constraint.operator
    if column.type == "text" and constraint.column in key_columns_of(table, method):
        value = intervals.spelled(value)
    elif column.type == "text" and constraint.literal:
        value = intervals.spelled(value) or value
    span = intervals.interval_where(column.type, operator, value)
    if span is None and operator == "=" and column.type in MOMENTS and not constraint.literal:
        return intervals.NOTHING  # what is no time stands in a row of another table
    if span is None or span.empty:
        return span
    if constraint.collation != "BINARY":
        span = span._replace(loose=True)
    parameters = matching_parameters(method, constraint)
    if any(not takes(one, span) for one in parameters):
        return (
            None
            if is_among(column.values, span.low, ignores_case=span.loose)
            else intervals.NOTHING
        )
    if any(is_no_key(column, one, span) for one in parameters):
        return intervals.NOTHING
    told = [encode_parameter(column, parameter, span) for parameter in parameters]
    return None if None in told else span


def widened(
    table: Table, plan: Plan, arguments: Sequence[Any], connections: int
) -> tuple[Plan, Sequence[Any]]:
    """Give the plan and the arguments with which a scan surely finds all rows of its values.

    A number that is compared with a key that is a text stands for its own text, if it comes from
    an expression, or for every text that spells it ('5', '05', '5.0'), if it comes from a numeric
    column; SQLite does not tell which. So another method reads the rows, if there is one that
    needs no key, and SQLite compares. If there is none, the key is asked for by the number's text.
    """
    limits = (plan.limit, plan.offset)
    given = {
        number: value
        for place, (number, value) in enumerate(zip(plan.arguments, arguments, strict=True))
        if place not in limits
    }
    unclear = {
        number
        for number, value in given.items()
        if _is_unclear(table, plan, plan.constraints[number], value)
    }
    if not unclear:
        return plan, arguments
    constraints = [
        one if number in given and number not in unclear else one._replace(usable=False)
        for number, one in enumerate(plan.constraints)
    ]
    wider = choose_plan(table, constraints, plan.used, plan.order, connections)
    if wider.missing or wider.order != plan.order:
        return plan, arguments
    return wider, tuple(given[number] for number in wider.arguments)


def _is_unclear(table: Table, plan: Plan, constraint: Constraint, value: Any) -> bool:
    if constraint.literal or constraint.operator not in ("=", "in"):
        return False
    several = value if isinstance(value, set | frozenset) else (value,)
    return (
        any(isinstance(one, int | float) for one in several)
        and constraint.column != CONNECTION
        and table.columns[constraint.column].type == "text"
        and constraint.column in key_columns_of(table, table.resource.methods[plan.method])
    )


def _estimated(
    table: Table,
    method: Method,
    plan: Plan,
    pushed: Sequence[int],
    exact: bool,
    connections: int,
) -> Plan:
    filtered = [plan.constraints[i] for i in pushed if plan.constraints[i].column != CONNECTION]
    told = sorted(filtered, key=_share)
    rows = _rows(method, told)
    requests = _requests(table, method, told, rows) * connections
    plan = replace(plan, rows=max(1, round(rows * connections)), requests=requests)
    if not plan.missing:
        # A filter beside a key makes no plan cheaper. Otherwise SQLite would read the table once
        # for each term of an OR, and for those it forgets a key that is in a BETWEEN or a subquery.
        weakest = {one.column: one for one in told}
        keys = [weakest[column] for column in key_columns_of(table, method) if column in weakest]
        if keys:
            requests = max(requests, _requests(table, method, told, _rows(method, keys)))
        plan = replace(plan, cost=requests * _COST_OF_REQUEST + plan.rows)
    return replace(plan, summary=_summary(table, method, plan, pushed, exact, connections))


def _rows(method: Method, told: Sequence[Constraint]) -> float:
    """Estimate how many rows the API gives under some constraints."""
    if method.single:
        return 1.0
    return (method.expected_rows or _ROWS_OF_LIST) * math.prod(map(_share, told))


def _share(constraint: Constraint) -> float:
    """Estimate the share of the rows that satisfy a constraint."""
    return {"=": 0.1, "in": 0.5, "is null": 0.1}.get(constraint.operator, 0.3)


def _requests(table: Table, method: Method, told: Sequence[Constraint], rows: float) -> int:
    fan_out = 4 if any(one.operator == "in" for one in told) else 1
    paginator = paginator_of(table, method)
    size = paginator.size if paginator is not None else None
    return fan_out * (math.ceil(rows / size) if size else 1)


def _summary(
    table: Table,
    method: Method,
    plan: Plan,
    pushed: Sequence[int],
    exact: bool,
    connections: int,
) -> str:
    """Say in a line what a scan will do, for EXPLAIN QUERY PLAN."""
    if plan.missing:
        return f"needs {', '.join(plan.missing)}"
    told = [plan.method]
    chosen = [i for i in pushed if plan.constraints[i].column == CONNECTION]
    if chosen:
        told.append(f"reads {', '.join(_words(plan.constraints[i]) for i in chosen)}")
    elif connections > 1:
        told.append(f"reads all {connections} connections")
    sent = [_words(plan.constraints[i]) for i in pushed if i not in chosen]
    sent += [
        f"{parameter.name or name}={to_text(parameter.value)}"
        for name, parameter in method.parameters.items()
        if parameter.value is not None
        and parameter.when_read
        and not plan.used.isdisjoint(parameter.when_read)
    ]
    if plan.limit is not None:
        sent.append("limit")
    if plan.skips:
        sent.append("offset")
    if sent:
        told.append(f"sends {', '.join(sent)}")
    left = [
        _words(one)
        for number, one in enumerate(plan.constraints)
        if one.operator not in ("limit", "offset") and number not in pushed
    ]
    if left:
        told.append(f"SQLite checks {', '.join(left)}")
    elif sent and not exact:
        told.append("SQLite checks again")
    count = plan.requests
    told.append(f"about {counted(count, 'request')}")
    return "; ".join(told)


def _words(constraint: Constraint) -> str:
    if constraint.collation != "BINARY":
        return f"{constraint.column} COLLATE {constraint.collation}"
    if constraint.operator == "other":
        return constraint.column
    return f"{constraint.column} {constraint.operator}"


def paginator_of(table: Table, method: Method) -> Paginator | None:
    """Give the paginator by which a method is read."""
    return table.reading(method)
