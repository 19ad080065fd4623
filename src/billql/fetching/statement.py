"""One statement under way: the holder of its snapshot, budget, row memo and statistics."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from billql.config.settings import Settings
from billql.fetching._budget import Budget
from billql.fetching._row_memo import RowMemo
from billql.fetching._snapshot import Snapshot
from billql.fetching.left_out import LeftOut
from billql.fetching.response_cache import ResponseCache
from billql.fetching.scan_stats import ScanStats
from billql.http.client import ApiClient

MEMO_CELLS = 500_000
"""How many cells the row memo of a statement holds by default."""


@dataclass(frozen=True)
class SharedServices:
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


@dataclass
class Statement:
    """What the scans of one statement share.

    `interrupted` returns whether the statement has been interrupted.
    """

    shared: SharedServices
    interrupted: Callable[[], bool] = lambda: False
    scans: list[ScanStats] = field(default_factory=list)
    """The statistics of each scan, in the order in which they began."""
    left_out: LeftOut = field(default_factory=LeftOut)
    budget: Budget = field(init=False)
    snapshot: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        """Open the snapshot, and begin to count time."""
        shared = self.shared
        self.budget = Budget(shared.settings, self.interrupted)
        self.snapshot = Snapshot(shared.cache, shared.client.send, self.budget, shared.ttl)

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
