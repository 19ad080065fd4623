"""What billql and a sandbox exchange, recorded to be held against the vendors' documents."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing
from typing import NamedTuple

import httpx

from contracts.operation import Sent


class Exchange(NamedTuple):
    """A request and its response."""

    provider: str
    sent: Sent
    status: int
    kind: str
    """The response's content type."""
    body: bytes


class Recorder(httpx.BaseTransport):
    """A transport to a sandbox that records every exchange."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._providers = {httpx.URL(url).port: name for name, url in urls.items()}
        self._network = httpx.HTTPTransport()
        self._lock = threading.Lock()
        self.exchanges: list[Exchange] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the sandbox, and record it with its response."""
        with closing(self._network.handle_request(request)) as response:
            response.read()
        exchange = Exchange(
            self._providers[request.url.port],
            Sent(request.method, str(request.url), request.content, tuple(request.headers.items())),
            response.status_code,
            response.headers.get("content-type", ""),
            response.content,
        )
        with self._lock:
            self.exchanges.append(exchange)
        # The headers of a compressed body do not fit what is read of it.
        plain = {
            name: value
            for name, value in response.headers.items()
            if name not in ("content-encoding", "content-length", "transfer-encoding")
        }
        return httpx.Response(response.status_code, headers=plain, content=response.content)

    def close(self) -> None:
        """Close the connections to the sandbox."""
        self._network.close()
