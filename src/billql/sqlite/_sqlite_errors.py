"""SQLite's errors as billql's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from billql import errors
from billql.sqlite._connection_guard import busy_error


@contextmanager
def translating() -> Iterator[None]:
    """Raise one of billql's errors for one of SQLite's in a block, such as an interrupt."""
    try:
        yield
    except apsw.Error as error:
        raise translated(error) from error


def is_settled(error: apsw.Error) -> bool:
    """Return whether SQLite has undone what an ON CONFLICT requires, and no more than that.

    No ON CONFLICT covers a value that a STRICT table refuses: SQLite may leave earlier changes.
    """
    is_of_a_type = getattr(error, "extendedresult", None) == apsw.SQLITE_CONSTRAINT_DATATYPE
    return isinstance(error, apsw.ConstraintError) and not is_of_a_type


def translated(error: apsw.Error) -> errors.Error:
    """Return one of billql's errors for one of SQLite's."""
    if isinstance(error, apsw.InterruptError):
        return errors.Interrupted()
    if isinstance(error, apsw.ThreadingViolationError):
        return busy_error()
    return _KINDS.get(type(error), errors.OperationalError)(str(error))


_KINDS: dict[type[apsw.Error], type[errors.Error]] = {
    apsw.SQLError: errors.ProgrammingError,
    apsw.BindingsError: errors.ProgrammingError,
    apsw.ConstraintError: errors.IntegrityError,
    apsw.MismatchError: errors.DataError,
    apsw.TooBigError: errors.DataError,
    apsw.RangeError: errors.ProgrammingError,
    apsw.MisuseError: errors.ProgrammingError,
    apsw.IncompleteExecutionError: errors.ProgrammingError,
    apsw.CursorClosedError: errors.ClosedError,
    apsw.ConnectionClosedError: errors.ClosedError,
    apsw.CorruptError: errors.DatabaseError,
    apsw.NotADBError: errors.DatabaseError,
    apsw.InternalError: errors.InternalError,
}
