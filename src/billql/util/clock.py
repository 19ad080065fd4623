"""The time, and waiting for it: what tests replace by a clock that they turn themselves."""

from __future__ import annotations

import threading
import time


class Clock:
    """The real time."""

    def now(self) -> float:
        """Give the seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait so long at most, and tell whether the event has happened."""
        return event.wait(seconds)
