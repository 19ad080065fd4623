"""What `billql doctor` finds of one thing: how good or bad it is, and what to do about it."""

from __future__ import annotations

import enum
from typing import NamedTuple

from billql.errors import Error, Exit


class Level(enum.IntEnum):
    """How good or bad a finding is."""

    OK = 0
    NOTE = 1
    """Nothing is wrong, but something is not there."""
    WARNING = 2
    ERROR = 3


class Finding(NamedTuple):
    """What was found of one thing; `exit` is the exit code that an error stands for."""

    level: Level
    subject: str
    text: str
    hint: str | None = None
    exit: int = Exit.OK


def failure(subject: str, error: Error) -> Finding:
    """Return the finding that an error is."""
    return Finding(Level.ERROR, subject, error.message, error.hint, error.exit_code)
