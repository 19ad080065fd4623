"""What the random statements were worth: how many had an answer that says something."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """Counts worlds and statements."""

    worlds: int = 0
    statements: int = 0
    telling: int = 0
    """Statements whose answer was right and not trivial."""
    trivial: int = 0
    failed: int = 0
    """Statements that were an error because a page failed, as they must be."""
    refused: int = 0
    """Statements that were an error because they do not say what an API must know."""

    def __add__(self, other: Tally) -> Tally:
        """Add up two tallies."""
        counts = zip(vars(self).values(), vars(other).values(), strict=True)
        return Tally(*(one + another for one, another in counts))

    @property
    def share(self) -> float:
        """The share of the statements whose answer was not trivial."""
        return self.telling / max(1, self.statements)

    def __str__(self) -> str:
        return (
            f"{self.worlds} worlds, {self.statements} statements: {self.share:.0%} telling, "
            f"{self.trivial} trivial, {self.failed} failed, {self.refused} refused"
        )
