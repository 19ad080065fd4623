"""The dispatcher of requests: decides which one runs now, and on which thread.

One thread owns all that is counted here, and others only put messages into its inbox. So neither a
lock nor Ctrl-C, which ends the thread that asks between any two steps, leaves a count wrong.
The threads are plain daemons, because an executor's are waited for when Python exits, and Ctrl-C
must not wait for a silent server.
"""

from __future__ import annotations

import threading
import time
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from billql.errors import ClosedError, ConnectionFailed

_CLOSE_TIMEOUT = 1.0
"""How many seconds closing waits for threads that are still connecting."""


class Job(msgspec.Struct, eq=False):
    """What runs on a thread: `run` ends `future`, and soon where `stop` is set.

    Of the jobs with one `key` at most `concurrency` run at once.
    """

    key: Hashable
    concurrency: int
    stop: threading.Event
    run: Callable[[], None]
    future: Future[Any]


class _Queue(msgspec.Struct):
    """The jobs with one key: how many more may run now, and those that wait.

    A job beyond the concurrency of its key waits here and not in a thread, so that one provider's
    queue never blocks another's.
    """

    free: int
    waiting: deque[Job] = msgspec.field(default_factory=deque)


class Dispatcher:
    """Runs jobs on at most `concurrency` threads; thread-safe, and safe to interrupt."""

    def __init__(self, concurrency: int, on_shutdown: Callable[[], None]) -> None:
        self._concurrency = concurrency
        self._on_shutdown = on_shutdown
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._owner = threading.Lock()
        self._may_be_owned = self._is_owned = False
        self._is_closed = False
        self._ended: SimpleQueue[None] = SimpleQueue()
        # What follows belongs to the owning thread alone.
        self._queues: dict[Hashable, _Queue] = {}
        self._running: set[Job] = set()
        self._work: SimpleQueue[Job | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._done: SimpleQueue[threading.Thread] = SimpleQueue()
        self._has_ended = False

    def submit(self, job: Job) -> None:
        """Run a job as soon as it may run; raise ClosedError."""
        if not self._is_owned and not self._is_closed:
            # Of several that are started before one runs, the first to run is the owner. Not by
            # `Thread.start`, which an interrupt may leave between any two of its steps.
            self._may_be_owned = True
            with _no_thread():
                start_new_thread(self._own, ())
        self._inbox.put(partial(self._accept, job))
        if self._is_closed:
            job.future.cancel()
            raise ClosedError("The connection is closed")

    def close(self) -> None:
        """Stop the jobs that run, cancel those that wait, and wait a moment for the threads."""
        self._is_closed = True
        self._inbox.put(self._end)
        if self._may_be_owned and not self._has_ended:
            with suppress(Empty):
                self._ended.get(timeout=_CLOSE_TIMEOUT)

    def shutdown_nowait(self) -> None:
        """End the threads once they have nothing to do, then call `on_shutdown`; take no lock."""
        self._inbox.put(self._shut_down)

    # On the owning thread.

    def _own(self) -> None:
        if not self._owner.acquire(blocking=False):
            return
        self._is_owned = True
        while not self._has_ended:
            self._inbox.get()()
        self._ended.put(None)

    def _accept(self, job: Job) -> None:
        if self._is_closed:
            job.future.cancel()
            return
        queue = self._queues.get(job.key)
        if queue is None:
            queue = self._queues[job.key] = _Queue(job.concurrency)
        queue.waiting.append(job)
        self._start_jobs(queue)

    def _start_jobs(self, queue: _Queue) -> None:
        while queue.free and queue.waiting:
            job = queue.waiting.popleft()
            if len(self._workers) < min(len(self._running) + 1, self._concurrency):
                worker = threading.Thread(target=self._run, name="billql-request", daemon=True)
                try:
                    with _no_thread():
                        worker.start()
                    self._workers.append(worker)
                except ConnectionFailed as error:
                    if not self._workers:
                        if job.future.set_running_or_notify_cancel():
                            job.future.set_exception(error)
                        continue
            queue.free -= 1
            self._running.add(job)
            self._work.put(job)

    def _release(self, job: Job) -> None:
        self._running.discard(job)
        queue = self._queues[job.key]
        queue.free += 1
        self._start_jobs(queue)

    def _end(self) -> None:
        for job in self._running:
            job.stop.set()
        for queue in self._queues.values():
            for job in queue.waiting:
                job.stop.set()
                job.future.cancel()
            queue.waiting.clear()
        end = time.monotonic() + _CLOSE_TIMEOUT
        self._end_workers(lambda: max(0.0, end - time.monotonic()))

    def _shut_down(self) -> None:
        self._end_workers(lambda: None)
        self._on_shutdown()

    def _end_workers(self, timeout: Callable[[], float | None]) -> None:
        for _ in self._workers:
            self._work.put(None)
        # Not by `Thread.join`, for which Python lists the owning thread among its own, for ever.
        with suppress(Empty):
            for _ in self._workers:
                worker = self._done.get(timeout=timeout())
                while worker.is_alive():
                    time.sleep(0)
        self._has_ended = True

    # On the other threads.

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            if job.future.set_running_or_notify_cancel():
                job.run()
            self._inbox.put(partial(self._release, job))
        self._done.put(threading.current_thread())


@contextmanager
def _no_thread() -> Iterator[None]:
    """Raise ConnectionFailed where the system has no further thread."""
    try:
        yield
    except RuntimeError as error:
        raise ConnectionFailed(
            f"The system has no thread for a request: {error}",
            hint="End other programs, or raise the limit of processes (ulimit -u, pids.max).",
        ) from None
