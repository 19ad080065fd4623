"""JSON Lines: an object on each line, with the values of the format `json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.output.json import objects

if TYPE_CHECKING:
    from billql.output import Columns, Rows, Stream, Style

binary = False
typed = False
separator = ""


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as one object on each line."""
    for text in objects(columns, rows, b"\n"):
        stream.write(text + "\n")
