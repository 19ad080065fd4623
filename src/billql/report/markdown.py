"""A report as Markdown: its texts as the template has them, and tables; without charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.output import markdown
from billql.report.template import Text

if TYPE_CHECKING:
    from billql.output import Stream, Style
    from billql.report.document import Document

binary = False


def write(document: Document, stream: Stream, style: Style) -> None:
    """Write the report."""
    for part in document.parts:
        if isinstance(part, Text):
            if text := part.markdown.strip("\n"):
                stream.write(f"{text}\n\n")
        elif part.rows:
            markdown.write(part.columns, iter(part.rows), stream, style)
            stream.write("\n")
        else:
            stream.write(f"{part.empty}\n\n")
    stream.write("---\n\n")
    for note in document.notes:
        stream.write(f"- {markdown.escaped(note)}\n")
