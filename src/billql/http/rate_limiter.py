"""Rate limits: one limiter for each credential, however many sessions of the process use it.

It starts from the limits of the definition, and responses correct it: by what their headers state,
and by refusals. It only counts and computes; the caller waits.
"""

from __future__ import annotations

import datetime
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from weakref import WeakSet

from billql.definitions.model import Limit
from billql.http._adaptive_rate import AdaptiveRate
from billql.util.clock import REAL_TIME, Clock
from billql.util.lock import Lock

_LONGEST_BLOCK = 3600.0
"""The longest time, in seconds, for which a response may stop the requests: after an hour another
one does no harm."""


class RateLimiter:
    """Counts requests in sliding windows, and paces them after a refusal; thread-safe."""

    def __init__(self, limits: Sequence[Limit], clock: Clock | None = None) -> None:
        self._windows = [(limit, deque[float]()) for limit in limits]
        self._clock = clock or REAL_TIME
        self._blocked_until = 0.0
        self._rate = AdaptiveRate()
        self._lock = Lock()

    def try_acquire(self, path: str = "") -> float:
        """Count a request and return 0.0, or return how many seconds to wait before it."""
        with self._lock:
            moment = self._clock.monotonic()
            wait = max(self._blocked_until - moment, self._rate.wait(moment))
            windows = [one for one in self._windows if path.endswith(one[0].path_ends)]
            for limit, sent in windows:
                while sent and sent[0] + limit.seconds <= moment:
                    sent.popleft()
                if len(sent) >= limit.requests:
                    wait = max(wait, sent[0] + limit.seconds - moment)
            if wait == 0.0:
                for _, sent in windows:
                    sent.append(moment)
                self._rate.sent(moment)
            return wait

    def served(self) -> None:
        """Count a request that the API has served."""
        with self._lock:
            self._rate.served(self._clock.monotonic())

    def refused(self, sent: float, pause: float) -> None:
        """Slow down, as the API wants a request later that was sent at a monotonic moment.

        None is admitted for `pause` seconds, and after them fewer than before.
        """
        with self._lock:
            moment = self._clock.monotonic()
            self._rate.refused(sent, moment)
            self._block(moment, pause)

    def update_from(self, headers: Mapping[str, str]) -> None:
        """Block until the reset that a response names, if it states that no request remains."""
        for quota in _quotas(headers):
            if quota.is_used_up:
                with self._lock:
                    self._block(self._clock.monotonic(), self._until(quota.reset))

    def _block(self, moment: float, seconds: float) -> None:
        self._blocked_until = max(self._blocked_until, moment + min(seconds, _LONGEST_BLOCK))

    def _until(self, reset: str) -> float:
        """Return the seconds until a reset: Unix time in (milli)seconds, or seconds if few."""
        seconds = _seconds(reset) or 0.0
        if seconds > 10**11:
            seconds /= 1000
        return max(0.0, seconds - self._clock.now()) if seconds > 10**9 else seconds


_FEW = 64
"""So many limiters may be stored without a look at who uses them."""


class _OfProcess:
    """The limiters in use, by credential: an API counts the requests of all of its clients.

    One that no client uses is not found any more, whatever else still refers to it or to them. Such
    are dropped when a client leaves, and when there are twice as many as after the last time: to
    look at each for every credential takes seconds where there are thousands.
    """

    def __init__(self) -> None:
        self.forget()
        if hasattr(os, "register_at_fork"):  # Windows has no fork
            os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Begin anew: a forked process opens connections of its own."""
        self._lock = Lock()
        self._limiters: dict[tuple[object, ...], tuple[RateLimiter, WeakSet[object]]] = {}
        self._most = _FEW

    def find(
        self, user: object, credential: str, limits: Sequence[Limit], clock: Clock
    ) -> RateLimiter:
        """Return the limiter of a credential for a user; a new one if nobody uses it."""
        key = (credential, tuple(limits), clock)
        with self._lock:
            found = self._limiters.get(key)
            if found is None or not found[1]:
                found = self._limiters[key] = RateLimiter(limits, clock), WeakSet()
            limiter, users = found
            users.add(user)
            if len(self._limiters) > self._most:
                self._drop_unused()
            return limiter

    def leave(self, user: object) -> None:
        """Let a user use limiters no more, whoever still refers to it."""
        with self._lock:
            for _, users in self._limiters.values():
                users.discard(user)
            self._drop_unused()

    def _drop_unused(self) -> None:
        self._limiters = {key: found for key, found in self._limiters.items() if found[1]}
        self._most = max(_FEW, 2 * len(self._limiters))


_of_process = _OfProcess()
limiter_of = _of_process.find
"""Returns the limiter of a credential for a user, by its fingerprint, its limits and the clock."""
leave_limiters = _of_process.leave
"""Ends a user's use of all its limiters."""


class _Quota(NamedTuple):
    """The state of a limit, as the text of a response's headers."""

    remaining: str
    reset: str
    limit: str = ""

    @property
    def is_used_up(self) -> bool:
        """Return whether no request remains."""
        return _seconds(self.remaining) == 0


_PREFIXES = ("ratelimit-", "x-ratelimit-", "x-rate-limit-")


def _quotas(headers: Mapping[str, str]) -> Iterator[_Quota]:
    """Yield the states of limits in the headers of a response.

    The drafts of the IETF have three forms: a header for each number, one of `remaining=0, reset=9`
    and one of `"name";r=0;t=9` (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers).
    """
    for prefix in _PREFIXES:
        found = [headers.get(f"{prefix}{one}", "").strip() for one in _Quota._fields]
        yield _Quota(*found)
    whole = _pairs(headers.get("ratelimit", "").split(","))
    yield _Quota(*(whole.get(one, "") for one in _Quota._fields))
    for part in headers.get("ratelimit", "").split(","):
        pairs = _pairs(part.split(";"))
        yield _Quota(pairs.get("r", ""), pairs.get("t", ""))


def _pairs(parts: Iterable[str]) -> dict[str, str]:
    halves = (part.partition("=") for part in parts)
    return {name.strip().lower(): value.strip() for name, _, value in halves}


def is_used_up(headers: Mapping[str, str]) -> bool:
    """Return whether a response states that no request remains under a limit."""
    return any(quota.is_used_up for quota in _quotas(headers))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds of `retry-after` (RFC 9110, 10.2.3), which may be a date, or None."""
    value = headers.get("retry-after", "").strip()
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    try:
        from email.utils import parsedate_to_datetime  # few APIs write a date

        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, moment.timestamp() - now)


def remaining(headers: Mapping[str, str]) -> str | None:
    """Return in words how many requests remain after a response; None if it does not state that."""
    for quota in _quotas(headers):
        left, limit = _count(quota.remaining), _count(quota.limit)
        if left is not None:
            return f"{left:,}{'' if limit is None else f' of {limit:,}'} requests are left"
    return None


def _count(text: str) -> int | None:
    """Return a count of at most 19 digits, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def _seconds(text: str) -> float | None:
    """Return a number of seconds, which may have a fraction, or None."""
    digits = text.replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdecimal() else None
