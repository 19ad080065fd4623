"""Aggregates: `sum(DISTINCT x ORDER BY y) FILTER (WHERE …)`, `percentile_cont(…) WITHIN GROUP`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler.arguments import converted_arguments
from billql.serve.postgres.compiler.call_parts import Call, call_of, misplaced
from billql.serve.postgres.compiler.coercion import boolean, coerce, exact
from billql.serve.postgres.compiler.core import Compiler
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.sort_terms import ordered
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import unsupported
from billql.serve.postgres.functions.registry import unknown_function
from billql.sql.tokenizer import last_name, quote_text
from billql.sqlite.session import CURRENCIES, ONE_CURRENCY


def count(compiler: Compiler, call: Call, window: str | None) -> Value:
    """Compile `count(*)` or `count(x)`, over a window if there is one."""
    with _within_aggregate(compiler, window):
        if len(call.arguments) == 1 and isinstance(call.arguments[0], exp.Star):
            inner = "*"
        elif len(call.arguments) == 1:
            value = compiler.value(call.arguments[0])
            value = coerce(compiler, value, "text") if value.type == "unknown" else value
            sql = f"pg_json_key({value.sql})" if value.type == "jsonb" else value.sortable
            inner = f"DISTINCT {sql}" if call.distinct else value.sql
        else:
            raise unknown_function("count", (), "Use count(*) or count(x).")
        if call.order:
            raise misplaced(call)
        filtered = _filter(compiler, call)
    return Value(f"count({inner}){filtered}{_over(call, window)}", "int8", name="count", strength=2)


def _within_aggregate(compiler: Compiler, window: str | None) -> AbstractContextManager[None]:
    """Return how the arguments of an aggregate are compiled; over a window, they may be grouped."""
    return compiler.aggregating() if window is None else nullcontext()


def _filter(compiler: Compiler, call: Call) -> str:
    if call.condition is None:
        return ""
    return f" FILTER (WHERE {boolean(compiler, compiler.value(call.condition), 'FILTER')})"


def _over(call: Call, window: str | None) -> str:
    if window is None:
        return ""
    if call.distinct or call.order:
        raise unsupported(
            f"DISTINCT or ORDER BY in {call.name}() with OVER", "Use a subquery with GROUP BY."
        )
    return f" OVER {window}"


def aggregate(compiler: Compiler, call: Call, window: str | None) -> Value:
    """Compile a call of an aggregate of the registry, over a window if there is one."""
    with _within_aggregate(compiler, window):
        values = [compiler.value(one) for one in call.arguments]
        found = compiler.registry.find(call.name, [value.type for value in values])
        chosen = found.function
        converted = converted_arguments(compiler, values, found.arguments)
        if call.name == "array_agg":
            converted = [exact(value) for value in converted]
        order = (
            f" ORDER BY {', '.join(ordered(compiler.value(one.this), one) for one in call.order)}"
            if call.order
            else ""
        )
        filtered = _filter(compiler, call)
    if window is not None and not (chosen.window or chosen.sql is not None):
        raise unsupported(f"{call.name}() with OVER", "Use a subquery with GROUP BY.")
    kind = found.result
    name = chosen.sql or chosen.sql_name
    is_exact = kind == "numeric" and chosen.exact
    if chosen.sql is not None:
        # min and max, by the order of the type; a numeric stays as it is.
        parts = [value.sortable for value in converted]
        is_exact = converted[0].is_exact
        if converted[0].is_month:
            parts = [f"CAST({converted[0].sql} AS TEXT)"]
    else:
        parts = [value.sql for value in converted]
    if call.distinct and not order and chosen.sql is None:
        # PostgreSQL finds what is distinct by sorting, and so has it in order.
        order = f" ORDER BY {converted[0].sortable} ASC NULLS LAST"
    if call.distinct and len(parts) > 1:
        return _joined_distinct(call, converted, order, filtered)
    distinct = "DISTINCT " if call.distinct else ""
    if call.distinct and converted[0].collation is not None:
        parts[0] = converted[0].sortable
    sql = f"{name}({distinct}{', '.join(parts)}{order}){filtered}{_over(call, window)}"
    if call.name in ("sum", "avg") and values[0].currency is not None:
        # As billql's own sums do, it notes that amounts are in several currencies.
        column = values[0].currency
        codes = f"{CURRENCIES}({column}){filtered}{_over(call, window)}"
        sql = f"{ONE_CURRENCY}({sql}, {codes}, {quote_text(last_name(column))})"
    return Value(sql, kind, name=call.name, strength=2, is_exact=is_exact)


def _joined_distinct(call: Call, values: Sequence[Value], order: str, filtered: str) -> Value:
    """Compile `string_agg(DISTINCT x, ',')`: SQLite's DISTINCT takes one argument."""
    if call.name != "string_agg" or values[1].literal is None:
        raise unsupported(f"DISTINCT in {call.name}() of several arguments", "Use a subquery.")
    sql = f"json_group_array(DISTINCT {values[0].sql}{order}){filtered}"
    return Value(f"pg_joined({sql}, {values[1].sql})", "text", name=call.name, strength=2)


@rule(exp.WithinGroup, "this", "expression")
def _within_group(compiler: Compiler, node: exp.WithinGroup) -> Value:
    """Compile `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`."""
    call = call_of(node.this)
    order = node.expression
    if (
        call.name not in ("percentile_cont", "percentile_disc", "mode")
        or len(order.expressions) != 1
    ):
        raise unsupported(f"{call.name}() WITHIN GROUP", "Use percentile_cont or percentile_disc.")
    term = order.expressions[0]
    with compiler.aggregating():
        value = compiler.value(term.this)
        fraction = (
            coerce(compiler, compiler.value(call.arguments[0]), "float8").sql
            if call.arguments
            else "0"
        )
    if call.name == "percentile_cont":
        value = coerce(compiler, value, "float8")
    is_number = value.type in types.NUMBERS
    if call.name != "percentile_cont" and not (
        is_number or value.type in types.TEXTS | types.MOMENTS
    ):
        raise unsupported(f"{call.name}() of {types.display(value.type)}", "Use a number.")
    down = int(bool(term.args.get("desc")))
    sql = f"pg_{call.name}({value.sql}, {fraction}, {down}, '{value.type}')"
    return Value(sql, value.type, name=call.name, strength=2, is_exact=value.is_exact)


def is_aggregate_call(compiler: Compiler, node: exp.Expr) -> bool:
    """Return whether a node is a call of an aggregate, which groups the rows of its SELECT."""
    if isinstance(node, exp.GroupConcat | exp.WithinGroup):
        return True
    if not isinstance(node, exp.Anonymous):
        return False
    name = str(node.this.name if isinstance(node.this, exp.Identifier) else node.this).lower()
    return name == "count" or compiler.registry.is_aggregate(name)
