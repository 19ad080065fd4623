"""Windows: what stands after OVER, and the functions that exist over windows alone."""

from __future__ import annotations

from sqlglot import exp

from billql.serve.postgres.compiler.call_parts import Call, misplaced
from billql.serve.postgres.compiler.coercion import coerce, exact
from billql.serve.postgres.compiler.columns import folded
from billql.serve.postgres.compiler.core import Compiler, check_arguments
from billql.serve.postgres.compiler.sort_terms import ordered
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.functions.registry import unknown_function

_RANKINGS = {
    "row_number": ("int8", 0),
    "rank": ("int8", 0),
    "dense_rank": ("int8", 0),
    "percent_rank": ("float8", 0),
    "cume_dist": ("float8", 0),
    "ntile": ("int4", 1),
}
_OFFSETS = {"lag": 3, "lead": 3, "first_value": 1, "last_value": 1, "nth_value": 2}
WINDOW_FUNCTIONS = frozenset((*_RANKINGS, *_OFFSETS))
"""The functions that exist over windows alone."""


def ranking(compiler: Compiler, call: Call, window: str | None) -> Value:
    """Compile a call of a function that exists over windows alone, such as `rank() OVER (…)`."""
    if window is None:
        raise PostgresError(
            "42809", f"window function {call.name} requires an OVER clause", hint="Add OVER ()."
        )
    if call.is_of_aggregate:
        raise misplaced(call)
    values = [compiler.value(one) for one in call.arguments]
    if call.name in _RANKINGS:
        kind, count = _RANKINGS[call.name]
        if len(values) != count:
            raise unknown_function(
                call.name, [value.type for value in values], "See its arguments."
            )
        parts = ", ".join(coerce(compiler, value, "int4").sql for value in values)
        return Value(f"{call.name}({parts}) OVER {window}", kind, name=call.name, strength=2)
    if not 1 <= len(values) <= _OFFSETS[call.name]:
        raise unknown_function(call.name, [value.type for value in values], "See its arguments.")
    first = values[0]
    first = coerce(compiler, first, "text") if first.type == "unknown" else exact(first)
    parts_list = [f"CAST({first.sql} AS TEXT)" if first.is_month else first.sql]
    if len(values) > 1:
        parts_list.append(coerce(compiler, values[1], "int4").sql)
    if len(values) > 2:
        parts_list.append(exact(coerce(compiler, values[2], first.type)).sql)
    sql = f"{call.name}({', '.join(parts_list)}) OVER {window}"
    return Value(sql, first.type, name=call.name, strength=2, is_exact=first.is_exact)


def window_sql(compiler: Compiler, node: exp.Expr) -> str:
    """Return what stands after OVER, or after the name of a window and AS."""
    alias = node.args.get("alias")
    base = ""
    if alias is not None:
        name = folded(alias)
        if name not in compiler.windows:
            raise PostgresError("42704", f'window "{name}" does not exist', hint="Define it.")
        base = compiler.windows[name]
    parts = [base] if base else []
    if node.args.get("partition_by"):
        keys = ", ".join(compiler.value(one).sortable for one in node.args["partition_by"])
        parts.append(f"PARTITION BY {keys}")
    order = node.args.get("order")
    if order is not None:
        check_arguments(order, frozenset(("expressions",)))
        terms = ", ".join(ordered(compiler.value(one.this), one) for one in order.expressions)
        parts.append(f"ORDER BY {terms}")
    spec = node.args.get("spec")
    if spec is not None:
        parts.append(_frame(compiler, spec))
    return f"({' '.join(parts)})" if not base or len(parts) > 1 else f"({base})"


def _frame(compiler: Compiler, spec: exp.Expr) -> str:
    check_arguments(spec, frozenset(("kind", "start", "start_side", "end", "end_side", "exclude")))
    kind = str(spec.args["kind"]).upper()

    def bound(name: str) -> str:
        value = spec.args.get(name)
        side = str(spec.args.get(f"{name}_side") or "").upper()
        if value is None:
            return "CURRENT ROW"
        if isinstance(value, str):
            return f"{value.upper()} {side}".strip()
        if kind == "RANGE":
            raise unsupported("RANGE with a distance", "Use ROWS.")
        return f"{coerce(compiler, compiler.value(value), 'int8').sql} {side}"

    exclude = spec.args.get("exclude")
    tail = f" EXCLUDE {exclude.name.upper()}" if exclude is not None else ""
    return f"{kind} BETWEEN {bound('start')} AND {bound('end')}{tail}"
