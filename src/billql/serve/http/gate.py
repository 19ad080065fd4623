"""How many statements run at once; others wait in the order in which they arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from billql.serve.http.refusal import Refusal


class Gate:
    """Lets `most` statements run, and `waiting` more wait for `patience` seconds each."""

    def __init__(self, most: int, waiting: int, patience: float) -> None:
        self._most, self._longest, self._patience = most, waiting, patience
        self._slots = anyio.Semaphore(most)
        self.waiting = 0
        """How many statements wait."""
        self.running = 0
        """How many statements run."""
        self.is_closed = False
        """Whether no more statements are let in."""

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait until a statement may run; raise Refusal if too many wait, or for too long."""
        await self._enter()
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._slots.release()

    async def _enter(self) -> None:
        if self.is_closed:
            raise _busy("The server is about to end", "Ask again when it has started anew.")
        if self.waiting >= self._longest and not self._slots.value:
            raise self._full()
        self.waiting += 1
        try:
            with anyio.fail_after(self._patience):
                await self._slots.acquire()
        except TimeoutError:
            raise self._full() from None
        finally:
            self.waiting -= 1

    def _full(self) -> Refusal:
        return _busy(
            f"{self._most} statements run already, and others wait",
            "Ask again later, or start the server with more --statements.",
        )


def _busy(message: str, hint: str) -> Refusal:
    return Refusal(503, "busy", message, hint=hint, headers={"Retry-After": "1"})
