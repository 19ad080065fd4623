"""Usage, in any window that begins and ends on the hour, by group.

The story counts usage in lots, with the time of each. The group of a lot depends on
its number within the month, so groups add up to the whole and windows add up to the month.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from billql.sandbox.metronome.catalog import Meter
from billql.sandbox.model import Customer, Metric
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.timestamps import HOUR, month_at, month_start

PER_SEAT: Final = 500
"""Prompts that a seat has each month."""

POOLED: Final = 2000
"""Prompts a month that those without seats share."""


class Seat(NamedTuple):
    """A user of the assistant."""

    id: str
    first: int
    """The month from which on."""


class Metering:
    """Usage of all customers."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._so_far = lru_cache(maxsize=200_000)(self._count)

    def so_far(self, customer: Customer, metric: Metric, month: int, timestamp: int) -> int:
        """Return the lots of a month that are used by a timestamp, which may be outside of it."""
        start = month_start(month)
        end = min(max(timestamp, start), month_start(month + 1), self._story.now)
        # Usage of an hour counts at its end.
        return self._so_far(customer, metric, month, end // HOUR * HOUR)

    def _count(self, customer: Customer, metric: Metric, month: int, timestamp: int) -> int:
        return (
            self._story.usage.units(customer, metric, month_start(month), timestamp) // metric.lot
        )

    def lots(
        self, customer: Customer, meter: Meter, start: int, end: int, group: Mapping[str, str]
    ) -> int:
        """Return the lots used between two timestamps that belong to a group."""
        lots = 0
        end = min(end, self._story.now)
        for month in range(month_at(start), month_at(end) + 1) if start < end else ():
            since, until = (
                self.so_far(customer, meter.metric, month, timestamp) for timestamp in (start, end)
            )
            lots += dealt(meter, group, since, until)
        return lots

    def seats(self, customer: Customer) -> list[Seat]:
        """Return the users of the assistant: enterprises have seats, the others share a pool."""
        if customer.biller != "metronome":
            return []
        rng = Rng(self._story.seed, "seats", customer.place)
        joined = month_at(customer.created)
        if customer.plan != "enterprise":
            return [Seat(f"user_{place + 1}", joined) for place in range(rng.between(2, 4))]
        number = 30 if customer.place == 0 else rng.between(3, 12)
        # The last fifth of the seats is added in the third month.
        return [
            Seat(f"user_{place + 1:03d}", joined + (2 if place >= number - number // 5 else 0))
            for place in range(number)
        ]

    def prompts(self, customer: Customer, seat: Seat, start: int, end: int) -> int:
        """Return a seat's prompts between two timestamps."""
        start, end = max(start, customer.created), min(end, self._story.now // HOUR * HOUR)
        prompts = 0
        for month in range(month_at(start), month_at(end) + 1) if start < end else ():
            opens, closes = month_start(month), month_start(month + 1)
            planned = self._planned(customer, seat, month)
            until, since = (
                planned * (min(max(timestamp, opens), closes) - opens) // (closes - opens)
                for timestamp in (end // HOUR * HOUR, start // HOUR * HOUR)
            )
            prompts += until - since
        return prompts

    def _planned(self, customer: Customer, seat: Seat, month: int) -> int:
        """Return a seat's prompts of a whole month: some use none, some all that they may."""
        gone = customer.ended is not None and month_start(month) >= customer.ended
        if gone or month < seat.first:
            return 0
        most = PER_SEAT if customer.plan == "enterprise" else POOLED // 4
        rng = Rng(self._story.seed, "prompts", customer.place, seat.id, month)
        match rng.below(6):
            case 0:
                return 0
            case 1:
                return most
            case _:
                return rng.between(1, most)

    def value(
        self, customer: Customer, meter: Meter, start: int, end: int, group: Mapping[str, str]
    ) -> int:
        """Return the units of a metric between two timestamps that belong to a group."""
        if meter.archived is not None:
            return 0
        if meter.deal:
            return self.lots(customer, meter, start, end, group) * meter.metric.lot
        return sum(
            self.prompts(customer, seat, start, end)
            for seat in self.seats(customer)
            if group.get("user_id", seat.id) == seat.id
        )

    def groups(self, customer: Customer, meter: Meter, keys: list[str]) -> list[dict[str, str]]:
        """Return the groups that a customer's usage has, by some of the metric's keys."""
        if meter.deal:
            return list(groups_of(meter, keys))
        return [{"user_id": seat.id} for seat in self.seats(customer)]


def groups_of(meter: Meter, keys: list[str]) -> Iterator[dict[str, str]]:
    """Yield the groups of a metric whose lots are dealt out."""
    places = [meter.keys.index(key) for key in keys]
    for values in dict.fromkeys(tuple(dealt[place] for place in places) for dealt in meter.deal):
        yield dict(zip(keys, values, strict=True))


def dealt(meter: Meter, group: Mapping[str, str], since: int, until: int) -> int:
    """Return how many of a month's lots, from one number to another, belong to a group."""
    if not group:
        return until - since
    belongs = [
        all(group.get(key, value) == value for key, value in zip(meter.keys, values, strict=True))
        for values in meter.deal
    ]

    def before(number: int) -> int:
        rounds, rest = divmod(number, len(belongs))
        return rounds * sum(belongs) + sum(belongs[:rest])

    return before(until) - before(since)
