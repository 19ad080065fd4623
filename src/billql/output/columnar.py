"""Rows → typed columns, for formats with types, by means of Apache Arrow.

    declared as           Arrow type           SQL values
    DECIMAL               decimal128(38, 18)   a number; a real has 15 digits
    TIMESTAMP             timestamp(s, UTC)    YYYY-MM-DDTHH:MM:SSZ
    DATE                  date32               YYYY-MM-DD
    BOOLEAN               bool                 0 or 1
    anything else         int64, double, decimal128(38, 18), string or binary, as its values are

A value is never changed to fit: one that does not is an error that names its column and row. With
18 digits after the point and 20 before, the type holds any amount and every INTEGER; one scale for
all files means that they can be read together, and the scale of a result is known only at its end.

SQLite declares no types for expressions, so their types are taken from the first rows: see `HEAD`.
Decimals that do not fit the type are written as double. If these rows are all NULL, the column is
text, or of the type of its affinity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from billql.errors import DataError
from billql.output.json import unique
from billql.output.text_cells import HEAD
from billql.sql.tokenizer import type_name

if TYPE_CHECKING:
    from billql.output import ByteStream, Columns, Rows

_HEAD_SIZE = 8 << 20
"""How many characters and bytes of values are read before the types are decided."""
_BATCH = 1024
"""How many rows are converted at a time; few, because they may be long."""
_DECIMAL_TYPE = pa.decimal128(38, 18)
_INSTANT = pa.timestamp("s", tz="UTC")
_CACHED_ROWS = 256
_MILLION = 1e6
_MOST_MILLIONTHS = 1e15
"""A real has 15 digits."""
_GROUP_ROWS = 128 * 1024
"""How many rows are written as a whole at most."""
ROW_GROUP = 32 << 20
"""The bytes of a row group of Parquet's, which readers skip or distribute as a whole."""
MESSAGE = 2 << 20
"""The bytes of a message of Arrow's IPC; larger ones gain readers little, and cost memory here."""


class ColumnEncoding(NamedTuple):
    """The Arrow type of a column, and the conversion of its values."""

    data_type: pa.DataType
    accepts: frozenset[type[Any]]
    """The types of SQL values that it accepts."""
    convert: Callable[[Sequence[Any]], pa.Array[Any]] | None = None
    """Makes an array of values, where Arrow does not take them as they are."""


def _decimal(value: float | Decimal) -> Decimal:
    return Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)


def _decimals(values: Sequence[Any]) -> pa.Array[Any]:
    """Return amounts: Arrow converts them, but for what it would convert otherwise."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {int}:
        return pa.array(values, pa.int64()).cast(_DECIMAL_TYPE)
    if kinds == {float}:
        reals = pa.array(values, pa.float64())
        millionths = pc.round(pc.multiply(reals, _MILLION))
        # No other decimal of 15 digits is next to a real that such a quotient is equal to.
        is_exact = pc.and_(
            pc.equal(pc.divide(millionths, _MILLION), reals),
            pc.less(pc.abs(millionths), pa.scalar(_MOST_MILLIONTHS)),
        )
        if pc.all(is_exact).as_py():
            return _shifted(millionths.cast(pa.int64()))
    return pa.array([None if value is None else _decimal(value) for value in values], _DECIMAL_TYPE)


def _shifted(millionths: pa.Array[Any]) -> pa.Array[Any]:
    """Return integers as the decimals of which they are millionths."""
    whole = millionths.cast(pa.decimal128(38, 0))
    buffers = whole.buffers()
    small = pa.Array.from_buffers(
        pa.decimal128(38, 6), len(whole), buffers, whole.null_count, whole.offset
    )
    return small.cast(_DECIMAL_TYPE)


def _booleans(values: Sequence[Any]) -> pa.Array[Any]:
    numbers = pa.array(values, pa.int64())
    if not set(values) <= {0, 1, None}:
        raise ValueError
    return numbers.cast(pa.bool_())


def _rounded(values: Sequence[Any]) -> pa.Array[Any]:
    return pa.array([None if value is None else float(value) for value in values], pa.float64())


def _parsed(data_type: pa.DataType) -> Callable[[Sequence[Any]], pa.Array[Any]]:
    """Return what parses texts."""
    return lambda values: pa.array(values, pa.string()).cast(data_type)


_DECIMAL = ColumnEncoding(_DECIMAL_TYPE, frozenset((int, float, Decimal)), _decimals)
_INTEGER = ColumnEncoding(pa.int64(), frozenset((int,)))
_REAL = ColumnEncoding(pa.float64(), frozenset((int, float)))
_ROUNDED = ColumnEncoding(pa.float64(), frozenset((int, float, Decimal)), _rounded)
_TEXT = ColumnEncoding(pa.string(), frozenset((str,)))
_BLOB = ColumnEncoding(pa.binary(), frozenset((bytes,)))
_DECLARED = {
    "DECIMAL": _DECIMAL,
    "TIMESTAMP": ColumnEncoding(_INSTANT, frozenset((str,)), _parsed(_INSTANT)),
    "DATE": ColumnEncoding(pa.date32(), frozenset((str,)), _parsed(pa.date32())),
    "BOOLEAN": ColumnEncoding(pa.bool_(), frozenset((int,)), _booleans),
}


def write(
    columns: Columns,
    rows: Rows,
    stream: ByteStream,
    open_writer: Callable[[Any, pa.Schema], Any],
    size: int = MESSAGE,
) -> None:
    """Write a result with one of Arrow's writers, opened by `open_writer` for a sink and a schema,
    about `size` bytes at a time.

    Raise DataError for a value that does not fit its column.
    """
    schema, batches = record_batches(columns, rows)
    sink = _Sink(stream)
    writer = open_writer(sink, schema)
    try:
        for group in _groups(schema, batches, size):
            writer.write_table(group)
    except BaseException:
        # A writer completes its file even so, which would make the part look whole.
        sink.broken = True
        with suppress(Exception):
            writer.close()
        raise
    writer.close()


def record_batches(
    columns: Columns, rows: Rows, size: int = _BATCH, *, decimals: bool = False
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return the schema of a result and its batches of `size` rows; its first rows are read.

    `decimals` means that a real of an expression is an amount. A batch raises DataError for a value
    that does not fit its column.
    """
    names = unique([column[0] for column in columns])
    head = _head(rows)
    encodings = [
        encoding_of("DECIMAL" if decimals and _is_real(column[1], values) else column[1], values)
        for column, values in zip(columns, _transposed(head, len(names)), strict=True)
    ]
    schema = pa.schema(
        [(name, encoding.data_type) for name, encoding in zip(names, encodings, strict=True)]
    )
    return schema, _batches(schema, encodings, chain(head, rows), size)


def encoding_of(declared: str | None, values: Sequence[Any]) -> ColumnEncoding:
    """Return the encoding of a column from its declared type and its first values."""
    if (encoding := _DECLARED.get(type_name(declared))) is not None:
        return encoding
    seen = {type(value) for value in values} - {type(None)}
    if not seen:
        return _by_affinity((declared or "").upper())
    for encoding in (_INTEGER, _REAL, _DECIMAL, _TEXT, _BLOB):
        if seen <= encoding.accepts:
            return _ROUNDED if encoding is _DECIMAL and not _fits(encoding, values) else encoding
    # The types are mixed; `_array` reports the first value that differs.
    first = type(next(value for value in values if value is not None))
    return next(
        encoding for encoding in (_INTEGER, _DECIMAL, _TEXT, _BLOB) if first in encoding.accepts
    )


def _is_real(declared: str | None, values: Sequence[Any]) -> bool:
    """Return whether a column is an expression whose first value is a real."""
    first = next((value for value in values if value is not None), None)
    return declared is None and isinstance(first, float)


def _by_affinity(code: str) -> ColumnEncoding:
    """Return the encoding by SQLite's rules: https://sqlite.org/datatype3.html#determination_of_column_affinity."""
    if "INT" in code:
        return _INTEGER
    if "BLOB" in code:
        return _BLOB
    return _REAL if any(name in code for name in ("REAL", "FLOA", "DOUB")) else _TEXT


def _fits(encoding: ColumnEncoding, values: Sequence[Any]) -> bool:
    try:
        _encoded(encoding, values)
    except (ValueError, TypeError):
        return False
    return True


def _head(rows: Rows) -> list[Sequence[Any]]:
    """Return the first rows, up to `HEAD` rows and `_HEAD_SIZE`."""
    head: list[Sequence[Any]] = []
    size = 0
    for row in islice(rows, HEAD):
        head.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if size > _HEAD_SIZE:
            break
    return head


def _transposed(rows: Sequence[Sequence[Any]], count: int) -> list[list[Any]]:
    columns: list[list[Any]] = [[] for _ in range(count)]
    # Few at a time, so that the processor's cache still has them when their last column is read.
    for start in range(0, len(rows), _CACHED_ROWS):
        for column, values in zip(
            columns, zip(*rows[start : start + _CACHED_ROWS], strict=True), strict=True
        ):
            column += values
    return columns


def _batches(
    schema: pa.Schema, encodings: Sequence[ColumnEncoding], rows: Rows, size: int
) -> Iterator[pa.RecordBatch]:
    names, start = schema.names, 1
    while batch := list(islice(rows, size)):
        arrays = [
            _array(name, encoding, values, start)
            for name, encoding, values in zip(
                names, encodings, _transposed(batch, len(names)), strict=True
            )
        ]
        yield pa.record_batch(arrays, schema=schema)
        start += len(batch)


def _groups(schema: pa.Schema, batches: Iterator[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    pending: list[pa.RecordBatch] = []
    rows = gathered = 0
    for batch in batches:
        pending.append(batch)
        rows, gathered = rows + batch.num_rows, gathered + batch.nbytes
        if rows >= _GROUP_ROWS or gathered >= size:
            yield pa.Table.from_batches(pending, schema).combine_chunks()
            pending, rows, gathered = [], 0, 0
    if pending:
        yield pa.Table.from_batches(pending, schema).combine_chunks()


def _array(name: str, encoding: ColumnEncoding, values: Sequence[Any], start: int) -> pa.Array[Any]:
    """Return an Arrow array; `start` is the row number of the first value, for errors."""
    try:
        return _encoded(encoding, values)
    except (ValueError, TypeError):
        for row, value in enumerate(values, start):
            if not _fits(encoding, (value,)):
                raise _mismatch(name, encoding, value, row) from None
        raise


def _encoded(encoding: ColumnEncoding, values: Sequence[Any]) -> pa.Array[Any]:
    """Return an Arrow array; raise ValueError or TypeError, to which Arrow's errors belong."""
    if not set(map(type, values)) - {type(None)} <= encoding.accepts:
        raise TypeError
    if encoding.convert is not None:
        return encoding.convert(values)
    return pa.array(values, encoding.data_type)


def _mismatch(name: str, encoding: ColumnEncoding, value: Any, row: int) -> DataError:
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    hint = f"Write it as text: CAST({name} AS TEXT)."
    if encoding is _DECIMAL and isinstance(value, float | Decimal):
        hint = f"Round it, as in round({name}, 12), or write it as text: CAST({name} AS TEXT)."
    return DataError(
        f"The column {name} is written as {encoding.data_type}, "
        f"and {shown:.80} in row {row} does not fit",
        hint=hint,
    )


class _Sink:
    """Adapts the stream to Arrow's writers."""

    closed = False

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.broken = False

    def write(self, data: bytes) -> int:
        if not self.broken:
            self._stream.write(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: the stream is flushed by its owner."""
