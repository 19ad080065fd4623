"""Runs that share an archive."""

from __future__ import annotations

from collections.abc import Callable

from billql.fetching.response_cache import ResponseCache
from billql.messages import Response

KIB = 1024
LIST = [b"page 1", b"page 2", b"page 3"]

Open = Callable[[], ResponseCache]
"""Begins a run, which knows only what earlier ones have left."""


def read(answers: ResponseCache, keys: list[bytes], keep: float = 300, size: int = 0) -> None:
    """Read a list as a statement does."""
    numbers = [answers.put(key, Response(key + b"." * size, "text/csv")) for key in keys]
    answers.commit(keys[0], numbers, keep)
    answers.unpin(numbers)


def recalled(answers: ResponseCache, first: bytes, keep: float = 300) -> list[bytes]:
    """Recall a list as a statement does; gives the bodies of its pages."""
    found = answers.lookup(first, keep)
    bodies = [answers.get(number).body for number in found.values()]
    answers.unpin(found.values())
    return bodies
