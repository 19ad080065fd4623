"""A table for people: aligned columns, numbers right-aligned, NULL distinct from the empty text.

If the terminal is narrower than the table, texts are shortened, with an ellipsis: identifiers
first, numbers and times never. If little would be left of the texts, each value may have a line of
its own. Control characters are escaped.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from billql.output import line
from billql.output.amounts import with_amounts
from billql.output.moments import kind_of
from billql.output.text_cells import (
    BOLD,
    HEAD,
    PLAIN,
    colored,
    numeric,
    text,
    truncate,
    visible,
    width,
)

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
"""The width in cells below which a text is hard to read; an identifier is shown by its start."""
_IDENTIFIERS = ("id", "uuid")
"""The last parts of the names of columns of identifiers."""


class _Column(NamedTuple):
    """A column whose width is to be found."""

    name: str
    filled: int
    """The width of the widest value."""
    whole: bool
    """Whether its values are never shortened."""

    @property
    def is_identifier(self) -> bool:
        """Whether people distinguish its values by their starts."""
        return self.name.lower().rpartition("_")[2] in _IDENTIFIERS

    @property
    def least(self) -> int:
        """The smallest width that it can have."""
        return self.filled if self.whole else min(self.filled, _LEAST)

    @property
    def readable(self) -> int:
        """The smallest width at which it can be read."""
        if self.whole or self.is_identifier:
            return self.least
        return min(self.filled, _READABLE)


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as a table."""
    names = [visible(column[0]) for column in columns]
    rows = with_amounts(columns, rows, style)
    head = list(islice(rows, HEAD))
    rights = numeric(head, len(names))
    layout = _layout(names, head, rights, style.width)
    if style.vertical or (style.vertical is None and not _fits(layout, style.width)):
        line.write_cells(columns, chain(head, rows), stream, style)
        return
    widths = _widths(layout, style.width)
    title = _line(names, widths, rights, style).removesuffix("\n")
    stream.write(f"{BOLD}{title}{PLAIN}\n" if style.color else f"{title}\n")
    stream.write(_GAP.join("─" * size for size in widths) + "\n")
    for row in chain(head, rows):
        stream.write(_line(row, widths, rights, style))


def _layout(
    names: Sequence[str], rows: Sequence[Sequence[Any]], rights: Sequence[bool], room: int | None
) -> list[_Column]:
    """Return the columns; which of them are times matters only where there is little room."""
    filled = [0] * len(names)
    for row in rows:
        filled = [max(size, width(_cell(value))) for size, value in zip(filled, row, strict=True)]
    wholes = list(rights)
    if room is not None and rows:
        wholes = [
            right or kind_of(values) is not None
            for right, values in zip(rights, zip(*rows, strict=True), strict=True)
        ]
    return [_Column(*column) for column in zip(names, filled, wholes, strict=True)]


def _fits(layout: Sequence[_Column], room: int | None) -> bool:
    """Return whether each column can be read in a line of `room` cells."""
    least = sum(column.readable for column in layout)
    return room is None or least + len(_GAP) * (len(layout) - 1) <= room


def _widths(layout: Sequence[_Column], room: int | None) -> list[int]:
    """Return the width of each column; if the line is too short, the widest texts lose most."""
    widths = [max(width(column.name), column.filled) for column in layout]
    if room is None:
        return widths
    room -= len(_GAP) * (len(layout) - 1)
    for identifiers_first in (True, False):
        most = max(widths)
        while sum(widths) > room and most > 1:
            most -= 1
            widths = [
                size
                if identifiers_first and not column.is_identifier
                else max(column.least, min(size, most))
                for size, column in zip(widths, layout, strict=True)
            ]
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
        if style.color:
            cell = colored(value, cell)
        cells.append(space + cell if right else cell + space)
    return _GAP.join(cells).rstrip(" ") + "\n"


def _cell(value: Any) -> str:
    return "NULL" if value is None else visible(text(value))
