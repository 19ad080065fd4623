"""A report as an HTML page: one file, with its charts, without scripts or external resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from billql.output import page
from billql.output.chart import page as chart_page
from billql.report.template import Text

if TYPE_CHECKING:
    from billql.output import Stream, Style
    from billql.report.document import Document, Table

binary = False

_STYLE = f"""\
{chart_page.STYLE}h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
figcaption {{ font-weight: 600; }}
footer {{ margin-top: 2rem; border-top: 1px solid var(--line); font-size: .85rem; }}
@media print {{ .wide {{ overflow: visible; }} tr, figure {{ break-inside: avoid; }} }}
"""


def write(document: Document, stream: Stream, style: Style) -> None:
    """Write the report."""
    markup = MarkdownIt("commonmark", {"html": False}).enable("table")
    stream.write(page.page_head(document.title, _STYLE))
    for part in document.parts:
        if isinstance(part, Text):
            stream.write(markup.render(part.markdown))
        else:
            _write_table(part, stream, style)
    stream.write("<footer>\n<ul>\n")
    for note in document.notes:
        stream.write(f"<li>{page.shown(note)}</li>\n")
    stream.write("</ul>\n</footer>\n")
    stream.write(page.END)


def _write_table(table: Table, stream: Stream, style: Style) -> None:
    if not table.rows:
        stream.write(f"<p>{page.shown(table.empty)}</p>\n")
        return
    for figure in table.charts:
        where = "All values are in the table below."
        stream.write(chart_page.drawn(figure, where, figure.title))
    page.write_table(table.columns, iter(table.rows), stream, style, table.title)
