"""An API without a network, on a clock that the tests turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from billql.config.settings import Settings
from billql.errors import ApiError
from billql.http.client import ApiClient
from billql.http.exchange import NetworkBackend

from .api_client import connection, send
from .clock import FakeClock

Reply = httpx.Response | Exception
OK = httpx.Response(200, json={"things": []})


class Api:
    """Gives replies in turn, the last one for ever, and remembers when it was asked."""

    def __init__(self, *replies: Reply | Callable[[httpx.Request], Reply]) -> None:
        self.clock = FakeClock()
        self.asked: list[httpx.Request] = []
        self.moments: list[float] = []
        self.replies = list(replies)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.moments.append(self.clock.passed)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if callable(reply):
            reply = reply(request)
        if isinstance(reply, Exception):
            raise reply
        return reply


@contextmanager
def api_client(api: Api, **settings: Any) -> Iterator[ApiClient]:
    chosen = Settings(**settings)
    backend = NetworkBackend(chosen, httpx.MockTransport(api), api.clock)
    transport = ApiClient(chosen, backend, api.clock)
    try:
        yield transport
    finally:
        transport.close()


def refused(api: Api, error: type[Exception] = ApiError, **settings: Any) -> Any:
    """Ask for what is refused; gives the error."""
    with api_client(api, **settings) as transport, pytest.raises(error) as caught:
        send(transport, connection())
    return caught.value
