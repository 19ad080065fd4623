"""Many threads, each with a connection of its own: nothing is lost, mixed up or left over."""

from __future__ import annotations

import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

import billql
from billql.sandbox import Limits, Sandbox
from support import accounts
from support.accounts import Accounts
from support.server import Server

from . import programs
from .case import Broken, Case, Outcome, leftovers
from .storming import Seen, Task

PROMISE = "load"


def cases() -> Iterator[Case]:
    """Give the cases; the quick ones are the same with fewer threads and less time."""
    own = "read accounts of their own"
    yield Case(PROMISE, f"6 threads {own}", _storm(6, 1.0))
    yield Case(PROMISE, f"50 threads {own}", _storm(50, 100.0), quick=False)
    shared = "share two tokens, which the API allows too little"
    yield Case(PROMISE, f"50 threads {shared}", _storm(50, 45.0, allowed=150), quick=False)
    yield Case(PROMISE, "50 threads ask a sandbox beyond its limits", _sandbox, quick=False)
    yield Case(PROMISE, "a stated limit holds for all scans of a connection", _limited)


def _storm(threads: int, seconds: float, allowed: int | None = None) -> Callable[[], Outcome]:
    """Make a case; `allowed` requests a second are answered for each token, if that is limited."""

    def run() -> Outcome:
        with serving(Accounts(allowed)) as (api, folder, url):
            task = Task(url, str(folder), threads, seconds, shared=allowed is not None)
            seen = _sent_out(task)
        _judge(seen)
        if allowed is not None and not api.refused:
            raise Broken("the API had nothing to refuse")
        return "right"

    return run


@contextmanager
def serving(
    api: Accounts, limit: dict[str, float] | None = None
) -> Iterator[tuple[Accounts, Path, str]]:
    """Serve an API, and define it in a folder; at the end no connection may be open."""
    with tempfile.TemporaryDirectory() as folder, Server(api) as server:
        api.server = server
        accounts.define(Path(folder), limit)
        yield api, Path(folder), server.url
        server.until(lambda: server.open == 0, 20.0)


def _sent_out(task: Task) -> Seen:
    """Let a process do it in which nothing else is."""
    told = programs.run(
        "assurance.storming",
        msgspec.json.encode(task).decode(),
        seconds=task.seconds + 150.0,
        MALLOC_ARENA_MAX="1",  # so that what is freed is seen to be free
    )
    return msgspec.json.decode(told, type=Seen)


def _judge(seen: Seen) -> None:
    if seen.wrong:
        raise Broken(f"{len(seen.wrong)} rounds failed and {seen.rounds} did not: {seen.wrong[0]}")
    if not seen.rounds:
        raise Broken("nothing was tried")
    if seen.threads:
        raise Broken(f"threads are left: {seen.threads}")
    if seen.files[1] > seen.files[0]:
        raise Broken(f"files are left open: {seen.files}")
    warm, end = seen.objects
    if end > warm + 1000:
        raise Broken(f"{end - warm} objects more after {seen.rounds} rounds")
    warm, end = seen.memory
    if end > warm * 1.25 + 16 * 1024:
        raise Broken(f"the memory has grown from {warm} to {end} KiB")


def _limited() -> Outcome:
    """All that a connection sends keeps to the limit of its credential, whichever scan sends it."""
    requests, seconds, mine = 5, 0.15, ("a0", "b0")
    limit = {"requests": requests, "seconds": seconds}
    with (
        serving(Accounts(), limit) as (api, folder, url),
        accounts.connect(folder, url, mine) as connection,
    ):
        start = time.monotonic()
        for _ in range(2):
            accounts.expect_lines(connection, mine)
            connection.clear_cache()
        took = time.monotonic() - start
    for account, sent in api.counts.items():
        least = (math.ceil(sent / requests) - 1) * seconds
        if took < least:
            raise Broken(f"{sent} requests for {account} in {took:.2f} instead of {least} seconds")
    return "right"


ASKED = (
    "SELECT count(*), sum(amount_due) FROM stripe.billing.invoices",
    "SELECT count(*), sum(amount) FROM digitalocean.billing.invoices",
    "SELECT count(*) FROM metronome.customers.customers",
)


def _sandbox() -> Outcome:
    """Read the same as somebody who is alone, though all use the tokens of one sandbox."""
    limits = Limits(per_hour=100_000, per_minute=10_000, per_second=5)
    found: list[Any] = []
    start = threading.Barrier(1)

    def read() -> None:
        try:
            with billql.connect(environ={}, tokens=sandbox.tokens, urls=sandbox.urls) as connection:
                # Opening takes a while; asking at the same moment is beyond any limit.
                connection.execute("SELECT * FROM digitalocean.account.account").fetchall()
                start.wait(120)
                found.append([connection.execute(sql).fetchall() for sql in ASKED])
        except Exception as error:
            found.append(error)

    with Sandbox(size="small", limits=limits) as sandbox:
        read()
        (alone,) = found
        start = threading.Barrier(50)
        workers = [threading.Thread(target=read) for _ in range(50)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        refused = sum(entry.status == 429 for entry in sandbox.requests)
    if wrong := [one for one in found if one != alone]:
        raise Broken(f"{len(wrong)} of 50 threads: {wrong[0]!r}")
    if not refused:
        raise Broken("the sandbox had nothing to refuse")
    if left := leftovers():
        raise Broken(f"threads are left: {left}")
    return "right"
