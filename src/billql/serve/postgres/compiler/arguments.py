"""Arguments become of the types that a signature wants."""

from __future__ import annotations

from collections.abc import Sequence

from billql.serve.postgres.compiler.coercion import as_text, coerce
from billql.serve.postgres.compiler.core import Compiler
from billql.serve.postgres.compiler.values import Value


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
