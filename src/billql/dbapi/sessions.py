"""The sessions of connections that share definitions, limits and caches.

One connection opens them all: `connect` the first, and `Connection.another` the further ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from billql import errors
from billql.history.session import HistorySession
from billql.sqlite.restrictions import UNRESTRICTED, Restrictions
from billql.util.lock import Lock

if TYPE_CHECKING:
    from billql.sqlite.shared import Shared


class Sessions:
    """Opens sessions with the same options; thread-safe.

    `make` is called when a statement of one of them first names a resource; `from_history` is
    that of `connect`.
    """

    def __init__(
        self,
        make: Callable[[], Shared],
        warn: Callable[[str], object],
        log: Callable[[str], object] | None = None,
        restrictions: Restrictions = UNRESTRICTED,
        from_history: bool | str = False,
    ) -> None:
        self._make = make
        self._warn = warn
        self._log = log
        self._restrictions = restrictions
        self._from_history = from_history
        self._lock = Lock()
        self._made: Shared | None = None

    def open(self, database: str | os.PathLike[str]) -> HistorySession:
        """Open a session; raise Inaccessible for a file that cannot be opened."""
        path = os.fspath(database)
        try:
            made = HistorySession(path, self.shared, self._warn, self._log, self._restrictions)
            made.from_history = self._from_history
            return made
        except errors.OperationalError as error:
            raise errors.Inaccessible(f"{path}: {error.message}", hint=error.hint) from error
        except UnicodeEncodeError:
            raise errors.Inaccessible(f"{path}: its name is not UTF-8") from None

    def shared(self) -> Shared:
        """Return what the sessions share; it is made again after the last of them has left it."""
        with self._lock:
            if self._made is None or self._made.is_closed:
                self._made = self._make()
            return self._made

    def leave(self, connection: object) -> None:
        """Note that a connection, which is closed, does not use it any more."""
        with self._lock:
            if self._made is not None:
                self._made.leave(connection)
