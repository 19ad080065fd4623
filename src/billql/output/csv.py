r"""CSV (RFC 4180), but with lines that end in \n.

The first line has the names. NULL and the empty text are both an empty field, because CSV cannot
distinguish them; a blob is written as in SQL, X'…'. Text that a spreadsheet may take for a formula
is unchanged unless that is asked for, because a mark changes the data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from billql.output.batches import batches
from billql.output.text_cells import SHORT_REAL, text

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    names = [column[0] for column in columns]
    if style.csv.safe:
        names, rows = _marked(names), map(_marked, rows)
    header = _lines([names], style.csv.separator) if style.csv.header else ""
    for batch in batches(rows):
        stream.write(header + _lines(batch, style.csv.separator))
        header = ""
    if header:
        stream.write(header)


def _lines(rows: Sequence[Sequence[Any]], separator: str) -> str:
    """Return some rows as lines."""
    columns = [_fields(values, separator) for values in zip(*rows, strict=True)]
    if len(columns) == 1:  # a line must not be empty, or else it may not be seen
        columns = [[field or '""' for field in columns[0]]]
    return "\n".join([*map(separator.join, zip(*columns, strict=True)), ""])


def _fields(values: Sequence[Any], separator: str) -> Sequence[str]:
    """Return the fields of a column, in quotes if they have a mark of CSV's."""
    texts = _texts(values)
    marks = (separator, '"', "\n", "\r")
    joined = "".join(texts)
    if not any(mark in joined for mark in marks):
        return texts
    return [_quoted(each) if any(mark in each for mark in marks) else each for each in texts]


def _quoted(field: str) -> str:
    doubled = field.replace('"', '""')
    return f'"{doubled}"'


def _texts(values: Sequence[Any]) -> Sequence[str]:
    """Return the texts of a column, by `text_cells.text`."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return values
    if kinds == {int}:
        return list(map(str, values))
    if kinds <= {str, type(None)}:
        return ["" if value is None else value for value in values]
    if kinds <= {float, type(None)}:
        reals = ["" if value is None else repr(value) for value in values]
        if max(map(len, reals)) < SHORT_REAL:
            return reals
    return list(map(text, values))


def _marked(row: Sequence[Any]) -> list[Any]:
    """Return a row in which a text that may be run begins with an apostrophe."""
    return [
        f"'{value}" if isinstance(value, str) and re.match(_FORMULA, value) else value
        for value in row
    ]
