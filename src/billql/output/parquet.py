"""Parquet (https://parquet.apache.org), with types: see `columnar`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyarrow.parquet import ParquetWriter

from billql.output import columnar

if TYPE_CHECKING:
    from billql.output import ByteStream, Columns, Rows, Style

binary = True
typed = True
separator = None


def write(columns: Columns, rows: Rows, stream: ByteStream, style: Style) -> None:
    """Write a result; raise DataError for a value that does not fit its column."""
    columnar.write(columns, rows, stream, ParquetWriter, columnar.ROW_GROUP)
