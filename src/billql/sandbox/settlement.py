"""The settlement of an invoice: its payment attempts, partial payments and final status."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, HOUR

Status = Literal["draft", "open", "paid", "uncollectible", "void"]

Fate = Literal["paid", "late", "in parts", "half", "retried", "failing", "abandoned", "void"]
"""The ways of settlement: 'half' and 'failing' stay open, 'late' is paid after the due date."""

NET: Final = 30 * DAY
"""The time from finalization to the due date of an invoice that was sent, in seconds."""

_TRANSFERS: Final[tuple[tuple[int, Fate], ...]] = (
    (26, "paid"),
    (31, "late"),
    (35, "in parts"),
    (37, "half"),
    (40, "abandoned"),
)
_CARDS: Final[tuple[tuple[int, Fate], ...]] = (
    (31, "paid"),
    (35, "retried"),
    (37, "failing"),
    (39, "abandoned"),
    (40, "void"),
)
"""The settlements of 40 invoices, by the number up to which each holds."""


class Attempt(NamedTuple):
    """One payment, which may fail."""

    timestamp: int
    amount: int
    """In minor units; less than what is due if an invoice is paid in parts."""
    succeeded: bool


class Settlement(NamedTuple):
    """All that ever happens to an invoice; of what is in the future, nobody may know yet."""

    amount: int
    """The amount due, in minor units."""
    issued: int
    finalized: int
    """When the draft was finalized, mostly an hour after its creation."""
    due: int | None
    """Until when it is to be paid; None if it is charged at once."""
    attempts: tuple[Attempt, ...] = ()
    voided: int | None = None
    abandoned: int | None = None

    def status(self, now: int) -> Status:
        """Return how the invoice stands at a timestamp."""
        if now < self.finalized:
            return "draft"
        if self.voided is not None and self.voided <= now:
            return "void"
        if self.paid_at(now) is not None:
            return "paid"
        if self.abandoned is not None and self.abandoned <= now:
            return "uncollectible"
        return "open"

    def tried(self, now: int) -> list[Attempt]:
        """Return the attempts up to a timestamp."""
        return [attempt for attempt in self.attempts if attempt.timestamp <= now]

    def paid(self, now: int) -> int:
        """Return what was paid up to a timestamp, in minor units."""
        return sum(attempt.amount for attempt in self.tried(now) if attempt.succeeded)

    def paid_at(self, now: int) -> int | None:
        """Return when it was paid in full, if before a timestamp; nothing due is paid at once."""
        if self.amount <= 0:
            return self.finalized if self.finalized <= now else None
        left = self.amount
        for attempt in self.tried(now):
            left -= attempt.amount if attempt.succeeded else 0
            if left <= 0:
                return attempt.timestamp
        return None


def settle(
    rng: Rng,
    issued: int,
    amount: int,
    *,
    sent: bool,
    voidable: bool = True,
    fate: Fate | None = None,
    wait: int = HOUR,
) -> Settlement:
    """Return how an invoice is settled, by `fate` or at random; final after `wait` seconds."""
    finalized = issued + wait
    plain = Settlement(amount, issued, finalized, finalized + NET if sent else None)
    if amount <= 0:
        return plain
    roll = rng.below(40)
    usual = next(fate for below, fate in (_TRANSFERS if sent else _CARDS) if roll < below)
    decided = fate or usual
    if decided == "void" and not voidable:
        decided = "paid"
    return _transfer(plain, rng, decided) if sent else _card(plain, decided)


def _transfer(plain: Settlement, rng: Rng, fate: Fate) -> Settlement:
    """Return the settlement of an invoice that is paid by transfer, after some days or weeks."""

    def after(days: int, amount: int) -> Attempt:
        timestamp = plain.finalized + days * DAY + rng.below(8 * HOUR)
        return Attempt(timestamp, amount, succeeded=True)

    half = max(1, plain.amount * 6 // 10) // 10 * 10
    match fate:
        case "late":
            return plain._replace(attempts=(after(rng.between(31, 50), plain.amount),))
        case "in parts" if half:
            rest = after(rng.between(26, 45), plain.amount - half)
            return plain._replace(attempts=(after(rng.between(5, 25), half), rest))
        case "half" if half:
            return plain._replace(attempts=(after(20, half),))
        case "abandoned":
            return plain._replace(abandoned=plain.finalized + 90 * DAY)
        case "void":
            return plain._replace(voided=plain.finalized + 2 * DAY)
        case _:
            return plain._replace(attempts=(after(rng.between(3, 28), plain.amount),))


def _card(plain: Settlement, fate: Fate) -> Settlement:
    """Return the settlement of an invoice that a card is charged for at once."""

    def after(days: int, *, succeeded: bool = False) -> Attempt:
        return Attempt(plain.finalized + 2 + days * DAY, plain.amount, succeeded)

    match fate:
        case "retried":
            return plain._replace(attempts=(after(0), after(3, succeeded=True)))
        case "failing":
            return plain._replace(attempts=(after(0), after(3), after(8), after(15)))
        case "abandoned":
            attempts = (after(0), after(3), after(8))
            return plain._replace(attempts=attempts, abandoned=plain.finalized + 21 * DAY)
        case "void":
            return plain._replace(voided=plain.finalized + 2 * DAY, attempts=(after(0),))
        case _:
            return plain._replace(attempts=(after(0, succeeded=True),))
