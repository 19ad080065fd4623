"""The outcome of one exchange: a response of any status, or the reason that there is none."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from billql.messages import Request

TICK = 0.1
"""Seconds between checks whether the statement has ended, while a server is silent."""


class HttpResponse(NamedTuple):
    """A response of any status; `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    proxy: str | None = None
    """The proxy that the exchange went through, in words."""


class NoResponse(Exception):  # noqa: N818 - it names what happened
    """There is no whole response: its text is the reason, `again` whether to try again.

    `hint` is a remedy, where one is known here.
    """

    def __init__(self, reason: str, *, again: bool = True, hint: str | None = None) -> None:
        super().__init__(reason)
        self.again = again
        self.hint = hint


def describe_request(request: Request) -> str:
    """Return the method and the URL of a request, without its query, which may be private."""
    return f"{request.method} {request.url}"


class HttpBackend(Protocol):
    """Sends requests: the network, a recording, or a stand-in for tests."""

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> HttpResponse:
        """Send a request and return its response; raise NoResponse, or Interrupted at `stop`."""

    def close(self) -> None:
        """Close what is open."""


def reason_of(error: BaseException) -> str:
    """Return the message of an error, or that of the system's error that led to it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.strerror:
            return found.strerror
        found = found.__cause__
    return str(error)
