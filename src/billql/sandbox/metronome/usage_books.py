"""The books about usage: by customer, metric, window and group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from billql.sandbox.api import Json
from billql.sandbox.books import Book, Lazy, Query
from billql.sandbox.metronome.accounts import Account
from billql.sandbox.metronome.catalog import Meter
from billql.sandbox.metronome.formats import iso_offset
from billql.sandbox.metronome.records import Records, bad_request, not_found, window
from billql.sandbox.timestamps import DAY, HOUR

_LENGTHS: Final = {"HOUR": HOUR, "DAY": DAY}

MOST_VALUES: Final = 200
"""The most values of a group in one request."""


class Cells(Sequence[Any]):
    """The requested customers, metrics and windows as a table, computed row by row."""

    def __init__(self, *axes: Sequence[Any]) -> None:
        self._axes = axes

    def __len__(self) -> int:
        size = 1
        for axis in self._axes:
            size *= len(axis)
        return size

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        cell = []
        for axis in reversed(self._axes):
            place, rest = divmod(place, len(axis))
            cell.append(axis[rest])
        return tuple(reversed(cell))


class UsageBooks:
    """Usage, whole and by group."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._world = records.world

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        times = ("starting_on", "ending_before")
        return {
            "usage.usage": Book(self._usage, selects=(*times, "customer_ids"), usual=100),
            "usage.usage_groups": Book(self._groups, selects=(*times, "group_by.values")),
        }

    def _windows(self, query: Query) -> list[tuple[int, int]]:
        """Return the windows from one midnight to another; those of the future are none."""
        start, end = window(query)
        if start % DAY or end % DAY:
            raise bad_request("starting_on and ending_before must be aligned to UTC midnight")
        first, last = int(start), int(end)
        length = _LENGTHS.get(query.values["window_size"].upper())
        if length is None:
            return [(first, last)]
        last = min(last, -(-self._records.now // length) * length)
        return [(one, one + length) for one in range(first, last, length)]

    def _value(
        self, account: Account, meter: Meter, start: int, end: int, group: dict[str, str]
    ) -> int | None:
        """Return the usage; there is none before a customer was created."""
        ended = account.ended
        if end <= account.customer.created or (ended is not None and start >= ended):
            return None
        return self._world.metering.value(account.customer, meter, start, end, group)

    def _usage(self, query: Query) -> Sequence[Json]:
        windows = self._windows(query)
        meters = [meter for meter in self._world.catalog.meters if meter.archived is None]
        return Lazy(Cells(self._records.accounts(query), meters, windows), self._usage_json)

    def _usage_json(self, cell: tuple[Account, Meter, tuple[int, int]]) -> Json:
        account, meter, (start, end) = cell
        return {
            "customer_id": account.id,
            "billable_metric_id": meter.id,
            "billable_metric_name": meter.metric.name,
            "start_timestamp": iso_offset(start),
            "end_timestamp": iso_offset(end),
            "value": self._value(account, meter, start, end, {}),
        }

    def _groups(self, query: Query) -> Sequence[Json]:
        windows = self._windows(query)
        account, meter = self._records.account(query), self._meter(query)
        key, wanted = query.values["group_by.key"], query.get("group_by.values", ())
        if key not in meter.keys:
            raise bad_request(f"group_by.key must be a group key of the billable metric: {key}")
        if len(wanted) > MOST_VALUES:
            raise bad_request(f"group_by.values must not have more than {MOST_VALUES} items")
        known = self._world.metering.groups(account.customer, meter, [key])
        groups = [group[key] for group in known if not wanted or group[key] in wanted]

        def write(cell: tuple[tuple[int, int], str]) -> Json:
            (start, end), value = cell
            return {
                "starting_on": iso_offset(start),
                "ending_before": iso_offset(end),
                "group_key": key,
                "group_value": value,
                "group": {key: value},
                "value": self._value(account, meter, start, end, {key: value}),
            }

        return Lazy(Cells(windows, groups), write)

    def _meter(self, query: Query) -> Meter:
        for meter in self._world.catalog.meters:
            if meter.id == query.values["billable_metric_id"]:
                return meter
        raise not_found("Billable metric")
