"""PostgreSQL's functions, by their signatures, over the values that SQLite holds.

Each module registers its own; `load()` imports them all.
"""

from __future__ import annotations

from billql.serve.postgres.functions.registry import Registry


def load() -> Registry:
    """Return the functions of all modules."""
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

    registry = Registry()
    for module in (
        texts,
        matching,
        arithmetic,
        moments,
        arrays,
        documents,
        system,
        casts,
        aggregates,
    ):
        registry.add(module.FUNCTIONS)
    return registry
