"""What becomes of an invoice: when it is paid, in how many attempts and parts, or not at all."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from billql.sandbox.chance import Chance
from billql.sandbox.moments import DAY, HOUR

Status = Literal["draft", "open", "paid", "uncollectible", "void"]

NET: Final = 30 * DAY
"""How long after it is final an invoice that was sent is due."""


class Attempt(NamedTuple):
    """One payment, which may fail."""

    moment: int
    amount: int
    """In minor units; less than what is due if an invoice is paid in parts."""
    succeeded: bool


class Settlement(NamedTuple):
    """All that ever happens to an invoice; of what is in the future, nobody may know yet."""

    amount: int
    """What is due, in minor units."""
    issued: int
    finalized: int
    """When the draft became final, an hour after it was made."""
    due: int | None
    """Until when it is to be paid; None if it is charged at once."""
    attempts: tuple[Attempt, ...] = ()
    voided: int | None = None
    given_up: int | None = None

    def status(self, now: int) -> Status:
        """Return how the invoice stands at a moment."""
        if now < self.finalized:
            return "draft"
        if self.voided is not None and self.voided <= now:
            return "void"
        if self.paid_at(now) is not None:
            return "paid"
        if self.given_up is not None and self.given_up <= now:
            return "uncollectible"
        return "open"

    def tried(self, now: int) -> list[Attempt]:
        """Return the attempts up to a moment."""
        return [attempt for attempt in self.attempts if attempt.moment <= now]

    def paid(self, now: int) -> int:
        """Return what was paid up to a moment, in minor units."""
        return sum(attempt.amount for attempt in self.tried(now) if attempt.succeeded)

    def paid_at(self, now: int) -> int | None:
        """Return when it was paid in full, if that was before a moment; nothing due is paid."""
        if self.amount <= 0:
            return self.finalized if self.finalized <= now else None
        left = self.amount
        for attempt in self.tried(now):
            left -= attempt.amount if attempt.succeeded else 0
            if left <= 0:
                return attempt.moment
        return None


def settle(chance: Chance, issued: int, amount: int, *, sent: bool, voidable: bool) -> Settlement:
    """Decide what becomes of an invoice."""
    finalized = issued + HOUR
    due = finalized + NET if sent else None
    plain = Settlement(amount, issued, finalized, due)
    if amount <= 0:
        return plain
    fate = chance.below(40)
    return _transfer(plain, chance, fate) if sent else _card(plain, fate, voidable=voidable)


def _transfer(plain: Settlement, chance: Chance, fate: int) -> Settlement:
    """Decide for an invoice that was sent: who owes pays when it suits."""

    def after(days: int, amount: int) -> Attempt:
        moment = plain.finalized + days * DAY + chance.below(8 * HOUR)
        return Attempt(moment, amount, succeeded=True)

    if fate < 26:
        return plain._replace(attempts=(after(chance.between(3, 28), plain.amount),))
    if fate < 31:
        return plain._replace(attempts=(after(chance.between(31, 50), plain.amount),))
    half = plain.amount * 6 // 10
    if fate < 35 and half:
        rest = after(chance.between(26, 45), plain.amount - half)
        return plain._replace(attempts=(after(chance.between(5, 25), half), rest))
    if fate < 37 and half:
        return plain._replace(attempts=(after(20, half),))
    return plain._replace(given_up=plain.finalized + 90 * DAY)


def _card(plain: Settlement, fate: int, *, voidable: bool) -> Settlement:
    """Decide for a card that is charged at once: mostly it works."""

    def after(days: int, *, succeeded: bool = False) -> Attempt:
        return Attempt(plain.finalized + 2 + days * DAY, plain.amount, succeeded)

    if fate < 4:
        return plain._replace(attempts=(after(0), after(3, succeeded=True)))
    if fate < 6:
        return plain._replace(attempts=(after(0), after(3), after(8), after(15)))
    if fate < 8:
        attempts = (after(0), after(3), after(8))
        return plain._replace(attempts=attempts, given_up=plain.finalized + 21 * DAY)
    if fate == 8 and voidable:
        return plain._replace(voided=plain.finalized + 2 * DAY, attempts=(after(0),))
    return plain._replace(attempts=(after(0, succeeded=True),))
