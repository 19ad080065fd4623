"""Insights: what each day cost, resource by resource, as estimated the night after.

Every slot that costs anything has one data point a day, so that a page of a window is computed
from its place in it, and the rest of the window is not touched.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.books import Lazy
from billql.sandbox.digitalocean.bills import MONTHS, dollars
from billql.sandbox.digitalocean.charges import charges_of
from billql.sandbox.digitalocean.fleet import HABITS, Fleet, Kind
from billql.sandbox.timestamps import DAY, day_start, format_timestamp, month_of, month_start

TEAM: Final = "12345678-1234-1234-1234-123456789012"
"""The team's UUID, the one of the API's documentation: its examples work here."""

TEAM_URN: Final = f"do:team:{TEAM}"

_NOON: Final = DAY // 2


class Insights:
    """The data points from the first invoice's month to the day before the last."""

    def __init__(self, fleet: Fleet, until: date) -> None:
        self._fleet = fleet
        self._first = month_start(month_of(until) - MONTHS)
        self._last = day_start(until) - DAY
        self._known: dict[str, Json] = {}

    def window(self, start: int, end: int) -> Lazy:
        """Return the data points of a window, from the day of one timestamp to that of another."""
        first, last = max(start, self._first), min(end, self._last)
        per_day = len(self._slots)

        def write(place: int) -> Json:
            return self._point(first + place // per_day * DAY, *self._slots[place % per_day])

        return Lazy(range(max(0, (last - first) // DAY + 1) * per_day), write)

    @cached_property
    def _slots(self) -> list[tuple[Kind, int]]:
        return [
            (kind, slot)
            for kind in HABITS
            for slot in range(self._fleet.slots(kind))
            if charges_of(self._fleet.at(kind, slot, self._last))
        ]

    def _point(self, midnight: int, kind: Kind, slot: int) -> Json:
        life = self._fleet.at(kind, slot, midnight + _NOON)
        same_every_day = self._known.get(life.uuid)
        if same_every_day is None:
            charges = charges_of(life)
            same_every_day = self._known[life.uuid] = {
                "total_amount": dollars(sum(charge.amount(24) for charge in charges)),
                "region": life.region,
                "sku": charges[0].sku,
                "description": charges[0].description,
                "group_description": charges[0].group,
            }
        day = format_timestamp(midnight, "%Y-%m-%d")
        return {"usage_team_urn": TEAM_URN, "start_date": day, **same_every_day}
