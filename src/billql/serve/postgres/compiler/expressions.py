"""Logic, arithmetic, casts, arrays and subqueries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler.coercion import (
    boolean,
    cast,
    coerce,
    read_type,
    unified,
)
from billql.serve.postgres.compiler.core import Compiler, Handler
from billql.serve.postgres.compiler.operators import (
    arithmetic,
    bits,
    compare,
    concatenated,
    document,
    negative,
)
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported


def _logical(keyword: str) -> Handler:
    def compiled(compiler: Compiler, node: exp.Connector) -> Value:
        # A long row of conditions is a deep tree to the left; SQLite and Python have their limits.
        sides = list(node.flatten())
        parts = [boolean(compiler, compiler.value(side), keyword) for side in sides]
        return Value(f"({f' {keyword} '.join(parts)})", "bool")

    return compiled


rule(exp.And, "this", "expression")(_logical("AND"))
rule(exp.Or, "this", "expression")(_logical("OR"))


@rule(exp.Not, "this")
def _not(compiler: Compiler, node: exp.Not) -> Value:
    return Value(f"(NOT {boolean(compiler, compiler.value(node.this), 'NOT')})", "bool")


@rule(exp.Is, "this", "expression", "negate")
def _is(compiler: Compiler, node: exp.Is) -> Value:
    value = compiler.value(node.this)
    keyword = "IS NOT" if node.args.get("negate") else "IS"
    if isinstance(node.expression, exp.Boolean):
        condition = boolean(compiler, value, "IS")
        return Value(
            f"({condition} {keyword} {'TRUE' if node.expression.this else 'FALSE'})", "bool"
        )
    if not isinstance(node.expression, exp.Null):
        raise unsupported(node.sql("postgres"), "Use IS NOT DISTINCT FROM.")
    value = coerce(compiler, value, "text") if value.type == "unknown" else value
    return Value(f"({value.sql} {keyword} NULL)", "bool")


@rule(exp.Case, "this", "ifs", "default")
def _case(compiler: Compiler, node: exp.Case) -> Value:
    subject = None if node.this is None else compiler.value(node.this)
    conditions: list[str] = []
    for each in node.args["ifs"]:
        condition = compiler.value(each.this)
        conditions.append(
            boolean(compiler, condition, "CASE/WHEN")
            if subject is None
            else compare(compiler, "=", subject, condition).sql
        )
    outcomes = [compiler.value(each.args["true"]) for each in node.args["ifs"]]
    default = node.args.get("default")
    outcomes.append(Value("NULL", "unknown") if default is None else compiler.value(default))
    found = unified(compiler, outcomes, "CASE")
    pairs = zip(conditions, found, strict=False)
    text = " ".join(f"WHEN {condition} THEN {value.sql}" for condition, value in pairs)
    sql = f"CASE {text} ELSE {found[-1].sql} END"
    made = Value(f"({sql})", found[0].type, is_exact=_is_exact(found))
    last = outcomes[-1]
    return made.named(last.name) if last.strength > 1 else made.named("case", 1)


def _is_exact(values: Sequence[Value]) -> bool:
    return values[0].type == "numeric" and any(value.is_exact for value in values)


def _binary(compile_sides: Any, operator: str) -> Handler:
    def compiled(compiler: Compiler, node: exp.Binary) -> Value:
        found: Value = compile_sides(
            compiler, operator, compiler.value(node.this), compiler.value(node.expression)
        )
        return found

    return compiled


for _kind, _operator in {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.Pow: "^",
}.items():  # fmt: skip
    rule(_kind, "this", "expression", "typed", "safe")(_binary(arithmetic, _operator))
for _kind, _operator in {
    exp.BitwiseAnd: "&", exp.BitwiseOr: "|", exp.BitwiseXor: "#",
    exp.BitwiseLeftShift: "<<", exp.BitwiseRightShift: ">>",
}.items():  # fmt: skip
    rule(_kind, "this", "expression", "padside")(_binary(bits, _operator))
for _kind, _operator in {
    exp.JSONExtract: "->", exp.JSONExtractScalar: "->>", exp.JSONBExtract: "#>",
    exp.JSONBExtractScalar: "#>>", exp.ArrayContainsAll: "@>", exp.JSONBContainsTopKey: "?",
    exp.JSONBContainsAnyTopKeys: "?|", exp.JSONBContainsAllTopKeys: "?&",
}.items():  # fmt: skip
    rule(_kind, "this", "expression", "only_json_types")(_binary(document, _operator))


@rule(exp.ArrayContainedBy, "this", "expression")
def _contained(compiler: Compiler, node: exp.Binary) -> Value:
    return document(compiler, "@>", compiler.value(node.expression), compiler.value(node.this))


@rule(exp.ArrayOverlaps, "this", "expression", "null_safe")
def _overlaps(compiler: Compiler, node: exp.Binary) -> Value:
    left, right = unified(
        compiler, [compiler.value(node.this), compiler.value(node.expression)], "&&"
    )
    if types.element_of(left.type) is None:
        raise unsupported(node.sql("postgres"), "Use && between arrays.")
    return Value(f"pg_arrays_overlap({left.sql}, {right.sql})", "bool")


@rule(exp.DPipe, "this", "expression", "safe")
def _concatenation(compiler: Compiler, node: exp.DPipe) -> Value:
    return concatenated(compiler, compiler.value(node.this), compiler.value(node.expression))


@rule(exp.Neg, "this")
def _negative(compiler: Compiler, node: exp.Neg) -> Value:
    return negative(compiler, compiler.value(node.this))


@rule(exp.BitwiseNot, "this")
def _complement(compiler: Compiler, node: exp.BitwiseNot) -> Value:
    value = compiler.value(node.this)
    if value.type not in types.INTEGERS:
        raise unsupported(f"~ of {types.display(value.type)}", "Cast it to integer.")
    return Value(f"(~{value.sql})", value.type)


@rule(exp.Cast, "this", "to", "_type")
def _cast(compiler: Compiler, node: exp.Cast) -> Value:
    kind, typmod = read_type(node.args["to"])
    value = compiler.value(node.this)
    found = cast(compiler, value, kind, typmod)
    return found.named(value.name) if value.strength > 1 else found.named(kind.lstrip("_"), 1)


@rule(exp.AtTimeZone, "this", "zone")
def _at_time_zone(compiler: Compiler, node: exp.AtTimeZone) -> Value:
    value, zone = compiler.value(node.this), compiler.value(node.args["zone"])
    zone = coerce(compiler, zone, "text") if zone.type == "unknown" else zone
    if zone.type not in types.TEXTS:
        raise unsupported("AT TIME ZONE with an interval", "Write the zone's name.")
    value = coerce(compiler, value, "timestamptz") if value.type in ("unknown", "date") else value
    if value.type == "timestamptz":
        return Value(
            f"pg_to_local_of({value.sql}, {zone.sql})", "timestamp", name="timezone", strength=2
        )
    if value.type == "timestamp":
        return Value(
            f"pg_to_instant_of({value.sql}, {zone.sql})", "timestamptz", name="timezone", strength=2
        )
    raise unsupported(f"AT TIME ZONE of {types.display(value.type)}", "Cast it to timestamptz.")


@rule(exp.Collate, "this", "expression")
def _collate(compiler: Compiler, node: exp.Collate) -> Value:
    raise unsupported(
        f"COLLATE {node.expression.sql('postgres')}",
        'Texts are compared byte by byte: COLLATE "C".',
    )


@rule(exp.Array, "expressions", "value_constructor", "bracket_notation")
def _array(compiler: Compiler, node: exp.Array) -> Value:
    if not node.expressions:
        return Value("'[]'", "unknown", literal="{}", name="array", strength=2)
    values = unified(compiler, [compiler.value(one) for one in node.expressions], "ARRAY")
    kind = values[0].type
    if types.element_of(kind) is not None:
        inner = ", ".join(f"json({value.sql})" for value in values)
        return Value(f"json_array({inner})", kind, name="array", strength=2)
    parts = [_json_element(value) for value in values]
    return Value(f"json_array({', '.join(parts)})", types.array_of(kind), name="array", strength=2)


def _json_element(value: Value) -> str:
    return f"pg_real({value.sql})" if value.type == "numeric" and not value.is_exact else value.sql


@rule(exp.Bracket, "this", "expressions", "offset", "safe", "returns_list_for_maps", "_type")
def _subscript(compiler: Compiler, node: exp.Bracket) -> Value:
    value = compiler.value(node.this)
    kind = types.element_of(value.type)
    if kind is None or len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise unsupported(node.sql("postgres"), "Use one subscript of an array.")
    place = node.expressions[0]
    index = compiler.value(place)
    shift = 1 if value.type.endswith("vector") else 0
    sql = f"pg_element({value.sql}, {coerce(compiler, index, 'int4').sql} + {shift})"
    return Value(sql, kind, is_exact=kind == "numeric").named(value.name, value.strength)


@rule(exp.Subquery, "this", "alias")
def _subquery(compiler: Compiler, node: exp.Subquery) -> Value:
    query = compiler.query(node.this, compiler.scope)
    if len(query.values) != 1:
        raise PostgresError("42601", "subquery must return only one column", hint="Name one.")
    value = query.values[0]
    if value.type == "unknown":
        value = coerce(compiler, value, "text")
    return Value(
        f"(SELECT pg_one_row(c1) FROM ({query.render([value])}))",
        value.type,
        name=value.name,
        strength=value.strength,
        is_exact=value.is_exact,
    )


@rule(exp.Exists, "this")
def _exists(compiler: Compiler, node: exp.Exists) -> Value:
    inner = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    query = compiler.query(inner, compiler.scope)
    return Value(f"(EXISTS ({query.sql}))", "bool", name="exists", strength=2)
