"""All functions are gathered, and a SQLite connection is made to know them, with the operators and
the collations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw

from billql.serve.postgres.functions import (
    aggregates,
    arithmetic,
    arrays,
    casts,
    documents,
    matching,
    moments,
    system,
    texts,
)
from billql.serve.postgres.functions.registry import Context, Registry, plain_aggregate

_WITH_OPERATORS = (texts, matching, arithmetic, moments, arrays, documents)
"""The modules that have operators on values, beside functions."""


def all_functions() -> Registry:
    """Return the functions of all modules."""
    registry = Registry()
    for module in (*_WITH_OPERATORS, system, casts, aggregates):
        registry.add(module.FUNCTIONS)
    return registry


def install(database: apsw.Connection, registry: Registry, context: Context) -> None:
    """Make a connection know everything that compiled statements call."""
    registry.install(database, context)
    for name, compare in casts.COLLATIONS.items():
        database.create_collation(name, compare)
    for module in _WITH_OPERATORS:
        for name, call in module.OPERATORS.items():
            database.create_scalar_function(name, _strict(call), deterministic=True)
    for nulls in (arrays.WITH_NULLS, casts.WITH_NULLS):
        for name, call in nulls.items():
            database.create_scalar_function(name, call, deterministic=True)
    with_context: dict[str, Callable[..., Any]] = {
        **moments.WITH_CONTEXT,
        **casts.WITH_CONTEXT,
        **system.WITH_CONTEXT,
    }
    for name, call in with_context.items():
        database.create_scalar_function(name, _strict(_bound(call, context)))
    database.create_scalar_function("pg_out_json", _bound(casts.json_of, context))
    for name, make in aggregates.OPERATORS.items():
        database.create_aggregate_function(name, plain_aggregate(make))


def _bound(call: Callable[..., Any], context: Context) -> Callable[..., Any]:
    return lambda *values: call(context, *values)


def _strict(call: Callable[..., Any]) -> Callable[..., Any]:
    def strict(*values: Any) -> Any:
        return None if None in values else call(*values)

    return strict
