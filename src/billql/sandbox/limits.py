"""Rate limits: sliding windows for each credential."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 3600.0
MINUTE = 60.0


class Limits(NamedTuple):
    """How many requests a credential may make; those beyond a limit are not counted."""

    per_hour: int = 5000
    per_minute: int = 250
    per_second: int = 25
    """For providers that limit by the second; the others limit by the hour and the minute."""


class Quota(NamedTuple):
    """The quota of a credential after a request."""

    limit: int
    """Requests per hour, or per second."""
    remaining: int
    """How many of these are left."""
    reset: int
    """The Unix time at which the oldest of these requests expires."""
    refused: bool = False
    """Whether this request goes beyond a limit."""
    retry_after: int | None = None
    """Seconds to wait if the limit of the minute is reached; None for the hour's."""


class Limiter:
    """Counts requests; without limits every credential stays fresh."""

    def __init__(
        self,
        limits: Limits | None,
        clock: Callable[[], float] = time.time,
        *,
        by_second: bool = False,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._by_second = by_second
        self._lock = threading.Lock()
        self._taken: defaultdict[str, tuple[deque[float], deque[float]]]
        self._taken = defaultdict(lambda: (deque(), deque()))

    def fresh(self) -> Quota:
        """Return the quota of a credential that has used nothing."""
        limits = self._limits or Limits()
        allowed = limits.per_second if self._by_second else limits.per_hour
        return Quota(allowed, allowed, int(self._clock() + (1 if self._by_second else HOUR)))

    def acquire(self, credential: str, path: str = "") -> Quota:
        """Count one request of a credential and return its quota; refused ones are not counted.

        All paths count alike.
        """
        if self._limits is None:
            return self.fresh()
        now = self._clock()
        if self._by_second:
            return self._acquire_by_second(self._limits.per_second, credential, now)
        with self._lock:
            hour, minute = self._taken[credential]
            expire(hour, now - HOUR)
            expire(minute, now - MINUTE)
            refused_by_hour = len(hour) >= self._limits.per_hour
            refused_by_minute = len(minute) >= self._limits.per_minute
            if not (refused_by_hour or refused_by_minute):
                hour.append(now)
                minute.append(now)
            wait = int(minute[0] + MINUTE - now) + 1 if refused_by_minute and minute else None
            return Quota(
                self._limits.per_hour,
                self._limits.per_hour - len(hour),
                int((hour[0] if hour else now) + HOUR),
                refused=refused_by_hour or refused_by_minute,
                retry_after=None if refused_by_hour else wait,
            )

    def _acquire_by_second(self, allowed: int, credential: str, now: float) -> Quota:
        with self._lock:
            _, second = self._taken[credential]
            expire(second, now - 1)
            refused = len(second) >= allowed
            if not refused:
                second.append(now)
            return Quota(allowed, allowed - len(second), int(now + 1), refused=refused)


def expire(taken: deque[float], before: float) -> None:
    """Forget the times of requests up to a time."""
    while taken and taken[0] <= before:
        taken.popleft()
