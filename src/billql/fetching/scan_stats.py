"""The statistics of one scan: what it has cost so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from billql.http.request_tracker import RequestTracker
from billql.messages import Charge


def total_costs(scans: Iterable[ScanStats]) -> list[Charge]:
    """Return what APIs charge for the requests of some scans, one charge for each currency."""
    found: dict[str, Charge] = {}
    for scan in scans:
        if scan.cost is not None:
            found[scan.cost.currency] = scan.cost.plus(found.get(scan.cost.currency))
    return list(found.values())


class ConnectionStats(msgspec.Struct):
    """Counts what a scan has cost on one connection so far; `waited` is in seconds."""

    requests: int = 0
    pages: int = 0
    failures: int = 0
    """Requests that have ended in an error, whatever became of the statement."""
    waited: float = 0.0


@dataclass
class ScanStats:
    """Counts what one scan has cost so far; `waited` is in seconds."""

    resource: str
    requests: int = 0
    pages: int = 0
    rows: int = 0
    cache_hits: int = 0
    retries: int = 0
    waited: float = 0.0
    paced: float = 0.0
    """The part of it that was for a limit of requests, not for the network or a retry."""
    cost: Charge | None = None
    """What the API charges for the requests that were sent; None if nothing."""
    ended: int = 0
    """How many of its requests have ended; no cost, but prefetching keys needs it."""
    expected_pages: int | None = None
    """How many pages there are in the lists whose first page announces them; None if none does."""
    notes: list[str] = field(default_factory=list)
    """What was odd in responses, and no error."""
    warnings: list[str] = field(default_factory=list)
    """What is probably a mistake in the statement."""
    left_out: dict[str, str] = field(default_factory=dict)
    """The connections whose rows are missing, as the user allows, and why."""
    by_connection: dict[tuple[str, str], ConnectionStats] = field(
        default_factory=dict, repr=False, compare=False
    )
    """The cost on each connection, by its provider and its name."""
    under_way: set[RequestTracker] = field(default_factory=set, repr=False)
    """The requests under way."""
    log: Callable[[str], object] = field(default=lambda text: None, repr=False, compare=False)
    """Called with each new note."""

    def on(self, connection: tuple[str, str]) -> ConnectionStats:
        """Return the counts of a connection; may be called in any thread."""
        return self.by_connection.setdefault(connection, ConnectionStats())

    def spend(self, charge: Charge) -> None:
        """Count what a request costs; a resource is charged for in one currency."""
        self.cost = charge.plus(self.cost)

    def note(self, text: str) -> None:
        """Note what is odd in a response, once."""
        if text not in self.notes:
            self.notes.append(text)
            self.log(text)

    def warn(self, text: str) -> None:
        """Add a warning about the statement, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def expect_pages(self, pages: int) -> None:
        """Count pages that a list announces; a negative number takes some back."""
        self.expected_pages = (self.expected_pages or 0) + pages

    @property
    def waiting(self) -> float:
        """The longest time in seconds that a request under way has to wait for a rate limit or a
        retry; may be read in any thread.
        """
        return max((one.waited for one in tuple(self.under_way)), default=0.0)

    @property
    def state(self) -> str:
        """What its requests wait for, in words, if that is not the network; empty if nothing.

        May be read in any thread.
        """
        under_way = tuple(self.under_way)
        paced = max((one.paced for one in under_way), default=0.0)
        failure = next((one.failure for one in under_way if one.failure is not None), None)
        if failure is not None:
            return f"HTTP {failure}, trying again"
        if paced >= 1:
            return f"paced by a limit, waiting {paced:.0f} s"
        return f"waiting {self.waiting:.0f} s" if self.waiting >= 1 else ""

    def as_dict(self) -> dict[str, str | int | float | list[str]]:
        """Return the statistics as `--stats` shows them; lists only if they are not empty."""
        return {
            "resource": self.resource,
            "requests": self.requests,
            "pages": self.pages,
            "rows": self.rows,
            "cache_hits": self.cache_hits,
            "retries": self.retries,
            **(
                {}
                if self.cost is None
                else {"cost": float(self.cost.amount), "currency": self.cost.currency}
            ),
            "waited": round(self.waited, 3),
            **({"paced": round(self.paced, 3)} if self.paced else {}),
            **({"notes": self.notes} if self.notes else {}),
            **({"warnings": self.warnings} if self.warnings else {}),
            **({"left_out": list(self.left_out)} if self.left_out else {}),
        }
