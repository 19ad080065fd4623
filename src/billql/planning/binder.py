"""Binding: a plan and the values of its constraints become the requests to send.

Pure, like planning. A statement's value goes into the request in the API's own form, or, where it
cannot be said, not at all: then SQLite alone filters. Only what the API cannot do without is an
error.
"""

from __future__ import annotations

import datetime
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from billql.definitions import types
from billql.definitions.catalog import Table
from billql.definitions.model import CONNECTION, Method, Parameter
from billql.definitions.types import ColumnType, SQLValue
from billql.errors import BadValue, NotSupportedError, ParameterMissing, RequestLimit
from billql.http.credentials import ApiConnection
from billql.messages import Home, Request, Scalar, to_text
from billql.planning import intervals
from billql.planning.intervals import EVERYTHING, Span
from billql.planning.parameter_encoding import (
    LONGEST_LIST,
    MOST_LISTED,
    encode_parameter,
    listed_length,
)
from billql.planning.partition import Part, Point, Several, Window
from billql.planning.planner import (
    Constraint,
    Plan,
    chooses_connections,
    echo_columns,
    filters,
    is_exact,
    key_columns_of,
    pushable_span,
)

_FAN_OUT = 16
"""How many values of an optional filter are worth a request each."""

_MOST_CHAINS = 100_000
"""How many lists one scan may read: values of several columns multiply."""

Spans = tuple[Span, ...]
"""What a column may be in one request: one span, or several where the API takes a list."""


@dataclass(frozen=True)
class ListRequest:
    """One list to read from its first page to its last."""

    first: Request
    echoed: Mapping[str, SQLValue]
    """What the statement gave to the columns that the API does not repeat."""
    points: Mapping[str, SQLValue]
    """The one value that the statement asks for, by column."""
    parts: Mapping[str, Part]
    """Of which columns its rows are a part, where other chains of the scan read other parts."""
    requested: Mapping[str, Spans]
    """What the statement asks of each column."""
    covered: Mapping[str, Spans]
    """The same with defaults and windows: what this chain covers."""
    single_value_params: frozenset[str]
    """The parameters that each carry the one value which the statement gave for it: where that
    value names nothing, there are no rows."""
    connection: ApiConnection


@dataclass(frozen=True)
class BoundPlan:
    """A plan with its values: the chains to read, whose rows follow each other in this order."""

    chains: tuple[ListRequest, ...]
    wanted: int | None = None
    """How many rows the statement will read at most, if that is known."""
    skip: int = 0
    """How many rows to leave out at the beginning."""
    reads: frozenset[str] = frozenset()
    """The columns that tell which part of the chains' lists a row belongs to."""


def bind(
    table: Table,
    plan: Plan,
    arguments: Sequence[Any],
    connections: Sequence[ApiConnection],
    now: datetime.datetime,
) -> BoundPlan:
    """Turn a plan and the values of its constraints into requests, for each of some connections.

    An argument is a SQL value, or a set of them for a whole IN list. Raises ParameterMissing for a
    key column without a value, BadValue for one that the API cannot be given, RequestLimit for more
    of them than any API answers, NotSupportedError for a method that billql cannot call.
    """
    if (need := table.beyond.get(plan.method)) is not None:
        raise NotSupportedError(
            f"{table.name} cannot be read by {plan.method}: it needs {need}, which billql cannot do"
        )
    if plan.missing:
        raise _missing(table, plan)
    method = table.resource.methods[plan.method]
    given = [one for one in _given(plan, arguments) if not chooses_connections(one[0])]
    choices, all_said = _choices(table, method, given)
    combined = (
        chain
        for connection in connections
        for combination in itertools.product(*choices.values())
        for chain in _chains(
            table,
            method,
            plan,
            choices,
            dict(zip(choices, combination, strict=True)),
            connection,
            now,
        )
    )
    chains = tuple(itertools.islice(combined, _MOST_CHAINS + 1))
    if len(chains) > _MOST_CHAINS:
        raise RequestLimit(
            f"{table.name} takes more than {_MOST_CHAINS:,} requests for all these values",
            hint="Narrow it down: fewer values, or a shorter window of time.",
        )
    offset = _count(arguments, plan.offset) or 0
    limit = _count(arguments, plan.limit) if all_said else None
    return BoundPlan(
        chains,
        None if limit is None else limit + offset,
        offset if plan.skips else 0,
        _reads(table, chains),
    )


def _reads(table: Table, chains: Iterable[ListRequest]) -> frozenset[str]:
    """Give the columns that must be read to know to which chain's part a row belongs."""
    parts = {name: part for chain in chains for name, part in chain.parts.items()}
    if table.resource.unique or all(part.asked for part in parts.values()):
        return frozenset(parts)
    # A row that is in no part can be recognized by all that it has, and by nothing less.
    return frozenset(table.columns)


def _given(plan: Plan, arguments: Sequence[Any]) -> list[tuple[Constraint, Any]]:
    """Give the constraints with their values, without LIMIT and OFFSET."""
    limits = {place for place in (plan.limit, plan.offset) if place is not None}
    return [
        (plan.constraints[number], value)
        for place, (number, value) in enumerate(zip(plan.arguments, arguments, strict=True))
        if place not in limits
    ]


def connections_asked(plan: Plan, arguments: Sequence[Any], names: Sequence[str]) -> list[str]:
    """Give those of some connections from which a statement wants rows."""
    asked = set(names)
    for constraint, value in _given(plan, arguments):
        if chooses_connections(constraint):
            said = value if isinstance(value, set | frozenset) else (value,)
            spans = [intervals.interval_where("text", "=", one) for one in said]
            if None not in spans:
                asked &= {span.low for span in spans if span is not None}
    return [name for name in names if name in asked]


def _count(arguments: Sequence[Any], place: int | None) -> int | None:
    value = None if place is None else arguments[place]
    return value if isinstance(value, int) and value >= 0 else None


def _missing(table: Table, plan: Plan) -> ParameterMissing:
    column = plan.missing[0]
    for one in plan.constraints:
        if one.column == column and one.collation != "BINARY":
            raise NotSupportedError(
                f"{table.name} finds {column} byte by byte, and not by the collation "
                f"{one.collation}",
                hint=f"Compare it without COLLATE, or by COLLATE BINARY: WHERE {column} = …",
            )
    others = f" (and {', '.join(plan.missing[1:])})" if plan.missing[1:] else ""
    method = table.resource.methods[plan.method]
    operators = [one.operator for name, one in filters(method) if name == column and one.required]
    operator = operators[0] if operators else "="
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


def _choices(
    table: Table, method: Method, given: Sequence[tuple[Constraint, Any]]
) -> tuple[dict[str, list[Spans]], bool]:
    """Work out what each column may be, one entry for each request that it takes.

    Also tells whether every constraint has been said: a value that cannot be told to the API is
    left to SQLite, unless the API needs it.
    """
    # A column that shows what was asked for needs a request of its own for each value.
    listed = {column for column, parameter in filters(method) if parameter.lists}
    listed.difference_update(echo_columns(table))
    found: dict[str, set[Span]] = {}
    unsaid: dict[str, SQLValue] = {}
    all_said = True
    for constraint, value in given:
        column = constraint.column
        asked = [*value] if isinstance(value, set | frozenset) else [value]
        if table.columns[column].type == "text" and not constraint.literal:
            # A REAL column's 5.0 is equal to the text '5' as well.
            asked += [int(one) for one in asked if isinstance(one, float) and one.is_integer()]
        spans = [pushable_span(table, method, constraint, one) for one in asked]
        told = {span for span in spans if span is not None and not span.empty}
        if None in spans:
            unsaid[column] = asked[spans.index(None)]
            continue
        if len(told) > _FAN_OUT and column not in key_columns_of(table, method) | listed:
            all_said = False
            continue
        before = found.get(column, {EVERYTHING})
        met = {one & other for one in before for other in told}
        found[column] = {span for span in met if not span.empty}
    for column, wrong in unsaid.items():
        told = found.get(column, {EVERYTHING})
        if not all(_suffices(table, method, column, span) for span in told):
            raise _bad_value(table, column, wrong)
    choices: dict[str, list[Spans]] = {}
    for column, met in found.items():
        ordered = sorted(met, key=lambda span: span.low) if len(met) > 1 else list(met)
        choices[column] = (
            list(_chunks(table, method, column, ordered))
            if column in listed
            else [(span,) for span in ordered]
        )
    return choices, all_said and not unsaid


def _chunks(table: Table, method: Method, column: str, ordered: Sequence[Span]) -> Iterator[Spans]:
    """Cut the values of a list into those that one request can carry."""
    chunk: list[Span] = []
    length = 0
    for span in ordered:
        carriers = [
            (name, one)
            for name, one in method.parameters.items()
            if one.lists and one.filters(name) == column
        ]
        taken = max(listed_length(table.columns[column], *one, span) for one in carriers)
        if chunk and (length + taken > LONGEST_LIST or len(chunk) == MOST_LISTED):
            yield tuple(chunk)
            chunk, length = [], 0
        chunk.append(span)
        length += taken
    if chunk:
        yield tuple(chunk)


def _suffices(table: Table, method: Method, column: str, span: Span) -> bool:
    """Tell whether a span of a column is all that the API needs to know of it."""
    parameters = [one for filtered, one in filters(method) if filtered == column]
    if column in echo_columns(table) and not span.is_point:
        return any(one.default is not None for one in parameters)
    return all(
        encode_parameter(table.columns[column], one, span) is not None
        for one in parameters
        if one.required and one.default is None
    )


def _bad_value(table: Table, column: str, wrong: SQLValue) -> BadValue:
    kind = table.columns[column].type
    understood = intervals.interval_where(kind, "=", wrong) is not None
    return BadValue(
        f"{table.name}: {column} cannot be {wrong!r:.80}",
        hint="No request can carry it to where the API expects it."
        if understood
        else f"Give {types.EXAMPLE_BY_TYPE[kind]}.",
    )


def _chains(
    table: Table,
    method: Method,
    plan: Plan,
    choices: Mapping[str, list[Spans]],
    asked: dict[str, Spans],
    connection: ApiConnection,
    now: datetime.datetime,
) -> Iterator[ListRequest]:
    filled, several = _defaults(method, asked, now)
    loose = {
        column: frozenset(
            intervals.sql_value(table.columns[column].type, one.low) for (one,) in told
        )
        for column, told in several.items()
        if not _is_sure(table, method, column)
    }
    for combination in itertools.product(*several.values()):
        chosen = {**filled, **dict(zip(several, combination, strict=True))}
        if any(span.empty for spans in chosen.values() for span in spans):
            continue
        points = dict(_points(table, choices, loose, chosen))
        for window, part in _windows(table, method, asked, chosen):
            parts = {**points, **part}
            yield _chain(table, method, plan, asked, {**chosen, **window}, parts, connection)


def _defaults(
    method: Method, asked: dict[str, Spans], now: datetime.datetime
) -> tuple[dict[str, Spans], dict[str, list[Spans]]]:
    """Fill in what the statement does not say, and give the defaults of several values apart."""
    filled = dict(asked)
    several: dict[str, list[Spans]] = {}
    for column, parameter in filters(method):
        default = parameter.default
        span = filled.get(column, (EVERYTHING,))[0]
        edge: Any = intervals.today(now) if default == "today" else default
        if default is None:
            continue
        if parameter.operator == "=" and span == EVERYTHING:
            edges = default if isinstance(default, tuple) else (edge,)
            several[column] = [(Span(one, one),) for one in edges]
        elif parameter.operator[0] == "<" and span.high is None:
            filled[column] = (Span(span.low, edge),)
        elif parameter.operator[0] == ">" and span.low is None:
            filled[column] = (Span(edge, span.high),)
    return filled, several


def _points(
    table: Table,
    choices: Mapping[str, Sequence[Spans]],
    loose: Mapping[str, frozenset[SQLValue]],
    chosen: Mapping[str, Spans],
) -> Iterator[tuple[str, Part]]:
    """Give the part that is a chain's own, for the columns of which each chain has one value."""
    several = {column for column, spans in choices.items() if len(spans) > 1}
    for column in several.union(loose).difference(echo_columns(table)):
        kind = table.columns[column].type
        if len(chosen[column]) > 1:
            shown = frozenset(intervals.sql_value(kind, span.low) for span in chosen[column])
            yield column, Several(shown)
            continue
        own = intervals.sql_value(kind, chosen[column][0].low)
        yield column, Point(own, loose.get(column, frozenset()), column in several)


def _is_sure(table: Table, method: Method, column: str) -> bool:
    """Tell whether the API gives just the rows that are asked for in a column."""
    filtered = table.columns[column]
    return all(is_exact(filtered, one) for name, one in filters(method) if name == column)


def _windows(
    table: Table, method: Method, asked: Mapping[str, Spans], chosen: Mapping[str, Spans]
) -> Iterator[tuple[dict[str, Spans], dict[str, Part]]]:
    """Cut a window that is longer than the API allows; give each with the part that it stands for.

    The outer ends stay open: what lies beyond them no other chain has, and SQLite checks it.
    """
    slices = method.window_limit
    span = EVERYTHING if slices is None else chosen.get(slices.column, (EVERYTHING,))[0]
    if slices is None or span.low is None or span.high is None:
        yield {}, {}
        return
    column, kind = slices.column, table.columns[slices.column].type
    step = slices.days * (86400 if kind == "timestamp" else 1)
    count = math.ceil((span.high - span.low + 1) / step)
    if count > slices.most:
        raise BadValue(
            f"{table.name}: the window on {column} takes {count} requests, "
            f"one for every {slices.days} days; {slices.most} is the limit",
            hint=f"Narrow it down: WHERE {column} BETWEEN … AND …",
        )
    alone = count == 1 or column in echo_columns(table) or _is_sure(table, method, column)
    lows = range(span.low, span.high + 1, step)
    for low in reversed(lows) if f"-{column}" in method.order else lows:
        window = Span(low, min(low + step - 1, span.high))
        shown = Span(
            None if low == span.low else low, None if window.high == span.high else window.high
        )
        yield {column: (window,)}, {} if alone else {column: _window(kind, shown, column in asked)}


def _window(kind: ColumnType, span: Span, asked: bool) -> Window:
    low, high = (
        None if end is None else intervals.sql_value(kind, end) for end in (span.low, span.high)
    )
    return Window(low, high, asked)


def _chain(
    table: Table,
    method: Method,
    plan: Plan,
    asked: Mapping[str, Spans],
    chosen: Mapping[str, Spans],
    parts: Mapping[str, Part],
    connection: ApiConnection,
) -> ListRequest:
    origin, public, path = connection.url, connection.provider.url, method.path
    # Whoever takes a POST expects a JSON object, even where nothing is to be said.
    request = Request(method.verb, "", body={} if method.verb == "POST" else None)
    for name, parameter in method.parameters.items():
        value = _parameter_value(table, name, parameter, plan.used | parts.keys(), chosen)
        if value is None:
            continue
        told = parameter.name or name
        if parameter.location == "path":
            assert not isinstance(value, list)
            path = path.replace(f"{{{told}}}", quote(to_text(value), safe=":"))
        elif parameter.location == "host":
            assert not isinstance(value, list)
            label = _label(table, parameter.column or name, value)
            origin, public = (one.replace(f"{{{told}}}", label) for one in (origin, public))
        elif parameter.location == "body":
            request = request.with_body(told, value)
        elif isinstance(value, list):
            request = _with_list(request, told, parameter, value)
        elif parameter.location == "header":
            request = replace(request, headers=(*request.headers, (told, to_text(value))))
        else:
            request = replace(request, query=(*request.query, (told, to_text(value))))
    columns = table.columns
    points = {
        column: intervals.sql_value(columns[column].type, spans[0].low)
        for column, spans in chosen.items()
        if len(spans) == 1 and spans[0].is_point and not spans[0].loose
    }
    unseen = echo_columns(table)
    home = Home(origin, public) if origin != public else None
    return ListRequest(
        replace(request, url=origin + path, keep_headers=table.headers, home=home),
        echoed={
            CONNECTION: connection.name,
            **{name: points[name] for name in unseen if name in points},
        },
        points={name: points[name] for name in points if name in asked and name not in unseen},
        parts=parts,
        requested=asked,
        covered=chosen,
        single_value_params=frozenset(_named(method, asked)),
        connection=connection,
    )


def _named(method: Method, asked: Mapping[str, Spans]) -> Iterator[str]:
    """Give the API's names of the parameters that carry one value of the statement's own."""
    for name, parameter in method.parameters.items():
        spans = asked.get(parameter.filters(name) or "", ())
        if parameter.operator == "=" and len(spans) == 1 and spans[0].is_point:
            yield parameter.name or name


def narrowed_to(
    table: Table, plan: Plan, chain: ListRequest, column: str, span: Span, *, ends: bool
) -> ListRequest:
    """Give the chain that reads a part of another: the rows of a span of one column.

    `ends` says that it reads what comes last.
    """
    method = table.resource.methods[plan.method]
    kind = table.columns[column].type
    chosen = {**chain.covered, column: (span,)}
    shown = Span(None if ends else span.low, span.high)
    sure = _is_sure(table, method, column)
    parts = {} if sure else {column: _window(kind, shown, column in chain.requested)}
    return _chain(table, method, plan, chain.requested, chosen, parts, chain.connection)


_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
"""What stands between two dots of a server's name (RFC 1123)."""


def _label(table: Table, column: str, value: Scalar) -> str:
    """Check what becomes a part of a server's name, for the token goes to that server."""
    text = to_text(value)
    if not _LABEL.fullmatch(text):
        raise BadValue(
            f"{table.name}: {column} cannot be {text!r:.80}",
            hint="It becomes a part of the server's name: letters, digits and hyphens.",
        )
    return text


def _with_list(request: Request, name: str, parameter: Parameter, value: list[Scalar]) -> Request:
    texts = [to_text(one) for one in value]
    if parameter.lists == "comma":
        return request.with_query(name, ",".join(texts))
    told = f"{name}[]" if parameter.lists == "brackets" else name
    return replace(request, query=(*request.query, *((told, text) for text in texts)))


def _parameter_value(
    table: Table,
    name: str,
    parameter: Parameter,
    used: frozenset[str],
    chosen: Mapping[str, Spans],
) -> Scalar | list[Scalar] | None:
    if parameter.value is not None:
        read = not parameter.when_read or not used.isdisjoint(parameter.when_read)
        return parameter.value if read else None
    column = parameter.column or name
    spans = chosen.get(column, (EVERYTHING,))
    filtered = table.columns[column]
    if parameter.lists:
        told = [
            one
            for span in spans
            if (one := encode_parameter(filtered, parameter, span)) is not None
        ]
        return told if len(told) == len(spans) else None
    whole = spans[0] if len(spans) == 1 else Span(spans[0].low, spans[-1].high)
    value = encode_parameter(filtered, parameter, whole)
    if value is None and (parameter.required or parameter.location in ("path", "host")):
        raise BadValue(
            f"{table.name}: {column} lies outside of what the API can be asked for",
            hint=f"Give {types.EXAMPLE_BY_TYPE[filtered.type]}.",
        )
    return value
