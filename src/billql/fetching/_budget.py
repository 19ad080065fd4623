"""The budget of one statement: how many requests, rows and seconds it may use, how much money its
requests may cost, and its end.

A statement that runs others, such as REFRESH, counts their requests together: see `Spending`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from billql.config.settings import Settings
from billql.errors import CostLimit, Interrupted, RequestLimit, RowLimit, StatementTimeout
from billql.fetching.scan_stats import ScanStats
from billql.messages import Charge
from billql.util.lock import Lock


class Spending:
    """The requests that were sent, and what they have cost, by currency."""

    def __init__(self) -> None:
        self.requests = 0
        self.costs: dict[str, Charge] = {}
        self.lock = Lock()


class Budget:
    """Counts what a statement uses, against the bounds in `settings`; thread-safe.

    `interrupted` returns whether the statement has been interrupted, `clock` the time in seconds;
    `spending` has what statements before it have used of the same bounds.
    """

    def __init__(
        self,
        settings: Settings,
        interrupted: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        spending: Spending | None = None,
    ) -> None:
        self._settings = settings
        self._interrupted = interrupted
        self._clock = clock
        self._spending = spending or Spending()
        self._lock = self._spending.lock
        self._began = clock()
        self.rows = 0
        most = settings.max_cost
        self._most = None if most is None else Charge.of(most, "").amount
        self.stop = threading.Event()
        """Set when the statement has ended: nothing more is sent for it."""

    @property
    def requests(self) -> int:
        """Return how many requests were sent."""
        return self._spending.requests

    def check(self) -> None:
        """Raise Interrupted or StatementTimeout if the statement must not wait any longer."""
        if self.stop.is_set() or self._interrupted():
            self.stop.set()
            raise Interrupted
        self._check_time()

    def charge_rows(self, rows: int) -> None:
        """Count rows that a scan has read; raises RowLimit."""
        self.rows += rows
        if self.rows > self._settings.max_rows:
            raise RowLimit(
                f"The statement reads more than the {self._settings.max_rows:,} rows "
                "that it may read",
                hint="Narrow it down, or raise --max-rows (max_rows in Python).",
            )

    def charge_request(self, stats: ScanStats, charge: Charge | None = None) -> None:
        """Count a request before it is sent, with what the API charges for it.

        Raises RequestLimit, CostLimit, StatementTimeout, Interrupted. The scan's `stats` count it
        in the same moment, so that they are final after `close`.
        """
        with self._lock:
            if self.stop.is_set():
                raise Interrupted
            self._check_time()
            most = self._settings.max_requests
            if self._spending.requests >= most:
                raise RequestLimit(
                    f"The statement needs more than the {most} requests that it may send",
                    hint="Narrow it down, or raise --max-requests (max_requests in Python).",
                )
            if charge is not None:
                self._spend(charge)
                stats.spend(charge)
            self._spending.requests += 1
            stats.requests += 1

    def close(self) -> None:
        """End the statement: from now on no request is charged."""
        with self._lock:
            self.stop.set()

    def _spend(self, charge: Charge) -> None:
        """Count what one more request costs; raises CostLimit if it may not."""
        total = charge.plus(self._spending.costs.get(charge.currency))
        if self._most is not None and total.amount > self._most:
            raise CostLimit(
                f"The statement needs another request for {charge}, and would then have cost "
                f"{total}: more than the {charge._replace(amount=self._most)} that it may cost",
                hint="Narrow it down, or raise --max-cost (max_cost in Python).",
            )
        self._spending.costs[charge.currency] = total

    def _check_time(self) -> None:
        limit = self._settings.statement_timeout
        if self._clock() - self._began > limit:
            raise StatementTimeout(
                f"The statement has run for longer than the {limit:g} seconds that it may take",
                hint="Narrow it down, or raise --timeout (timeout in Python).",
            )
