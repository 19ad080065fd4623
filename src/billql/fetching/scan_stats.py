"""What one scan has cost so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from billql.http.client import RequestTracker


@dataclass
class ScanStats:
    """What one scan has cost so far."""

    resource: str
    requests: int = 0
    pages: int = 0
    rows: int = 0
    cache_hits: int = 0
    retries: int = 0
    waited: float = 0.0
    arrived: int = 0
    """How many answers have come: no cost, but news for who looks ahead."""
    expected: int | None = None
    """How many pages there are in the lists that have told it so far; None if none has."""
    notes: list[str] = field(default_factory=list)
    """What was odd in answers, and no error."""
    trips: set[RequestTracker] = field(default_factory=set, repr=False)
    """The requests under way."""

    @property
    def waiting(self) -> float:
        """The longest time in seconds that a request under way has to wait for a limit, or before
        it is sent again; may be read in any thread."""
        return max((trip.waited for trip in tuple(self.trips)), default=0.0)

    def as_dict(self) -> dict[str, str | int | float | list[str]]:
        """Give the figures as `--stats` shows them; `waited` is in seconds, and `notes` are there
        if there are any."""
        return {
            "resource": self.resource,
            "requests": self.requests,
            "pages": self.pages,
            "rows": self.rows,
            "cache_hits": self.cache_hits,
            "retries": self.retries,
            "waited": round(self.waited, 3),
            **({"notes": self.notes} if self.notes else {}),
        }
