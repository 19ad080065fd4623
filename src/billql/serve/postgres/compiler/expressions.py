"""How each kind of node of an expression is compiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler.coercion import (
    boolean,
    cast,
    coerce,
    common_type,
    native,
    number_literal,
    read_type,
    unified,
)
from billql.serve.postgres.compiler.core import Compiler, Handler, Rule
from billql.serve.postgres.compiler.operators import (
    arithmetic,
    bits,
    compare,
    compared_sql,
    concatenated,
    document,
    matched,
    negative,
)
from billql.serve.postgres.compiler.values import Value, literal_sql, quote_text
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.values import arrays, numerics

RULES: dict[type[exp.Expr], Rule] = {}


_Node = TypeVar("_Node")
_Compile = Callable[[Compiler, _Node], Value]


def rule(kind: type[exp.Expr], *arguments: str) -> Callable[[_Compile[_Node]], _Compile[_Node]]:
    """Register the function that compiles a kind of node, with the arguments that it knows."""

    def register(handler: _Compile[_Node]) -> _Compile[_Node]:
        RULES[kind] = Rule(frozenset(arguments), handler)
        return handler

    return register


def literal_of_text(text: str) -> Value:
    """Return a literal in quotes, whose type is not decided yet."""
    return Value(quote_text(text), "unknown", literal=text)


# Literals -----------------------------------------------------------------------------------------


@rule(exp.Literal, "this", "is_string")
def _literal(compiler: Compiler, node: exp.Literal) -> Value:
    return literal_of_text(node.this) if node.is_string else number(node.this)


def number(text: str) -> Value:
    """Return the value of a number without a sign."""
    if text.isdecimal():
        size = int(text)
        if size < 2**63:
            return Value(str(size), "int4" if size < 2**31 else "int8", literal=str(size))
    stored = numerics.write(numerics.parse(text))
    return Value(quote_text(stored), "numeric", literal=stored, is_exact=True)


@rule(exp.Null)
def _null(compiler: Compiler, node: exp.Null) -> Value:
    return Value("NULL", "unknown")


@rule(exp.Boolean, "this")
def _boolean(compiler: Compiler, node: exp.Boolean) -> Value:
    return Value("1" if node.this else "0", "bool")


@rule(exp.ByteString, "this")
def _escape_string(compiler: Compiler, node: exp.ByteString) -> Value:
    return literal_of_text(node.this)


@rule(exp.UnicodeString, "this", "escape")
def _unicode_string(compiler: Compiler, node: exp.UnicodeString) -> Value:
    if node.args.get("escape"):
        raise unsupported("UESCAPE", "Use a backslash.")
    pattern = r"\\(\\|\+[0-9A-Fa-f]{6}|[0-9A-Fa-f]{4})"
    return literal_of_text(
        re.sub(pattern, lambda found: _character(found[1]), node.this, flags=re.ASCII)
    )


def _character(code: str) -> str:
    return "\\" if code == "\\" else chr(int(code.lstrip("+"), 16))


@rule(exp.RawString, "this")
def _dollar_string(compiler: Compiler, node: exp.RawString) -> Value:
    return literal_of_text(node.this)


@rule(exp.Concat, "expressions", "coalesce", "safe")
def _adjacent_strings(compiler: Compiler, node: exp.Concat) -> Value:
    parts = [compiler.value(one) for one in node.expressions]
    if any(part.literal is None for part in parts):
        raise unsupported("adjacent expressions", "Write || between them.")
    return literal_of_text("".join(part.literal or "" for part in parts))


@rule(exp.Parameter, "this")
def _parameter(compiler: Compiler, node: exp.Parameter) -> Value:
    if not isinstance(node.this, exp.Literal) or not node.this.this.isdecimal():
        raise unsupported(node.sql("postgres"), "Use abs(x) for @ x.")
    place = int(node.this.this)
    if not 1 <= place <= 65_535:
        raise PostgresError("42P02", f"there is no parameter ${place}", hint="Use $1 and on.")
    kind = compiler.decide(place, "unknown")
    if kind == "unknown":
        compiler.parameters.setdefault(place, "unknown")
        return Value(f"?{place}", "unknown", parameter=place)
    return Value(f"?{place}", kind, is_exact=kind == "numeric")


# Names --------------------------------------------------------------------------------------------

WITHOUT_PARENTHESES = frozenset(
    [
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_user",
        "user",
        "session_user",
        "current_role",
        "current_catalog",
        "current_schema",
    ]
)


@rule(exp.Column, "this", "table", "db", "catalog")
def _column(compiler: Compiler, node: exp.Column) -> Value:
    if isinstance(node.this, exp.Star):
        raise PostgresError("42601", "* stands only in SELECT and count(*)", hint="Name columns.")
    name, table, schema = column_names(node)
    if table is None and name in WITHOUT_PARENTHESES and not node.this.quoted:
        called = exp.Anonymous(this=name, expressions=[])
        return compiler.value(called).named(name)
    found = compiler.scope.column(name, table, schema)
    if found is None:
        raise _no_column(compiler, node, name, table, schema)
    if compiler.grouping is not None and compiler.scope.depth_of(name, table, schema) == 0:
        compiler.grouping.loose.append(f"{table}.{name}" if table else name)
    return found.named(name)


def column_names(node: exp.Column) -> tuple[str, str | None, str | None]:
    """Return a column's name, and those of its table and its schema, as they are looked for."""
    table, schema, catalog = (node.args.get(part) for part in ("table", "db", "catalog"))
    schema_name = None if schema is None else folded(schema)
    if catalog is not None:
        schema_name = f"{folded(catalog)}.{schema_name}"
    return folded(node.this), None if table is None else folded(table), schema_name


def folded(name: exp.Expr) -> str:
    """Return a name in small letters, unless it is in double quotes."""
    is_quoted = isinstance(name, exp.Identifier) and name.quoted
    return name.name if is_quoted else name.name.lower()


def _no_column(
    compiler: Compiler, node: exp.Column, name: str, table: str | None, schema: str | None
) -> PostgresError:
    if table is not None and compiler.scope.relation(table, schema) is None:
        return PostgresError(
            "42P01", f'missing FROM-clause entry for table "{table}"', hint="Check the alias."
        )
    if table is None and compiler.scope.relation(name, None) is not None:
        return unsupported(f"the whole row {name}", "Name its columns.")
    import difflib

    known = [
        column.name
        for relation in compiler.scope.relations
        if table in (None, relation.name)
        for column in relation.columns
    ]
    close = difflib.get_close_matches(name, known, 1)
    shown = f"{table}.{name}" if table else f'"{name}"'
    return PostgresError(
        "42703",
        f"column {shown} does not exist",
        hint=f'Perhaps you meant to reference the column "{close[0]}".'
        if close
        else "\\d TABLE lists the columns.",
    )


@rule(exp.Paren, "this")
def _paren(compiler: Compiler, node: exp.Paren) -> Value:
    return compiler.value(node.this)


@rule(exp.Alias, "this", "alias")
def _alias(compiler: Compiler, node: exp.Alias) -> Value:
    return compiler.value(node.this)


# Logic --------------------------------------------------------------------------------------------


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


# Comparison ---------------------------------------------------------------------------------------

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


# Patterns -----------------------------------------------------------------------------------------

_PATTERNS: dict[type[exp.Expr], str] = {
    exp.Like: "like",
    exp.ILike: "ilike",
    exp.RegexpLike: "matches",
    exp.RegexpILike: "imatches",
}


def _pattern(name: str) -> Handler:
    def compiled(compiler: Compiler, node: exp.Binary) -> Value:
        return _matched(compiler, node, name, "'\\'")

    return compiled


def _matched(compiler: Compiler, node: exp.Expr, name: str, escape: str) -> Value:
    negated = bool(node.args.get("negate"))
    left = compiler.value(node.this)
    found = quantified(node.expression)
    if found is None:
        sql = matched(compiler, name, left, compiler.value(node.expression), escape)
        return Value(f"(NOT {sql})" if negated else sql, "bool")
    keyword, source = found
    array = compiler.value(source)
    array = coerce(compiler, array, "_text") if array.type == "unknown" else array
    if types.element_of(array.type) not in types.TEXTS:
        raise unsupported("a pattern of another type than text", "Cast the array: x::text[].")
    sql = matched(compiler, name, left, Value("value", "text"), escape)
    sql = f"NOT {sql}" if negated else sql
    return Value(f"(SELECT pg_{keyword.lower()}({sql}) FROM json_each({array.sql}))", "bool")


for _kind, _name in _PATTERNS.items():
    rule(_kind, "this", "expression", "negate")(_pattern(_name))


@rule(exp.Escape, "this", "expression")
def _escape(compiler: Compiler, node: exp.Escape) -> Value:
    inner = node.this
    is_negated = isinstance(inner, exp.Not)
    inner = inner.this if is_negated else inner
    if not isinstance(inner, exp.Like | exp.ILike):
        raise unsupported("ESCAPE there", "Use it after LIKE.")
    escape = coerce(compiler, compiler.value(node.expression), "text")
    name = "like" if isinstance(inner, exp.Like) else "ilike"
    found = _matched(compiler, inner, name, escape.sql)
    return Value(f"(NOT {found.sql})", "bool") if is_negated else found


# Arithmetic ---------------------------------------------------------------------------------------


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


# Casts --------------------------------------------------------------------------------------------


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


# Arrays and subqueries ----------------------------------------------------------------------------


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
