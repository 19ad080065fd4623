"""An HTML page with one table, for a browser or an email; see `page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.output.page import END, page_head, write_table

if TYPE_CHECKING:
    from billql.output import Columns, Rows, Stream, Style

binary = False
typed = False
separator = None  # a page holds one result


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as a page; numbers are right-aligned."""
    stream.write(page_head("Result"))
    write_table(columns, rows, stream, style, "Result")
    stream.write(END)
