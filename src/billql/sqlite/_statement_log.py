"""The phases of a statement in the log that `--verbose` and `--log-file` show, with their times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from billql.util.text import counted

if TYPE_CHECKING:
    from billql.fetching.scan_stats import ScanStats

Log = Callable[[str], object]

_LONGEST = 200
"""How many characters of a statement are logged."""


class StatementLog:
    """Logs one statement: that it begins, is planned, has its first row, and ends.

    Times are in seconds since it began. `log` is None if nobody wants to know.
    """

    def __init__(self, log: Log | None, sql: str) -> None:
        self._log = log
        self._start = perf_counter()
        self._is_open = log is not None
        if log is not None:
            text = " ".join(sql.split())
            log(f"* {text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'}")

    def planned(self) -> None:
        """Log that SQLite has planned it; the requests follow."""
        self._add("planned after")

    def has_row(self) -> None:
        """Log that it has its first row."""
        self._add("first row after")

    def failed(self, error: BaseException) -> None:
        """Log that it failed, and why."""
        self._add("failed after", f": {error}")
        self._is_open = False

    def ended(self, scans: Sequence[ScanStats]) -> None:
        """Log that it ended, and what it has cost."""
        if not self._is_open:
            return
        from billql.fetching.scan_stats import total_costs

        requests, rows = sum(one.requests for one in scans), sum(one.rows for one in scans)
        money = " and".join(f" for {one}" for one in total_costs(scans))
        read = f"{counted(requests, 'request')}{money}, {counted(rows, 'row')} read"
        cost = f": {read}" if scans else ""
        self._add("ended after", cost)
        self._is_open = False

    def _add(self, phase: str, more: str = "") -> None:
        if self._log is not None and self._is_open:
            self._log(f"* {phase} {perf_counter() - self._start:.3f} s{more}")
