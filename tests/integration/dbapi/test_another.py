"""Connections of one process: `another()` shares definitions, limits, caches and the sandbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import billql
from billql.errors import ClosedError, Inaccessible, ReadOnly, RowLimit
from support import accounts
from support.registry.making import OTHER, World
from support.server import Script, Server

Serve = Callable[[Script], Server]
SQL = "SELECT count(*) FROM digitalocean.billing.invoices"


@pytest.fixture(scope="module")
def first() -> Iterator[billql.Connection]:
    with billql.connect(sandbox=True, environ={}, read_only=True, max_rows=50) as first:
        yield first


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_it_has_the_same_options_and_the_same_sandbox(first: billql.Connection) -> None:
    assert first.execute(SQL).fetchall() == [(24,)]
    with first.another() as second:
        cursor = second.execute(SQL)
        assert cursor.fetchall() == [(24,)]
        assert [(scan.requests, scan.cache_hits) for scan in cursor.scans] == [(0, 1)]
        assert second.read_only
        with pytest.raises(ReadOnly):
            second.execute("CREATE TABLE t (a)")
        with pytest.raises(RowLimit):
            second.execute("SELECT column FROM billql.catalog.columns").fetchall()


def test_what_is_its_own(first: billql.Connection) -> None:
    with first.another() as second:
        second.execute("USE stripe.billing")
        second.execute("BEGIN")
        second.decimals = True
        assert (first.namespace, first.in_transaction, first.decimals) == ("", False, False)


def test_it_opens_in_no_time(first: billql.Connection) -> None:
    """The best of several, because other processes run too; processor time of this thread."""
    first.execute("SELECT count(*) FROM billql.catalog.resources").fetchall()

    def seconds() -> float:
        start = time.thread_time()
        with first.another() as second:
            second.execute(f"EXPLAIN QUERY PLAN {SQL}").fetchall()
            return time.thread_time() - start

    assert min(seconds() for _ in range(5)) < 0.02


def test_each_may_be_closed_first() -> None:
    first = billql.connect(sandbox=True, environ={}, cache_ttl=0)
    second = first.another()
    third = second.another()
    second.close()
    assert first.execute(SQL).fetchall() == [(24,)]
    first.close()
    assert third.execute(SQL).fetchall() == [(24,)]
    third.close()
    for one in (first, second, third):
        with pytest.raises(ClosedError):
            one.another()


def test_one_that_has_asked_nothing_survives_the_others() -> None:
    with billql.connect(sandbox=True, environ={}) as first:
        first.another().close()
        assert first.execute(SQL).fetchall() == [(24,)]


def test_a_database_that_cannot_be_opened(first: billql.Connection, tmp_path: Path) -> None:
    with pytest.raises(Inaccessible):
        first.another(tmp_path / "none.db")


def test_threads(first: billql.Connection) -> None:
    """Many are opened at once while the first one is in use, and each has its own rows."""
    cursor = first.execute("SELECT 1 UNION ALL SELECT 2")
    found: list[object] = []

    def ask(number: int) -> None:
        with first.another() as mine:
            found.append(mine.execute(f"SELECT count(*) + {number} FROM ({SQL})").fetchone())

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == [f"({number},)" for number in range(1, 9)]
    assert cursor.fetchall() == [(1,), (2,)]


def test_two_that_know_nothing_of_each_other_share_a_limit(tmp_path: Path, serve: Serve) -> None:
    """The API refuses more than three requests in a second, and never has to."""
    api = accounts.Accounts(limit=3)
    url = serve(api).url
    accounts.define(tmp_path, {"requests": 3, "seconds": 1.05})
    with (
        accounts.connect(tmp_path, url, ["anna"]) as one,
        accounts.connect(tmp_path, url, ["anna"]) as two,
    ):
        for connection in (one, two):
            accounts.expect_bills(connection, ("anna",))
    assert api.counts["anna"] > 3
    assert api.refused == 0


def test_definitions_that_one_has_pulled(world: World, tmp_path: Path) -> None:
    world.release("1.0.0", signer=OTHER)
    config = tmp_path / "config.toml"
    config.write_text(f'[registries.own]\nurl = "{world.built}"\nkeys = ["{OTHER.public}"]\n')
    environ = {"BILLQL_DATA": str(world.data)}
    known = "SELECT count(*) FROM billql.catalog.resources WHERE provider = 'acme'"
    with billql.connect(config=config, environ=environ) as one, one.another() as two:
        assert two.execute(known).fetchall() == [(0,)]
        one.execute("REGISTRY PULL acme").fetchall()
        assert two.execute(known).fetchone() != (0,)
        with pytest.raises(billql.CredentialMissing):
            two.execute("SELECT id FROM acme.billing.invoices")
