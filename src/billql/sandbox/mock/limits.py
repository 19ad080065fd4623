"""The rate limits of a definition, enforced for each credential."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from math import ceil

from billql.definitions.model import Limit
from billql.sandbox.limits import Quota, expire

_UNLIMITED = 1_000_000
"""The requests that are left where a definition has no limit."""


class DefinedLimiter:
    """Counts the requests of each credential in the windows of a definition."""

    def __init__(self, limits: Sequence[Limit], clock: Callable[[], float] = time.time) -> None:
        self._limits = limits
        self._clock = clock
        self._sent: defaultdict[tuple[str, int], deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def fresh(self) -> Quota:
        """Return the quota of a credential that has sent nothing."""
        most = min((one.requests for one in self._limits), default=_UNLIMITED)
        return Quota(most, most, int(self._clock()))

    def acquire(self, credential: str, path: str) -> Quota:
        """Count a request and return what is left of its narrowest limit."""
        now = self._clock()
        with self._lock:
            windows = []
            for place, limit in enumerate(self._limits):
                if path.endswith(limit.path_ends):
                    sent = self._sent[credential, place]
                    expire(sent, now - limit.seconds)
                    windows.append((limit, sent))
            full = [(limit, sent) for limit, sent in windows if len(sent) >= limit.requests]
            for _, sent in () if full else windows:
                sent.append(now)
            if full:
                wait = max(sent[0] + limit.seconds - now for limit, sent in full)
                limit = full[0][0]
                return Quota(limit.requests, 0, ceil(now + wait), True, ceil(wait))
            if not windows:
                return self.fresh()
            limit, sent = min(windows, key=lambda one: one[0].requests - len(one[1]))
            reset = ceil(sent[0] + limit.seconds)
            return Quota(limit.requests, limit.requests - len(sent), reset)
