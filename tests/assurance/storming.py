"""The process of the load cases: many threads, each with connections of its own, for a while.

Takes what to do as JSON in its argument, and prints as JSON what it has seen.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec

import billql
from support import accounts


class Task(msgspec.Struct, frozen=True):
    """What to do: where, how many threads, for how long, and whose accounts they read."""

    url: str
    folder: str
    threads: int
    seconds: float
    shared: bool = False
    """Whether all threads read the same two accounts."""


class Seen(msgspec.Struct):
    """What has come of it."""

    rounds: int = 0
    wrong: list[str] = msgspec.field(default_factory=list)
    threads: list[str] = msgspec.field(default_factory=list)
    """The threads that are left."""
    files: tuple[int, int] = (0, 0)
    """How many files and sockets were open before, and after."""
    memory: list[int] = msgspec.field(default_factory=list)
    """How many KiB lay in memory after a third of the time, and after all of it."""
    objects: list[int] = msgspec.field(default_factory=list)
    """How many objects of Python's there were, likewise."""


class Storm:
    """All threads."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._seen = Seen()
        self._lock = threading.Lock()
        self._meeting = threading.Barrier(task.threads + 1)
        self._stop = threading.Event()

    def run(self) -> Seen:
        """Let them run, and tell what was seen."""
        files = _open_files()
        workers = [
            threading.Thread(target=self._work, args=(number,), name=f"worker {number}")
            for number in range(self._task.threads)
        ]
        for worker in workers:
            worker.start()
        for part in (1 / 3, 2 / 3):
            self._pause(self._task.seconds * part)
        for worker in workers:
            worker.join()
        _until(lambda: threading.active_count() == 1)
        self._seen.threads = [
            thread.name for thread in threading.enumerate() if thread is not threading.main_thread()
        ]
        _until(lambda: _open_files() <= files)
        self._seen.files = (files, _open_files())
        return self._seen

    def _pause(self, seconds: float) -> None:
        """Let the threads run for some seconds; see how much there is while they stand still."""
        time.sleep(seconds)
        self._stop.set()
        self._meeting.wait()
        gc.collect()
        self._seen.memory.append(_memory())
        self._seen.objects.append(len(gc.get_objects()))
        self._stop.clear()
        self._meeting.wait()

    def _work(self, number: int) -> None:
        mine = ("a0", "b0") if self._task.shared else (f"a{number}", f"b{number}")
        for _ in range(2):
            while True:
                try:
                    rounds = self._round(mine)
                    with self._lock:
                        self._seen.rounds += rounds
                except Exception:
                    with self._lock:
                        self._seen.wrong.append(traceback.format_exc()[-2000:])
                if self._stop.is_set():
                    break
            self._meeting.wait()
            self._meeting.wait()

    def _round(self, mine: tuple[str, str]) -> int:
        """Do with a connection what people do with one, and see that each answer is right."""
        with accounts.connect(Path(self._task.folder), self._task.url, mine) as connection:
            for _ in range(2):
                accounts.expect_bills(connection, mine)
                accounts.expect_lines(connection, mine)
                _leave_early(connection, mine)
                _fail(connection, "SELECT * FROM acme.billing.broken", billql.ApiError)
                _fail(connection, "SELECT nothing FROM acme.billing.bills", billql.SqlError)
                connection.clear_cache()
            accounts.expect_bills(connection, mine)
            _interrupt(connection)
            accounts.expect_bills(connection, mine)
        return 1


def _leave_early(connection: billql.Connection, mine: tuple[str, ...]) -> None:
    """Let a cursor go while its pages are under way."""
    for owner, name in connection.execute("SELECT owner, connection FROM acme.billing.bills"):
        assert owner == name in mine
        break


def _fail(connection: billql.Connection, sql: str, kind: type[billql.Error]) -> None:
    try:
        connection.execute(sql).fetchall()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def _interrupt(connection: billql.Connection) -> None:
    """Interrupt a statement that would wait for ever."""
    over = threading.Event()

    def interrupt() -> None:
        # Before the statement has begun there is nothing to interrupt; so again and again.
        while not over.wait(0.02):
            connection.interrupt()

    thread = threading.Thread(target=interrupt, name="interrupter")
    thread.start()
    try:
        _fail(connection, "SELECT * FROM acme.billing.silent", billql.Interrupted)
    finally:
        over.set()
        thread.join()


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def _until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


if __name__ == "__main__":
    seen = Storm(msgspec.json.decode(sys.argv[1], type=Task)).run()
    print(msgspec.json.encode(seen).decode())
