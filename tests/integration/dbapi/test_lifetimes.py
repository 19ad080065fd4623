"""Cursors and connections that nobody closes: what they held is free again."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path

import billql
from support import accounts
from support.server import Serve

MINE = ("a0", "b0")
BILLS = "SELECT owner, id FROM acme.billing.bills"


def request_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "billql-request"}


def test_a_cursor_that_is_let_go_ends_its_statement() -> None:
    with billql.connect() as connection:
        connection.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)")
        assert connection.execute("SELECT x FROM t").fetchone() == (1,)
        connection.execute("DROP TABLE t")


def test_a_cursor_that_is_let_go_keeps_no_answers(tmp_path: Path, serve: Serve) -> None:
    accounts.define(tmp_path)
    with accounts.connect(tmp_path, serve(accounts.Accounts()).url, MINE) as connection:
        for _ in range(20):
            assert connection.execute(BILLS).fetchone() is not None
            connection.clear_cache()
        connection.execute("SELECT 1")
        answers = connection._session.engine.cache
        assert not answers._pins
        assert connection.cache_info() == (0, 0, 0)


def test_a_connection_that_is_let_go_ends_its_threads(tmp_path: Path, serve: Serve) -> None:
    server = serve(accounts.Accounts())
    accounts.define(tmp_path)
    others = request_threads()
    connection = accounts.connect(tmp_path, server.url, MINE)
    connection.execute(BILLS).fetchall()
    cursor = connection.execute(BILLS)
    assert request_threads() - others
    del connection, cursor
    gc.collect()
    server.until(lambda: server.open == 0)
    end = time.monotonic() + 5
    while request_threads() - others and time.monotonic() < end:
        time.sleep(0.01)
    assert not request_threads() - others
