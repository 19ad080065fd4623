"""A line for each value, as in sqlite3's `.mode line`, and an empty line between two rows.

Names are right-aligned. Texts are shortened to the line of the terminal, with an ellipsis. Control
characters are escaped, so that a value is one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billql.output.amounts import with_amounts
from billql.output.text_cells import colored, text, truncate, visible, width

if TYPE_CHECKING:
    from billql.output import Columns, Rows, Stream, Style

binary = False
typed = False
separator = "\n"


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result."""
    write_cells(columns, with_amounts(columns, rows, style), stream, style)


def write_cells(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result whose amounts are cells already."""
    names = [visible(column[0]) for column in columns]
    size = max(map(width, names))
    heads = [f"{' ' * (size - width(name))}{name} = " for name in names]
    before = ""
    for row in rows:
        lines = [
            f"{head}{_value(value, size + 3, style)}"
            for head, value in zip(heads, row, strict=True)
        ]
        stream.write(before + "".join(f"{line.rstrip(' ')}\n" for line in lines))
        before = "\n"


def _value(value: Any, start: int, style: Style) -> str:
    """Return the text of a value in a line of which `start` cells are taken."""
    shown = "NULL" if value is None else visible(text(value))
    if style.width is None or not isinstance(value, str | bytes):
        return colored(value, shown) if style.color else shown
    return truncate(shown, max(style.width - start, 1))
