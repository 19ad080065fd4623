"""asyncio: tasks wait for rows without blocking others, and cancelling one ends its requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

import billql
from billql.errors import ClosedError
from support import accounts
from support.server import Script, Server

Serve = Callable[[Script], Server]
T = TypeVar("T")
ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
PATIENCE = 30.0


def run(main: Callable[[], Awaitable[T]]) -> T:
    async def timed() -> T:
        return await asyncio.wait_for(main(), PATIENCE)

    return asyncio.run(timed())


def test_statements() -> None:
    async def main() -> None:
        async with billql.aconnect(environ={}) as connection:
            await connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
            cursor = await connection.executemany("INSERT INTO t VALUES (?)", [(2,), (3,)])
            assert cursor.rowcount == 2
            await connection.commit()
            await connection.execute("DELETE FROM t")
            await connection.rollback()
            cursor = await connection.execute("SELECT a FROM t ORDER BY a")
            assert [column[0] for column in cursor.description or ()] == ["a"]
            assert await cursor.fetchone() == (1,)
            assert await cursor.fetchmany(1) == [(2,)]
            assert await cursor.fetchall() == [(3,)]
            assert [row async for row in await connection.execute("SELECT a FROM t")] == [
                (1,),
                (2,),
                (3,),
            ]
            connection.row_factory = billql.Row
            row = await (await connection.execute("SELECT 7 AS seven")).fetchone()
            assert row["seven"] == 7
            table = await (await connection.execute("SELECT 7 AS seven")).fetch_arrow_table()
            assert table.to_pylist() == [{"seven": 7}]
            assert (await connection.estimate("SELECT 1")).requests == 0
            with pytest.raises(billql.SqlError):
                await connection.execute("SELCT 1")
        with pytest.raises(ClosedError):
            await connection.execute("SELECT 1")
        await connection.close()

    run(main)


def test_it_commits_or_rolls_back(tmp_path: Path) -> None:
    async def main() -> list[Any]:
        path = tmp_path / "own.db"
        async with billql.aconnect(path, environ={}) as connection:
            await connection.execute("CREATE TABLE t (a)")
            await connection.execute("INSERT INTO t VALUES (1)")

        async def fail() -> None:
            async with await billql.aconnect(path, environ={}) as connection:
                await connection.execute("INSERT INTO t VALUES (2)")
                raise KeyError

        with pytest.raises(KeyError):
            await fail()
        async with billql.aconnect(path, environ={}, read_only=True) as connection:
            other = await connection.another()
            found: list[Any] = await (await other.execute("SELECT a FROM t")).fetchall()
            await other.close()
            return found

    assert run(main) == [(1,)]


def test_others_go_on_while_one_waits() -> None:
    async def main() -> int:
        async with billql.aconnect(environ={}) as connection:
            busy = asyncio.create_task(connection.execute(ENDLESS))
            turns = 0
            while turns < 20:
                await asyncio.sleep(0.001)
                turns += 1
            assert not busy.done()
            busy.cancel()
            with pytest.raises(asyncio.CancelledError):
                await busy
            assert await (await connection.execute("SELECT 7")).fetchall() == [(7,)]
            return turns

    assert run(main) == 20


def test_a_timeout_ends_a_statement() -> None:
    async def main() -> None:
        async with billql.aconnect(environ={}) as connection:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await connection.execute(ENDLESS)
            assert await (await connection.execute("SELECT 7")).fetchall() == [(7,)]

    run(main)


def test_a_call_that_waits_interrupts_nobody() -> None:
    """A task is cancelled before its statement has begun: the one before it goes on."""

    async def main() -> None:
        slow = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 2000000) "
        async with billql.aconnect(environ={}) as connection:
            first = asyncio.create_task(connection.execute(f"{slow} SELECT count(*) FROM c"))
            second = asyncio.create_task(connection.execute("SELECT 1"))
            await asyncio.sleep(0.01)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            assert await (await first).fetchall() == [(2000000,)]

    run(main)


def test_cancelling_ends_the_requests(tmp_path: Path, serve: Serve) -> None:
    api = accounts.Accounts()
    server = serve(api)
    accounts.define(tmp_path)
    begun = threading.Event()
    api.before = begun.set
    blocking = accounts.connect(tmp_path, server.url, ["anna"])
    blocking.close()

    async def main() -> None:
        async with billql.aconnect(
            environ={"anna": accounts.token("anna")},
            config=tmp_path / "anna.toml",
            definitions=[tmp_path],
        ) as connection:
            silent = asyncio.create_task(connection.execute("SELECT id FROM acme.billing.silent"))
            await asyncio.to_thread(begun.wait, PATIENCE)
            silent.cancel()
            with pytest.raises(asyncio.CancelledError):
                await silent
            bills = await connection.execute("SELECT count(*) FROM acme.billing.bills")
            assert await bills.fetchall() == [(len(accounts.bills("anna")),)]

    run(main)
    assert api.waiting < 10
