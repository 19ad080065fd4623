"""The rows of a cursor as Arrow's batches, with the types of `output.columnar`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from billql.errors import InterfaceError, NotSupportedError

if TYPE_CHECKING:
    import pyarrow


class ArrowBatches:
    """The rows of a result as batches of `size`; raise NotSupportedError without pyarrow.

    `decimals` means that a real of an expression is an amount.
    """

    def __init__(
        self,
        columns: Sequence[Sequence[Any]],
        rows: Iterator[Sequence[Any]],
        size: int,
        *,
        decimals: bool,
    ) -> None:
        if size < 1:
            raise InterfaceError(f"A batch has {size} rows: it has 1 at least")
        try:
            import pyarrow
        except ImportError:
            raise NotSupportedError(
                "Arrow needs the package pyarrow", hint="Install it: pip install 'billql[arrow]'"
            ) from None
        from billql.output.columnar import record_batches

        self._of_batches = pyarrow.RecordBatchReader.from_batches
        self.schema, self._batches = record_batches(columns, rows, size, decimals=decimals)

    def reader(self) -> pyarrow.RecordBatchReader:
        """Return a reader of the batches that are left."""
        return self._of_batches(self.schema, self._batches)
