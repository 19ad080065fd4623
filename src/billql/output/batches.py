"""Rows some at a time, and by column, so that a writer does little for each cell.

Nobody waits for a row because of others: a batch grows only while rows arrive quickly.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from billql.output import Rows

_PLAIN = frozenset((str, int, type(None)))
"""The types of values that no format of text changes."""

LARGEST = 256
"""How many rows a batch has at most."""
QUICK = 0.005
"""The seconds within which a batch must be read for the next one to be larger."""


T = TypeVar("T")


def growing(
    read: Callable[[int], Sequence[T]], clock: Callable[[], float] = time.monotonic
) -> Iterator[Sequence[T]]:
    """Yield what `read` returns of so many things at most, until it returns none."""
    size = 1
    while True:
        start = clock()
        batch = read(size)
        if not batch:
            return
        size = min(2 * size, LARGEST) if clock() - start < QUICK else 1
        yield batch


def batches(
    rows: Rows, clock: Callable[[], float] = time.monotonic
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the rows of a result some at a time: all before an error, and then the error."""
    errors: list[BaseException] = []

    def read(size: int) -> Sequence[Sequence[Any]]:
        batch: list[Sequence[Any]] = []
        if not errors:
            try:
                batch.extend(islice(rows, size))
            except BaseException as raised:
                errors.append(raised)
        return batch

    yield from growing(read, clock)
    for error in errors:
        raise error


def converted(values: Sequence[Any], convert: Callable[[Any], Any]) -> Sequence[Any]:
    """Return a column with each value converted that is no text, no integer and not NULL."""
    if _PLAIN.issuperset(map(type, values)):
        return values
    return [value if type(value) in _PLAIN else convert(value) for value in values]
