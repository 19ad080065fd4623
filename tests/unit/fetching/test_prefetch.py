"""Prefetching keys: a plain SQLite statement is run beside itself to learn the coming ones."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, cast

import apsw
import pytest

from billql.config.settings import Settings
from billql.fetching._prefetch import KeyPrefetcher
from billql.fetching._program import ReadProgram
from billql.fetching._scan_places import ScanPlaces
from billql.fetching._snapshot import FirstRequest
from billql.fetching.dry_run import DryMemo, DryRun, JoinSide, KeyLists
from billql.fetching.response_cache import ResponseCache
from billql.fetching.row_decoder import TableRow
from billql.fetching.scan_stats import ScanStats
from billql.fetching.statement import SharedServices, Statement
from billql.http.client import ApiClient
from billql.http.credentials import ApiConnection
from billql.http.request_tracker import RequestTracker
from billql.messages import Request, Response
from billql.sql.read_part import ReadPart
from support.api_client import connection, get

SIDE: JoinSide = 1
TABLE = "shop.all.things"
TO = connection()


class Client:
    """Takes requests, and never answers."""

    note = print

    def send(
        self, request: Request, connection: ApiConnection, tracker: RequestTracker
    ) -> Future[Response]:
        return Future()


class Scan:
    """The scan of one key, which may have `concurrency` requests under way."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self.is_charged = False
        self.stats = ScanStats("things")
        self.sent: list[int] = []

    def prefetch(self, first: FirstRequest) -> Future[Response]:
        self.sent.append(int(first.request.url.rpartition("/")[2]))
        return Future()


def first(key: int) -> FirstRequest:
    return FirstRequest(get(path=f"/things/{key}"), TO)


class Join:
    """A statement over a table of keys, in which a function stands for the inner side."""

    def __init__(self, keys: int, query: str | None, table: str = TABLE) -> None:
        self.database = apsw.Connection(":memory:")
        self.database.execute("CREATE TABLE keys (key)")
        self.database.executemany("INSERT INTO keys VALUES (?)", ((n,) for n in range(keys)))
        self.database.create_scalar_function("inner", self._inner, 1)
        self._table = table
        self.cache = ResponseCache()
        services = SharedServices(
            cast(ApiClient, Client()),
            self.cache,
            lambda: datetime.datetime(2025, 2, 1, tzinfo=datetime.UTC),
            0,
            Settings(),
        )
        self.statement = Statement(services)
        reads = None if query is None else ReadPart(query)
        program = ReadProgram(self.database, query, ())
        self.prefetcher = KeyPrefetcher(self.statement, self.database, reads, (), program, {})
        self.dry_runs = 0

    def _inner(self, *arguments: Any) -> None:
        (key,) = arguments
        assert self.prefetcher.dry_run is not None, "only dry runs call it"
        self.dry_runs += key == 0
        self.prefetcher.dry_run.record_key(KeyLists(self._table, [first(key)]), key)

    def need(self, key: int, scan: Scan, *, stops_early: bool = False) -> list[int]:
        """Return the keys that are sent ahead when one is needed."""
        scan.sent.clear()
        self.prefetcher.prefetch(TABLE, SIDE, first(key), scan, stops_early=stops_early)
        return list(scan.sent)


QUERY = "SELECT inner(key) FROM keys"
New = Callable[..., Join]


@pytest.fixture
def new() -> Iterator[New]:
    joins: list[Join] = []

    def make(keys: int = 100, query: str | None = QUERY, **options: Any) -> Join:
        joins.append(Join(keys, query, **options))
        return joins[-1]

    yield make
    for join in joins:
        join.statement.close()
        join.cache.close()
        join.database.close()


def test_as_many_keys_are_ahead_as_requests_are_allowed(new: New) -> None:
    join, scan = new(), Scan(4)
    assert join.need(0, scan) == [1, 2, 3, 4]
    assert join.need(1, scan) == [5]
    assert join.need(2, scan) == [6]
    assert join.dry_runs == 1


def test_all_keys_are_sent_once_in_their_order(new: New) -> None:
    join, scan = new(300), Scan(4)
    sent = [key for needed in range(300) for key in join.need(needed, scan)]
    assert sent == list(range(1, 300))
    # 64 keys, then 256.
    assert join.dry_runs == 2


def test_a_statement_that_may_stop_early_begins_with_few(new: New) -> None:
    join, scan = new(), Scan(8)
    counts = [len(join.need(key, scan, stops_early=True)) for key in range(4)]
    assert counts == [4, 5, 1, 1]


def test_without_a_query_nothing_is_ahead(new: New) -> None:
    assert new(query=None).need(0, Scan(4)) == []


def test_a_query_that_fails_or_writes_is_no_source_of_keys(new: New) -> None:
    join = new(query="SELECT nothing FROM keys")
    assert join.need(0, Scan(4)) == []
    join = new(query="DELETE FROM keys")
    assert join.need(0, Scan(4)) == []
    assert join.database.execute("SELECT count(*) FROM keys").get == 100


def test_keys_of_a_resource_that_has_not_begun_wait(new: New) -> None:
    join, scan = new(table="shop.all.others"), Scan(4)
    assert [join.need(key, scan) for key in range(3)] == [[], [], []]


def test_what_a_dry_run_has_not_found_is_looked_for_again_once_more_has_arrived(new: New) -> None:
    join, scan = new(query="SELECT inner(key) FROM keys WHERE key < 0"), Scan(4)
    join.need(1, scan)
    join.database.execute("UPDATE keys SET key = -1 - key")
    assert join.need(2, scan) == []
    join.statement.snapshot.ended += 1
    assert len(join.need(3, scan)) == 4


def test_dry_runs_behind_keys_are_as_far_apart_as_what_they_pass(new: New) -> None:
    """Each begins with the first row, so one for each key that arrives would not be linear."""
    join, scan = new(), Scan(4)
    join.need(0, scan)
    made, prefetcher = join.dry_runs, join.prefetcher
    prefetcher._passed = 320
    for arrived in range(1, 11):
        prefetcher._arrived.append(Future())
        prefetcher.meanwhile()
        assert join.dry_runs == made + (arrived >= 10)


def test_the_last_keys_that_lead_to_others_are_followed_at_once(new: New) -> None:
    join, scan = new(5), Scan(4)
    assert join.need(0, scan) == [1, 2, 3, 4]
    made, prefetcher = join.dry_runs, join.prefetcher
    prefetcher._passed = 320
    under_way: Future[Response] = Future()
    prefetcher._leads.append(under_way)
    prefetcher._arrived.append(Future())
    assert prefetcher.meanwhile() == [under_way]
    assert join.dry_runs == made
    under_way.set_result(Response(b"", ""))
    assert prefetcher.meanwhile() == []
    assert join.dry_runs == made + 1


ROWS = "WITH RECURSIVE n(key) AS (SELECT 0 UNION ALL SELECT key + 1 FROM n WHERE key < {})"


@pytest.mark.parametrize("may_skip", [False, True])
def test_a_dry_run_reads_no_rows_that_nothing_depends_on(new: New, may_skip: bool) -> None:
    statement, memo = new().statement, DryMemo(100)
    dry_run = DryRun(statement, memo, ScanPlaces([]), set(), 1, may_skip=may_skip)
    rows: list[TableRow] = [("a",)]
    assert list(dry_run.memoize_rows("key", iter([rows]))) == ([rows] if may_skip else [])
    assert dry_run.known_rows("key") == (rows if may_skip else [])


def test_a_dry_run_may_take_long_but_not_too_long(new: New) -> None:
    """A dry run that is ended is the last one: another would not come further."""
    join, scan = (
        new(query=f"{ROWS.format(20_000)} SELECT inner(key) FROM n WHERE key > 19_000"),
        Scan(4),
    )
    join.database.set_progress_handler(lambda: False, 100_000)
    assert join.need(0, scan) == [*range(19_001, 19_005)]
    join = new(query=f"{ROWS.format(1_000_000)} SELECT inner(key) FROM n WHERE key IN (0, 900000)")
    assert join.need(0, scan) == []
    join.statement.snapshot.ended += 1
    assert join.need(1, scan) == []
    assert join.dry_runs == 1
