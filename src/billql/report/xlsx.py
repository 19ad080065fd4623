"""A report as a workbook: a sheet with the text, and one for each table, with its charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.output import xlsx
from billql.output.chart import picture
from billql.report.template import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billql.output import ByteStream, Style
    from billql.report.document import Document

binary = True


def write(document: Document, file: ByteStream, style: Style) -> None:
    """Write the report; raise as `output.xlsx.workbook` does."""
    with xlsx.workbook(file, style) as book:
        book.add([(document.title, "TEXT")], ((line,) for line in _lines(document)), "Report")
        for part in document.parts:
            if not isinstance(part, Text) and part.columns:
                book.add(part.columns, iter(part.rows), part.title)
                for figure in part.charts:
                    book.draw(picture.png(figure))


def _lines(document: Document) -> Iterator[str]:
    """Yield the text of the report, with the title of each table in its place, then the notes."""
    for part in document.parts:
        if isinstance(part, Text):
            lines = (line.lstrip("# ") for line in part.markdown.splitlines())
            yield from (line for line in lines if line and line != document.title)
        else:
            yield f"Sheet {part.title}" if part.rows else part.empty
    yield from document.notes
