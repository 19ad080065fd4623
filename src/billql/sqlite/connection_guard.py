"""The guard of a connection: one thread at a time uses it, in the process that opened it.

A process that is forked gets a copy of every connection, without its threads. Neither SQLite nor an
API may hear of the copy: even closing it would roll back what the parent has begun
(https://sqlite.org/howtocorrupt.html, 2.6). So a child is never let in, and leaves the copy
unclosed when it ends.
"""

from __future__ import annotations

import os
import threading
import weakref

from billql.errors import InterfaceError, ProgrammingError


def busy_error() -> ProgrammingError:
    """Return the error for a connection that another thread is using."""
    return ProgrammingError(
        "The connection is in use in another thread",
        hint="Open a connection for each thread, or let one thread wait for the other.",
    )


class ConnectionGuard:
    """Lets in one thread at a time, reentrantly; another one gets an error at once.

    `database` is what a child must not close.
    """

    def __init__(self, database: object) -> None:
        self.database = database
        self._lock = threading.RLock()
        self.is_forked_copy = False
        """Whether this process has the connection from the one that it was forked from."""
        _guards.add(self)

    def __enter__(self) -> None:
        """Let this thread in; raises ProgrammingError or InterfaceError."""
        self.check()
        if not self._lock.acquire(blocking=False):
            raise busy_error()

    def __exit__(self, *_: object) -> None:
        """Let another thread in."""
        self._lock.release()

    def check(self) -> None:
        """Raise InterfaceError in a process that has inherited the connection."""
        if self.is_forked_copy:
            raise InterfaceError(
                "The connection was opened by the process that this one was forked from",
                hint="Open a connection in each process, after the fork.",
            )


_guards: weakref.WeakSet[ConnectionGuard] = weakref.WeakSet()
"""Of this process: a fork concerns all of them at once."""


def _forked() -> None:
    """Close all guards in a forked child, and keep open what they guard until it ends."""
    inherited = list(_guards)
    for guard in inherited:
        guard.is_forked_copy = True
    if inherited:
        import ctypes

        # Python closes what nothing refers to any more; so a reference is never released.
        for guard in inherited:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(guard.database))


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_forked)
