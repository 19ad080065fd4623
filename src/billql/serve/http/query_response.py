"""Runs a statement in a thread, sends its rows as they come, and ends it if the client vanishes.

A response of one part is sent whole, with its length, so that one that fails has an error's status.
A longer one is sent while it is read: if it fails then, the connection is aborted, since its status
is sent already.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

import anyio
import anyio.from_thread
import anyio.to_thread
from starlette.types import Message, Receive, Scope, Send

from billql.dbapi.connection import Connection
from billql.errors import Error, Interrupted, ProgrammingError
from billql.output import find
from billql.serve.context import Ended, ServerContext
from billql.serve.http.formats import counted, error_line
from billql.serve.http.gate import Gate
from billql.serve.http.question import Question
from billql.serve.http.refusal import described, response_to

if TYPE_CHECKING:
    from billql.dbapi.cursor import Cursor

_PART = 64 * 1024
"""How many bytes are sent at once."""
_DELAY = 0.5
"""How many seconds rows of a slow statement are held back, at most, until the next ones arrive."""
_AGAIN = 0.1
"""How many seconds pass until a statement is interrupted again."""
_PATIENCE = 60.0
"""How many seconds a client may take to receive one part."""


class BrokenResponse(Exception):  # noqa: N818 - it describes a response
    """A response that cannot be completed: Uvicorn aborts the connection."""


class OpenStatement:
    """A statement under way; `end` may be called in any thread.

    SQLite forgets an interrupt that comes before it runs the statement, so whoever ends one calls
    `end` until it is over.
    """

    def __init__(self) -> None:
        self.is_over = False
        """Whether nothing of it runs any more."""
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._is_ended = False

    def begin(self, connection: Connection) -> None:
        """Note the connection that the statement uses; raise Interrupted if it shall not run."""
        with self._lock:
            if self._is_ended:
                raise Interrupted
            self._connection = connection

    def end(self) -> None:
        """End the statement, with its requests, if it is still under way."""
        with self._lock:
            self._is_ended = True
            if self._connection is not None:
                with suppress(Error):
                    self._connection.interrupt()

    def leave(self) -> None:
        """Forget the connection, which is about to be closed."""
        with self._lock:
            self._connection = None


class QueryResponse:
    """An application of ASGI for one question."""

    def __init__(
        self,
        question: Question,
        gate: Gate,
        context: ServerContext,
        under_way: set[OpenStatement],
    ) -> None:
        self._question = question
        self._gate = gate
        self._context = context
        self._under_way = under_way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; raise BrokenResponse if only a part of the answer was sent."""
        running = OpenStatement()
        self._under_way.add(running)
        body = _Body(send, self._question.format.media_type, holds=scope["http_version"] == "1.0")
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_watch, receive, running, group.cancel_scope)
                error = await self._run(running, body)
                if error is not None and not body.is_begun:
                    await response_to(error)(scope, receive, send)
                group.cancel_scope.cancel()
        finally:
            running.end()
            body.discard()
            self._under_way.discard(running)
        if error is not None and body.is_begun:
            raise BrokenResponse

    async def _run(self, running: OpenStatement, body: _Body) -> Exception | None:
        """Run the statement and send its rows; return what went wrong."""
        try:
            async with self._gate.slot():
                # The thread ends soon after `running.end()`; nobody leaves it behind.
                await anyio.to_thread.run_sync(partial(self._work, running, body))
        except Exception as error:
            return error
        finally:
            running.is_over = True
        return None

    def _work(self, running: OpenStatement, body: _Body) -> None:
        start = time.monotonic()
        context = self._context
        connection = context.open_connection()
        outcome, rows = "ok", [0]
        notes = context.notes.begin()
        cursor = connection.cursor()
        try:
            running.begin(connection)
            connection.decimals = find(self._question.format.rows).typed
            self._write(cursor, rows, notes, body, start)
        except Exception as error:
            outcome = described(error)["code"]
            if not isinstance(error, Error | anyio.BrokenResourceError | TimeoutError):
                context.report("".join(traceback.format_exception(error)))
            if body.is_begun and self._question.format.shows_errors:
                with suppress(Exception):
                    body.write(error_line(described(error)))
                    body.flush()
            raise
        finally:
            running.leave()
            context.notes.end()
            seconds = time.monotonic() - start
            context.observe(Ended("http", outcome, rows[0], seconds, cursor.scans))
            connection.close()

    def _write(
        self, cursor: Cursor, count: list[int], notes: list[str], body: _Body, start: float
    ) -> None:
        question = self._question
        cursor.execute(question.sql, question.parameters)
        if cursor.description is None:
            raise ProgrammingError(
                "The statement returns no rows", hint="Send one that does, such as a SELECT."
            )

        def end() -> dict[str, Any]:
            return {
                "rows": count[0],
                "seconds": round(time.monotonic() - start, 3),
                "scans": [scan.as_dict() for scan in cursor.scans],
                **({"notes": notes} if notes else {}),
            }

        rows = counted(cursor.rows_for(question.format.rows), count)
        question.format.write(cursor.description, rows, body, question.csv, end)
        body.close()


async def _watch(receive: Receive, running: OpenStatement, scope: anyio.CancelScope) -> None:
    """End a statement whose client vanishes."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()  # if it still waits for others
    with anyio.CancelScope(shield=True):
        while not running.is_over:
            running.end()
            await anyio.sleep(_AGAIN)


class _Body:
    """The body of a response, which a thread writes; `holds` means that it is sent whole."""

    def __init__(self, send: Send, media_type: str, *, holds: bool) -> None:
        self._send = send
        self._media_type = media_type
        # HTTP/1.0, which proxies may speak, has no parts, and a body may have more than memory.
        self._held = SpooledTemporaryFile(_PART) if holds else None  # noqa: SIM115 - see discard
        self._parts: list[bytes] = []
        self._size = 0
        self._flushed = time.monotonic()
        self.is_begun = False
        """Whether a part of it was sent, with the status."""

    def write(self, data: str | bytes) -> None:
        """Add text or bytes; send what there is if it is enough, or old."""
        part = data.encode() if isinstance(data, str) else bytes(data)
        self._parts.append(part)
        self._size += len(part)
        if self._size >= _PART or time.monotonic() - self._flushed > _DELAY:
            self.flush()

    def flush(self) -> None:
        """Send what there is, and wait until the client takes it."""
        content = self._taken()
        if self._held is not None:
            self._held.write(content)
        else:
            self._pass_on(content, more=True)

    def close(self) -> None:
        """Send the rest: the body is complete."""
        content = self._taken()
        if self._held is None:
            self._pass_on(content, more=False, length=None if self.is_begun else len(content))
            return
        self._held.write(content)
        length = left = self._held.tell()
        self._held.seek(0)
        while left or not self.is_begun:
            part = self._held.read(_PART)
            left -= len(part)
            self._pass_on(part, more=left > 0, length=length)

    def discard(self) -> None:
        """Drop what is held; nothing more is written."""
        if self._held is not None:
            self._held.close()

    def _taken(self) -> bytes:
        """Return what has been written and not been sent or held yet."""
        content = b"".join(self._parts)
        self._parts, self._size = [], 0
        self._flushed = time.monotonic()
        return content

    def _pass_on(self, content: bytes, *, more: bool, length: int | None = None) -> None:
        """Send a part, after the status and, if it is known, the length of the whole."""
        messages: list[Message] = []
        if not self.is_begun:
            headers = {"content-type": self._media_type, "cache-control": "no-store"}
            if length is not None:
                headers["content-length"] = str(length)
            messages.append(_start(headers))
            self.is_begun = True
        messages.append({"type": "http.response.body", "body": content, "more_body": more})
        anyio.from_thread.run(self._send_all, messages)
        self._flushed = time.monotonic()

    async def _send_all(self, messages: list[Message]) -> None:
        with anyio.fail_after(_PATIENCE):
            for message in messages:
                await self._send(message)


def _start(headers: Mapping[str, str]) -> Message:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": 200, "headers": encoded}
