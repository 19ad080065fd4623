"""The rows of a statement as a cursor reads them: one by one, many at a time, or as objects.

A cursor refers to its rows, and they only weakly to the cursor, so that collecting a cursor ends
its statement.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from billql.dbapi._statements import not_unicode
from billql.output.batches import growing
from billql.sql.statements import Row

if TYPE_CHECKING:
    from billql.dbapi.rows import RowFactory
    from billql.sqlite.execution import Execution

T = TypeVar("T")


def one_by_one(first: Iterator[Row], execution: Execution) -> Iterator[Row]:
    """Yield the rows of a statement; what is needed to read them is found out at the first one."""
    denoise = _denoiser(execution)
    rows = chain(first, execution)
    yield from rows if denoise is None else map(denoise, rows)


def in_batches(first: Iterator[Row], execution: Execution, size: int) -> Iterator[Sequence[Row]]:
    """Yield the rows of a statement, at most `size` at a time."""
    return _denoised(execution, iter(lambda: [*first] or execution.fetch(size), []))


def at_their_pace(first: Iterator[Row], execution: Execution) -> Iterator[Sequence[Row]]:
    """Yield the rows of a statement, more at a time as long as they arrive quickly."""
    return _denoised(execution, growing(lambda size: [*first] or execution.fetch(size)))


def _denoised(execution: Execution, batches: Iterator[Sequence[Row]]) -> Iterator[Sequence[Row]]:
    denoise = _denoiser(execution)
    for rows in batches:
        yield rows if denoise is None else list(map(denoise, rows))


def watched(
    rows: Iterator[T],
    ended: weakref.WeakMethod[Callable[[], None]],
    failed: weakref.WeakMethod[Callable[[], None]],
) -> Iterator[T]:
    """Yield rows; call a method of their cursor after the last one, or before an error."""
    try:
        yield from rows
    except (Exception, KeyboardInterrupt) as error:
        if (method := failed()) is not None:
            method()
        if isinstance(error, UnicodeError):
            raise not_unicode(error) from error
        raise
    if (method := ended()) is not None:
        method()


def made_by(factory: RowFactory, reference: weakref.ref[Any], rows: Iterator[Row]) -> Iterator[Any]:
    """Yield what a row factory makes of the rows of a cursor."""
    for row in rows:
        if (cursor := reference()) is None:
            return
        made = factory(cursor, row)
        del cursor
        yield made


def _denoiser(execution: Execution) -> Callable[[Row], Row] | None:
    """Return what takes the noise out of a row; None if there is none."""
    if not (added := execution.added_places()):
        return None
    from billql.sql.float_noise import denoised

    return denoised(added)
