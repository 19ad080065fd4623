"""The time, and waiting for it: tests replace it by a clock that they set."""

from __future__ import annotations

import threading
import time


class Clock:
    """The real time."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Return the seconds of a clock that never goes back."""
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, `seconds` at most; return whether it has happened."""
        return event.wait(seconds)


REAL_TIME = Clock()
"""The clock of whoever waits for real: one, because rate limits are shared by clock too."""
