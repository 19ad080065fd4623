"""What is known of stdout and stderr: whether people watch, how wide it is, who still reads."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from billql.errors import Exit, OperationalError

_HELD = 256 * 1024
"""How many characters of an answer are held back: some thousands of rows."""


class OutputError(OperationalError):
    """The answer could not be written."""

    code = "output"
    exit = Exit.OUTPUT


class Answer:
    """stdout for one result, of which nothing is seen before it is complete, or long."""

    def __init__(self, before: str = "") -> None:
        self._pieces: list[str] | None = [before]
        self._size = 0

    def write(self, text: str) -> None:
        """Write a piece."""
        if self._pieces is None:
            _write(text)
            return
        self._pieces.append(text)
        self._size += len(text)
        if self._size > _HELD:
            self._release()

    def end(self) -> None:
        """Let everything out, now that the result is complete."""
        self._release()
        _write("", flush=True)

    def _release(self) -> None:
        pieces, self._pieces = self._pieces or (), None
        _write("".join(pieces))


def _write(text: str, *, flush: bool = False) -> None:
    try:
        sys.stdout.write(text)
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


def has_color(stream: TextIO) -> bool:
    """Tell whether a stream shall have colour: see https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def width(stream: TextIO) -> int | None:
    """Count the cells of a terminal's line; None if it is no terminal."""
    if not stream.isatty():
        return None
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None
