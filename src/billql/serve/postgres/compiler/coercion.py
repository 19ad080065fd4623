"""Casts, and the one type of several expressions (UNION, CASE, IN, arrays).

https://www.postgresql.org/docs/15/typeconv.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler.core import Compiler
from billql.serve.postgres.compiler.values import Value, literal_sql
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.formats.text_output import overflow
from billql.serve.postgres.functions.registry import conversion_cost
from billql.serve.postgres.values import numerics
from billql.serve.postgres.values.moments import UTC
from billql.sql.tokenizer import quote_text


def coerce(compiler: Compiler, value: Value, kind: str, what: str | None = None) -> Value:
    """Return a value as one of a type, by an implicit conversion; raise PostgresError if none."""
    if value.type == "unknown":
        return _decided(compiler, value, kind)
    if value.type == kind or kind == "any":
        return value
    if conversion_cost(value.type, kind) is None and not (
        value.is_set or {value.type, kind} == {"json", "jsonb"}
    ):
        raise PostgresError(
            "42804",
            f"{what or 'the expression'} is of type {types.display(value.type)}, not "
            f"{types.display(kind)}",
            hint="Cast it: x::" + types.display(kind),
        )
    return cast(compiler, value, kind)


def _decided(compiler: Compiler, value: Value, kind: str) -> Value:
    """Return a literal or a parameter as a value of the type that its place wants."""
    if value.parameter is not None:
        decided = compiler.decide(value.parameter, kind)
        typed = replace(value, type=decided, parameter=None, is_exact=decided == "numeric")
        return typed if decided == kind else coerce(compiler, typed, kind)
    if value.literal is None:
        return replace(value, type=kind)
    if kind == "unknown":
        return value
    stored = compiler.read_literal(value.literal, kind)
    is_text = isinstance(stored, str)
    found = replace(value, type=kind, sql=literal_sql(stored), literal=value.literal)
    return replace(found, is_exact=kind == "numeric" and is_text)


def as_text(compiler: Compiler, value: Value) -> Value:
    """Return a value of any type as a text, by a cast."""
    return cast(compiler, value, "text")


def native(value: Value) -> str:
    """Return the SQL of a number as SQLite compares it: a numeric as a REAL or an INTEGER."""
    if value.type != "numeric" or not value.is_exact:
        return value.sql
    if value.literal is not None:
        return number_literal(value.literal) or f"pg_real({value.sql})"
    return f"pg_real({value.sql})"


def number_literal(text: str) -> str | None:
    """Return a number in SQLite's form; None if a REAL does not hold all of its digits."""
    number = numerics.parse(text)
    if number == int(number) and abs(number) < 2**63:
        return str(int(number))
    real = float(number)
    if real in (float("inf"), float("-inf")):
        raise overflow("float8")
    return repr(real) if numerics.parse(f"{real:.15g}") == number else None


def cast(compiler: Compiler, value: Value, kind: str, typmod: int = -1) -> Value:
    """Return a value as CAST makes it; raise PostgresError for a cast that there is not."""
    if value.is_set:
        raise unsupported("a cast of a function that returns rows", "Call it in FROM.")
    if value.type == "unknown":
        return with_typmod(_decided(compiler, value, kind), typmod)
    if value.type == kind:
        return with_typmod(value, typmod)
    sql = _cast_sql(value, kind)
    exact = kind == "numeric" and (value.is_exact or value.type not in types.INTEGERS)
    found = Value(sql, kind, is_exact=exact).named(value.name, value.strength)
    if (value.type, kind) == ("timestamptz", "date") and in_utc(compiler, value):
        found = replace(found, compared=f"date({value.sql})")
    return with_typmod(found, typmod)


def in_utc(compiler: Compiler, value: Value) -> bool:
    """Return whether a value is a column of instants whose days are those of UTC."""
    return value.is_column and value.type == "timestamptz" and compiler.context.zone is UTC


def _cast_sql(value: Value, kind: str) -> str:
    source, sql = value.type, value.sql
    if source in types.NUMBERS and kind in types.NUMBERS:
        return _number_cast(value, kind)
    if kind in types.TEXTS:
        if source in types.TEXTS:
            return (
                f"rtrim({sql})"
                if source == "bpchar"
                else f"CAST({sql} AS TEXT)"
                if value.is_month
                else sql
            )
        return f"pg_out({sql}, {quote_text(source)})"
    if source in types.TEXTS:
        return f"pg_in({sql}, {quote_text(kind)})"
    found = _SIMPLE.get((source, kind))
    if found is not None:
        return found.format(sql)
    if source in types.OIDS | set(types.INTEGERS) and kind in types.OIDS | set(types.INTEGERS):
        return sql
    if types.element_of(source) is not None and types.element_of(kind) is not None:
        return f"pg_array_cast({sql}, {quote_text(source)}, {quote_text(kind)})"
    raise PostgresError(
        "42846",
        f"cannot cast type {types.display(source)} to {types.display(kind)}",
        hint="Cast to text first, if its text is meant.",
    )


_SIMPLE = {
    ("bool", "int4"): "{}",
    ("int4", "bool"): "({} <> 0)",
    ("date", "timestamp"): "({} || 'T00:00:00')",
    ("timestamp", "date"): "substr({}, 1, 10)",
    ("date", "timestamptz"): "pg_to_instant({} || 'T00:00:00')",
    ("timestamp", "timestamptz"): "pg_to_instant({})",
    ("timestamptz", "timestamp"): "pg_to_local({})",
    ("timestamptz", "date"): "substr(pg_to_local({}), 1, 10)",
    ("timestamp", "time"): "substr({}, 12)",
    ("timestamptz", "time"): "substr(pg_to_local({}), 12)",
    ("time", "interval"): "pg_time_to_interval({})",
    ("interval", "time"): "pg_interval_to_time({})",
    ("json", "jsonb"): "pg_in({}, 'jsonb')",
    ("jsonb", "json"): "pg_out({}, 'jsonb')",
    ("jsonb", "numeric"): "pg_json_to({}, 'numeric')",
    ("jsonb", "int4"): "pg_json_to({}, 'int4')",
    ("jsonb", "int8"): "pg_json_to({}, 'int8')",
    ("jsonb", "float8"): "pg_json_to({}, 'float8')",
    ("jsonb", "bool"): "pg_json_to({}, 'bool')",
    ("oidvector", "_oid"): "{}",
    ("int2vector", "_int2"): "{}",
}


def _number_cast(value: Value, kind: str) -> str:
    source, sql = value.type, value.sql
    if kind == "numeric":
        return sql if source in types.INTEGERS else f"pg_to_numeric({sql})"
    if kind == "float4":
        return f"pg_to_float4({sql})"
    if kind == "float8":
        if source == "numeric" and value.is_exact:
            return native(value)
        return sql if source == "float4" else f"CAST({sql} AS REAL)"
    wider = source in types.INTEGERS and types.INTEGERS[source] <= types.INTEGERS[kind]
    return sql if wider else f"pg_to_whole({sql}, {quote_text(source)}, {quote_text(kind)})"


def with_typmod(value: Value, typmod: int) -> Value:
    """Return a value with the length or the scale of its type: `numeric(10,2)`, `varchar(3)`."""
    if typmod < 0 or value.sql == "NULL":
        return replace(value, typmod=typmod)
    size = typmod - 4
    if value.type == "numeric":
        sql = f"pg_fitted({value.sql}, {size >> 16}, {size & 0x7FF})"
        return Value(sql, "numeric", typmod, value.name, value.strength, is_exact=True)
    if value.type in ("varchar", "bpchar"):
        sql = f"substr({value.sql}, 1, {size})"
        if value.type == "bpchar":
            sql = f"pg_padded({sql}, {size})"
        return Value(sql, value.type, typmod, value.name, value.strength)
    if value.type in ("timestamp", "timestamptz", "time"):
        sql = f"pg_rounded_time({value.sql}, {typmod})"
        return Value(sql, value.type, typmod, value.name, value.strength)
    raise unsupported(f"a length of type {types.display(value.type)}", "Leave it out.")


def common_type(values: Sequence[Value], what: str) -> str:
    """Return the one type that expressions can have; raise PostgresError if there is none."""
    kinds = [value.type for value in values if value.type != "unknown"]
    if not kinds:
        return "text"
    found = kinds[0]
    for kind in kinds[1:]:
        if kind == found or (
            conversion_cost(kind, found) is not None
            and not (found in types.NUMBERS and conversion_cost(found, kind) is not None)
        ):
            if _prefers(kind, found):
                found = kind
            continue
        if conversion_cost(found, kind) is not None:
            found = kind
            continue
        raise PostgresError(
            "42804",
            f"{what} types {types.display(found)} and {types.display(kind)} cannot be matched",
            hint="Cast one of them.",
        )
    return found


def _prefers(kind: str, found: str) -> bool:
    """Return whether a type is the preferred one of two that convert to each other."""
    return kind == "text" and found in ("name", "varchar", "bpchar", "char")


def unified(compiler: Compiler, values: Sequence[Value], what: str) -> list[Value]:
    """Return expressions with one type, and in one form."""
    kind = common_type(values, what)
    found = [coerce(compiler, value, kind) for value in values]
    if kind == "numeric" and any(value.is_exact for value in found):
        return [exact(value) for value in found]
    return found


def exact(value: Value) -> Value:
    """Return a numeric as a text with all of its digits."""
    if value.type != "numeric" or value.is_exact or value.sql == "NULL":
        return replace(value, is_exact=True) if value.type == "numeric" else value
    return replace(value, sql=f"pg_to_numeric({value.sql})", is_exact=True, is_column=False)


def boolean(compiler: Compiler, value: Value, what: str) -> str:
    """Return the SQL of a condition; raise PostgresError for an expression of another type."""
    if value.type not in ("bool", "unknown"):
        raise PostgresError(
            "42804",
            f"argument of {what} must be type boolean, not type {types.display(value.type)}",
            hint="Compare it with something.",
        )
    return coerce(compiler, value, "bool").sql


_NAMES = {
    exp.DType.BIGINT: "int8",
    exp.DType.SMALLINT: "int2",
    exp.DType.INT: "int4",
    exp.DType.DECIMAL: "numeric",
    exp.DType.DOUBLE: "float8",
    exp.DType.FLOAT: "float4",
    exp.DType.BOOLEAN: "bool",
    exp.DType.TEXT: "text",
    exp.DType.VARCHAR: "varchar",
    exp.DType.CHAR: "bpchar",
    exp.DType.BPCHAR: "bpchar",
    exp.DType.NAME: "name",
    exp.DType.DATE: "date",
    exp.DType.TIME: "time",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamptz",
    exp.DType.INTERVAL: "interval",
    exp.DType.JSON: "json",
    exp.DType.JSONB: "jsonb",
    exp.DType.UUID: "uuid",
    exp.DType.VARBINARY: "bytea",
    exp.DType.INET: "inet",
    exp.DType.XML: "xml",
    exp.DType.MONEY: "money",
    exp.DType.TIMETZ: "timetz",
}


def read_type(node: exp.Expr) -> tuple[str, int]:
    """Return the name of a type and its typmod; raise PostgresError for an unknown type."""
    if isinstance(node, exp.ObjectIdentifier):
        return types.type_of(node.name.lower()).name, -1
    if not isinstance(node, exp.DataType):
        raise unsupported(f"the type {node.sql('postgres')}", "Use one of PostgreSQL's own types.")
    if node.this == exp.DType.ARRAY:
        inner = node
        while isinstance(inner, exp.DataType) and inner.this == exp.DType.ARRAY:
            inner = inner.expressions[0]
        return types.array_of(read_type(inner)[0]), -1
    if node.this == exp.DType.USERDEFINED:
        return _own_type(node), -1
    name = _NAMES.get(node.this)
    if name is None:
        raise unsupported(f"the type {node.sql('postgres')}", "Use one of PostgreSQL's own types.")
    types.type_of(name)
    return name, _typmod(name, node)


def _own_type(node: exp.DataType) -> str:
    kind = node.args.get("kind")
    if isinstance(kind, exp.Dot):
        if kind.this.name.lower() != "pg_catalog":
            types.type_of(kind.sql("postgres"))
        kind = kind.expression
    if isinstance(kind, exp.Identifier):
        return types.type_of(kind.name if kind.quoted else kind.name.lower()).name
    return types.type_of(str(kind).strip('"')).name


def _typmod(name: str, node: exp.DataType) -> int:
    sizes = [int(one.name) for one in node.expressions]
    if name == "numeric" and sizes:
        precision, digits = sizes[0], sizes[1] if len(sizes) > 1 else 0
        if not 1 <= precision <= 1000 or not 0 <= digits <= precision:
            raise PostgresError(
                "22023", f"NUMERIC precision {precision} is not possible", hint="Use 1 to 1000."
            )
        return ((precision << 16) | digits) + 4
    if name in ("varchar", "bpchar"):
        if not sizes:
            return 5 if name == "bpchar" and node.this == exp.DType.CHAR else -1
        return sizes[0] + 4
    if name in ("timestamp", "timestamptz", "time") and sizes:
        return min(sizes[0], 6)
    if sizes and name in ("float4", "float8"):
        return -1
    if sizes:
        raise unsupported(f"the type {node.sql('postgres')}", "Leave its length out.")
    return -1
