"""UNION, EXCEPT, INTERSECT, VALUES, and queries in parentheses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from billql.serve.postgres.compiler.coercion import unified
from billql.serve.postgres.compiler.core import (
    Compiler,
    Query,
    check_arguments,
)
from billql.serve.postgres.compiler.ordering import Term, keyed, limit_of, order_terms
from billql.serve.postgres.compiler.relations import query_columns
from billql.serve.postgres.compiler.scope import Scope
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.compiler.with_queries import different_widths, with_clause
from billql.serve.postgres.errors import PostgresError, unsupported

_OPERATIONS: dict[type[exp.Expr], str] = {
    exp.Union: "UNION",
    exp.Except: "EXCEPT",
    exp.Intersect: "INTERSECT",
}


def set_operation(compiler: Compiler, node: exp.Expr, outer: Scope | None) -> Query:
    """Compile UNION, EXCEPT or INTERSECT."""
    keyword = _OPERATIONS[type(node)]
    is_distinct = bool(node.args.get("distinct"))
    if not is_distinct and keyword != "UNION":
        raise unsupported(f"{keyword} ALL", "Number equal rows by row_number().")
    with_sql, parent = with_clause(compiler, node.args.get("with_"), outer)
    left = compiler.query(_unwrapped(node.this), parent)
    right = compiler.query(_unwrapped(node.expression), parent)
    if len(left.values) != len(right.values):
        raise different_widths(keyword)
    pairs = [
        unified(compiler, pair, keyword) for pair in zip(left.values, right.values, strict=True)
    ]
    lefts = [one.named(old.name) for (one, _), old in zip(pairs, left.values, strict=True)]
    rights = [other for _, other in pairs]
    joined = f"{keyword}{'' if is_distinct else ' ALL'}"
    values = [column.value for column in query_columns(lefts)]

    def branch(query: Query, items: Sequence[Value]) -> str:
        shown = ", ".join(
            f"{keyed(replace(value, sql=f'c{place}', is_column=False))} AS c{place}"
            if is_distinct
            else f"c{place}"
            for place, value in enumerate(items, start=1)
        )
        return f"SELECT {shown} FROM ({query.render(items)})"

    both = f"{branch(left, lefts)} {joined} {branch(right, rights)}"
    order = order_terms(compiler, node.args.get("order"), values)
    if any(term.place is None for term in order):
        raise PostgresError(
            "0A000", f"invalid {keyword} ORDER BY clause", hint="Order by the name of a column."
        )
    tail = limit_of(compiler, node)

    return _query_of(values, both, order, tail, with_sql)


def _query_of(
    values: list[Value], source: str, order: Sequence[Term], tail: str, with_sql: str = ""
) -> Query:
    """Return the query of the rows of a source, whose columns are c1, c2, …, sorted and cut off."""

    def render(converted: Sequence[Value]) -> str:
        shown = ", ".join(f"{value.sql} AS c{n}" for n, value in enumerate(converted, start=1))
        terms = [term.sql(converted) for term in order]
        sort = f" ORDER BY {', '.join(terms)}" if terms else ""
        return f"{with_sql}SELECT {shown} FROM ({source}){sort}{tail}"

    return Query(values, render)


def _unwrapped(node: exp.Expr) -> exp.Expr:
    """Return the query in parentheses."""
    while isinstance(node, exp.Subquery):
        check_arguments(node, frozenset(("this",)))
        node = node.this
    return node


def parenthesized(compiler: Compiler, node: exp.Expr, outer: Scope | None) -> Query:
    """Compile a query in parentheses, which may have an order and a limit of its own after them."""
    query = compiler.query(node.this, outer)
    if not any(node.args.get(name) for name in ("order", "limit", "offset")):
        return query
    values = [column.value for column in query_columns(query.values)]
    order = order_terms(compiler, node.args.get("order"), values)
    tail = limit_of(compiler, node)
    return _query_of(values, query.sql, order, tail)


def values_list(compiler: Compiler, node: exp.Expr, outer: Scope | None) -> Query:
    """Compile VALUES."""
    compiler.scope = Scope(parent=outer)
    rows = [
        [compiler.value(one) for one in (row.expressions if isinstance(row, exp.Tuple) else [row])]
        for row in node.expressions
    ]
    if len({len(row) for row in rows}) != 1:
        raise PostgresError("42601", "VALUES lists must all be the same length", hint="Add NULL.")
    columns = [unified(compiler, column, "VALUES") for column in zip(*rows, strict=True)]
    lines = ", ".join(
        f"({', '.join(column[place].sql for column in columns)})" for place in range(len(rows))
    )
    made = [
        Value(
            f"column{place}",
            column[0].type,
            name=f"column{place}",
            is_exact=column[0].type == "numeric" and any(one.is_exact for one in column),
        )
        for place, column in enumerate(columns, start=1)
    ]
    order = order_terms(compiler, node.args.get("order"), made)
    tail = limit_of(compiler, node)

    return _query_of(made, f"VALUES {lines}", order, tail)
