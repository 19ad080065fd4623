"""The rate that an API shows to allow, where it refuses more and states no limit.

It falls with a refusal to less than what was served, comes back to just below what was refused, and
then tries more and more: CUBIC, by which TCP shares a line (RFC 9438, 4.1 and 4.6), and by which
clients of AWS keep to limits that nobody states.
"""

from __future__ import annotations

import math
from collections import deque

_AFTER_REFUSAL = 0.7
"""The part of the rate that is left after a refusal: β of RFC 9438."""

_GROWTH = 0.2
"""How soon the rate comes back and grows, in requests a second⁴: half of RFC 9438's C, by which an
API of one request a second would refuse every second one."""

_FIRST_GUESS = 3.0
"""The least rate, in requests a second, that a first refusal is taken for: the next attempt of one
who sends few is then half a second later."""


class AdaptiveRate:
    """Paces the requests of a credential after a refusal; not thread-safe.

    All moments are seconds of one monotonic clock.
    """

    def __init__(self) -> None:
        self._served: deque[float] = deque()
        self._sent = 0.0
        self._refused_rate = 0.0
        self._refused_at: float | None = None

    def wait(self, moment: float) -> float:
        """Return how many seconds to wait at a moment before a request: 0.0 before any refusal."""
        if self._refused_at is None:
            return 0.0
        return max(0.0, self._sent + 1 / self._rate(moment - self._refused_at) - moment)

    def sent(self, moment: float) -> None:
        """Count a request that is sent."""
        self._sent = moment

    def served(self, moment: float) -> None:
        """Count a request that is served."""
        self._served.append(moment)
        self._forget(moment)

    def refused(self, sent: float, moment: float) -> None:
        """Lower the rate for a refusal at a moment, unless its request was sent before the last."""
        if self._refused_at is not None and sent <= self._refused_at:
            return
        self._forget(moment)
        served = len(self._served)
        if self._refused_at is None:
            self._refused_rate = max(_FIRST_GUESS, served)
        else:
            self._refused_rate = min(max(1, served), self._rate(moment - self._refused_at))
        self._refused_at = moment

    def _forget(self, moment: float) -> None:
        while self._served and self._served[0] <= moment - 1.0:
            self._served.popleft()

    def _rate(self, seconds: float) -> float:
        """Return the requests a second that are admitted so long after a refusal."""
        back = math.cbrt(self._refused_rate * (1 - _AFTER_REFUSAL) / _GROWTH)
        return self._refused_rate + _GROWTH * (seconds - back) ** 3
