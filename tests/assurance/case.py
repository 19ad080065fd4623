"""A case: one attack, and what may come of it.

A case ends in the right answer or in an error that names the cause. Anything else is a failure: a
wrong, partial or doubled answer, an error of another kind, a hang, a thread or a socket left over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

Outcome = Literal["right", "clear error"]


class Broken(AssertionError):  # noqa: N818 - it says what happened
    """A promise was broken; the text says how."""


class Case(NamedTuple):
    """One attack; `run` gives its outcome, or raises Broken."""

    promise: str
    """The group that it is counted in, as the table shows it."""
    name: str
    run: Callable[[], Outcome]
    quick: bool = True
    """Whether `make test` runs it too."""


class Result(NamedTuple):
    """What came of a case."""

    promise: str
    name: str
    outcome: Outcome | None
    """None for a failure."""
    told: str
    """What went wrong, or nothing."""
    seconds: float


def judge(case: Case) -> Result:
    """Run a case; whatever it raises is a failure."""
    start = time.monotonic()
    outcome: Outcome | None = None
    told = ""
    try:
        outcome = case.run()
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
    return Result(case.promise, case.name, outcome, told, time.monotonic() - start)


def leftovers() -> list[str]:
    """Name the threads of billql's that are still there."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("billql")]
