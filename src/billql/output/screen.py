"""What is known of a terminal: how large it is, and whether it takes colour."""

from __future__ import annotations

import os
from typing import TextIO

_DIGITS = 6
"""No terminal is larger than a number of so many digits."""


def has_color(stream: TextIO) -> bool:
    """Tell whether a stream shall have colour: see https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def width(stream: TextIO) -> int | None:
    """Count the cells of a terminal's line; None if it is no terminal."""
    return _size(stream, "COLUMNS", 0)


def height(stream: TextIO) -> int | None:
    """Count the lines of a terminal; None if it is no terminal."""
    return _size(stream, "LINES", 1)


def _size(stream: TextIO, variable: str, place: int) -> int | None:
    if not stream.isatty():
        return None
    told = os.environ.get(variable, "")
    if told.isdecimal() and len(told) <= _DIGITS and int(told) > 0:
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno())[place] or None
    except OSError:
        return None
