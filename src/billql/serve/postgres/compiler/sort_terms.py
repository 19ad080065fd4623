"""A term of ORDER BY, sorted as PostgreSQL sorts."""

from __future__ import annotations

from sqlglot import exp

from billql.serve.postgres.compiler.core import check_arguments
from billql.serve.postgres.compiler.values import Value


def ordered(value: Value, node: exp.Expr) -> str:
    """Return a term of ORDER BY; NULL is larger than all else, as PostgreSQL has it."""
    check_arguments(node, frozenset(("this", "desc", "nulls_first")))
    descending = bool(node.args.get("desc"))
    first = node.args.get("nulls_first")
    nulls = bool(first) if first is not None else descending
    sql = f"pg_json_key({value.sql})" if value.type == "jsonb" else value.sortable
    return f"{sql} {'DESC' if descending else 'ASC'} NULLS {'FIRST' if nulls else 'LAST'}"
