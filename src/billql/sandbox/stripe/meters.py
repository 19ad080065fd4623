"""Meters, what they have counted, and the alerts on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from billql.sandbox.api import ApiError, Json
from billql.sandbox.model import METRICS, Customer
from billql.sandbox.story import Story
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
            "created": made,
            "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
            "default_aggregation": {"formula": "sum"},
            "display_name": name,
            "event_name": key,
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


def summaries(
    used: Callable[[int, int], int], meter: str, start: int, end: int, window: str | None
) -> list[Json]:
    """Return what a meter counted, window by window, the latest first.

    A window without usage has a summary too. Raises ApiError for times that are not aligned.
    """
    step = _WINDOWS.get(window or "", 60)
    for name, timestamp in (("start_time", start), ("end_time", end)):
        if timestamp % step:
            what = {60: "minute", HOUR: "hour", DAY: "day (in UTC)"}[step]
            raise _refused(f"{name} must be aligned to the start of a {what}.", name)
    if end <= start:
        raise _refused("end_time must be after start_time.", "end_time")
    if window is not None and (end - start) // step > _LONGEST:
        raise _refused("The window is too long.", "end_time")
    starts = range(start, end, step)[::-1] if window is not None else (start,)
    length = step if window is not None else end - start
    return [
        {
            "id": ident("mtrusg_test_", meter, at, at + length),
            "aggregated_value": used(at, at + length),
            "end_time": at + length,
            "meter": meter,
            "start_time": at,
        }
        for at in starts
    ]


def _refused(message: str, parameter: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, message, parameter=parameter)
