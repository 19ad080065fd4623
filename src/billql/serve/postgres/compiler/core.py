"""The compiler's state, and the dispatch of nodes to the functions that compile them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlglot import exp

from billql.serve.postgres.compiler.scope import Column, Scope
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.formats.text_input import reader
from billql.serve.postgres.functions.registry import Context, Registry

MOST_DEPTH = 200
"""How deeply expressions may be nested."""


@dataclass(frozen=True)
class Table:
    """A table that a statement can name."""

    schema: str
    name: str
    sql: str
    """Its name in SQLite."""
    columns: Sequence[Column]
    """Its columns, whose SQL is the quoted name alone."""


class Tables(Protocol):
    """What the compiler knows of tables."""

    def find(self, schema: str | None, name: str, path: Sequence[str]) -> Table:
        """Return a table; raise PostgresError if there is none."""


@dataclass
class Query:
    """A compiled query: the values of its columns, and the SQL that returns them.

    `render` makes the SQL for other values in their place, because a UNION may convert them.
    """

    values: list[Value]
    render: Callable[[Sequence[Value]], str]

    @property
    def sql(self) -> str:
        """Return the SQL for its own values."""
        return self.render(self.values)


Handler = Callable[["Compiler", Any], Value]
QueryHandler = Callable[["Compiler", Any, Scope | None], Query]


@dataclass(frozen=True)
class Rule:
    """How a kind of node is compiled, and the arguments of the node that are known."""

    arguments: frozenset[str]
    compile: Handler


@dataclass
class Grouping:
    """What may stand outside of aggregates in a query with groups."""

    keys: dict[str, Value]
    loose: list[str] = field(default_factory=list)
    """The columns that were met outside of keys and aggregates."""


class Compiler:
    """Compiles one statement; see the package."""

    def __init__(
        self,
        rules: Mapping[type[exp.Expr], Rule],
        queries: Mapping[type[exp.Expr], tuple[frozenset[str], QueryHandler]],
        tables: Tables,
        registry: Registry,
        context: Context,
        parameters: dict[int, str],
    ) -> None:
        self._rules = rules
        self._queries = queries
        self.tables = tables
        self.registry = registry
        self.context = context
        self.parameters = parameters
        """The types of the parameters by number, as far as they are decided."""
        self.scope = Scope()
        self.grouping: Grouping | None = None
        self.in_aggregate = False
        self.windows: Mapping[str, str] = {}
        """The named windows of the SELECT, as SQL."""
        self._depth = 0
        self._names = 0

    def value(self, node: exp.Expr) -> Value:
        """Compile an expression; raise PostgresError for what is not known."""
        rule = self._rules.get(type(node))
        if rule is None:
            raise unsupported(_shown(node), "Write it in another way.")
        check_arguments(node, rule.arguments)
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise PostgresError(
                "54001", "the expression is nested too deeply", hint="Part it into several."
            )
        grouping = self.grouping
        loose = len(grouping.loose) if grouping is not None else 0
        try:
            found = rule.compile(self, node)
        finally:
            self._depth -= 1
        if grouping is not None and self.grouping is grouping and found.sql in grouping.keys:
            del grouping.loose[loose:]
        return found

    def query(self, node: exp.Expr, outer: Scope | None) -> Query:
        """Compile a query inside of a scope."""
        found = self._queries.get(type(node))
        if found is None:
            raise unsupported(_shown(node), "Write a SELECT.")
        arguments, handler = found
        check_arguments(node, arguments)
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise PostgresError(
                "54001", "the statement is nested too deeply", hint="Part it into several."
            )
        before = self.scope, self.grouping, self.in_aggregate, self.windows
        self.grouping, self.in_aggregate, self.windows = None, False, {}
        try:
            return handler(self, node, outer)
        finally:
            self._depth -= 1
            self.scope, self.grouping, self.in_aggregate, self.windows = before

    @contextmanager
    def within(self, scope: Scope) -> Iterator[None]:
        """Compile in a scope."""
        before, self.scope = self.scope, scope
        try:
            yield
        finally:
            self.scope = before

    @contextmanager
    def aggregating(self) -> Iterator[None]:
        """Compile the arguments of an aggregate, in which every column may stand."""
        if self.in_aggregate:
            raise PostgresError(
                "42803", "aggregate function calls cannot be nested", hint="Use a subquery."
            )
        grouping, self.grouping, self.in_aggregate = self.grouping, None, True
        try:
            yield
        finally:
            self.grouping, self.in_aggregate = grouping, False

    def new_name(self) -> str:
        """Return a name that the statement has not."""
        self._names += 1
        return f"billql_{self._names}"

    def decide(self, parameter: int, kind: str) -> str:
        """Set the type of a parameter, unless it has one, and return its type."""
        known = self.parameters.get(parameter, "unknown")
        if known == "unknown" and kind != "unknown":
            self.parameters[parameter] = known = kind
        return known

    def read_literal(self, text: str, kind: str) -> Any:
        """Return the stored value that a literal of a type has."""
        return reader(kind, self.context)(text)


def check_arguments(node: exp.Expr, known: frozenset[str]) -> None:
    """Raise PostgresError if a node has an argument that is not known."""
    for name, value in node.args.items():
        if name not in known and value not in (None, False, [], "", {}):
            raise unsupported(
                f"{name.strip('_').replace('_', ' ').upper()} of {_shown(node)}", "Leave it out."
            )


def _shown(node: exp.Expr) -> str:
    text = node.sql("postgres")
    return text if len(text) <= 60 else f"{text[:60]}…"
