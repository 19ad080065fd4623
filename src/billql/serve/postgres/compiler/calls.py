"""Calls of functions, aggregates and window functions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from billql.serve.postgres.compiler.aggregates import aggregate, count
from billql.serve.postgres.compiler.arguments import converted_arguments
from billql.serve.postgres.compiler.call_parts import Call, call_of, misplaced
from billql.serve.postgres.compiler.coercion import in_utc
from billql.serve.postgres.compiler.columns import folded
from billql.serve.postgres.compiler.core import Compiler
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.special import SPECIAL
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.compiler.windows import WINDOW_FUNCTIONS, ranking, window_sql
from billql.serve.postgres.errors import unsupported
from billql.serve.postgres.functions.registry import unknown_function
from billql.serve.postgres.values import moments


@rule(exp.Anonymous, "this", "expressions")
def _called(compiler: Compiler, node: exp.Anonymous) -> Value:
    return _compiled(compiler, call_of(node))


@rule(exp.GroupConcat, "this", "separator", "on_overflow")
def _string_agg(compiler: Compiler, node: exp.GroupConcat) -> Value:
    return _compiled(compiler, call_of(node))


@rule(exp.Dot, "this", "expression")
def _qualified(compiler: Compiler, node: exp.Dot) -> Value:
    """Compile `pg_catalog.f(x)`, or a field of a row: `(f(x)).n`."""
    inner = node.expression
    if isinstance(inner, exp.Anonymous | exp.GroupConcat):
        schema = folded(node.this) if isinstance(node.this, exp.Identifier) else ""
        if schema not in ("pg_catalog", "information_schema"):
            raise unknown_function(
                f"{node.this.sql('postgres')}.{inner.name or 'f'}", (), "Leave the schema out."
            )
        return compiler.value(inner)
    whole = compiler.value(node.this)
    name = folded(inner)
    kind = dict(whole.set_columns).get(name)
    if kind is None:
        raise unsupported(node.sql("postgres"), "Name a column of a table.")
    sql = f"pg_field({whole.sql}, '{name}')" if whole.is_set else f"({whole.sql} ->> '{name}')"
    return Value(sql, kind, name=name, strength=2, is_set=whole.is_set)


def _compiled(compiler: Compiler, call: Call, window: str | None = None) -> Value:
    if call.name in SPECIAL:
        if call.is_of_aggregate or window is not None:
            raise misplaced(call)
        return SPECIAL[call.name](compiler, call.arguments)
    if call.name == "count":
        return count(compiler, call, window)
    if compiler.registry.is_aggregate(call.name):
        return aggregate(compiler, call, window)
    if call.name in WINDOW_FUNCTIONS:
        return ranking(compiler, call, window)
    if call.is_of_aggregate or window is not None:
        raise misplaced(call)
    return _plain(compiler, call)


def _plain(compiler: Compiler, call: Call) -> Value:
    values = [compiler.value(one) for one in call.arguments]
    found = compiler.registry.find(call.name, [value.type for value in values])
    converted = converted_arguments(compiler, values, found.arguments)
    parts = [value.sql for value in converted]
    chosen = found.function
    sql = (
        chosen.sql.format(*parts)
        if chosen.sql is not None
        else f"{chosen.sql_name}({', '.join(parts)})"
    )
    is_exact = found.result == "numeric" and chosen.exact
    return Value(
        sql,
        found.result,
        name=call.name,
        strength=2,
        is_exact=is_exact,
        is_set=chosen.is_set,
        set_columns=chosen.columns,
        compared=_range(compiler, call.name, converted),
    )


_UNITS = frozenset(["second", "minute", "hour", "day", "week", "month", "quarter", "year"])
"""The units of billql's own date_trunc(), which it sends as ranges of a column."""


def _range(compiler: Compiler, name: str, values: Sequence[Value]) -> str | None:
    """Return billql's own date_trunc() of a column of instants; None for any other call."""
    if name != "date_trunc" or len(values) != 2 or not in_utc(compiler, values[1]):
        return None
    unit = moments.unit_of(values[0].literal or "")
    return f"date_trunc('{unit}', {values[1].sql})" if unit in _UNITS else None


@rule(exp.Filter, "this", "expression")
def _filtered(compiler: Compiler, node: exp.Filter) -> Value:
    return _compiled(compiler, call_of(node))


@rule(exp.Window, "this", "partition_by", "order", "spec", "alias", "over")
def _window(compiler: Compiler, node: exp.Window) -> Value:
    call = call_of(node.this)
    return _compiled(compiler, call, window_sql(compiler, node))
