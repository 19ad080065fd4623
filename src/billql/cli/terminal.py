"""stdout of a command: results that are buffered, and its encoding."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from billql.output import stdout

if TYPE_CHECKING:
    from collections.abc import Callable

_HELD = 256 * 1024
"""How many characters or bytes of a result are buffered: some thousands of rows."""

STDOUT = ("-", "/dev/stdout")
"""The file names that mean stdout."""


class BufferedStdout:
    """stdout for one result: nothing is written before the result is complete, or long.

    `clear` is called before the first write.
    """

    def __init__(self, clear: Callable[[], None] = lambda: None) -> None:
        self._clear = clear
        self._pieces: list[str | bytes] | None = []
        self._size = 0

    def write(self, piece: str | bytes) -> None:
        """Write text or bytes."""
        if self._pieces is None:
            stdout.write([piece])
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _HELD:
            self._release()

    def end(self) -> None:
        """Write and flush what is buffered: the result is complete."""
        self._release()
        stdout.write([], flush=True)

    def _release(self) -> None:
        pieces, self._pieces = self._pieces or (), None
        self._clear()
        stdout.write(pieces)


def prepare() -> None:
    """Set up the standard streams: the same bytes on every platform, and no encoding errors."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115
    if sys.stdout is None:  # closed by the caller; one that cannot be written to replaces it
        sys.stdout = open(os.devnull)  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            # A file name need not be valid text, nor a message with one.
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
