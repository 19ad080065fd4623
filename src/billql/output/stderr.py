"""stderr: a failure to write to it loses the message, but not the result or the exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from billql.output import stdout

if TYPE_CHECKING:
    from typing import TextIO


def write(text: str, stream: TextIO | None = None) -> None:
    """Write and flush text; `stream` replaces stderr."""
    stream = sys.stderr if stream is None else stream
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        stdout.abandon(stream)


def line(text: str) -> None:
    """Write and flush a line."""
    write(f"{text}\n")
