"""What bounds the statements of a session: who opens it sets it, and no SQL can lift it.

Requests and waiting for them are bounded by `fetching._budget`; here are the rows that a statement
returns and the time that SQLite itself takes.
"""

from __future__ import annotations

import sys
import time

from billql.errors import InterfaceError, RowLimit, StatementTimeout


class Restrictions:
    """The bounds of a session; raise InterfaceError for one that makes no sense."""

    def __init__(
        self,
        *,
        read_only: bool = False,
        max_rows: int | None = None,
        timeout: float | None = None,
    ) -> None:
        if max_rows is not None and max_rows < 1:
            raise InterfaceError(f"max_rows is {max_rows}: it is 1 at least")
        if timeout is not None and not timeout > 0:
            raise InterfaceError(f"timeout is {timeout:g}: it is more than 0 seconds")
        self.read_only = read_only
        """Whether everything is refused that writes or reaches a file."""
        self.max_rows = max_rows
        """How many rows a statement may return."""
        self.timeout = timeout
        """How many seconds a statement may take, from its begin to its last row."""

    def allowance(self) -> Allowance | None:
        """Return what a statement that begins now may use; None if nothing bounds it."""
        return None if self.max_rows is self.timeout is None else Allowance(self)


UNRESTRICTED = Restrictions()
"""A session that may do everything."""


class Allowance:
    """What one statement may use."""

    def __init__(self, restrictions: Restrictions) -> None:
        self._most = restrictions.max_rows
        self._seconds = restrictions.timeout
        self._rows = 0
        self.until = None if self._seconds is None else time.monotonic() + self._seconds
        """When it must have ended, by the monotonic clock; None means at any time."""

    def count_rows(self, rows: int) -> None:
        """Count rows that it returns; raise RowLimit or StatementTimeout."""
        self._rows += rows
        if self._most is not None and self._rows > self._most:
            raise RowLimit(
                f"The statement returns more than the {self._most:,} rows that it may return",
                hint="Narrow it down, add a LIMIT, or raise --max-rows (max_rows in Python).",
            )
        if (overdue := self.overdue()) is not None:
            raise overdue

    @property
    def rows_left(self) -> int:
        """How many more rows it may return."""
        return sys.maxsize if self._most is None else self._most - self._rows

    def overdue(self) -> StatementTimeout | None:
        """Return the error for a statement whose time is over; None as long as it is not."""
        if self.until is None or time.monotonic() <= self.until:
            return None
        return StatementTimeout(
            f"The statement has run for longer than the {self._seconds:g} seconds that it may take",
            hint="Narrow it down, or raise --timeout (timeout in Python).",
        )


class Deadline:
    """Stops SQLite in the middle of a statement; its progress handler."""

    def __init__(self) -> None:
        self.at: float | None = None
        """When the statement must end that SQLite is running now."""

    def __call__(self) -> bool:
        """Return whether SQLite is to stop."""
        return self.at is not None and time.monotonic() > self.at
