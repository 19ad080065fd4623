"""How often an API may be asked: one limiter for each credential.

It starts from what the definition states and is corrected by what answers say. It only counts and
computes; waiting is done by whoever asks.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime

from billql.definition import Limit


class Limiter:
    """Counts requests in sliding windows; thread-safe.

    `monotonic` and `now` are clocks: seconds that never go back, and seconds since 1970.
    """

    def __init__(
        self,
        limits: Sequence[Limit],
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._windows = [(limit, deque[float]()) for limit in limits]
        self._monotonic = monotonic
        self._now = now
        self._held_until = 0.0
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take a place for one request; give the seconds to wait, or 0.0 with the place taken."""
        with self._lock:
            moment = self._monotonic()
            wait = max(0.0, self._held_until - moment)
            for limit, sent in self._windows:
                while sent and sent[0] <= moment - limit.seconds:
                    sent.popleft()
                if len(sent) >= limit.requests:
                    wait = max(wait, sent[0] + limit.seconds - moment)
            if wait == 0.0:
                for _, sent in self._windows:
                    sent.append(moment)
            return wait

    def hold(self, seconds: float) -> None:
        """Let no request pass for so many seconds."""
        with self._lock:
            self._held_until = max(self._held_until, self._monotonic() + seconds)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer: none remaining means waiting for the reset that it names."""
        if headers.get("ratelimit-remaining") == "0":
            wait = self._until(headers.get("ratelimit-reset"))
            if wait is not None:
                self.hold(wait)

    def _until(self, reset: str | None) -> float | None:
        """Read a reset: seconds since 1970, or, where they are few, seconds from now."""
        if reset is None or not reset.isdecimal():
            return None
        seconds = float(reset)
        return max(0.0, seconds - self._now()) if seconds > 10**9 else seconds


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read `retry-after` (RFC 9110, 10.2.3): seconds, or a date; None where there is none."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, moment.timestamp() - now)
