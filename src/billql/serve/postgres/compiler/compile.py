"""One query of PostgreSQL's becomes SQL of SQLite's, the columns of its result, and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler import (  # noqa: F401 - they register rules
    calls,
    columns,
    comparisons,
    expressions,
    literals,
    patterns,
    special,
)
from billql.serve.postgres.compiler.coercion import coerce
from billql.serve.postgres.compiler.core import Compiler, Tables
from billql.serve.postgres.compiler.parsing import Statement, parse
from billql.serve.postgres.compiler.queries import QUERIES
from billql.serve.postgres.compiler.rules import RULES
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.functions.registry import Context, Registry


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result, as RowDescription describes it."""

    name: str
    type: str
    typmod: int


@dataclass(frozen=True)
class Compiled:
    """A compiled query."""

    sql: str
    columns: tuple[ResultColumn, ...]
    parameters: tuple[str, ...]
    """The types of its parameters, in order."""


_WRITING: dict[type[exp.Expr], str] = {
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.Merge: "MERGE",
    exp.Into: "SELECT INTO",
    exp.Lock: "SELECT FOR UPDATE",
}


def read_only(command: str) -> PostgresError:
    """Return the error for a statement that would write."""
    return PostgresError(
        "25006",
        f"cannot execute {command} in a read-only transaction",
        hint="billql only reads; write with billql query --db, in a database of your own.",
    )


def compile_query(
    statement: Statement,
    tables: Tables,
    registry: Registry,
    context: Context,
    declared: Sequence[str] = (),
) -> Compiled:
    """Compile a query; `declared` has the types of parameters, as far as a client names them.

    Raise PostgresError for what is wrong, or not known.
    """
    tree = parse(statement)
    for kind, command in _WRITING.items():
        if tree.find(kind) is not None:
            raise read_only(command)
    parameters = {n: kind for n, kind in enumerate(declared, start=1) if kind != "unknown"}
    compiler = Compiler(RULES, QUERIES, tables, registry, context, parameters)
    try:
        query = compiler.query(tree, None)
        values = [coerce(compiler, v, "text") if v.type == "unknown" else v for v in query.values]
        sql = query.render(values)
    except RecursionError:
        raise PostgresError(
            "54001", "the statement is nested too deeply", hint="Part it into several."
        ) from None
    if any(value.is_set for value in values):
        raise unsupported("a function that returns rows there", "Call it in FROM.")
    described = tuple(ResultColumn(v.name, v.type, v.typmod) for v in values)
    count = max([*parameters, len(declared)], default=0)
    kinds = tuple(
        "text" if parameters.get(n, "unknown") == "unknown" else parameters[n]
        for n in range(1, count + 1)
    )
    assert all(kind in types.TYPES for kind in kinds)
    return Compiled(sql, described, kinds)
