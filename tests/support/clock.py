"""A clock that moves only when somebody waits or turns it."""

from __future__ import annotations

import datetime
import threading

from billql.util.clock import Clock


class FakeClock(Clock):
    """Waiting takes no time, and moves the clock. `waits` are all the waits, in their order."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._start = now
        self._passed = 0.0
        self._lock = threading.Lock()
        self.waits: list[float] = []

    @property
    def passed(self) -> float:
        """Give the seconds that have passed."""
        return self._passed

    def now(self) -> float:
        return self._start + self._passed

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        self.turn(seconds)
        return event.is_set()

    def turn(self, seconds: float) -> None:
        with self._lock:
            self._passed += seconds

    def moment(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.now(), datetime.UTC)
