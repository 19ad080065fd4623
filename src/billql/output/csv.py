r"""CSV (RFC 4180), but with lines that end in \n.

The first line has the names. NULL and the empty text are both an empty field, because CSV cannot
distinguish them; a blob is written as in SQL, X'…'. Text that a spreadsheet may take for a formula
is unchanged unless that is asked for, because a mark changes the data.
"""

from __future__ import annotations

import csv
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from billql.output.batches import batches, converted
from billql.output.text_cells import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from billql.output import Columns, Rows, Stream, Style

binary = False
typed = False
separator = ""

_FORMULA = r"(?!-[0-9]+(\.[0-9]+)?\Z)[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""The start of a text that a spreadsheet may run as a formula, which a negative number is not:
https://owasp.org/www-community/attacks/CSV_Injection. The pattern is compiled on first use, because
few outputs need it."""


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as CSV."""
    lines: list[str] = []
    # The writer calls list.append, which costs less than any function in Python.
    writer = csv.writer(SimpleNamespace(write=lines.append), delimiter=style.csv.separator)
    names = [column[0] for column in columns]
    if style.csv.safe:
        names, rows = _marked(names), map(_marked, rows)
    if style.csv.header:
        writer.writerow(names)
    for batch in batches(rows):
        columns_of_batch = [converted(values, text) for values in zip(*batch, strict=True)]
        writer.writerows(zip(*columns_of_batch, strict=True))
        stream.write(_joined(lines))
        lines.clear()
    if lines:
        stream.write(_joined(lines))


def _joined(lines: Iterable[str]) -> str:
    r"""Return lines with \n in place of \r\n, which the writer needs to quote both characters."""
    return "".join([line[:-2] + "\n" for line in lines])


def _marked(row: Sequence[Any]) -> list[Any]:
    """Return a row in which a text that may be run begins with an apostrophe."""
    return [
        f"'{value}" if isinstance(value, str) and re.match(_FORMULA, value) else value
        for value in row
    ]
