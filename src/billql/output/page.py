"""The parts of an HTML page: one file, without scripts or external resources.

It supports dark and light mode, narrow screens and screen readers.
"""

from __future__ import annotations

import re
from html import escape
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from billql.output.amounts import DIGIT_SPACE, POINT_SPACE, with_amounts
from billql.output.text_cells import HEAD, AmountCell, numeric, text, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.output import Columns, Rows, Stream, Style

STYLE = """\
:root { color-scheme: light dark; --line: #8884; }
body { margin: 0 auto; max-width: 75rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; line-height: 1.2; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid var(--line); white-space: nowrap; }
td { border-bottom: 1px solid var(--line); max-width: 40rem; white-space: pre-wrap; }
.number { text-align: right; white-space: nowrap; }
.null { opacity: .65; }
.negative { color: #b3261e; color: light-dark(#b3261e, #ff8a80); }
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is run or loaded, whatever a value contains (https://www.w3.org/TR/CSP3/)."""


def page_head(title: str, style: str = "") -> str:
    """Return the start of a page, up to its content; `style` is additional CSS."""
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="generator" content="billql">
<title>{shown(title)}</title>
<style>
{STYLE}{style}</style>
</head>
<body>
<main>
"""


END = """\
</main>
</body>
</html>
"""


def shown(value: str) -> str:
    """Return a text as HTML, with its line breaks, and control characters escaped."""
    if value.isprintable():
        return escape(value)
    return "\n".join(escape(visible(line)) for line in re.split("\r\n|\r|\n", value))


def write_table(columns: Columns, rows: Rows, stream: Stream, style: Style, name: str) -> None:
    """Write a result as a table; `name` is its label for screen readers."""
    rows = with_amounts(columns, rows, style, point=POINT_SPACE, digit=DIGIT_SPACE)
    head = list(islice(rows, HEAD))
    classes = [' class="number"' if right else "" for right in numeric(head, len(columns))]
    stream.write(f'<div class="wide" role="region" aria-label="{shown(name)}" tabindex="0">\n')
    stream.write("<table>\n<thead>\n<tr>")
    for column, right in zip(columns, classes, strict=True):
        stream.write(f'<th scope="col"{right}>{shown(column[0])}</th>')
    stream.write("</tr>\n</thead>\n<tbody>\n")
    for row in chain(head, rows):
        stream.write(f"<tr>{_cells(row, classes)}</tr>\n")
    stream.write("</tbody>\n</table>\n</div>\n")


def _cells(row: Sequence[Any], classes: Sequence[str]) -> str:
    return "".join(
        f"<td{right}>{_cell(value)}</td>" for value, right in zip(row, classes, strict=True)
    )


def _cell(value: Any) -> str:
    if value is None:
        return '<span class="null">NULL</span>'
    if isinstance(value, AmountCell) and value.is_negative:
        return f'<span class="negative">{value.text}</span>{value.pad}'
    return shown(text(value))
