"""Runs that share a disk cache."""

from __future__ import annotations

from collections.abc import Callable

from billql.fetching.response_cache import ResponseCache
from billql.messages import Response

KIB = 1024
LIST = [b"page 1", b"page 2", b"page 3"]

Open = Callable[[], ResponseCache]
"""Begins a run, which knows only what earlier ones have left."""


def read(cache: ResponseCache, keys: list[bytes], ttl: float = 300, size: int = 0) -> None:
    """Read a list as a statement does."""
    numbers = [cache.put(key, Response(key + b"." * size, "text/csv")) for key in keys]
    cache.commit(keys[0], numbers, ttl)
    cache.unpin(numbers)


def cached(cache: ResponseCache, first: bytes, ttl: float = 300) -> list[bytes]:
    """Look a list up as a statement does; return the bodies of its pages."""
    found = cache.lookup(first, ttl)
    bodies = [cache.get(number).body for number in found.values()]
    cache.unpin(found.values())
    return bodies
