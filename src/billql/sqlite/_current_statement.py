"""Which statement SQLite is running, for the virtual tables that it calls.

SQLite calls a virtual table without naming the statement (https://sqlite.org/vtab.html), and APSW
passes the connection at most. So whoever lets SQLite take a step notes the statement before it.
Each thread has a note of its own: SQLite refuses a second thread, which must not disturb the first.
"""

from __future__ import annotations

from threading import get_ident

from billql.fetching.running_statement import RunningStatement


class CurrentStatement(dict[int, RunningStatement | None]):
    """The statement that each thread lets SQLite run, by the thread's identifier.

    It is a plain dict because a session sets and restores it for each row.
    """

    def find(self) -> RunningStatement | None:
        """Return the statement that this thread lets SQLite run.

        None if it is a statement that is only explained, or that reads no resource.
        """
        return self.get(get_ident())
