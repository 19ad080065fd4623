"""The kinds of queries, and what compiles each of them."""

from __future__ import annotations

from sqlglot import exp

from billql.serve.postgres.compiler.core import (
    QueryHandler,
)
from billql.serve.postgres.compiler.select import SELECT_ARGUMENTS, select
from billql.serve.postgres.compiler.set_operations import parenthesized, set_operation, values_list

_SET = frozenset(("this", "expression", "distinct", "with_", "order", "limit", "offset"))
QUERIES: dict[type[exp.Expr], tuple[frozenset[str], QueryHandler]] = {
    exp.Select: (SELECT_ARGUMENTS, select),
    exp.Union: (_SET, set_operation),
    exp.Except: (_SET, set_operation),
    exp.Intersect: (_SET, set_operation),
    exp.Subquery: (frozenset(("this", "alias", "order", "limit", "offset")), parenthesized),
    exp.Values: (frozenset(("expressions", "alias", "order", "limit", "offset")), values_list),
}
"""How each kind of query is compiled, and the arguments of its node that are known."""
