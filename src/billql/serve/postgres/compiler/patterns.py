"""LIKE, ILIKE and regular expressions."""

from __future__ import annotations

from sqlglot import exp

from billql.serve.postgres import types
from billql.serve.postgres.compiler.coercion import (
    coerce,
)
from billql.serve.postgres.compiler.comparisons import quantified
from billql.serve.postgres.compiler.core import Compiler, Handler
from billql.serve.postgres.compiler.operators import (
    matched,
)
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import unsupported

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
