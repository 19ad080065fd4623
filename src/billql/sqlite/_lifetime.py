"""How what a session has opened ends, whoever ends it.

`Session.close` ends everything. A statement that is left before its end, and a session that nobody
closes, end when Python collects them; but whoever collects garbage may be in the midst of anything
and may hold any lock. So nothing that acquires a lock is done there: an orphaned statement is left
to the session's next one, and the threads of an orphaned session are only asked to end. In a forked
child nothing ends at all, for it has all of it from its parent (see `_connection_guard`).
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING

from billql.sqlite._connection_guard import ConnectionGuard

if TYPE_CHECKING:
    from billql.fetching.statement import Statement
    from billql.sqlite.engine import Engine


class Lifetime:
    """Ends the engine of a session, and the statements that nobody will read to their end."""

    def __init__(self, guard: ConnectionGuard) -> None:
        self._guard = guard
        self._orphans: deque[Statement] = deque()
        self._engine: Engine | None = None
        self._finalizer: weakref.finalize[..., object] | None = None

    def own(self, session: object, engine: Engine) -> None:
        """Own an engine, which ends with its session at the latest."""
        self._engine = engine
        # Not at exit: the threads are daemons, and SQLite needs no goodbye.
        self._finalizer = weakref.finalize(session, _shut_down, engine, self._guard)
        self._finalizer.atexit = False

    def orphan(self, statement: Statement) -> None:
        """Leave a statement to `end_orphans`; acquire no lock."""
        self._orphans.append(statement)

    def end_orphans(self) -> None:
        """End the statements that were left before their end."""
        while self._orphans:
            self._orphans.popleft().close()

    def close(self) -> None:
        """End the engine; waits for its threads as `ApiClient.close` does."""
        if self._engine is not None and self._finalizer is not None:
            self._finalizer.detach()
            self._engine.close()


def _shut_down(engine: Engine, guard: ConnectionGuard) -> None:
    """End the threads of a session that nobody has closed; acquire no lock."""
    if not guard.is_forked_copy:
        engine.shutdown_nowait()
