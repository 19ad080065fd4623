"""Calls of functions and aggregates, with what may stand around them: DISTINCT, FILTER, OVER."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler.coercion import as_text, boolean, coerce, exact, in_utc
from billql.serve.postgres.compiler.columns import folded
from billql.serve.postgres.compiler.core import Compiler, check_arguments
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.special import SPECIAL
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.functions.registry import unknown_function
from billql.serve.postgres.values import moments
from billql.sqlite.session import CURRENCIES, ONE_CURRENCY


@dataclass
class _Call:
    """A call taken apart."""

    name: str
    arguments: list[exp.Expr]
    distinct: bool = False
    order: list[exp.Expr] = field(default_factory=list)
    condition: exp.Expr | None = None

    @property
    def is_of_aggregate(self) -> bool:
        """Return whether it has what belongs to an aggregate: DISTINCT, ORDER BY or FILTER."""
        return self.distinct or bool(self.order) or self.condition is not None


def _taken_apart(name: str, expressions: Sequence[exp.Expr]) -> _Call:
    """Return a call whose last argument may hold an ORDER BY, and whose first a DISTINCT."""
    call = _Call(name, list(expressions))
    for place, argument in enumerate(call.arguments):
        if isinstance(argument, exp.Order):
            check_arguments(argument, frozenset(("this", "expressions")))
            call.order = argument.expressions
            call.arguments[place] = argument.this
    if any(isinstance(argument, exp.Kwarg) for argument in call.arguments):
        call.arguments = _by_place(name, call.arguments)
    first = call.arguments[0] if call.arguments else None
    if isinstance(first, exp.Distinct):
        check_arguments(first, frozenset(("expressions",)))
        call.distinct = True
        call.arguments[:1] = first.expressions
    return call


_NAMED = {"make_interval": ("years", "months", "weeks", "days", "hours", "mins", "secs")}
"""The names of arguments, of functions that are called by them."""


def _by_place(name: str, arguments: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Return arguments with names in their places, and 0 in all others."""
    names = _NAMED.get(name, ())
    found: list[exp.Expr] = [exp.Literal.number(0) for _ in names]
    for place, argument in enumerate(arguments):
        if isinstance(argument, exp.Kwarg):
            wanted = argument.this.name.lower()
            if wanted not in names:
                raise unknown_function(f"{name}({wanted} => …)", (), "Leave out the names.")
            found[names.index(wanted)] = argument.expression
        else:
            found[place] = argument
    return found


@rule(exp.Anonymous, "this", "expressions")
def _called(compiler: Compiler, node: exp.Anonymous) -> Value:
    name = folded(node.this) if isinstance(node.this, exp.Identifier) else str(node.this).lower()
    return _compiled(compiler, _taken_apart(name, node.expressions))


@rule(exp.GroupConcat, "this", "separator", "on_overflow")
def _string_agg(compiler: Compiler, node: exp.GroupConcat) -> Value:
    return _compiled(compiler, _of_string_agg(node))


def _of_string_agg(node: exp.GroupConcat) -> _Call:
    separator = node.args.get("separator")
    return _taken_apart("string_agg", [node.this, *([] if separator is None else [separator])])


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


def _compiled(compiler: Compiler, call: _Call, window: str | None = None) -> Value:
    if call.name in SPECIAL:
        if call.is_of_aggregate or window is not None:
            raise _misplaced(call)
        return SPECIAL[call.name](compiler, call.arguments)
    if call.name == "count":
        return _count(compiler, call, window)
    if compiler.registry.is_aggregate(call.name):
        return _aggregate(compiler, call, window)
    if call.name in _RANKINGS or call.name in _OFFSETS:
        return _ranking(compiler, call, window)
    if call.is_of_aggregate or window is not None:
        raise _misplaced(call)
    return _plain(compiler, call)


def _misplaced(call: _Call) -> PostgresError:
    return PostgresError(
        "42809",
        f"{call.name} is not an aggregate function",
        hint="DISTINCT, ORDER BY, FILTER and OVER belong to aggregates.",
    )


def _plain(compiler: Compiler, call: _Call) -> Value:
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


def converted_arguments(
    compiler: Compiler, values: Sequence[Value], kinds: Sequence[str]
) -> list[Value]:
    """Return arguments of the types that a signature wants."""
    found = []
    for value, kind in zip(values, kinds, strict=True):
        if kind in ("any", "anyjson", "anytext") and value.type == "unknown":
            value = coerce(compiler, value, "text")
        if kind == "anyjson":
            value = Value(f"pg_out_json({value.sql}, '{value.type}')", "json")
        elif kind == "anytext":
            value = _written(compiler, value)
        elif kind != "any":
            value = coerce(compiler, value, kind)
        if value.is_month:
            value = Value(f"CAST({value.sql} AS TEXT)", value.type)
        found.append(value)
    return found


def _written(compiler: Compiler, value: Value) -> Value:
    """Return a value as its type writes it: a boolean as `t`, where a cast has `true`."""
    if value.type == "bool":
        return Value(f"substr(pg_out({value.sql}, 'bool'), 1, 1)", "text")
    return as_text(compiler, value)


# Aggregates ---------------------------------------------------------------------------------------


def _count(compiler: Compiler, call: _Call, window: str | None) -> Value:
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
            raise _misplaced(call)
        filtered = _filter(compiler, call)
    return Value(f"count({inner}){filtered}{_over(call, window)}", "int8", name="count", strength=2)


def _within_aggregate(compiler: Compiler, window: str | None) -> AbstractContextManager[None]:
    """Return how the arguments of an aggregate are compiled; over a window, they may be grouped."""
    return compiler.aggregating() if window is None else nullcontext()


def _filter(compiler: Compiler, call: _Call) -> str:
    if call.condition is None:
        return ""
    return f" FILTER (WHERE {boolean(compiler, compiler.value(call.condition), 'FILTER')})"


def _over(call: _Call, window: str | None) -> str:
    if window is None:
        return ""
    if call.distinct or call.order:
        raise unsupported(
            f"DISTINCT or ORDER BY in {call.name}() with OVER", "Use a subquery with GROUP BY."
        )
    return f" OVER {window}"


def _aggregate(compiler: Compiler, call: _Call, window: str | None) -> Value:
    with _within_aggregate(compiler, window):
        values = [compiler.value(one) for one in call.arguments]
        found = compiler.registry.find(call.name, [value.type for value in values])
        chosen = found.function
        converted = converted_arguments(compiler, values, found.arguments)
        if call.name == "array_agg":
            converted = [exact(value) for value in converted]
        order = (
            f" ORDER BY {', '.join(_ordered(compiler, one) for one in call.order)}"
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
        codes = f"{CURRENCIES}({values[0].currency}){filtered}{_over(call, window)}"
        sql = f"{ONE_CURRENCY}({sql}, {codes})"
    return Value(sql, kind, name=call.name, strength=2, is_exact=is_exact)


def _joined_distinct(call: _Call, values: Sequence[Value], order: str, filtered: str) -> Value:
    """Compile `string_agg(DISTINCT x, ',')`: SQLite's DISTINCT takes one argument."""
    if call.name != "string_agg" or values[1].literal is None:
        raise unsupported(f"DISTINCT in {call.name}() of several arguments", "Use a subquery.")
    sql = f"json_group_array(DISTINCT {values[0].sql}{order}){filtered}"
    return Value(f"pg_joined({sql}, {values[1].sql})", "text", name=call.name, strength=2)


def _ordered(compiler: Compiler, node: exp.Expr) -> str:
    return ordered(compiler.value(node.this), node)


def ordered(value: Value, node: exp.Expr) -> str:
    """Return a term of ORDER BY; NULL is larger than all else, as PostgreSQL has it."""
    check_arguments(node, frozenset(("this", "desc", "nulls_first")))
    descending = bool(node.args.get("desc"))
    first = node.args.get("nulls_first")
    nulls = bool(first) if first is not None else descending
    sql = f"pg_json_key({value.sql})" if value.type == "jsonb" else value.sortable
    return f"{sql} {'DESC' if descending else 'ASC'} NULLS {'FIRST' if nulls else 'LAST'}"


@rule(exp.Filter, "this", "expression")
def _filtered(compiler: Compiler, node: exp.Filter) -> Value:
    return _compiled(compiler, _call_of(node))


def _call_of(node: exp.Expr) -> _Call:
    """Return the call in a FILTER or an OVER."""
    if isinstance(node, exp.Filter):
        call = _call_of(node.this)
        call.condition = node.expression.this
        return call
    if isinstance(node, exp.GroupConcat):
        return _of_string_agg(node)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
        node = node.expression
    if isinstance(node, exp.Anonymous):
        name = (
            folded(node.this) if isinstance(node.this, exp.Identifier) else str(node.this).lower()
        )
        return _taken_apart(name, node.expressions)
    raise unsupported(node.sql("postgres")[:60], "Use FILTER and OVER after an aggregate.")


@rule(exp.WithinGroup, "this", "expression")
def _within_group(compiler: Compiler, node: exp.WithinGroup) -> Value:
    """Compile `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`."""
    call = _call_of(node.this)
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


# Windows ------------------------------------------------------------------------------------------

_RANKINGS = {
    "row_number": ("int8", 0),
    "rank": ("int8", 0),
    "dense_rank": ("int8", 0),
    "percent_rank": ("float8", 0),
    "cume_dist": ("float8", 0),
    "ntile": ("int4", 1),
}
_OFFSETS = {"lag": 3, "lead": 3, "first_value": 1, "last_value": 1, "nth_value": 2}


def _ranking(compiler: Compiler, call: _Call, window: str | None) -> Value:
    if window is None:
        raise PostgresError(
            "42809", f"window function {call.name} requires an OVER clause", hint="Add OVER ()."
        )
    if call.is_of_aggregate:
        raise _misplaced(call)
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


@rule(exp.Window, "this", "partition_by", "order", "spec", "alias", "over")
def _window(compiler: Compiler, node: exp.Window) -> Value:
    call = _call_of(node.this)
    return _compiled(compiler, call, window_sql(compiler, node))


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
        terms = ", ".join(_ordered(compiler, one) for one in order.expressions)
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


def is_aggregate_call(compiler: Compiler, node: exp.Expr) -> bool:
    """Return whether a node is a call of an aggregate, which groups the rows of its SELECT."""
    if isinstance(node, exp.GroupConcat | exp.WithinGroup):
        return True
    if not isinstance(node, exp.Anonymous):
        return False
    name = str(node.this.name if isinstance(node.this, exp.Identifier) else node.this).lower()
    return name == "count" or compiler.registry.is_aggregate(name)
