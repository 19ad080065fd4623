"""stderr: what it does not take is lost, but neither the answer nor the exit code is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from billql.output import stdout

if TYPE_CHECKING:
    from typing import TextIO


def write(text: str, stream: TextIO | None = None) -> None:
    """Write a text that is seen at once; `stream` stands in for stderr."""
    stream = sys.stderr if stream is None else stream
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        stdout.abandon(stream)
