"""stdout: what cannot be written is an error of billql's, and a reader who left is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from billql.errors import OutputError


def write(pieces: Iterable[str | bytes], *, flush: bool = False) -> None:
    """Write text and bytes; raises OutputError, or BrokenPipeError if nobody reads any more."""
    try:
        for piece in pieces:
            if isinstance(piece, str):
                sys.stdout.write(piece)
            else:
                sys.stdout.buffer.write(piece)
        if flush:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        abandon(sys.stdout)
        raise OutputError(f"The answer cannot be written: {error.strerror or error}") from error


def line(text: str) -> None:
    """Write a line that is seen at once; raises as `write` does."""
    write([f"{text}\n"], flush=True)


def abandon(stream: TextIO) -> None:
    """Let what Python still has to write when it ends go nowhere, without a complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
