"""A dry run: SQLite runs a statement once more, without sending anything, to learn coming keys.

Where it comes to a key whose rows have not arrived, it records the key and sees no rows; so SQLite
goes on to the next one, whatever the outer side of the join is. What depends on those rows is left
to a later dry run (see `_scan_places`). It reads the statement's snapshot
and changes nothing of it, counts neither rows nor time, and has a row memo of its own.
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
    that are `unsent` are found again, for their order may be another. `memo` holds
    what dry runs of the same statement have read by key.
    """

    def __init__(
        self,
        statement: Statement,
        memo: RowMemo,
        places: ScanPlaces,
        known: set[FirstRequest],
        most: int,
        unsent: Iterable[FirstRequest] = (),
        most_unsent: int | None = None,
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
        self.found: list[ComingKey] = []
        """The coming keys, in their order."""
        self.new = 0
        """How many of them were not known before."""
        self.passed = 0
        """How many scans it has begun before the first whose rows were missed."""
        self.begun = 0
        """How many scans it has begun."""
        self.cursors: Counter[str] = Counter()
        """How many cursors each resource has."""

    def open(self, table: str) -> None:
        """Note a cursor of a resource."""
        self.cursors[table] += 1

    def visit(self, number: int, own: dict[int, int | None]) -> None:
        """Note that a scan of a plan begins; see `DryPath.visit`."""
        self.path.visit(number, own)
        self.begun += 1
        self.passed += not self.path.has_missed

    def memoized_rows(self, key: Hashable) -> list[TableRow] | None:
        """Return the rows of a key that the statement or a dry run has read; None if none has."""
        rows = self._statement_memo.get(key)
        return self._memo.get(key) if rows is None else rows

    def memoize_rows(
        self, key: Hashable, batches: Iterator[list[TableRow]]
    ) -> Iterator[list[TableRow]]:
        """Yield the rows of a key, and memoize them once all have been read."""
        return self._memo.memoize(key, batches)

    def record_key(
        self, table: str, first_requests: Sequence[FirstRequest], key: Hashable = None
    ) -> None:
        """Record the lists of a key that have not arrived; raises WouldSendRequest if it is enough.

        `key` is what the row memo knows their rows by. A key that the statement may not come to,
        once it knows the rows that were missed before, is left out.
        """
        is_certain = self.path.is_certain
        self.path.miss()
        if not is_certain:
            return
        for first in first_requests:
            is_new = first not in self._known
            if is_new or first in self._unsent:
                self._unsent.discard(first)
                self._known.add(first)
                self.found.append(ComingKey(first, key, table, len(self.found), self.path.leads))
                self.new += is_new
        if self.new >= self._most or len(self.found) == self._most_unsent:
            raise WouldSendRequest
