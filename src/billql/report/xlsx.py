"""A report as a workbook: a sheet with the text, and one for each table; without charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.output import xlsx
from billql.report.template import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billql.output import ByteStream, Style
    from billql.report.document import Document

binary = True
draws = False


def write(document: Document, file: ByteStream, style: Style) -> None:
    """Write the report; raise as `output.xlsx.document` does."""
    with xlsx.document(file, style) as add:
        add([(document.title, "TEXT")], ((line,) for line in _lines(document)), "Report")
        for part in document.parts:
            if not isinstance(part, Text) and part.columns:
                add(part.columns, iter(part.rows), part.title)


def _lines(document: Document) -> Iterator[str]:
    """Yield the text of the report, with the title of each table in its place, then the notes."""
    for part in document.parts:
        if isinstance(part, Text):
            yield from (line.lstrip("# ") for line in part.markdown.splitlines() if line.strip())
        else:
            yield f"Sheet {part.title}" if part.rows else part.empty
    yield from document.notes
