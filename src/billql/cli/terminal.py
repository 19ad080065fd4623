"""stdout of a command: an answer that is held back, and readers who leave early."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from billql.output.file import OutputError
from billql.output.screen import has_color as has_color
from billql.output.screen import width as width

if TYPE_CHECKING:
    from collections.abc import Iterable

_HELD = 256 * 1024
"""How many characters or bytes of an answer are held back: some thousands of rows."""


STDOUT = ("-", "/dev/stdout")
"""The names that stand for stdout."""


class Answer:
    """stdout for one result, of which nothing is seen before it is complete, or long."""

    def __init__(self) -> None:
        self._pieces: list[str | bytes] | None = []
        self._size = 0

    def write(self, piece: str | bytes) -> None:
        """Write a piece of text, or of bytes."""
        if self._pieces is None:
            _write([piece])
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _HELD:
            self._release()

    def end(self) -> None:
        """Let everything out, now that the result is complete."""
        self._release()
        _write([], flush=True)

    def _release(self) -> None:
        pieces, self._pieces = self._pieces or (), None
        _write(pieces)


def _write(pieces: Iterable[str | bytes], *, flush: bool = False) -> None:
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
        abandon_stdout()
        raise OutputError(f"The answer cannot be written: {error.strerror or error}") from error


def prepare() -> None:
    """Make output the same bytes everywhere, and a terminal's encoding no reason to fail."""
    if sys.stdout is None:  # closed by who called; what cannot be written to stands in for it
        sys.stdout = open(os.devnull)  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")


def abandon_stdout() -> None:
    """Let what Python still has to write when it ends go nowhere, without a complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
