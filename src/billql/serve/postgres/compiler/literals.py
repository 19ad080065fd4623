"""Literals and parameters."""

from __future__ import annotations

import re

from sqlglot import exp

from billql.serve.postgres.compiler.core import Compiler
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.values import numerics
from billql.sql.tokenizer import quote_text


def literal_of_text(text: str) -> Value:
    """Return a literal in quotes, whose type is not decided yet."""
    return Value(quote_text(text), "unknown", literal=text)


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
