r"""CSV (RFC 4180), but with lines that end in \n.

The first line has the names. NULL and the empty text are both an empty field, because CSV cannot
distinguish them; a blob is written as in SQL, X'…'. Text that a spreadsheet may take for a formula
is unchanged: quoting it would change the data.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from billql.output.text_cells import text

if TYPE_CHECKING:
    from billql.output import Columns, Rows, Stream, Style

binary = False
typed = False
separator = ""

_AS_THEY_ARE = frozenset((str, int, type(None)))


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as CSV."""
    put = csv.writer(_Lines(stream)).writerow
    put([column[0] for column in columns])
    for row in rows:
        put([value if type(value) in _AS_THEY_ARE else text(value) for value in row])


class _Lines:
    r"""Replaces \r\n by \n; the writer must use \r\n, so that it quotes both characters."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        self._stream.write(line[:-2] + "\n")
