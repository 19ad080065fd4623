"""The guard of a connection: one thread at a time uses it, in the process that opened it.

A process that is forked gets a copy of every connection, without its threads. Neither SQLite nor an
API may learn of the copy: even closing it would roll back what the parent has begun
(https://sqlite.org/howtocorrupt.html, 2.6). So a child is never admitted, and leaves the copy
unclosed when it ends.
"""

from __future__ import annotations

import os
import weakref
from _thread import RLock

from billql.errors import InterfaceError, ProgrammingError


def busy_error() -> ProgrammingError:
    """Return the error for a connection that another thread is using."""
    return ProgrammingError(
        "The connection is in use in another thread",
        hint="Open a connection for each thread, or let one thread wait for the other.",
    )


class ConnectionGuard(RLock):  # type: ignore[misc]  # final for its types alone
    """Admits one thread at a time, reentrantly; another one gets an error at once.

    `database` is what a child must not close. An interrupt never leaves it locked: leaving the
    block stays a single call into C, within which nothing is raised.
    """

    def __init__(self, database: object) -> None:
        self.database = database
        self.is_forked_copy = False
        """Whether this process has the connection from the one that it was forked from."""
        _guards.add(self)

    def __enter__(self, blocking: bool = False, timeout: float = -1) -> bool:
        """Admit this thread and return True; raise ProgrammingError or InterfaceError."""
        self.check()
        acquired: list[bool] = []
        try:
            # One call into C acquires the lock; an interrupt comes before or after it.
            acquired.extend(map(self.acquire, (blocking,), (timeout,)))
            if not acquired[0]:
                raise busy_error()
            return True
        except BaseException:
            if True in acquired:
                self.release()
            raise

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
