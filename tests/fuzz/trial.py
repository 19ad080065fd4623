"""A table, tried out: declared to SQLite, planned, bound, asked for and read."""

from __future__ import annotations

import contextlib
import datetime
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import apsw
import httpx
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from billql.config.settings import Settings
from billql.definitions.catalog import Table
from billql.definitions.methods import Method, placeholders
from billql.definitions.model import CONNECTION, Column
from billql.definitions.types import ColumnType, SQLValue
from billql.errors import Error
from billql.fetching._response_parser import ParsedPage, parse
from billql.fetching.row_decoder import RowDecoder
from billql.http.credentials import ApiConnection
from billql.http.exchange import NetworkBackend
from billql.messages import Request, Response
from billql.planning.binder import bind, selected_connections
from billql.planning.plan import UNKNOWN, Constraint, Order, Plan
from billql.planning.planner import choose_plan
from billql.planning.pushdown import key_columns_of
from billql.sqlite._resource_table import declaration
from billql.sqlite._time_collation import TimeCollation

from .drawing import SQL_VALUES
from .sample import SAMPLES

NOW = datetime.datetime(2025, 2, 1, tzinfo=datetime.UTC)
ASKED: SearchStrategy[Any] = SQL_VALUES | st.sampled_from(
    [one for one in SAMPLES.values() if isinstance(one, str)] + ["1", "-1", "2025", "9999-12-31"]
)


class Term(NamedTuple):
    """A part of a WHERE: which column (counted around), an operator, and a value or several."""

    column: int
    operator: str
    value: Any
    usable: bool = True
    known: bool = True


TERMS: SearchStrategy[Term] = st.one_of(
    st.builds(
        Term,
        st.integers(0, 99),
        st.sampled_from(("=", "<", "<=", ">", ">=", "is null", "other")),
        ASKED,
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Term, st.integers(0, 99), st.just("in"), st.frozensets(ASKED, max_size=3)),
)


class Query(NamedTuple):
    """What a statement wants of a table."""

    terms: Sequence[Term]
    columns: Sequence[int]
    order: Sequence[tuple[int, bool]]
    limits: Sequence[int]
    """The LIMIT and the OFFSET, if there are any."""


QUERIES: SearchStrategy[Query] = st.builds(
    Query,
    st.lists(TERMS, max_size=4),
    st.lists(st.integers(0, 99), max_size=4),
    st.lists(st.tuples(st.integers(0, 99), st.booleans()), max_size=2),
    st.lists(st.sampled_from((0, 1, 50, 2**62)), max_size=2),
)


def declare(table: Table) -> None:
    """Let SQLite take the table's declaration."""
    database = apsw.Connection(":memory:")
    database.collation_needed(TimeCollation().add)
    database.execute(declaration(table))
    assert [row[1] for row in database.execute("PRAGMA table_xinfo(resource)")] == [*table.columns]


def ask(table: Table, query: Query) -> None:
    """Plan and bind a query, and send whatever would be asked first."""
    names = [*table.columns]
    constraints = [
        Constraint(
            names[term.column % len(names)],
            term.operator,  # type: ignore[arg-type]  # drawn from the same words
            term.usable,
            term.value if term.known and term.operator not in ("in", "is null") else UNKNOWN,
        )
        for term in query.terms
    ]
    given: list[Any] = [term.value for term in query.terms]
    for operator, count in zip(("limit", "offset"), query.limits, strict=False):
        constraints.append(Constraint("rowid", operator, True, count))  # type: ignore[arg-type]
        given.append(count)
    # What methods need is asked for too: without it no plan is ever bound.
    methods = table.resource.methods.values()
    for name in sorted({name for method in methods for name in key_columns_of(table, method)}):
        constraints.append(Constraint(name, "=", True))
        sample = SAMPLES[table.columns[name].type]
        given.append(sample if isinstance(sample, int | float | bytes) else str(sample))
    used = frozenset(names[number % len(names)] for number in query.columns)
    order = [Order(names[number % len(names)], down) for number, down in query.order]
    plan = choose_plan(table, constraints, used, order)
    _bound(table, plan, [given[number] for number in plan.arguments])


def _bound(table: Table, plan: Plan, arguments: list[Any]) -> None:
    connection = connection_of(table)
    asked = [connection] if selected_connections(plan, arguments, [connection.name]) else []
    try:
        bound = bind(table, plan, arguments, asked, NOW)
    except Error:
        return
    paginator = table.paginator(table.resource.methods[plan.method])
    for chain in bound.lists[:5]:
        request = (
            chain.first
            if paginator is None
            else paginator.with_page_size(chain.first, bound.wanted)
        )
        if paginator is not None:
            request, _ = paginator.skip(request, bound.skip)
            next(paginator.pages(request))
        assert not placeholders(request.url)
        send(request, connection)


def send(request: Request, connection: ApiConnection) -> None:
    """Hand a request to the backend, which may refuse it."""
    with contextlib.suppress(Error):
        _backend().exchange(request, connection.headers, threading.Event())


@cache
def _backend() -> NetworkBackend:
    return NetworkBackend(Settings(), httpx.MockTransport(lambda _: httpx.Response(200)))


def connection_of(table: Table) -> ApiConnection:
    """Give a credential for a table."""
    provider = table.provider
    return ApiConnection(table.provider_name, provider, provider.url, "secret:key", "own", "a test")


def read(table: Table, method: Method, answer: Response) -> ParsedPage:
    """Make rows of an answer, and look at each of their values; raises BadResponse."""
    content = parse(method, answer, "GET here")
    columns = table.columns
    decoder = RowDecoder(columns, columns, table.name, table.resource.unique)
    echoed: dict[str, SQLValue] = {CONNECTION: "own"}
    for row in decoder.rows(content, echoed):
        *cells, key = row
        assert len(cells) == len(columns)
        hash(key)
        for value, column in zip(cells, columns.values(), strict=True):
            _check(value, column)
    return content


def _check(value: SQLValue, column: Column) -> None:
    """Check that a value is one of its column's type, or NULL."""
    kinds: dict[ColumnType, type] = {"integer": int, "boolean": int, "real": float, "blob": bytes}
    expected = float if column.type == "decimal" else kinds.get(column.type, str)
    if column.divide is not None:
        expected = float
    assert value is None or type(value) is expected, (value, column)
    assert value == value
