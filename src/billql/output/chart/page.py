"""An HTML page with a figure and, below it, a table of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.output import page
from billql.output.chart import figure as figures
from billql.output.chart import svg

if TYPE_CHECKING:
    from billql.output import Stream
    from billql.output.chart.figure import Figure

_STYLE = """\
figure { margin: 1rem 0 2rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: 0; list-style: none; }
"""


def write(figure: Figure, stream: Stream) -> None:
    """Write the page; without values it has a message instead of the picture."""
    stream.write(page.page_head(figure.title, svg.STYLE + _STYLE))
    stream.write(f"<h1>{page.shown(figure.title)}</h1>\n")
    if figures.is_empty(figure):
        stream.write("<p>There are no values to draw.</p>\n")
    else:
        legend = svg.legend(figure)
        stream.write(f'<ul class="legend">\n{legend}</ul>\n' if legend else "")
        stream.write(f"<figure>\n{svg.render(figure)}</figure>\n")
    page.write_table(figure.columns, iter(figure.rows), stream, "Values")
    stream.write(page.END)
