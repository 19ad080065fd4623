"""A dry run: SQLite runs a statement once more, without sending anything, to learn coming keys.

Where it comes to a key whose rows have not arrived, it records the key and sees no rows; so SQLite
goes on to the next one, whatever the outer side of the join is. What depends on those rows is left
to a later dry run (see `_scan_places`). It reads the statement's snapshot and changes nothing of
it, counts neither rows nor time, and has a memo of its own, of no more than what others depend on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import NamedTuple

from billql.fetching._row_memo import RowMemo
from billql.fetching._scan_places import DryPath, ScanPlaces
from billql.fetching._snapshot import FirstRequest, Snapshot
from billql.fetching.row_decoder import TableRow
from billql.fetching.scan_stats import ScanStats
from billql.fetching.statement import Statement
from billql.http.credentials import ApiConnection
from billql.messages import Request, Response

JoinSide = int
"""What distinguishes one inner side of a join from another; see `RunningStatement.sides`."""


class ComingKey(NamedTuple):
    """A list that will be needed."""

    first: FirstRequest
    key: Hashable
    """What the row memo knows its rows by."""
    table: str
    rank: int = 0
    """Which come before it."""
    leads: bool = False
    """Whether other keys may come to light with its rows."""


class KeyLists(NamedTuple):
    """The lists of a key that have not arrived."""

    table: str
    first_requests: Sequence[FirstRequest]
    key: Hashable = None
    """What the row memo knows their rows by."""


class DryMemo:
    """What the dry runs of a statement know of its keys, each by the plan of its scan and the
    arguments: the rows, at most `most` cells of them, or the lists that have not arrived.
    """

    def __init__(self, most: int) -> None:
        self.rows = RowMemo(most)
        self.lists: dict[Hashable, KeyLists] = {}


class WouldSendRequest(Exception):  # noqa: N818 - it is a signal, not an error
    """Raised in a dry run that cannot go on without a request, or has enough keys."""


class SnapshotView:
    """A read-only view of a snapshot: what is not in it already raises WouldSendRequest."""

    sends_requests = False

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def is_ready(self, first: FirstRequest) -> bool:
        """Return whether the response to a list's first request has arrived."""
        return self._snapshot.is_ready(*first)

    def fetch(
        self,
        request: Request,
        connection: ApiConnection,
        stats: ScanStats,
        *,
        opens: bool = False,
        ahead: bool = False,
    ) -> Future[Response]:
        """Return the future response to a request that was sent already, or is cached."""
        found = self._snapshot.lookup(request, connection, opens=opens)
        if found is None:
            raise WouldSendRequest
        return found

    def commit(
        self, requests: Sequence[Request], connection: ApiConnection, ttl: float | None
    ) -> None:
        """Leave it to the statement: it commits what it reads itself."""

    def invalidate(self, requests: Iterable[Request], connection: ApiConnection) -> None:
        """Leave it to the statement: it will read the same responses."""

    def invalidate_if_private(
        self, requests: Sequence[Request], connection: ApiConnection, stats: ScanStats
    ) -> bool:
        """Return False: a dry run does not read a list again."""
        return False


class NoWaiting:
    """The budget of a dry run: rows are free, but it must not wait."""

    def check(self) -> None:
        """Raise WouldSendRequest: what a dry run would have to wait for is not there."""
        raise WouldSendRequest

    def charge_rows(self, rows: int) -> None:
        """Count nothing: the statement counts rows when it reads them itself."""


class DryRun:
    """Collects the coming keys of all scans of a statement, in the order in which it needs them: at
    most `most` that were not known before, and `most_unsent` together with those that were.

    `known` are the first requests that are known already; what is found joins them. Those of them
    that are `unsent` are found again, for their order may be another. Keys before `since` are left
    out, if there is one: they are of rows that the statement has changed. `may_skip` is whether
    SQLite may leave a loop before its end, which depends on rows that nothing else depends on.
    """

    def __init__(
        self,
        statement: Statement,
        memo: DryMemo,
        places: ScanPlaces,
        known: set[FirstRequest],
        most: int,
        unsent: Iterable[FirstRequest] = (),
        most_unsent: int | None = None,
        *,
        since: FirstRequest | None = None,
        may_skip: bool = True,
    ) -> None:
        self.snapshot = SnapshotView(statement.snapshot)
        self.budget = NoWaiting()
        self._statement_memo = statement.row_memo
        self._memo = memo
        self.path = DryPath(places)
        self._known = known
        self._most = most
        self._most_unsent = most_unsent
        self._unsent = set(unsent)
        self._since = since
        self._may_skip = may_skip
        self.found: list[ComingKey] = []
        """The coming keys, in their order."""
        self.new = 0
        """How many of them were not known before."""
        self.passed = 0
        """How many scans it has begun before the first whose rows were missed."""
        self.leading_tables: set[str] = set()
        """The resources whose keys lead to others."""
        self.cursors: Counter[str] = Counter()
        """How many cursors each resource has."""

    def open(self, table: str) -> None:
        """Note a cursor of a resource."""
        self.cursors[table] += 1

    def visit(self, number: int, own: dict[int, int | None]) -> None:
        """Note that a scan of a plan begins; see `DryPath.visit`."""
        self.path.visit(number, own)
        self.passed += not self.path.has_missed

    def record_again(self, scan: Hashable) -> bool:
        """Record a key that a dry run has come to before; return whether its rows are missing.

        `scan` is the plan of its scan and the arguments.
        """
        lists = self._memo.lists.get(scan)
        if lists is None or (self._needs_rows and self.have_arrived(lists)):
            return False
        self._record(lists)
        return True

    def known_rows(self, scan: Hashable) -> list[TableRow] | None:
        """Return what is needed of the rows of a key that a dry run has read; None if none has."""
        return self._memo.rows.get(scan)

    def read_rows(self, key: Hashable, scan: Hashable) -> list[TableRow] | None:
        """Return the rows of a key that the statement has read; None if it has not."""
        rows = self._statement_memo.get(key)
        if rows is not None:
            self._memo.lists.pop(scan, None)
            self._memo.rows.put(scan, rows if self._needs_rows else [])
        return rows

    def memoize_rows(
        self, scan: Hashable, batches: Iterator[list[TableRow]]
    ) -> Iterator[list[TableRow]]:
        """Yield what is needed of the rows of a key, and memoize it once all have been read."""
        self._memo.lists.pop(scan, None)
        return self._memo.rows.memoize(scan, batches if self._needs_rows else iter(()))

    @property
    def is_late(self) -> bool:
        """Whether it has not come to the key since which it looks for others."""
        return self._since is not None

    def drop(self) -> None:
        """Forget what it has found."""
        self._known.difference_update(one.first for one in self.found)
        self.found.clear()
        self.new = 0

    def begin_key(self, lists: KeyLists) -> None:
        """Note that the scan of a key begins that no dry run has come to before."""
        if self._since in lists.first_requests:
            self._since = None
            self.drop()

    def have_arrived(self, lists: KeyLists) -> bool:
        """Return whether the first responses have arrived."""
        return all(map(self.snapshot.is_ready, lists.first_requests))

    def record_key(self, lists: KeyLists, scan: Hashable = None) -> None:
        """Record the lists of a key that have not arrived; raises WouldSendRequest if it is enough.

        A key that the statement may not come to, once it knows the rows that were missed before, is
        left out.
        """
        if self.path.is_certain:
            self._memo.lists[scan] = lists
        self._record(lists)

    @property
    def _needs_rows(self) -> bool:
        """Whether what comes may depend on the rows of the current scan."""
        return self._may_skip or self.path.leads

    def _record(self, lists: KeyLists) -> None:
        is_certain, leads = self.path.is_certain, self.path.leads
        if leads:
            self.leading_tables.add(lists.table)
        if self._needs_rows:
            self.path.miss()
        if not is_certain:
            return
        for first in lists.first_requests:
            is_new = first not in self._known
            if is_new or first in self._unsent:
                self._unsent.discard(first)
                self._known.add(first)
                rank = len(self.found)
                self.found.append(ComingKey(first, lists.key, lists.table, rank, leads))
                self.new += is_new
        if self.new >= self._most or len(self.found) == self._most_unsent:
            raise WouldSendRequest
