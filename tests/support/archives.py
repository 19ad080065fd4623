"""Runs that share an archive."""

from __future__ import annotations

from collections.abc import Callable

from billql.fetching.response_cache import Answers
from billql.messages import Answer

KIB = 1024
LIST = [b"page 1", b"page 2", b"page 3"]

Open = Callable[[], Answers]
"""Begins a run, which knows only what earlier ones have left."""


def read(answers: Answers, keys: list[bytes], keep: float = 300, size: int = 0) -> None:
    """Read a list as a statement does."""
    numbers = [answers.put(key, Answer(key + b"." * size, "text/csv")) for key in keys]
    answers.publish(keys[0], numbers, keep)
    answers.release(numbers)


def recalled(answers: Answers, first: bytes, keep: float = 300) -> list[bytes]:
    """Recall a list as a statement does; gives the bodies of its pages."""
    found = answers.recall(first, keep)
    bodies = [answers.get(number).body for number in found.values()]
    answers.release(found.values())
    return bodies
