"""stdout of a command: an answer that is held back, and readers who leave early."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from billql.output import stdout

if TYPE_CHECKING:
    from collections.abc import Callable

_HELD = 256 * 1024
"""How many characters or bytes of an answer are held back: some thousands of rows."""

STDOUT = ("-", "/dev/stdout")
"""The names that stand for stdout."""


class Answer:
    """stdout for one result, of which nothing is seen before it is complete, or long.

    `clear` is called before anything is seen.
    """

    def __init__(self, clear: Callable[[], None] = lambda: None) -> None:
        self._clear = clear
        self._pieces: list[str | bytes] | None = []
        self._size = 0

    def write(self, piece: str | bytes) -> None:
        """Write a piece of text, or of bytes."""
        if self._pieces is None:
            stdout.write([piece])
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _HELD:
            self._release()

    def end(self) -> None:
        """Let everything out, now that the result is complete."""
        self._release()
        stdout.write([], flush=True)

    def _release(self) -> None:
        pieces, self._pieces = self._pieces or (), None
        self._clear()
        stdout.write(pieces)


def prepare() -> None:
    """Make output the same bytes everywhere, and an encoding no reason to fail."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115
    if sys.stdout is None:  # closed by who called; what cannot be written to stands in for it
        sys.stdout = open(os.devnull)  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            # A file's name may be no text, and so may what names it.
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
