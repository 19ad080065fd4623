"""A table for people: aligned columns, numbers right-aligned, NULL distinct from the empty text.

If the terminal is narrower than the table, texts are shortened, with an ellipsis; numbers never
are. If little would be left of the texts, each value may have a line of its own. Control characters
are escaped.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from billql.output import line
from billql.output.text_cells import BOLD, DIM, HEAD, PLAIN, numeric, text, truncate, visible, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.output import Columns, Rows, Stream, Style

binary = False
typed = False
separator = "\n"

_GAP = "  "
_LEAST = 8
"""The width in cells below which no text is shortened."""
_READABLE = 12
"""The width in cells below which a text is hard to read."""


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as a table."""
    names = [visible(column[0]) for column in columns]
    head = list(islice(rows, HEAD))
    rights = numeric(head, len(names))
    filled = _filled(head, len(names))
    if style.vertical or (style.vertical is None and not _fits(filled, rights, style.width)):
        line.write(columns, chain(head, rows), stream, style)
        return
    widths = _widths(names, filled, rights, style.width)
    title = _line(names, widths, rights, style).removesuffix("\n")
    stream.write(f"{BOLD}{title}{PLAIN}\n" if style.color else f"{title}\n")
    stream.write(_GAP.join("─" * size for size in widths) + "\n")
    for row in chain(head, rows):
        stream.write(_line(row, widths, rights, style))


def _filled(rows: Sequence[Sequence[Any]], count: int) -> list[int]:
    """Return the width of the widest value of each column."""
    filled = [0] * count
    for row in rows:
        filled = [max(size, width(_cell(value))) for size, value in zip(filled, row, strict=True)]
    return filled


def _fits(filled: Sequence[int], rights: Sequence[bool], room: int | None) -> bool:
    """Return whether each column can be read in a line of `room` cells."""
    least = [
        size if right else min(size, _READABLE) for size, right in zip(filled, rights, strict=True)
    ]
    return room is None or sum(least) + len(_GAP) * (len(least) - 1) <= room


def _widths(
    names: Sequence[str], filled: Sequence[int], rights: Sequence[bool], room: int | None
) -> list[int]:
    """Return the width of each column; if the line is too short, the widest texts lose most."""
    wanted = [max(width(name), size) for name, size in zip(names, filled, strict=True)]
    if room is None:
        return wanted
    least = [
        size if right else min(size, _LEAST) for size, right in zip(filled, rights, strict=True)
    ]
    room -= len(_GAP) * (len(names) - 1)
    widths, most = wanted, max(wanted)
    while sum(widths) > room and most > 1:
        most -= 1
        widths = [max(size, min(want, most)) for size, want in zip(least, wanted, strict=True)]
    return widths


def _line(
    values: Sequence[Any], widths: Sequence[int], rights: Sequence[bool], style: Style
) -> str:
    cells = []
    for value, size, right in zip(values, widths, rights, strict=True):
        cell = _cell(value)
        if style.width is not None and isinstance(value, str | bytes):
            cell = truncate(cell, size)
        space = " " * (size - width(cell))
        if value is None and style.color:
            cell = f"{DIM}{cell}{PLAIN}"
        cells.append(space + cell if right else cell + space)
    return _GAP.join(cells).rstrip(" ") + "\n"


def _cell(value: Any) -> str:
    return "NULL" if value is None else visible(text(value))
