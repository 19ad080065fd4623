"""WITH, and queries that name themselves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from billql.serve.postgres.compiler.coercion import coerce
from billql.serve.postgres.compiler.columns import folded
from billql.serve.postgres.compiler.core import (
    Compiler,
    Query,
    check_arguments,
)
from billql.serve.postgres.compiler.relations import query_columns
from billql.serve.postgres.compiler.scope import Scope
from billql.serve.postgres.compiler.values import Value, quote_name
from billql.serve.postgres.errors import PostgresError


def with_clause(
    compiler: Compiler, node: exp.Expr | None, outer: Scope | None
) -> tuple[str, Scope | None]:
    """Compile WITH, and return its SQL and the scope that knows its queries."""
    if node is None:
        return "", outer
    check_arguments(node, frozenset(("expressions", "recursive")))
    scope = Scope(parent=outer)
    parts = []
    for cte in node.expressions:
        check_arguments(cte, frozenset(("this", "alias", "materialized")))
        parts.append(_cte(compiler, cte, scope, recursive=bool(node.args.get("recursive"))))
    keyword = "WITH RECURSIVE" if node.args.get("recursive") else "WITH"
    return f"{keyword} {', '.join(parts)} ", scope


def _cte(compiler: Compiler, cte: exp.Expr, scope: Scope, *, recursive: bool) -> str:
    alias = cte.args["alias"]
    name = folded(alias.this)
    renamed = [folded(one) for one in alias.args.get("columns") or ()]
    body = cte.this
    names_itself = recursive and any(
        isinstance(one, exp.Table) and not one.args.get("db") and one.name.lower() == name
        for one in body.walk()
    )
    if names_itself:
        query = _recursive(compiler, body, name, renamed, scope)
    else:
        query = compiler.query(body, scope)
    values = [coerce(compiler, v, "text") if v.type == "unknown" else v for v in query.values]
    values = _renamed(values, renamed, name)
    scope.ctes[name] = query_columns(values)
    columns = ", ".join(f"c{place}" for place in range(1, len(values) + 1))
    hint = {True: "MATERIALIZED ", False: "NOT MATERIALIZED "}
    chosen = cte.args.get("materialized")
    keyword = "" if chosen is None or names_itself else hint[bool(chosen)]
    return f"{quote_name(f'cte_{name}')}({columns}) AS {keyword}({query.render(values)})"


def _renamed(values: Sequence[Value], names: Sequence[str], what: str) -> list[Value]:
    if len(names) > len(values):
        raise PostgresError(
            "42P10", f'"{what}" has fewer columns than names', hint="Name fewer columns."
        )
    return [
        value.named(names[place]) if place < len(names) else value
        for place, value in enumerate(values)
    ]


def _recursive(
    compiler: Compiler, body: exp.Expr, name: str, renamed: Sequence[str], scope: Scope
) -> Query:
    """Compile a query that names itself: its first part decides the types."""
    if not isinstance(body, exp.Union):
        raise PostgresError(
            "42P19", "a recursive query must be a UNION", hint="Begin with what is no recursion."
        )
    check_arguments(body, frozenset(("this", "expression", "distinct")))
    first = compiler.query(body.this, scope)
    values = [coerce(compiler, v, "text") if v.type == "unknown" else v for v in first.values]
    scope.ctes[name] = query_columns(_renamed(values, renamed, name))
    second = compiler.query(body.expression, scope)
    if len(second.values) != len(values):
        raise different_widths("UNION")
    converted = [
        coerce(compiler, value, target.type, "a column of the recursive part")
        for value, target in zip(second.values, values, strict=True)
    ]
    keyword = "UNION" if body.args.get("distinct") else "UNION ALL"

    def render(items: Sequence[Value]) -> str:
        return f"{first.render(items)} {keyword} {second.render(converted)}"

    return Query(values, render)


def different_widths(keyword: str) -> PostgresError:
    """Return the error for queries of different numbers of columns."""
    return PostgresError(
        "42601",
        f"each {keyword} query must have the same number of columns",
        hint="Add NULL where there is nothing.",
    )
