"""Operators by the types of both sides: comparison, arithmetic, texts, JSON and arrays."""

from __future__ import annotations

from billql.serve.postgres import types
from billql.serve.postgres.compiler.coercion import (
    as_text,
    cast,
    coerce,
    common_type,
    exact,
    native,
)
from billql.serve.postgres.compiler.core import Compiler
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.functions.registry import conversion_cost
from billql.serve.postgres.types import MOMENTS, NUMBERS, TEXTS

COMPARISONS = frozenset(("=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT"))
_ORDERED_NOT = frozenset(("json", "xml", "aclitem"))


def no_operator(operator: str, left: Value, right: Value) -> PostgresError:
    """Return the error for an operator that does not exist for two types."""
    shown = f"{types.display(left.type)} {operator} {types.display(right.type)}"
    return PostgresError(
        "42883", f"operator does not exist: {shown}", hint="Cast one side to the other's type."
    )


def compare(compiler: Compiler, operator: str, left: Value, right: Value) -> Value:
    """Compile a comparison; `IS` and `IS NOT` are those that know NULL."""
    left, right = _aligned(compiler, operator, left, right)
    kind = left.type
    if kind in _ORDERED_NOT or (kind == "jsonb" and operator in ("<", "<=", ">", ">=")):
        raise no_operator(operator, left, right)
    return Value(f"({compared_sql(left, operator, right)})", "bool")


def compared_sql(left: Value, operator: str, right: Value) -> str:
    """Return the SQL that compares two values of one type."""
    kind = left.type
    if kind == "numeric":
        if left.is_exact and right.is_exact:
            return f"{left.sql} COLLATE pg_numeric {operator} {right.sql}"
        return f"{native(left)} {operator} {native(right)}"
    if kind == "jsonb":
        return f"pg_json_key({left.sql}) {operator} pg_json_key({right.sql})"
    if types.element_of(kind) is not None:
        return f"pg_array({left.sql}) {operator} pg_array({right.sql})"
    if kind == "interval":
        return f"{left.sql} COLLATE pg_interval {operator} {right.sql}"
    if kind in MOMENTS and not (left.is_column or right.is_column):
        one, other = left.compared or left.sql, right.compared or right.sql
        return f"{one} COLLATE time {operator} {other}"
    if left.is_month or right.is_month:
        return _months(left, operator, right)
    return f"{left.sql} {operator} {right.sql}"


def _months(left: Value, operator: str, right: Value) -> str:
    """Compare texts of which one is a column of months, which SQLite would compare as times."""
    column, other = (left, right) if left.is_month else (right, left)
    if other.literal is not None and is_month(other.literal):
        return f"{left.sql} {operator} {right.sql}"
    if other.is_month:
        return f"{left.sql} {operator} {right.sql}"
    text = f"CAST({column.sql} AS TEXT) COLLATE BINARY"
    return f"{text} {operator} {other.sql}" if left.is_month else f"{other.sql} {operator} {text}"


def is_month(text: str) -> bool:
    """Return whether a text is a month as columns of months have them."""
    year, _, month = text.partition("-")
    is_digits = year.isdecimal() and month.isdecimal() and text.isascii()
    return (
        is_digits and len(year) == 4 and len(month) == 2 and "01" <= month <= "12" and year > "0000"
    )


def _aligned(compiler: Compiler, operator: str, left: Value, right: Value) -> tuple[Value, Value]:
    """Return both sides of a comparison with one type."""
    if left.type == "unknown" and right.type == "unknown":
        return coerce(compiler, left, "text"), coerce(compiler, right, "text")
    if left.type == "unknown":
        return coerce(compiler, left, _for_literal(right.type)), right
    if right.type == "unknown":
        return left, coerce(compiler, right, _for_literal(left.type))
    if left.type == right.type:
        return left, right
    if left.type in NUMBERS and right.type in NUMBERS:
        return _numbers(compiler, left, right)
    if left.type in TEXTS and right.type in TEXTS:
        return left, Value(
            right.sql,
            left.type,
            is_column=right.is_column,
            is_month=right.is_month,
            literal=right.literal,
        )
    if left.type in MOMENTS and right.type in MOMENTS:
        kind = "timestamptz" if "timestamptz" in (left.type, right.type) else "timestamp"
        return cast(compiler, left, kind), cast(compiler, right, kind)
    numbers = types.OIDS | set(types.INTEGERS)
    if left.type in numbers and right.type in numbers:
        return left, Value(right.sql, left.type, is_column=right.is_column)
    for one, other in ((left, right), (right, left)):
        cost = conversion_cost(one.type, other.type)
        if cost is not None:
            made = cast(compiler, one, other.type)
            return (made, other) if one is left else (other, made)
    raise no_operator(operator, left, right)


def _for_literal(kind: str) -> str:
    """Return the type that a literal beside a type has: a varchar is compared as a text."""
    return "text" if kind in ("varchar", "bpchar", "name", "char") else kind


def _numbers(compiler: Compiler, left: Value, right: Value) -> tuple[Value, Value]:
    """Return two numbers that SQLite compares by their values, whatever their types."""
    if "numeric" in (left.type, right.type) and not {"float4", "float8"} & {left.type, right.type}:
        return cast(compiler, left, "numeric"), cast(compiler, right, "numeric")
    return (
        Value(native(left), "float8", is_column=left.is_column),
        Value(native(right), "float8", is_column=right.is_column),
    )


def arithmetic(compiler: Compiler, operator: str, left: Value, right: Value) -> Value:
    """Compile `+`, `-`, `*`, `/`, `%` or `^`."""
    left, right = _arithmetic_literals(compiler, operator, left, right)
    if left.type in NUMBERS and right.type in NUMBERS:
        return _number_arithmetic(compiler, operator, left, right)
    for key in (
        (operator, left.type, right.type),
        (operator, left.type, "number"),
        (operator, "number", right.type),
    ):
        found = _MOMENT_OPERATORS.get(key)
        if found is not None and (
            "number" not in key or (right if key[2] == "number" else left).type in NUMBERS
        ):
            template, kind = found
            return Value(template.format(left.sql, right.sql), kind)
    if operator == "-" and left.type == "jsonb":
        return Value(f"pg_json_without({left.sql}, {right.sql})", "jsonb")
    raise no_operator(operator, left, right)


def _arithmetic_literals(
    compiler: Compiler, operator: str, left: Value, right: Value
) -> tuple[Value, Value]:
    """Return both sides, a literal or a parameter with the type that the other side asks for."""
    if left.type == "unknown" and right.type == "unknown":
        raise PostgresError(
            "42725", f"operator is not unique: unknown {operator} unknown", hint="Cast one of them."
        )
    if right.type == "unknown":
        return left, coerce(compiler, right, _other_side(operator, left.type))
    if left.type == "unknown":
        return coerce(compiler, left, _other_side(operator, right.type)), right
    return left, right


def _other_side(operator: str, kind: str) -> str:
    if kind in ("timestamp", "timestamptz"):
        return "interval" if operator == "+" else kind
    if kind == "jsonb":
        return "text"
    if kind == "interval" and operator in "*/":
        return "float8"
    return kind


def _number_arithmetic(compiler: Compiler, operator: str, left: Value, right: Value) -> Value:
    kind = common_type((left, right), "operator")
    if operator == "^":
        kind = "numeric" if kind == "numeric" else "float8"
    is_short = left.type == right.type == "float4" and operator != "^"
    if kind == "float4":
        kind = "float8"
    if kind in types.INTEGERS:
        if operator in "/%":
            name = "pg_divided" if operator == "/" else "pg_remainder"
            return Value(f"{name}({left.sql}, {right.sql})", kind)
        name = {"+": "pg_plus", "-": "pg_minus", "*": "pg_times"}[operator]
        return Value(f"{name}({left.sql}, {right.sql}, '{kind}')", kind)
    left, right = cast(compiler, left, kind), cast(compiler, right, kind)
    names = {
        "+": "plus",
        "-": "minus",
        "*": "times",
        "/": "divided",
        "%": "remainder",
        "^": "power",
    }
    if kind == "float8":
        if operator == "%":
            raise no_operator(operator, left, right)
        sql = f"pg_real_{names[operator]}({left.sql}, {right.sql})"
        return Value(f"pg_to_float4({sql})", "float4") if is_short else Value(sql, kind)
    return Value(f"pg_numeric_{names[operator]}({left.sql}, {right.sql})", kind, is_exact=True)


_MOMENT_OPERATORS = {
    ("+", "date", "number"): ("pg_day_plus({0}, {1})", "date"),
    ("+", "number", "date"): ("pg_day_plus({1}, {0})", "date"),
    ("-", "date", "number"): ("pg_day_plus({0}, -({1}))", "date"),
    ("-", "date", "date"): ("pg_days_between({0}, {1})", "int4"),
    ("+", "date", "interval"): ("pg_timestamp_plus({0}, {1})", "timestamp"),
    ("+", "interval", "date"): ("pg_timestamp_plus({1}, {0})", "timestamp"),
    ("-", "date", "interval"): ("pg_timestamp_minus({0}, {1})", "timestamp"),
    ("+", "date", "time"): ("({0} || 'T' || {1})", "timestamp"),
    ("+", "timestamp", "interval"): ("pg_timestamp_plus({0}, {1})", "timestamp"),
    ("+", "interval", "timestamp"): ("pg_timestamp_plus({1}, {0})", "timestamp"),
    ("-", "timestamp", "interval"): ("pg_timestamp_minus({0}, {1})", "timestamp"),
    ("-", "timestamp", "timestamp"): ("pg_between({0}, {1})", "interval"),
    ("-", "timestamp", "date"): ("pg_between({0}, {1})", "interval"),
    ("-", "date", "timestamp"): ("pg_between({0}, {1})", "interval"),
    ("+", "timestamptz", "interval"): ("pg_instant_plus({0}, {1})", "timestamptz"),
    ("+", "interval", "timestamptz"): ("pg_instant_plus({1}, {0})", "timestamptz"),
    ("-", "timestamptz", "interval"): ("pg_instant_minus({0}, {1})", "timestamptz"),
    ("-", "timestamptz", "timestamptz"): ("pg_between({0}, {1})", "interval"),
    ("-", "timestamptz", "timestamp"): ("pg_between({0}, pg_to_instant({1}))", "interval"),
    ("-", "timestamp", "timestamptz"): ("pg_between(pg_to_instant({0}), {1})", "interval"),
    ("-", "timestamptz", "date"): (
        "pg_between({0}, pg_to_instant({1} || 'T00:00:00'))", "interval"),
    ("-", "date", "timestamptz"): (
        "pg_between(pg_to_instant({0} || 'T00:00:00'), {1})", "interval"),
    ("+", "time", "interval"): ("pg_clock_plus({0}, {1})", "time"),
    ("-", "time", "interval"): ("pg_clock_minus({0}, {1})", "time"),
    ("-", "time", "time"): ("pg_clock_between({0}, {1})", "interval"),
    ("+", "interval", "interval"): ("pg_interval_plus({0}, {1})", "interval"),
    ("-", "interval", "interval"): ("pg_interval_minus({0}, {1})", "interval"),
    ("*", "interval", "number"): ("pg_interval_times({0}, {1})", "interval"),
    ("*", "number", "interval"): ("pg_interval_times({1}, {0})", "interval"),
    ("/", "interval", "number"): ("pg_interval_over({0}, {1})", "interval"),
}  # fmt: skip


def concatenated(compiler: Compiler, left: Value, right: Value) -> Value:
    """Compile `||`, of texts, arrays or documents."""
    sides = {left.type, right.type}
    if "jsonb" in sides and sides <= {"jsonb", "unknown"}:
        left, right = coerce(compiler, left, "jsonb"), coerce(compiler, right, "jsonb")
        return Value(f"pg_json_joined({left.sql}, {right.sql})", "jsonb")
    arrays = [side for side in (left, right) if types.element_of(side.type) is not None]
    if arrays:
        return _joined_arrays(compiler, left, right, arrays[0].type)
    if not sides & (TEXTS | {"unknown"}):
        raise no_operator("||", left, right)
    if left.type == right.type == "bytea":
        raise unsupported("|| of bytea", "Encode them first.")
    return Value(f"({as_text(compiler, left).sql} || {as_text(compiler, right).sql})", "text")


def _joined_arrays(compiler: Compiler, left: Value, right: Value, kind: str) -> Value:
    element = types.element_of(kind) or "text"

    def side(value: Value) -> str:
        if types.element_of(value.type) is not None:
            return coerce(compiler, value, kind).sql
        if value.type == "unknown":
            return coerce(compiler, value, kind).sql
        return f"json_array({coerce(compiler, value, element).sql})"

    return Value(f"pg_arrays_joined({side(left)}, {side(right)})", kind)


def matched(compiler: Compiler, name: str, left: Value, right: Value, escape: str = "'\\'") -> str:
    """Return the SQL of LIKE, ILIKE or a regular expression; `name` is that of its function."""
    for side in (left, right):
        if side.type not in TEXTS:
            raise no_operator({"like": "~~", "ilike": "~~*"}.get(name, "~"), left, right)
    text, pattern = as_text(compiler, left), as_text(compiler, right)
    extra = f", {escape}" if name in ("like", "ilike") else ""
    return f"pg_{name}({text.sql}, {pattern.sql}{extra})"


_JSON = {
    "->": ("pg_json_get", "jsonb"),
    "->>": ("pg_json_get_text", "text"),
    "#>": ("pg_json_along", "jsonb"),
    "#>>": ("pg_json_along_text", "text"),
    "@>": ("pg_json_contains", "bool"),
    "?": ("pg_json_has", "bool"),
    "?|": ("pg_json_has_any", "bool"),
    "?&": ("pg_json_has_all", "bool"),
}


def document(compiler: Compiler, operator: str, left: Value, right: Value) -> Value:
    """Compile an operator on JSON documents."""
    if operator == "@>" and types.element_of(left.type) is not None:
        right = coerce(compiler, right, left.type)
        return Value(f"pg_array_contains({left.sql}, {right.sql})", "bool")
    left = coerce(compiler, left, "jsonb") if left.type == "unknown" else left
    if left.type not in ("json", "jsonb") or (operator[0] in "@?" and left.type == "json"):
        raise no_operator(operator, left, right)
    if operator in ("#>", "#>>", "?|", "?&"):
        right = coerce(compiler, right, "_text")
    elif operator == "@>":
        right = coerce(compiler, right, "jsonb")
    elif right.type == "unknown" or right.type in TEXTS:
        right = (
            as_text(compiler, right) if right.type != "unknown" else coerce(compiler, right, "text")
        )
    elif right.type not in types.INTEGERS or operator == "?":
        raise no_operator(operator, left, right)
    name, kind = _JSON[operator]
    kind = "json" if kind == "jsonb" and left.type == "json" else kind
    return Value(f"{name}({left.sql}, {right.sql})", kind)


_BITS = {"&": "({0} & {1})", "|": "({0} | {1})", "#": "(({0} | {1}) - ({0} & {1}))",
         "<<": "pg_shifted({0}, {1}, '{2}')", ">>": "pg_shifted({0}, -({1}), '{2}')"}  # fmt: skip


def bits(compiler: Compiler, operator: str, left: Value, right: Value) -> Value:
    """Compile an operator on the bits of whole numbers."""
    left, right = _arithmetic_literals(compiler, operator, left, right)
    if left.type not in types.INTEGERS or right.type not in types.INTEGERS:
        raise no_operator(operator, left, right)
    kind = left.type if operator in ("<<", ">>") else common_type((left, right), "operator")
    return Value(_BITS[operator].format(left.sql, right.sql, kind), kind)


def negative(compiler: Compiler, value: Value) -> Value:
    """Compile a minus sign."""
    value = coerce(compiler, value, "float8") if value.type == "unknown" else value
    if value.literal is not None and value.type in NUMBERS:
        return _negative_literal(value)
    if value.type == "interval":
        return Value(f"pg_interval_times({value.sql}, -1)", "interval")
    if value.type not in NUMBERS:
        raise PostgresError(
            "42883",
            f"operator does not exist: - {types.display(value.type)}",
            hint="Cast it to a number.",
        )
    if value.type == "numeric":
        return Value(f"pg_numeric_minus(0, {exact(value).sql})", "numeric", is_exact=True)
    if value.type in types.INTEGERS:
        return Value(f"pg_minus(0, {value.sql}, '{value.type}')", value.type)
    return Value(f"(-{value.sql})", value.type)


def _negative_literal(value: Value) -> Value:
    literal = value.literal or ""
    text = literal[1:] if literal.startswith("-") else f"-{literal}"
    sql = f"'{text}'" if value.is_exact else f"({text})"
    kind = value.type
    if text == "-2147483648":
        kind = "int4"
    elif text == "-9223372036854775808":
        kind, sql = "int8", "(-9223372036854775807 - 1)"
    return Value(sql, kind, literal=text, is_exact=value.is_exact and kind == "numeric")
