"""One value as it is, such as an invoice's PDF: the bytes of a blob, or a text in UTF-8."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from billql.errors import DataError
from billql.output.text_cells import text

if TYPE_CHECKING:
    from billql.output import ByteStream, Columns, Rows, Style

binary = True
typed = False
separator = None


def write(columns: Columns, rows: Rows, stream: ByteStream, style: Style) -> None:
    """Write the only value of a result; raise DataError if there is none or more than one."""
    if len(columns) != 1:
        raise DataError(
            f"The file holds one value, and the result has {len(columns)} columns",
            hint="Select the column to write alone, such as bytes.",
        )
    found = list(islice(rows, 2))
    if len(found) != 1:
        raise DataError(
            f"The file holds one value, and the result has {'several rows' if found else 'no row'}",
            hint="Select one row, with a condition such as invoice_uuid = '…'.",
        )
    ((value,),) = found
    if value is None:
        raise DataError(f"The value of {columns[0][0]} is NULL, so there is nothing to write")
    stream.write(value if isinstance(value, bytes) else text(value).encode())
