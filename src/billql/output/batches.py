"""Rows some at a time, and by column, so that a writer does little for each cell.

Nobody waits for a row because of others: a batch grows only while rows arrive quickly.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from billql.output import Rows

_PLAIN = frozenset((str, int, type(None)))
"""The types of values that no format of text changes."""

LARGEST = 256
"""How many rows a batch has at most."""
QUICK = 0.005
"""The seconds within which a batch must be read for the next one to be larger."""


def batches(
    rows: Rows, clock: Callable[[], float] = time.monotonic
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the rows of a result some at a time: all before an error, and then the error."""
    size = 1
    error: BaseException | None = None
    while error is None:
        batch: list[Sequence[Any]] = []
        start = clock()
        try:
            batch.extend(islice(rows, size))
        except BaseException as raised:
            error = raised
        if not batch:
            break
        size = min(2 * size, LARGEST) if clock() - start < QUICK else 1
        yield batch
    if error is not None:
        raise error


def converted(values: Sequence[Any], convert: Callable[[Any], Any]) -> Sequence[Any]:
    """Return a column with each value converted that is no text, no integer and not NULL."""
    if _PLAIN.issuperset(map(type, values)):
        return values
    return [value if type(value) in _PLAIN else convert(value) for value in values]
