"""Ends connections whose client sends the headers of its request too slowly.

Uvicorn limits the pause between two requests, but not how long the headers of one take, so that
each client could hold one of the connections for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class ImpatientProtocol(H11Protocol):
    """One connection of HTTP/1.1; a subclass sets its `patience`."""

    patience: float
    """How many seconds the headers of a request may take."""
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request."""
        super().connection_made(transport)
        self._await_headers()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._await_headers()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        if self._limit is not None:
            self._limit.cancel()

    def _await_headers(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = self.loop.call_later(self.patience, self._end_unless_requested)

    def _end_unless_requested(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.timeout_keep_alive_handler()
