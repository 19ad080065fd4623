"""Connections for asyncio: each has a thread of its own; a task that is cancelled sends no more.

async with billql.aconnect() as connection:
    async for row in await connection.execute("SELECT * FROM digitalocean.billing.balances"):
        print(row)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from billql.dbapi.connection import Connection, connect
from billql.errors import ClosedError
from billql.util.lock import Lock

if TYPE_CHECKING:
    from types import TracebackType

    import pyarrow

    from billql.dbapi.cursor import Cursor, Description
    from billql.dbapi.rows import RowFactory
    from billql.dbapi.types import Parameters
    from billql.fetching.scan_stats import ScanStats
    from billql.sqlite.estimate import Estimate

T = TypeVar("T")
_MOST_AHEAD = 1024
"""How many rows an iteration fetches at a time at most; it begins with one."""


class _Worker:
    """The thread of a connection, which runs one call after the other."""

    def __init__(self, interrupt: Callable[[], object]) -> None:
        self._interrupt = interrupt
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="billql-aconnect")
        self._lock = Lock()
        self._current: object = None

    async def run(self, call: Callable[[], T]) -> T:
        """Return what a call returns; if the task is cancelled, interrupt it and wait for its end.

        A call that is still queued is not begun then, and nobody else's is interrupted.
        """
        job = object()

        def work() -> T:
            with self._lock:
                self._current = job
            try:
                return call()
            finally:
                with self._lock:
                    self._current = None

        try:
            future: Future[T] = self._threads.submit(work)
        except RuntimeError:
            raise ClosedError("The connection is closed") from None
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.CancelledError:
            if not future.cancel():
                with self._lock:
                    if self._current is job:
                        self._interrupt()
                await _ended(future)
            raise

    def close(self) -> None:
        """Begin no further call."""
        self._threads.shutdown(wait=False)


async def _ended(future: Future[Any]) -> None:
    """Wait for the end of a call, whatever becomes of it; being cancelled again is no end."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    future.add_done_callback(lambda _: loop.call_soon_threadsafe(done.set))
    waiting = asyncio.ensure_future(done.wait())
    while not waiting.done():
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            continue


class aconnect:  # noqa: N801 - it is called like `connect`
    """Open a connection for asyncio: `await aconnect(…)`, or `async with aconnect(…) as …`.

    The arguments are those of `connect`.
    """

    def __init__(self, database: Any = ":memory:", **options: Any) -> None:
        self._open = partial(connect, database, **options)
        self._connection: AsyncConnection | None = None

    def __await__(self) -> Generator[Any, None, AsyncConnection]:
        """Return the connection."""
        return self._opened().__await__()

    async def __aenter__(self) -> AsyncConnection:
        """Return the connection."""
        self._connection = await self._opened()
        return await self._connection.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit or roll back, and close."""
        if self._connection is not None:
            await self._connection.__aexit__(kind, error, trace)

    async def _opened(self) -> AsyncConnection:
        return AsyncConnection(await asyncio.to_thread(self._open))


class AsyncConnection:
    """A connection for asyncio; made by `aconnect`.

    Tasks may share it, and their statements run one after the other. A task that is cancelled
    interrupts the statements that are under way on it; so open one for each task, by `another`.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        """The connection, which belongs to the thread."""
        self._worker = _Worker(connection.interrupt)

    async def run(self, call: Callable[[Connection], T]) -> T:
        """Return what a function makes of the connection, in its thread."""
        return await self._worker.run(partial(call, self.connection))

    @property
    def row_factory(self) -> RowFactory | None:
        """Return what new cursors make of each row; see `Connection.row_factory`."""
        return self.connection.row_factory

    @row_factory.setter
    def row_factory(self, factory: RowFactory | None) -> None:
        self.connection.row_factory = factory

    def cursor(self) -> AsyncCursor:
        """Return a new cursor."""
        return AsyncCursor(self.connection.cursor(), self._worker)

    async def execute(self, sql: str, parameters: Parameters = ()) -> AsyncCursor:
        """Run a statement with a cursor of its own, and return that cursor."""
        return await self.cursor().execute(sql, parameters)

    async def executemany(self, sql: str, rows: Iterable[Parameters]) -> AsyncCursor:
        """Run a statement once for each set of parameters, with a cursor of its own."""
        return await self.cursor().executemany(sql, rows)

    async def executescript(self, script: str) -> AsyncCursor:
        """Run several statements with a cursor of their own."""
        return await self.cursor().executescript(script)

    async def estimate(self, sql: str, parameters: Parameters = ()) -> Estimate:
        """Return what a statement would cost; see `Connection.estimate`."""
        return await self._worker.run(partial(self.connection.estimate, sql, parameters))

    async def another(self, database: Any = None) -> AsyncConnection:
        """Open a further connection with the same options; see `Connection.another`."""
        return AsyncConnection(await asyncio.to_thread(self.connection.another, database))

    async def commit(self) -> None:
        """Commit the changes since the last commit."""
        await self._worker.run(self.connection.commit)

    async def rollback(self) -> None:
        """Undo the changes since the last commit."""
        await self._worker.run(self.connection.rollback)

    def interrupt(self) -> None:
        """End the statements under way, which raise `Interrupted`."""
        self.connection.interrupt()

    async def close(self) -> None:
        """Close the connection without a commit; closing again does nothing."""
        try:
            await self._worker.run(self.connection.close)
        except ClosedError:
            return
        self._worker.close()

    async def __aenter__(self) -> Self:
        """Return the connection itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit or roll back, and close."""
        try:
            await self._worker.run(partial(self.connection.__exit__, kind, error, trace))
        finally:
            await self.close()


class AsyncCursor:
    """A cursor for asyncio; made by `AsyncConnection.cursor()`."""

    def __init__(self, cursor: Cursor, worker: _Worker) -> None:
        self._cursor = cursor
        self._worker = worker

    @property
    def description(self) -> Description | None:
        """Return the columns of the last statement; see `Cursor.description`."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Return how many rows the last statement changed; -1 for one that changes none."""
        return self._cursor.rowcount

    @property
    def scans(self) -> list[ScanStats]:
        """Return the statistics of each scan of the last statement so far."""
        return self._cursor.scans

    async def execute(self, sql: str, parameters: Parameters = ()) -> Self:
        """Run one statement."""
        await self._worker.run(partial(self._cursor.execute, sql, parameters))
        return self

    async def executemany(self, sql: str, rows: Iterable[Parameters]) -> Self:
        """Run one statement that changes data, once for each set of parameters."""
        await self._worker.run(partial(self._cursor.executemany, sql, rows))
        return self

    async def executescript(self, script: str) -> Self:
        """Run several statements; their rows are read and dropped."""
        await self._worker.run(partial(self._cursor.executescript, script))
        return self

    async def fetchone(self) -> Any:
        """Return the next row, or None after the last."""
        return await self._worker.run(self._cursor.fetchone)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows, at most `size` or else one."""
        return await self._worker.run(partial(self._cursor.fetchmany, size))

    async def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return await self._worker.run(self._cursor.fetchall)

    async def fetch_arrow_table(self) -> pyarrow.Table:
        """Return the rows that are left, as one of Arrow's tables."""
        return await self._worker.run(self._cursor.fetch_arrow_table)

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Yield the rows that are left; a loop that ends early has fetched few more."""
        size = 1
        while rows := await self.fetchmany(size):
            for row in rows:
                yield row
            size = min(size * 2, _MOST_AHEAD)

    async def close(self) -> None:
        """End the statement."""
        await self._worker.run(self._cursor.close)

    async def __aenter__(self) -> Self:
        """Return the cursor itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the cursor."""
        await self.close()
