"""A lock that an interrupt never leaves locked.

From Python 3.14 on, Ctrl-C may raise KeyboardInterrupt between the moment at which `with` has
acquired a lock and the beginning of its block, whose end would release it. Whoever wants the lock
next would wait for ever.
"""

from __future__ import annotations

from _thread import RLock
from contextlib import suppress


class Lock(RLock):  # type: ignore[misc]  # final for its types alone
    """A lock for `with`; a thread that holds it does not ask for it again.

    Leaving the block stays a single call into C, within which nothing is raised.
    """

    def __enter__(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Wait for the lock; it is free again where an exception ends that."""
        try:
            return self.acquire(blocking, timeout)
        except BaseException:
            with suppress(RuntimeError):  # it had not been acquired yet
                self.release()
            raise
