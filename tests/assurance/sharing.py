"""Who may use a connection: processes that are forked, several threads, asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import billql
from support import accounts
from support.accounts import Accounts

from . import forking, programs
from .case import Broken, Case, Outcome, leftovers
from .load import serving

FORKS = "forks"
THREADS = "threads and asyncio"

MINE = ("a0", "b0")


def cases() -> Iterator[Case]:
    """Give the cases."""
    for name in forking.CASES:
        quick = name in ("a child that uses its parent's connection", "a child that only exits")
        yield Case(FORKS, name, _forked(name), quick)
    yield Case(THREADS, "many threads use one connection at once", _at_once)
    yield Case(THREADS, "a connection goes from thread to thread", _handed_on)
    yield Case(THREADS, "20 tasks, each with a connection", _tasks)
    yield Case(THREADS, "a task is cancelled", _cancelled)


def _forked(name: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with serving(Accounts()) as (_, folder, url):
            programs.run("assurance.forking", name, url, str(folder))
        return "clear error" if name.startswith("a child that uses") else "right"

    return run


def _at_once() -> Outcome:
    """Each statement is right or refused, and the connection is none the worse for it."""
    told: Counter[str] = Counter()
    wrong: list[str] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(20):
            try:
                accounts.expect_bills(connection, MINE)
                told["right"] += 1
            except billql.ProgrammingError as error:
                told[error.message] += 1
            except Exception as error:
                wrong.append(repr(error))

    with (
        serving(Accounts()) as (_, folder, url),
        accounts.connect(folder, url, MINE, cache_ttl=0.0) as connection,
    ):
        workers = [threading.Thread(target=work) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        accounts.expect_lines(connection, MINE)
    if wrong:
        raise Broken(f"{len(wrong)} of 160 statements: {wrong[0]}")
    if {*told} - {"right", "The connection is in use in another thread"} or not told["right"]:
        raise Broken(f"another outcome: {told}")
    return "clear error"


def _handed_on() -> Outcome:
    """One thread at a time may be another each time, even between the rows of a statement."""
    found: list[object] = []
    with (
        serving(Accounts()) as (_, folder, url),
        accounts.connect(folder, url, MINE) as connection,
    ):
        cursor = connection.execute("SELECT owner, id FROM acme.billing.bills")
        while not found or found[-1] is not None:
            thread = threading.Thread(target=lambda: found.append(cursor.fetchone()))
            thread.start()
            thread.join()
    rows = [(one, bill["id"]) for one in MINE for bill in accounts.bills(one)]
    if sorted(map(str, found[:-1])) != sorted(map(str, rows)):
        raise Broken(f"other rows: {found}")
    return "right"


def _tasks() -> Outcome:
    """The loop turns while statements wait: the API says nothing until the loop has turned."""
    turned = threading.Event()
    api = Accounts()
    api.before = lambda: turned.wait(20.0)

    def read(number: int) -> None:
        mine = (f"a{number}", f"b{number}")
        with accounts.connect(folder, url, mine) as connection:
            accounts.expect_bills(connection, mine)
            accounts.expect_lines(connection, mine)

    async def turn() -> None:
        while not api.waiting:
            await asyncio.sleep(0.01)
        turned.set()

    async def main() -> None:
        await asyncio.gather(turn(), *(asyncio.to_thread(read, number) for number in range(20)))

    with serving(api) as (_, folder, url):
        asyncio.run(asyncio.wait_for(main(), 60.0))
    if left := leftovers():
        raise Broken(f"threads are left: {left}")
    return "right"


def _cancelled() -> Outcome:
    """A task that is cancelled interrupts its statement, whose thread ends; nothing is left."""

    async def rows(connection: billql.Connection, sql: str) -> object:
        cursor = connection.cursor()
        reading = asyncio.create_task(asyncio.to_thread(lambda: cursor.execute(sql).fetchall()))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            connection.interrupt()
            ended.extend(await asyncio.gather(reading, return_exceptions=True))
            raise

    async def main() -> None:
        with accounts.connect(folder, url, MINE) as connection:
            task = asyncio.create_task(rows(connection, "SELECT * FROM acme.billing.silent"))
            while not api.counts:
                await asyncio.sleep(0.01)
            task.cancel()
            done, _ = await asyncio.wait([task])
            if not task.cancelled() or not isinstance(ended[0], billql.Interrupted):
                raise Broken(f"the task ended as {done}, its statement with {ended}")
            accounts.expect_bills(connection, MINE)

    ended: list[object] = []
    api = Accounts()
    with serving(api) as (_, folder, url):
        asyncio.run(asyncio.wait_for(main(), 60.0))
    if left := leftovers():
        raise Broken(f"threads are left: {left}")
    return "clear error"
