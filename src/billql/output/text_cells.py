"""Cells: the text of a SQL value, its width, and its safe form for a terminal."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEAD = 10_000
"""The number of rows from which a layout is decided; the rows that follow use it."""

_UNSAFE = (
    "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters that move the cursor, or colour, hide or reverse text. The pattern is compiled on
first use, because few outputs need it."""

BOLD, DIM, RED, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"
"""Escape sequences (https://ecma-international.org/publications-and-standards/standards/ecma-48/)."""

SHORT_REAL = 17
"""A real whose shortest spelling is shorter than this has no more than 15 digits."""

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


class AmountCell:
    """An amount of money as it is shown; `pad` is the space after it that aligns the points."""

    __slots__ = ("is_negative", "pad", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_negative = text.startswith("-")
        self.pad = ""

    def __str__(self) -> str:
        return self.text + self.pad


def colored(value: Any, cell: str) -> str:
    """Return the cell of a value in colour: NULL is dim, a negative amount red."""
    if value is None:
        return f"{DIM}{cell}{PLAIN}"
    if isinstance(value, AmountCell) and value.is_negative:
        return f"{RED}{cell}{PLAIN}"
    return cell


def text(value: Any) -> str:
    """Return a value as SQL writes it, but text without quotes, and NULL as the empty text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return real(value)
    if isinstance(value, bytes):
        return f"X'{value.hex().upper()}'"
    return str(value)


def real(value: float) -> str:
    """Return a real with its 15 significant digits: 0.1 + 0.2 is 0.3, and 100.0 keeps its point."""
    digits = repr(value)
    return digits if len(digits) < SHORT_REAL else repr(rounded(value))


def rounded(value: float) -> float:
    """Return a real rounded to 15 digits; the largest ones would overflow, and are unchanged."""
    if len(repr(value)) < SHORT_REAL:
        return value
    found = float(f"{value:.15g}")
    return value if math.isinf(found) else found


def visible(value: str) -> str:
    """Return a text of one line with control characters escaped, safe for a terminal."""
    return value if value.isprintable() else re.sub(_UNSAFE, _named, value)


def _named(match: re.Match[str]) -> str:
    character = match[0]
    number = ord(character)
    if number < 0x100:
        return _SHORT.get(character) or f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def width(value: str) -> int:
    """Return the number of cells of a text in a terminal."""
    if value.isascii():
        return len(value)
    from rich.cells import cell_len

    return cell_len(value)


def truncate(value: str, room: int) -> str:
    """Return a text shortened to `room` cells, with an ellipsis if something is missing."""
    if width(value) <= room:
        return value
    start = value[: max(room - 1, 0)]
    while start and width(start) > room - 1:
        start = start[:-1]
    return f"{start}…"


def numeric(rows: Iterable[Sequence[Any]], count: int) -> list[bool]:
    """Return for each column whether it holds numbers and NULL alone."""
    kinds: list[set[type]] = [set() for _ in range(count)]
    for row in rows:
        for seen, value in zip(kinds, row, strict=True):
            seen.add(type(value))
    return [bool(seen - {type(None)}) and seen.isdisjoint((str, bytes)) for seen in kinds]
