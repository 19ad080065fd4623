"""Comparison: operators, ANY and ALL, BETWEEN, IN."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler.coercion import (
    cast,
    coerce,
    common_type,
    native,
    number_literal,
)
from billql.serve.postgres.compiler.core import Compiler, Handler
from billql.serve.postgres.compiler.operators import (
    compare,
    compared_sql,
)
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.values import Value, literal_sql
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.values import arrays

_COMPARED: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS",
    exp.NullSafeNEQ: "IS NOT",
}


def _comparison(operator: str) -> Handler:
    def compiled(compiler: Compiler, node: exp.Binary) -> Value:
        left, right = node.this, node.expression
        if type(left) in _COMPARED or type(right) in _COMPARED:
            raise PostgresError(
                "42601",
                f'syntax error at or near "{operator}"',
                hint="Comparisons stand in no row: put one of them in parentheses.",
            )
        if (found := quantified(right)) is not None:
            return _with_quantifier(compiler, operator, compiler.value(left), *found)
        if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
            return _rows(compiler, operator, left, right)
        return compare(compiler, operator, compiler.value(left), compiler.value(right))

    return compiled


for _kind, _operator in _COMPARED.items():
    rule(_kind, "this", "expression")(_comparison(_operator))


def _rows(compiler: Compiler, operator: str, left: exp.Tuple, right: exp.Tuple) -> Value:
    if operator not in ("=", "<>") or len(left.expressions) != len(right.expressions):
        raise unsupported(f"rows beside {operator}", "Compare the columns one by one.")
    parts = [
        compare(compiler, operator, compiler.value(one), compiler.value(other)).sql
        for one, other in zip(left.expressions, right.expressions, strict=True)
    ]
    return Value(f"({(' AND ' if operator == '=' else ' OR ').join(parts)})", "bool")


def quantified(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """Return the keyword and the array (or query) of ANY, SOME or ALL; None for anything else."""
    if isinstance(node, exp.Any | exp.All):
        return type(node).__name__.upper(), node.this
    is_call = isinstance(node, exp.Anonymous) and str(node.this).lower() in ("all", "some")
    if is_call and len(node.expressions) == 1:
        return ("ALL" if str(node.this).lower() == "all" else "ANY"), node.expressions[0]
    return None


def _with_quantifier(
    compiler: Compiler, operator: str, left: Value, keyword: str, source: exp.Expr
) -> Value:
    """Compile `x = ANY (array)`; equality with any becomes IN, which can be pushed down."""
    while isinstance(source, exp.Paren):
        source = source.this
    is_any_of = operator == "=" and keyword == "ANY"
    if is_any_of and isinstance(source, exp.Array) and source.expressions:
        return _one_of(compiler, left, [compiler.value(one) for one in source.expressions])
    if isinstance(source, exp.Subquery | exp.Select | exp.SetOperation):
        query = compiler.query(source, compiler.scope)
        element, rows = _single(query.values, "subquery"), query.sql
        left, element = _aligned_with_element(compiler, left, element)
        item, table_sql = element.sql, f"({rows})"
        rows_sql = f"SELECT {item} FROM {table_sql}"
    else:
        array = compiler.value(source)
        if array.type == "unknown":
            kind = (
                "text"
                if left.type in ("unknown", "varchar", "bpchar", "name", "char")
                else left.type
            )
            array = coerce(compiler, array, types.array_of(kind))
        kind = types.element_of(array.type) or ""
        if not kind:
            raise PostgresError(
                "42809", "op ANY/ALL (array) requires array on right side", hint="Use ARRAY[…]."
            )
        left, element = _aligned_with_element(compiler, left, Value("value", kind))
        rows_sql = f"SELECT {element.sql} FROM json_each({array.sql})"
        table_sql, item = f"json_each({array.sql})", element.sql
        if operator == "=" and keyword == "ANY" and _constant(array):
            return _in_list(compiler, left, array, kind)
    if operator == "=" and keyword == "ANY":
        return Value(f"({left.sql} IN ({rows_sql}))", "bool")
    if operator == "<>" and keyword == "ALL":
        return Value(f"({left.sql} NOT IN ({rows_sql}))", "bool")
    condition = compared_sql(left, operator, Value(item, element.type))
    return Value(f"(SELECT pg_{keyword.lower()}({condition}) FROM {table_sql})", "bool")


def _single(values: Sequence[Value], what: str) -> Value:
    if len(values) != 1:
        raise PostgresError("42601", f"{what} must return only one column", hint="Name one.")
    value = values[0]
    return Value("c1", value.type, is_exact=value.is_exact)


def _aligned_with_element(compiler: Compiler, left: Value, element: Value) -> tuple[Value, Value]:
    """Return a value and an array's element with one type, in SQLite's own form of numbers."""
    left = coerce(compiler, left, element.type) if left.type == "unknown" else left
    if left.type in types.TEXTS and element.type in types.TEXTS:
        if left.is_month:
            return Value(f"CAST({left.sql} AS TEXT) COLLATE BINARY", "text"), element
        return left, element
    kind = common_type((left, element), "ANY")
    left, element = cast(compiler, left, kind), cast(compiler, element, kind)
    if kind == "numeric":
        return Value(native(left), "float8"), Value(f"pg_real({element.sql})", "float8")
    return left, element


def _constant(array: Value) -> bool:
    return array.sql.startswith("'") and array.sql.endswith("'") and array.sql.count("'") == 2


def _in_list(compiler: Compiler, left: Value, array: Value, kind: str) -> Value:
    elements = arrays.load(array.sql[1:-1])
    if not elements:
        return Value("0", "bool")
    parts = [
        cast(compiler, Value(literal_sql(one), kind), left.type).sql if one is not None else "NULL"
        for one in elements
    ]
    if left.type == "float8" and kind == "numeric":
        parts = [number_literal(str(one)) or f"pg_real({literal_sql(one)})" for one in elements]
    return Value(f"({left.sql} IN ({', '.join(parts)}))", "bool")


@rule(exp.Between, "this", "low", "high", "symmetric")
def _between(compiler: Compiler, node: exp.Between) -> Value:
    value = compiler.value(node.this)
    low, high = compiler.value(node.args["low"]), compiler.value(node.args["high"])

    def inside(first: Value, last: Value) -> str:
        left = compare(compiler, ">=", value, first).sql
        return f"({left} AND {compare(compiler, '<=', value, last).sql})"

    if node.args.get("symmetric"):
        return Value(f"({inside(low, high)} OR {inside(high, low)})", "bool")
    return Value(inside(low, high), "bool")


@rule(exp.In, "this", "expressions", "query")
def _in(compiler: Compiler, node: exp.In) -> Value:
    query = node.args.get("query")
    if isinstance(node.this, exp.Tuple):
        return _rows_in(compiler, node)
    value = compiler.value(node.this)
    if query is not None:
        return _with_quantifier(compiler, "=", value, "ANY", query)
    others = [compiler.value(one) for one in node.expressions]
    if not others:
        raise PostgresError("42601", 'syntax error at or near ")"', hint="IN needs a value.")
    return _one_of(compiler, value, others)


def _one_of(compiler: Compiler, value: Value, others: Sequence[Value]) -> Value:
    """Compile equality with any of some values, as one IN if SQLite compares all of them alike."""
    parts = [compare(compiler, "=", value, other).sql for other in others]
    if len(parts) == 1:
        return Value(parts[0], "bool")
    prefix = _common_left(parts)
    if prefix is not None:
        items = ", ".join(part[len(prefix) : -1] for part in parts)
        return Value(f"{prefix[:-3]} IN ({items}))", "bool")
    return Value(f"({' OR '.join(parts)})", "bool")


def _common_left(parts: Sequence[str]) -> str | None:
    """Return what equalities have in common up to their ` = `; None if that differs."""
    at = parts[0].find(" = ")
    prefix = parts[0][: at + 3]
    return (
        prefix
        if all(part.startswith(prefix) and " COLLATE " not in part for part in parts)
        else None
    )


def _rows_in(compiler: Compiler, node: exp.In) -> Value:
    if node.args.get("query") is not None:
        raise unsupported("a row IN a subquery", "Use EXISTS.")
    parts = [
        _rows(compiler, "=", node.this, other).sql
        for other in node.expressions
        if isinstance(other, exp.Tuple)
    ]
    if len(parts) != len(node.expressions):
        raise PostgresError("42601", "a row is compared with what is none", hint="Use (a, b).")
    return Value(f"({' OR '.join(parts)})", "bool")
