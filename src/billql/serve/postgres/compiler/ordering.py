"""ORDER BY, LIMIT and OFFSET."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from billql.serve.postgres.compiler.coercion import coerce
from billql.serve.postgres.compiler.columns import folded
from billql.serve.postgres.compiler.core import (
    Compiler,
    check_arguments,
)
from billql.serve.postgres.compiler.sort_terms import ordered
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported


def keyed(value: Value) -> str:
    """Return the SQL by which equal values are found to be equal."""
    return f"pg_json_key({value.sql})" if value.type == "jsonb" else value.sortable


@dataclass
class Term:
    """A term of ORDER BY: an item by its place, or an expression of its own."""

    node: exp.Expr
    place: int | None
    value: Value

    def sql(self, values: Sequence[Value]) -> str:
        """Return it for the values that the items have in the end."""
        value = self.value if self.place is None else values[self.place]
        return ordered(value, self.node)


def order_terms(compiler: Compiler, order: exp.Expr | None, values: Sequence[Value]) -> list[Term]:
    """Compile ORDER BY."""
    if order is None:
        return []
    check_arguments(order, frozenset(("expressions",)))
    return [order_term(compiler, node, values) for node in order.expressions]


def order_term(compiler: Compiler, node: exp.Expr, values: Sequence[Value]) -> Term:
    """Compile one term: an item by its place or its name, or an expression."""
    inner = node.this
    if isinstance(inner, exp.Literal) and not inner.is_string:
        if not inner.this.isdecimal() or not 1 <= int(inner.this) <= len(values):
            raise PostgresError(
                "42P10",
                f"ORDER BY position {inner.this} is not in select list",
                hint="Count the columns.",
            )
        place = int(inner.this) - 1
        return Term(node, place, values[place])
    if isinstance(inner, exp.Column) and not inner.args.get("table"):
        name = folded(inner.this)
        places = [place for place, value in enumerate(values) if value.name == name]
        if places:
            if len({values[place].sql for place in places}) > 1:
                raise PostgresError(
                    "42702", f'ORDER BY "{name}" is ambiguous', hint="Give the columns aliases."
                )
            return Term(node, places[0], values[places[0]])
    value = compiler.value(inner)
    if value.type == "unknown":
        value = coerce(compiler, value, "text")
    same = next((place for place, one in enumerate(values) if one.sql == value.sql), None)
    return Term(node, same, value)


def check_distinct_order(order: Sequence[Term], values: Sequence[Value]) -> None:
    """Raise PostgresError if an order is by what DISTINCT does not return."""
    if any(term.place is None for term in order):
        raise PostgresError(
            "42P10",
            "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
            hint="Add them to the columns.",
        )


def limit_of(compiler: Compiler, node: exp.Expr) -> str:
    """Compile LIMIT and OFFSET."""
    limit, offset = node.args.get("limit"), node.args.get("offset")
    size = None
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
            raise unsupported("FETCH … WITH TIES", "Use rank() in a subquery.")
        size = limit.args.get("count") or exp.Literal.number(1)
    elif limit is not None:
        check_arguments(limit, frozenset(("expression",)))
        size = limit.expression
        if isinstance(size, exp.Null) or (isinstance(size, exp.Var) and size.name.upper() == "ALL"):
            size = None
    sql = "" if size is None else f" LIMIT {_count(compiler, size, 'LIMIT')}"
    if offset is not None:
        check_arguments(offset, frozenset(("expression",)))
        start = _count(compiler, offset.expression, "OFFSET")
        sql = f"{sql or ' LIMIT -1'} OFFSET {start}"
    return sql


def _count(compiler: Compiler, node: exp.Expr, keyword: str) -> str:
    value = compiler.value(node)
    found = coerce(compiler, value, "int8", keyword)
    if found.literal is not None or found.sql.isdecimal():
        if found.sql.strip("()").startswith("-"):
            raise PostgresError(
                "2201W" if keyword == "LIMIT" else "2201X",
                f"{keyword} must not be negative",
                hint="Use 0 or more.",
            )
        return found.sql
    return f"pg_count_of({found.sql}, '{keyword}')"
