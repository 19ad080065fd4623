"""The properties of a terminal: its size, and whether it has colour."""

from __future__ import annotations

import os
from typing import TextIO

_DIGITS = 6
"""The largest number of digits in the size of a terminal."""


def has_color(stream: TextIO) -> bool:
    """Return whether to write colour to a stream: see https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def width(stream: TextIO) -> int | None:
    """Return the number of cells of a line; None if the stream is no terminal."""
    return _size(stream, "COLUMNS", 0)


def height(stream: TextIO) -> int | None:
    """Return the number of lines; None if the stream is no terminal."""
    return _size(stream, "LINES", 1)


def _size(stream: TextIO, variable: str, place: int) -> int | None:
    if not stream.isatty():
        return None
    size = os.environ.get(variable, "")
    if size.isdecimal() and len(size) <= _DIGITS and int(size) > 0:
        return int(size)
    try:
        return os.get_terminal_size(stream.fileno())[place] or None
    except OSError:
        return None
