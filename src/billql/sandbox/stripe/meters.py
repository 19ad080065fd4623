"""Meters, what they have counted, and the alerts on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, overload

from billql.sandbox.api import Json
from billql.sandbox.model import METRICS, Customer, Metric
from billql.sandbox.story import Story
from billql.sandbox.stripe import errors
from billql.sandbox.stripe.catalog import Catalog
from billql.sandbox.stripe.ids import ident
from billql.sandbox.timestamps import DAY, HOUR

_WINDOWS: Final = {"hour": HOUR, "day": DAY}
_LONGEST: Final = 40_000
"""The most windows of one request."""


def meters_of(story: Story, catalog: Catalog) -> list[Json]:
    """Return the meters: one for each metric, and one that is no longer used."""
    made = story.opened - 20 * DAY
    known = [(metric.key, metric.name, False) for metric in METRICS]
    return [
        {
            "id": catalog.meter(key),
            "object": "billing.meter",
            "created": made,
            "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
            "default_aggregation": {"formula": "sum"},
            "display_name": name,
            "event_name": key,
            "event_time_window": None,
            "livemode": False,
            "status": "inactive" if over else "active",
            "status_transitions": {"deactivated_at": story.opened if over else None},
            "updated": story.opened if over else made,
            "value_settings": {"event_payload_key": "value"},
        }
        for key, name, over in [*known, ("beta", "Beta API", True)]
    ]


def alerts_of(story: Story, catalog: Catalog, customers: Sequence[Customer]) -> list[Json]:
    """Return the alerts: one for everybody, and some for one customer each."""
    watched = [c for c in customers if c.biller == "stripe" and c.plan != "lead" and c.place % 4]
    alerts = []
    for place, customer in enumerate([None, *watched]):
        status = ("active", "active", "inactive", "archived")[place % 4]
        metric = METRICS[place % len(METRICS)]
        filters = [{"customer": customer.stripe_id, "type": "customer"}] if customer else []
        alerts.append(
            {
                "id": ident("alrt_1", story.seed, place),
                "object": "billing.alert",
                "alert_type": "usage_threshold",
                "livemode": False,
                "status": status,
                "title": f"{metric.name} of {customer.name if customer else 'anybody'}",
                "usage_threshold": {
                    "filters": filters,
                    "gte": metric.lot * 10_000,
                    "meter": catalog.meter(metric),
                    "recurrence": "one_time",
                },
            }
        )
    return alerts


class Summaries(Sequence[Json]):
    """The sums of a meter for a customer, in windows, the latest first.

    A window without usage has a summary too. Each is computed when it is read.
    """

    def __init__(
        self, used: Callable[[int, int], int], meter: str, bounds: Sequence[tuple[int, int]]
    ) -> None:
        self._used = used
        self._meter = meter
        self._bounds = bounds

    def __len__(self) -> int:
        return len(self._bounds)

    @overload
    def __getitem__(self, place: int) -> Json: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Json]: ...
    def __getitem__(self, place: int | slice) -> Json | Sequence[Json]:
        if isinstance(place, slice):
            return [self._summary(*bounds) for bounds in self._bounds[place]]
        return self._summary(*self._bounds[place])

    def place(self, key: str) -> int | None:
        """Return where a summary is."""
        for place, bounds in enumerate(self._bounds):
            if self._id(*bounds) == key:
                return place
        return None

    def _id(self, start: int, end: int) -> str:
        return ident("mtrusg_test_", self._meter, start, end)

    def _summary(self, start: int, end: int) -> Json:
        return {
            "id": self._id(start, end),
            "object": "billing.meter_event_summary",
            "aggregated_value": self._used(start, end),
            "end_time": end,
            "livemode": False,
            "meter": self._meter,
            "start_time": start,
        }


def summaries(story: Story, meter: Json, customer: Customer, params: dict[str, Any]) -> Summaries:
    """Return the requested summaries; raise StripeError for a window that is not valid."""
    start, end = params["start_time"], params["end_time"]
    window = params.get("value_grouping_window")
    step = _WINDOWS.get(window or "", 60)
    for name, timestamp in (("start_time", start), ("end_time", end)):
        if timestamp % step:
            what = {60: "minute", HOUR: "hour", DAY: "day (in UTC)"}[step]
            message = f"{name} must be aligned to the start of a {what}."
            raise errors.StripeError(message, param=name)
    if end <= start:
        raise errors.StripeError("end_time must be after start_time.", param="end_time")
    bounds: Sequence[tuple[int, int]] = [(start, end)]
    if window is not None:
        if (end - start) // step > _LONGEST:
            raise errors.StripeError("The window is too long.", param="end_time")
        bounds = [(at, at + step) for at in range(start, end, step)][::-1]
    metric = next((metric for metric in METRICS if metric.key == meter["event_name"]), None)
    return Summaries(_counter(story, customer, metric), meter["id"], bounds)


def _counter(story: Story, customer: Customer, metric: Metric | None) -> Callable[[int, int], int]:
    if metric is None:
        return lambda start, end: 0
    return lambda start, end: story.usage.units(customer, metric, start, end)
