"""How Metronome writes moments, units of money and names of things.

It writes moments in three ways, all of them RFC 3339: what is scheduled, used and billed with the
offset `+00:00`, what was done in the account with milliseconds and `Z`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import written


class Unit(NamedTuple):
    """What amounts are counted in: a currency, or a unit of the company's own."""

    id: str
    name: str
    is_currency: bool = True

    def json(self) -> Json:
        """Return it as other objects refer to it."""
        return {"id": self.id, "name": self.name}


USD: Final = Unit("2714e483-4ff1-48e4-9e25-ac732e8f24f2", "USD (cents)")
"""US dollars, counted in cents."""

CREDITS: Final = Unit("7f5c8e0a-31d2-4b6f-9a44-0c6d1f2be873", "Credits", is_currency=False)
"""The company's own unit; nobody pays for it."""

UNITS: Final = (
    USD,
    *(
        Unit(Rng("unit", name).uuid(), name)
        for name in ("AUD", "BRL", "CAD", "CHF", "EUR", "GBP", "INR", "JPY", "MXN", "NZD", "SEK")
    ),
    CREDITS,
)

SYSTEM: Final = "Metronome System"
"""Who does what happens by itself."""


def at(moment: int) -> str:
    """Write when something is scheduled, used or billed."""
    return written(moment, "%Y-%m-%dT%H:%M:%S+00:00")


def on(moment: int) -> str:
    """Write when something was done in the account."""
    return written(moment, "%Y-%m-%dT%H:%M:%S.000Z")
