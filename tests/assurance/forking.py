"""The processes of the fork cases: a connection is open, in use even, and the process is forked.

Runs the case that its argument names, at the address and with the definitions of the next two.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import billql
from support import accounts

MINE = ("a0", "b0")
SECONDS = 20
"""After that long a child counts as hanging, and is killed by its own alarm."""

ROWS = 20_000
"""So many rows that SQLite writes some of them to the file before the commit."""

FILL = f"""
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
    INSERT INTO kept SELECT i, hex(randomblob(200)) FROM n
"""


class Parent:
    """A process that has begun to change a file, and perhaps to read an API."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.file = folder / "bills.db"
        self.connection = accounts.connect(folder, url, MINE, self.file, cache_ttl=0.0)
        self.cursor = self.connection.execute("CREATE TABLE kept (id INTEGER, text TEXT)")
        self.connection.execute(FILL)
        self.connection.commit()
        self.connection.execute("UPDATE kept SET text = hex(randomblob(200))")
        self.first: object = None

    def read(self) -> None:
        """Begin to read the API."""
        self.cursor = self.connection.execute("SELECT owner FROM acme.billing.bills")
        self.first = self.cursor.fetchone()

    def go_on(self) -> None:
        """See that nothing has happened to what the parent has."""
        if self.first is not None:
            owners = [self.first, *self.cursor.fetchall()]
            assert len(owners) == sum(len(accounts.bills(account)) for account in MINE), owners
        accounts.expect_lines(self.connection, MINE)
        self.connection.commit()
        self.connection.close()
        with contextlib.closing(sqlite3.connect(self.file)) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            counted = file.execute("SELECT count(*), count(DISTINCT text) FROM kept").fetchone()
            assert counted == (ROWS, ROWS), counted


def in_child(act: Callable[[], object]) -> None:
    """Fork, do something in the child, and let it end as Python does; wait for it."""
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0, "the child failed"
        return
    signal.alarm(SECONDS)
    act()
    sys.exit(0)


def refused(act: Callable[[], object]) -> None:
    """See that something is refused, with the cause and what to do."""
    error = raised(act)
    assert isinstance(error, billql.InterfaceError), error
    assert "forked" in str(error), error
    assert error.hint == "Open a connection in each process, after the fork."


def raised(act: Callable[[], object]) -> Exception | None:
    """Give what doing something raises."""
    try:
        act()
    except Exception as error:
        return error
    return None


def use_it(parent: Parent) -> None:
    """Do everything with an inherited connection that one may think of."""
    connection, cursor = parent.connection, parent.cursor
    refused(lambda: connection.execute("SELECT 1"))
    refused(lambda: connection.execute("SELECT * FROM acme.billing.bills"))
    refused(connection.cursor)
    refused(lambda: next(cursor))
    refused(cursor.fetchall)
    refused(lambda: cursor.execute("SELECT 1"))
    refused(connection.commit)
    refused(connection.rollback)
    refused(connection.interrupt)
    refused(connection.cache_info)
    refused(connection.clear_cache)
    cursor.close()
    connection.close()


def used(parent: Parent) -> None:
    parent.read()
    in_child(lambda: use_it(parent))
    parent.go_on()


def only_exits(parent: Parent) -> None:
    in_child(lambda: None)
    parent.read()
    in_child(lambda: None)
    parent.go_on()


def let_go(parent: Parent) -> None:
    def act() -> None:
        del parent.cursor
        del parent.connection

    in_child(act)
    parent.go_on()


def left_block(parent: Parent) -> None:
    """Leave a `with` block in the child, with and without an error: nobody commits there."""
    parent.read()
    connection = parent.connection

    def well() -> None:
        with connection:
            pass

    def badly() -> None:
        with contextlib.suppress(KeyError), connection:
            raise KeyError

    in_child(well)
    in_child(badly)
    parent.go_on()


def own_connection(parent: Parent) -> None:
    def act() -> None:
        with accounts.connect(parent.folder, parent.url, MINE) as connection:
            accounts.expect_bills(connection, MINE)
            accounts.expect_lines(connection, MINE)

    in_child(act)
    parent.go_on()


def in_pool(parent: Parent) -> None:
    """The processes of a pool have the connection of their parent, and say why they fail."""
    _inherited.append(parent.connection)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        refused(lambda: pool.map_async(_use, [1, 2, 3]).get(SECONDS))
        error = raised(lambda: pool.map_async(_fail, [(parent.folder, parent.url)]).get(SECONDS))
    assert isinstance(error, billql.ApiError), error
    assert error.status == 404
    parent.go_on()


def amid(parent: Parent) -> None:
    """Fork while another thread is in the midst of a statement with the same connection."""
    begun, over = threading.Event(), threading.Event()
    found: list[object] = []

    def work() -> None:
        with accounts.connect(parent.folder, parent.url, MINE, log=lambda _: begun.set()) as mine:
            shared.append(mine)
            try:
                found.append(mine.execute("SELECT * FROM acme.billing.silent").fetchall())
            except billql.Error as error:
                found.append(type(error))
        over.set()

    shared: list[billql.Connection] = []
    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(SECONDS)

    def act() -> None:
        refused(lambda: shared[0].execute("SELECT 1"))
        shared[0].close()

    parent.read()
    in_child(act)
    while not over.wait(0.02):
        with contextlib.suppress(billql.ClosedError):  # it has ended just now
            shared[0].interrupt()
    thread.join()
    assert found == [billql.Interrupted]
    parent.go_on()


_inherited: list[billql.Connection] = []


def _use(number: int) -> object:
    return _inherited[0].execute("SELECT ?", [number]).fetchall()


def _fail(place: tuple[Path, str]) -> None:
    with accounts.connect(*place, MINE) as connection:
        connection.execute("SELECT * FROM acme.billing.broken").fetchall()


CASES = {
    "a child that uses its parent's connection": used,
    "a child that only exits": only_exits,
    "a child that lets its parent's connection go": let_go,
    "a child that leaves its parent's with block": left_block,
    "a child with a connection of its own": own_connection,
    "a pool of processes": in_pool,
    "a fork in the midst of a statement": amid,
}


if __name__ == "__main__":
    name, url, folder = sys.argv[1:]
    CASES[name](Parent(url, Path(folder)))
