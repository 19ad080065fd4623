"""Calls whose arguments no signature describes: COALESCE, syntax that is no call, whole queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler.coercion import coerce, unified
from billql.serve.postgres.compiler.core import Compiler
from billql.serve.postgres.compiler.operators import compare
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.functions.registry import unknown_function

Special = Callable[[Compiler, Sequence[exp.Expr]], Value]


def _coalesce(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
    values = unified(compiler, [compiler.value(one) for one in arguments], "COALESCE")
    is_exact = values[0].type == "numeric" and any(value.is_exact for value in values)
    parts = ", ".join(f"CAST({v.sql} AS TEXT)" if v.is_month else v.sql for v in values)
    sql = f"coalesce({parts})" if len(values) > 1 else parts
    return Value(sql, values[0].type, name="coalesce", strength=2, is_exact=is_exact)


def _nullif(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
    if len(arguments) != 2:
        raise unknown_function("nullif", (), "Use nullif(a, b).")
    left, right = (compiler.value(one) for one in arguments)
    if left.type == "unknown":
        left = coerce(compiler, left, right.type if right.type != "unknown" else "text")
    equal = compare(compiler, "=", left, right).sql
    sql = f"CASE WHEN {equal} THEN NULL ELSE {left.sql} END"
    return Value(f"({sql})", left.type, name="nullif", strength=2, is_exact=left.is_exact)


def _extreme(name: str) -> Special:
    def compiled(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
        values = unified(compiler, [compiler.value(one) for one in arguments], name.upper())
        kind = values[0].type
        is_exact = kind == "numeric" and any(value.is_exact for value in values)
        order = "numeric" if kind in types.NUMBERS else kind
        parts = ", ".join(value.sql for value in values)
        return Value(
            f"pg_{name}('{order}', {parts})", kind, name=name, strength=2, is_exact=is_exact
        )

    return compiled


def _array_of_query(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
    node = arguments[0] if len(arguments) == 1 else None
    if not isinstance(node, exp.Select | exp.SetOperation | exp.Subquery):
        raise unsupported("array() of anything but a query", "Use ARRAY[…].")
    node = node.this if isinstance(node, exp.Subquery) else node
    query = compiler.query(node, compiler.scope)
    if len(query.values) != 1:
        raise PostgresError("42601", "subquery must return only one column", hint="Name one.")
    value = query.values[0]
    value = coerce(compiler, value, "text") if value.type == "unknown" else value
    sql = f"(SELECT json_group_array(c1) FROM ({query.render([value])}))"
    return Value(sql, types.array_of(value.type), name="array", strength=2)


def _type_of(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
    if len(arguments) != 1:
        raise unknown_function("pg_typeof", (), "Use pg_typeof(x).")
    kind = compiler.value(arguments[0]).type
    return Value(str(types.TYPES[kind].oid), "regtype", name="pg_typeof", strength=2)


def _row(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
    raise unsupported("ROW()", "Select the columns one by one.")


def _clock(kind: str, sql: str, name: str) -> Special:
    def compiled(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
        if arguments:
            raise unsupported(f"{name} with a precision", "Use date_trunc('second', now()).")
        return Value(sql, kind, name=name, strength=2)

    return compiled


def _name(kind: str, function: str, name: str) -> Special:
    def compiled(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
        if arguments:
            raise unknown_function(name, (), "It has no arguments.")
        return Value(f"pg_session('{function}')", kind, name=name, strength=2)

    return compiled


SPECIAL: Mapping[str, Special] = {
    "coalesce": _coalesce,
    "nullif": _nullif,
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "array": _array_of_query,
    "row": _row,
    "pg_typeof": _type_of,
    "current_date": _clock("date", "substr(pg_to_local(pg_now()), 1, 10)", "current_date"),
    "current_timestamp": _clock("timestamptz", "pg_now()", "current_timestamp"),
    "localtimestamp": _clock("timestamp", "pg_to_local(pg_now())", "localtimestamp"),
    "localtime": _clock("time", "substr(pg_to_local(pg_now()), 12)", "localtime"),
    "current_user": _name("name", "user", "current_user"),
    "session_user": _name("name", "user", "session_user"),
    "current_role": _name("name", "user", "current_role"),
    "user": _name("name", "user", "user"),
    "current_catalog": _name("name", "database", "current_catalog"),
    "current_schema": _name("name", "schema", "current_schema"),
}
"""What compiles a call, by its name."""


@rule(exp.Extract, "this", "expression")
def _extract(compiler: Compiler, node: exp.Extract) -> Value:
    value = compiler.value(node.expression)
    if value.type == "unknown":
        raise PostgresError(
            "42725", "function extract(unknown) is not unique", hint="Cast it: x::timestamp."
        )
    if value.type not in ("date", "timestamp", "timestamptz", "time", "interval"):
        raise unknown_function("extract", [value.type], "Cast it to timestamp.")
    sql = f"pg_part('{node.this.name.lower()}', {value.sql}, '{value.type}')"
    return Value(sql, "numeric", name="extract", strength=2, is_exact=True)


def _sent_to(name: str) -> Callable[[Compiler, Sequence[exp.Expr]], Value]:
    def compiled(compiler: Compiler, arguments: Sequence[exp.Expr]) -> Value:
        return compiler.value(exp.Anonymous(this=name, expressions=list(arguments)))

    return compiled


@rule(exp.Substring, "this", "start", "length", "zero_start")
def _substring(compiler: Compiler, node: exp.Substring) -> Value:
    arguments = [node.this, node.args.get("start"), node.args.get("length")]
    return _sent_to("substring")(compiler, [one for one in arguments if one is not None])


@rule(exp.Trim, "this", "expression", "position")
def _trim(compiler: Compiler, node: exp.Trim) -> Value:
    names = {"": "btrim", "BOTH": "btrim", "LEADING": "ltrim", "TRAILING": "rtrim"}
    position = str(node.args.get("position") or "").upper()
    characters = node.args.get("expression")
    arguments = [node.this, *([] if characters is None else [characters])]
    return _sent_to(names[position])(compiler, arguments)


@rule(exp.StrPosition, "this", "substr")
def _position(compiler: Compiler, node: exp.StrPosition) -> Value:
    return _sent_to("strpos")(compiler, [node.this, node.args["substr"]]).named("position")


@rule(exp.Overlay, "this", "expression", "from_", "for_")
def _overlay(compiler: Compiler, node: exp.Overlay) -> Value:
    arguments = [node.this, node.expression, node.args.get("from_"), node.args.get("for_")]
    return _sent_to("overlay")(compiler, [one for one in arguments if one is not None])


@rule(exp.Sqrt, "this")
def _square_root(compiler: Compiler, node: exp.Sqrt) -> Value:
    return _sent_to("sqrt")(compiler, [node.this]).named("?column?")
