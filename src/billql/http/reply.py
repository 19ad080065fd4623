"""What one exchange gives: a response, or the reason why there is none."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from billql.messages import Request

TICK = 0.1
"""Seconds between looks at whether the statement has ended, while a server is silent."""


class HttpResponse(NamedTuple):
    """What a server said, whatever its status; `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    proxy: str | None = None
    """The proxy through which it came, in words."""


class NoResponse(Exception):  # noqa: N818 - it says what happened
    """No whole reply came: its text says why, `again` whether another try may do better.

    `hint` says what to do about it, where that is known here.
    """

    def __init__(self, reason: str, *, again: bool = True, hint: str | None = None) -> None:
        super().__init__(reason)
        self.again = again
        self.hint = hint


def describe_request(request: Request) -> str:
    """Name a request without its query, which people may have put anything into."""
    return f"{request.method} {request.url}"


class HttpBackend(Protocol):
    """What a request goes through: the wire, or something that stands in for it."""

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> HttpResponse:
        """Send a request and give what comes back, until `stop` is set; raise NoResponse."""

    def close(self) -> None:
        """Close what is open."""


def reason_of(error: BaseException) -> str:
    """Return the words of an error, or those of the system's error that led to it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.strerror:
            return found.strerror
        found = found.__cause__
    return str(error)
