"""The savepoint of a statement in a transaction, so that it changes all or nothing."""

from __future__ import annotations

from collections.abc import Callable

import apsw

_NAME = '"billql statement"'
"""A user's savepoint of the same name does no harm: SQLite uses the one that was set last."""


class StatementSavepoint:
    """Undoes what a statement has changed if it fails.

    When a virtual table fails, SQLite itself undoes that only if constraints might have failed too.
    Outside of a transaction it undoes everything.
    """

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database
        self._is_set = False

    def set(self) -> None:
        """Set it if there is a transaction."""
        if self._database.in_transaction:
            self._database.execute(f"SAVEPOINT {_NAME}")
            self._is_set = True

    def settle(self, end_reads: Callable[[], object], *, undoes: bool) -> None:
        """Release it, and undo the changes since it was set if they are not to stay.

        `end_reads` ends the statements that SQLite has interrupted.
        """
        is_set, self._is_set = self._is_set, False
        # SQLite itself may have ended the transaction: ON CONFLICT ROLLBACK, a full disk.
        if not (is_set and self._database.in_transaction):
            return
        end_reads()
        if undoes:
            self._database.execute(f"ROLLBACK TO {_NAME}")
        self._database.execute(f"RELEASE {_NAME}")
