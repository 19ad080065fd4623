"""The forms in which Metronome writes timestamps and units.

Timestamps are RFC 3339: those of schedules, usage and bills end in the offset `+00:00`, those of
changes to the account in milliseconds and `Z`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import format_timestamp


class Unit(NamedTuple):
    """The unit of amounts: a currency, or a custom pricing unit."""

    id: str
    name: str
    is_currency: bool = True

    def json(self) -> Json:
        """Return the reference to it in other objects."""
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
"""The author of what happens automatically."""


def iso_offset(timestamp: int) -> str:
    """Return the timestamp of something scheduled, used or billed."""
    return format_timestamp(timestamp, "%Y-%m-%dT%H:%M:%S+00:00")


def iso_millis(timestamp: int) -> str:
    """Return the timestamp of a change to the account."""
    return format_timestamp(timestamp, "%Y-%m-%dT%H:%M:%S.000Z")
