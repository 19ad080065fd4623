"""Watches over statements that run: a client that vanishes, cancels, or has set a time limit."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR
_INTERVAL = 250
"""How many milliseconds pass until a new statement is looked after."""


class HangupWatch:
    """Calls a function for each client that closes its connection while a statement runs.

    Another function is called again and again while it runs, whatever happens: SQLite forgets an
    interrupt that comes before it has begun, so that who ends a statement must insist.
    """

    def __init__(self) -> None:
        self._poll = select.poll()
        self._gone: dict[int, Callable[[], object]] = {}
        self._again: dict[int, Callable[[], object]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="billql-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def over(
        self,
        connection: socket.socket,
        gone: Callable[[], object],
        again: Callable[[], object],
    ) -> Iterator[None]:
        """Watch a connection in a block."""
        number = connection.fileno()
        with self._lock:
            self._gone[number], self._again[number] = gone, again
            self._poll.register(number, _GONE)
        try:
            yield
        finally:
            with self._lock:
                self._again.pop(number, None)
                if self._gone.pop(number, None) is not None:
                    self._poll.unregister(number)

    def _run(self) -> None:
        while not self._stopped.is_set():
            if not self._again:
                self._stopped.wait(_INTERVAL / 1000)
                continue
            for number, _ in self._poll.poll(_INTERVAL):
                with self._lock:
                    gone = self._gone.pop(number, None)
                    if gone is not None:
                        self._poll.unregister(number)
                if gone is not None:
                    gone()
            with self._lock:
                ended = list(self._again.values())
            for again in ended:
                again()

    def close(self) -> None:
        """End the watch."""
        self._stopped.set()
        self._thread.join()
