"""Runs the calls of agents, each in a connection and a thread of its own.

A call that its client cancels ends its requests. Every error becomes one that the agent reads, with
billql's hint; the package would hide all others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

import anyio
from mcp.server.mcpserver.exceptions import ToolError

from billql.dbapi.aio import AsyncConnection
from billql.dbapi.connection import Connection
from billql.errors import Error
from billql.fetching.scan_stats import ScanStats
from billql.serve.context import Ended, ServerContext
from billql.serve.mcp.audit import Audit

Progress = Callable[[float, float | None, str], Awaitable[object]]
"""Reports how many requests have been sent, how many there will be if known, and words."""
_EVERY = 0.5
"""How many seconds pass between reports of progress."""


class Response(NamedTuple):
    """What a call returns."""

    text: str
    rows: int = 0
    """How many rows of a statement it has."""


Work = Callable[[Connection, list[str]], Response]
"""Makes the response from a connection, and a list of notes that grows as statements run."""


class Calls:
    """Runs calls, `most` at once; others wait."""

    def __init__(self, context: ServerContext, audit: Audit, most: int) -> None:
        self._context = context
        self._audit = audit
        self._most = most
        self._slots: anyio.Semaphore | None = None
        self._running = set[_Call]()

    async def run(
        self,
        tool: str,
        arguments: dict[str, Any],
        work: Work,
        progress: Progress | None = None,
    ) -> str:
        """Return the text of a response; raise ToolError."""
        if self._slots is None:  # it belongs to the loop that serves
            self._slots = anyio.Semaphore(self._most)
        call = _Call(self._context, work)
        self._running.add(call)
        begin, outcome, rows = time.monotonic(), "cancelled", 0
        try:
            async with self._slots:
                found = await _reporting(call, progress)
            outcome, rows = "ok", found.rows
            return found.text
        except Error as error:
            outcome = error.code
            raise ToolError(described(error)) from None
        except Exception as error:
            outcome = "internal"
            self._context.report(f"{type(error).__name__}: {error}")
            raise ToolError(f"A fault of billql's own: {type(error).__name__}") from None
        finally:
            self._running.discard(call)
            seconds = time.monotonic() - begin
            sent = sum(scan.requests for scan in call.scans)
            facts = {"outcome": outcome, "requests": sent, "rows": rows}
            self._audit({"tool": tool, **arguments, **facts, "seconds": round(seconds, 3)})
            self._context.observe(Ended("mcp", outcome, rows, seconds, call.scans))

    def interrupt(self) -> None:
        """End the statements of all calls; may be called in any thread, and again."""
        for call in list(self._running):
            call.interrupt()


class _Call:
    """One call: what it runs, and what that has cost so far."""

    def __init__(self, context: ServerContext, work: Work) -> None:
        self._context = context
        self._work = work
        self._read: Callable[[], list[ScanStats]] = list
        self._end: Callable[[], object] = lambda: None

    @property
    def scans(self) -> list[ScanStats]:
        """Return the statistics of its statement so far."""
        return self._read()

    def interrupt(self) -> None:
        """End its statement, if it has begun."""
        with suppress(Error):  # the connection may be closed by now
            self._end()

    async def run(self) -> Response:
        """Run it in a thread of its own."""
        own = AsyncConnection(await asyncio.to_thread(self._context.open_connection))
        self._read, self._end = lambda: own.connection.scans, own.interrupt
        try:
            return await own.run(self._noted)
        finally:
            ended = list(own.connection.scans)
            self._read = lambda: ended
            with anyio.CancelScope(shield=True):
                await own.close()

    def _noted(self, connection: Connection) -> Response:
        notes = self._context.notes.begin()
        try:
            return self._work(connection, notes)
        finally:
            self._context.notes.end()


async def _reporting(call: _Call, progress: Progress | None) -> Response:
    """Run a call, and report its progress as long as it runs."""
    if progress is None:
        return await call.run()

    async def report() -> None:
        while True:
            await asyncio.sleep(_EVERY)
            scans = call.scans
            sent = sum(scan.requests for scan in scans)
            pages = [scan.expected_pages for scan in scans]
            total = float(sum(filter(None, pages))) if pages and None not in pages else None
            rows = sum(scan.rows for scan in scans)
            await progress(float(sent), total, f"{sent} requests sent, {rows:,} rows read")

    reporter = asyncio.create_task(report())
    try:
        return await call.run()
    finally:
        reporter.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await reporter


def described(error: Error) -> str:
    """Return an error with its hint, as an agent reads it."""
    hint = f"\nHint: {error.hint}" if error.hint else ""
    return f"{error.message}{hint}"
