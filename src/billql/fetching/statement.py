"""One statement under way: the holder of its snapshot, budget, row memo and statistics."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import cached_property

import msgspec

from billql.config.settings import Settings
from billql.fetching._budget import Budget, Spending
from billql.fetching._row_memo import RowMemo
from billql.fetching._snapshot import FirstRequest, Snapshot
from billql.fetching.exact_amounts import ExactAmounts
from billql.fetching.left_out import LeftOut
from billql.fetching.response_cache import ResponseCache
from billql.fetching.scan_stats import ScanStats
from billql.http.client import ApiClient

MEMO_CELLS = 500_000
"""How many cells the row memo of a statement holds by default."""


class SharedServices(msgspec.Struct, frozen=True):
    """What all statements of a session share."""

    client: ApiClient
    cache: ResponseCache
    clock: Callable[[], datetime.datetime]
    ttl: float
    """Seconds for which a cached list serves other statements where its definition does not state
    it; 0 means no cache."""
    settings: Settings
    """What bounds a statement."""
    memo_cells: int = MEMO_CELLS
    """How many cells a statement's row memo holds."""


class Series(msgspec.Struct):
    """What the statements share that are run for one that keeps what they read, such as REFRESH."""

    cache: ResponseCache
    """The responses of these statements alone, so that none is older than they are."""
    ttl: float
    """Seconds for which a cached list serves the later ones of them."""
    amounts: ExactAmounts
    spending: Spending = msgspec.field(default_factory=Spending)


class Statement:
    """What the scans of one statement share.

    `interrupted` returns whether the statement has been interrupted; `series` is what it shares
    with others, if it is run for one that keeps what it reads.
    """

    def __init__(
        self,
        shared: SharedServices,
        interrupted: Callable[[], bool] = lambda: False,
        left_out: LeftOut | None = None,
        series: Series | None = None,
    ) -> None:
        """Open the snapshot, and begin to count time."""
        self.shared = shared
        self.left_out = LeftOut() if left_out is None else left_out
        self.series = series
        self.scans: list[ScanStats] = []
        """The statistics of each scan, in the order in which they began."""
        self.read_to_the_end: set[FirstRequest] = set()
        """The first requests of lists that are surely read to their end."""
        cache, ttl = (shared.cache, shared.ttl) if series is None else (series.cache, series.ttl)
        spending = None if series is None else series.spending
        self.budget = Budget(shared.settings, interrupted, spending=spending)
        self.snapshot = Snapshot(cache, shared.client.send, self.budget, ttl)

    def reads_to_the_end(self, first: FirstRequest) -> bool:
        """Return whether a whole list is being read, or cached, so that it takes no requests."""
        if first in self.read_to_the_end:
            return True
        return self.snapshot.is_cached(*first)

    def start_scan(self, resource: str) -> ScanStats:
        """Return the statistics of a new scan."""
        stats = ScanStats(resource, log=self.shared.client.note)
        self.scans.append(stats)
        return stats

    @cached_property
    def row_memo(self) -> RowMemo:
        """The rows that were read by key."""
        return RowMemo(self.shared.memo_cells)

    @cached_property
    def now(self) -> datetime.datetime:
        """The moment of the statement: one and the same for all its scans."""
        return self.shared.clock()

    def close(self) -> None:
        """End the statement: nothing more is sent, and its snapshot and memo are freed."""
        self.budget.close()
        self.row_memo.clear()
        self.snapshot.close()
