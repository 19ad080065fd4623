"""Insights: what each day cost, resource by resource, as estimated the night after.

Every slot that costs anything has one data point a day, so that a page of a window is computed
from its place in it, and the rest of the window is not touched.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.digitalocean.bills import MONTHS, dollars
from billql.sandbox.digitalocean.charges import charges_of
from billql.sandbox.digitalocean.fleet import HABITS, Fleet, Kind
from billql.sandbox.timestamps import DAY, day_start, format_timestamp, month_of

TEAM: Final = "12345678-1234-1234-1234-123456789012"
"""The team's UUID, the one of the API's documentation: its examples work here."""

TEAM_URN: Final = f"do:team:{TEAM}"

_NOON: Final = DAY // 2


class Insights:
    """The data points from the first invoice's month to the day before the last."""

    def __init__(self, fleet: Fleet, until: date) -> None:
        self._fleet = fleet
        month = month_of(until) - MONTHS
        self._first = date(month // 12, month % 12 + 1, 1)
        self._last = until - timedelta(days=1)
        self._known: dict[str, Json] = {}

    def window(self, start: date, end: date) -> tuple[date, int]:
        """Return the first day of a window that has data points, and how many points there are."""
        first, last = max(start, self._first), min(end, self._last)
        return first, max(0, (last - first).days + 1) * len(self._slots)

    def points(self, first: date, places: range) -> list[Json]:
        """Return the data points at some places, counted from a window's first day."""
        midnight = day_start(first)
        per_day = len(self._slots)
        return [
            self._point(midnight + place // per_day * DAY, *self._slots[place % per_day])
            for place in places
        ]

    @cached_property
    def _slots(self) -> list[tuple[Kind, int]]:
        timestamp = day_start(self._last)
        return [
            (kind, slot)
            for kind in HABITS
            for slot in range(self._fleet.slots(kind))
            if charges_of(self._fleet.at(kind, slot, timestamp))
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
