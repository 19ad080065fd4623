"""An HTML page with a figure and, below it, a table of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.output import Style, page
from billql.output.chart import figure as figures
from billql.output.chart import picture
from billql.output.file import TextFile

if TYPE_CHECKING:
    from typing import BinaryIO

    from billql.output.chart.figure import Figure

STYLE = """\
figure { margin: 1rem 0 2rem; }
figure svg { max-width: 100%; height: auto; overflow: visible; }
"""
"""The CSS of `drawn`."""


def write(figure: Figure, file: BinaryIO) -> None:
    """Write the page; without values it has a message instead of the picture."""
    stream = TextFile(file)
    stream.write(page.page_head(figure.title, STYLE))
    stream.write(f"<h1>{page.shown(figure.title)}</h1>\n")
    if figures.is_empty(figure):
        stream.write("<p>There are no values to draw.</p>\n")
    else:
        stream.write(drawn(figure, "All values are in the table below."))
    style = Style(thousands=lambda: figure.thousands)
    page.write_table(figure.columns, iter(figure.rows), stream, style, "Values")
    stream.write(page.END)


def drawn(figure: Figure, values: str, caption: str = "") -> str:
    """Return the HTML of a figure, with a caption or without, and where its values stand."""
    text = f"{figures.described(figure)} {values}"
    made = picture.svg(figure._replace(title=""), embedded=True)
    above = f"<figcaption>{page.shown(caption)}</figcaption>\n" if caption else ""
    label = page.shown(text)
    return f'<figure role="img" aria-label="{label}">\n{above}{made}\n</figure>\n'
