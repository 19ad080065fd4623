"""stdout: a failure to write to it is an OutputError, but not a pipe closed by its reader."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from billql.errors import OutputError


def write(pieces: Iterable[str | bytes], *, flush: bool = False) -> None:
    """Write text and bytes; raise OutputError, or BrokenPipeError if the reader closed the pipe."""
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
        raise OutputError(f"The output cannot be written: {error.strerror or error}") from error


def line(text: str) -> None:
    """Write and flush a line; raise as `write` does."""
    write([f"{text}\n"], flush=True)


def abandon(stream: TextIO) -> None:
    """Discard what Python flushes at exit, so that it does not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
