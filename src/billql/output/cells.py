"""Cells: the text that stands for a SQL value, how wide it is, and what is safe to show."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEAD = 10_000
"""How many rows are looked at before a layout is decided; those that follow take it as it is."""

_UNSAFE = (
    "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What moves the cursor, colours, hides or turns text round, instead of being seen. It is compiled
only where it is met, which few outputs do."""

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
"""What terminals understand (https://ecma-international.org/publications-and-standards/standards/ecma-48/)."""

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def text(value: Any) -> str:
    """Give a value as SQL has it, but a text without quotes and NULL as the empty text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return real(value)
    if isinstance(value, bytes):
        return f"X'{value.hex().upper()}'"
    return str(value)


def real(value: float) -> str:
    """Give a real with the 15 digits that hold: 0.1 + 0.2 is 0.3, and 100.0 stays a real."""
    return repr(rounded(value))


def rounded(value: float) -> float:
    """Give the nearest real to the 15 digits of a real; the largest ones have none, and stay."""
    found = float(f"{value:.15g}")
    return value if math.isinf(found) else found


def visible(value: str) -> str:
    """Give a text of one line that a terminal shows as it is: no control characters, no escapes."""
    return value if value.isprintable() else re.sub(_UNSAFE, _named, value)


def _named(match: re.Match[str]) -> str:
    character = match[0]
    number = ord(character)
    if number < 0x100:
        return _SHORT.get(character) or f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def width(value: str) -> int:
    """Count the cells that a text takes in a terminal."""
    if value.isascii():
        return len(value)
    from rich.cells import cell_len

    return cell_len(value)


def cut(value: str, room: int) -> str:
    """Shorten a text to some cells, with a mark where something is missing."""
    if width(value) <= room:
        return value
    kept = value[: max(room - 1, 0)]
    while kept and width(kept) > room - 1:
        kept = kept[:-1]
    return f"{kept}…"


def numeric(rows: Iterable[Sequence[Any]], count: int) -> list[bool]:
    """Tell which of the columns hold numbers, and nothing else but NULL."""
    kinds: list[set[type]] = [set() for _ in range(count)]
    for row in rows:
        for seen, value in zip(kinds, row, strict=True):
            seen.add(type(value))
    return [bool(seen - {type(None)}) and seen.isdisjoint((str, bytes)) for seen in kinds]
