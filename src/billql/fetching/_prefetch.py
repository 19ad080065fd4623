"""Prefetching the coming keys of a join.

A join reads an inner resource by one key after the other, and each would wait for the one before.
So SQLite also makes a *dry run* of the statement (see `dry_run`), which collects the coming keys
in their order, whatever the outer side is: another resource, a local table, a CTE, a subquery.
Their requests are sent ahead. That is a hint: it decides when a request is sent, never what a row
is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from functools import cached_property
from typing import Protocol

import apsw
import msgspec

from billql.errors import Error
from billql.fetching._row_memo import RowMemo
from billql.fetching._snapshot import FirstRequest
from billql.fetching.dry_run import FIRST_KEYS, ComingKey, DryRun, JoinSide, WouldSendRequest
from billql.fetching.key_family import KeyFamily
from billql.fetching.scan_stats import ScanStats
from billql.fetching.statement import Statement
from billql.sql.statements import Bindings

_MOST_KEYS = 16_384
"""How many keys a dry run collects at most."""
_DRY_RUN_STEPS = 5_000_000
"""How many steps of SQLite's machine a dry run may take: a tenth of a second or so."""


class KeyScan(Protocol):
    """What prefetching needs of the scan that reads a key; see `Scan`."""

    stats: ScanStats

    @property
    def concurrency(self) -> int:
        """How many requests may be under way to the provider."""

    @property
    def is_charged(self) -> bool:
        """Whether the API charges for each request."""

    def prefetch(self, first: FirstRequest) -> None:
        """Send the first request of a coming scan."""


class _ComingKeys(msgspec.Struct):
    """What is known of the coming keys of one side of a join, each by its first request."""

    unsent: deque[ComingKey] = msgspec.field(default_factory=deque)
    sent: set[FirstRequest] = msgspec.field(default_factory=set)
    """Sent ahead, and not needed yet."""
    sent_for: dict[Hashable, list[FirstRequest]] = msgspec.field(default_factory=dict)
    """The same by what the row memo knows their rows by."""
    known: set[FirstRequest] = msgspec.field(default_factory=set)
    most: int = FIRST_KEYS
    """How many keys the next dry run collects."""
    window: int = 2
    """How many may be sent ahead."""
    cursors: int = 1
    """How many cursors may have such keys."""
    complete: bool = False
    """Whether a dry run has seen all keys."""
    ended_at_last_miss: int = -1
    """How many requests of other scans had ended when a dry run found nothing; until more have, the
    next one would find nothing either."""


class KeyPrefetcher:
    """Sends the requests of a statement's coming keys ahead.

    `query` is its text, or the SELECT inside of it; None if it has none that could be run beside
    it.
    """

    def __init__(
        self,
        statement: Statement,
        database: apsw.Connection,
        query: str | None,
        bindings: Bindings,
    ) -> None:
        self._statement = statement
        self._database = database
        self._query = query
        self._bindings = bindings
        self._coming: dict[JoinSide, _ComingKeys] = {}
        self.dry_families: dict[int, KeyFamily] = {}
        """What dry runs have read of lists that hold the keys of a plan, by the plan's number."""
        self.dry_run: DryRun | None = None
        """The dry run that SQLite is making now, if it is not the statement itself that it runs."""

    def prefetch(
        self, side: JoinSide, wanted: FirstRequest, scan: KeyScan, *, stops_early: bool
    ) -> None:
        """Send the first requests of coming keys, now that a scan needs one.

        As many are ahead as the provider allows requests at once; if the statement may stop early,
        fewer at first, or none if the API charges for each.
        """
        if stops_early and scan.is_charged:
            return
        self.learn(side, wanted, scan.stats)
        keys = self._coming[side]
        most = scan.concurrency * keys.cursors
        keys.window = min(most, keys.window * 2) if stops_early else most
        while keys.unsent and len(keys.sent) < keys.window:
            first, key = keys.unsent.popleft()
            if first != wanted:
                keys.sent.add(first)
                keys.sent_for.setdefault(key, []).append(first)
                scan.prefetch(first)

    def learn(self, side: JoinSide, wanted: FirstRequest, stats: ScanStats) -> None:
        """Look for coming keys by a dry run, if it may find any; a scan needs one."""
        keys = self._coming.setdefault(side, _ComingKeys())
        keys.sent.discard(wanted)
        is_surprise = wanted not in keys.known
        keys.known.add(wanted)
        # Where a resource is joined twice, each side may have keys that the other leads to.
        if (is_surprise or not keys.unsent) and not keys.complete:
            ended = self._statement.snapshot.ended - stats.ended
            if ended != keys.ended_at_last_miss:
                known = len(keys.known)
                self._collect(side, keys)
                keys.ended_at_last_miss = -1 if len(keys.known) > known else ended

    def note_used(self, side: JoinSide, key: Hashable) -> None:
        """Note that the rows of a key are needed which have been read by another cursor already."""
        keys = self._coming.get(side)
        if keys is not None:
            keys.sent.difference_update(keys.sent_for.pop(key, ()))

    def learn_more(self, side: JoinSide) -> bool:
        """Look for more coming keys than are known; return whether there are any."""
        keys = self._coming.setdefault(side, _ComingKeys())
        if keys.complete:
            return False
        known = len(keys.known)
        self._collect(side, keys)
        return len(keys.known) > known

    def is_complete(self, side: JoinSide) -> bool:
        """Return whether all coming keys are known."""
        return side in self._coming and self._coming[side].complete

    @cached_property
    def _memo(self) -> RowMemo:
        """What dry runs have read by key: the statement itself has neither read nor counted it."""
        return RowMemo(self._statement.shared.memo_cells)

    def _collect(self, side: JoinSide, keys: _ComingKeys) -> None:
        """Make a dry run, and add the keys that it finds."""
        if self._query is None:
            keys.complete = True
            return
        unsent = {one.first for one in keys.unsent}
        dry_run = DryRun(self._statement, self._memo, side, keys.known, keys.most, unsent)
        self.dry_run = dry_run
        self._database.set_progress_handler(lambda: True, _DRY_RUN_STEPS, id=self)
        cursor = self._database.cursor()
        cursor.exec_trace = lambda cursor, sql, bindings: cursor.is_readonly
        try:
            for _ in cursor.execute(self._query, self._bindings, can_cache=False):
                pass
        except (WouldSendRequest, apsw.Error, Error):
            dry_run.incomplete = True
        finally:
            self._database.set_progress_handler(None, id=self)
            self.dry_run = None
        found = {one.first for one in dry_run.found}
        keys.unsent = deque(
            (*dry_run.found, *(one for one in keys.unsent if one.first not in found))
        )
        keys.cursors = dry_run.cursors
        keys.most = min(keys.most * 4, _MOST_KEYS)
        keys.complete = not dry_run.incomplete
