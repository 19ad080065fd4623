"""The operations about usage: by customer, metric, window and group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account
from billql.sandbox.metronome.catalog import Meter
from billql.sandbox.metronome.endpoints import Endpoints, data, get, post
from billql.sandbox.metronome.fields import ANY_PERIOD, ARCHIVED, CUSTOMER, PERIOD
from billql.sandbox.metronome.formats import iso_offset
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.validation import (
    Params,
    RequestSchema,
    array_of,
    bad_request,
    object_of,
    one_of,
    optional,
    required,
    text,
    uuid,
)
from billql.sandbox.timestamps import DAY, HOUR

_BATCHES: Final = Paging("query", usual=100, most=None)
_GROUPS: Final = Paging("query")
_METRICS: Final = Paging("query")

_SIZES: Final = one_of("HOUR", "DAY", "NONE", any_case=True)
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


class UsageEndpoints(Endpoints):
    """Usage and metrics."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        group = {"key": required(text), "values": optional(array_of(text, MOST_VALUES))}
        batch = {
            **PERIOD,
            "window_size": required(_SIZES),
            "customer_ids": optional(array_of(uuid)),
        }
        post(routes, "/v1/usage", _BATCHES.schema(body=batch), self._list)
        groups = {
            **CUSTOMER,
            "billable_metric_id": required(uuid),
            "window_size": required(_SIZES),
            **ANY_PERIOD,
            "group_by": optional(object_of(group)),
        }
        post(routes, "/v1/usage/groups", _GROUPS.schema(body=groups), self._list_groups)
        archived = _METRICS.schema(ARCHIVED)
        get(routes, "/v1/billable-metrics", archived, self._list_metrics)
        get(routes, "/v1/billable-metrics/{billable_metric_id}", RequestSchema(), self._get_metric)

    def _windows(self, params: Params, start: float, end: float) -> list[tuple[int, int]]:
        """Return the windows from one midnight to another; those of the future are none."""
        if start % DAY or end % DAY:
            raise bad_request("starting_on and ending_before must be aligned to UTC midnight")
        if end - start < DAY:
            raise bad_request("ending_before must be at least one day after starting_on")
        first, last = int(start), int(end)
        length = _LENGTHS.get(params["window_size"])
        if length is None:
            return [(first, last)]
        last = min(last, -(-self.now // length) * length)
        return [(one, one + length) for one in range(first, last, length)]

    def _value(
        self, account: Account, meter: Meter, start: int, end: int, group: dict[str, str]
    ) -> int | None:
        """Return the usage; there is none before a customer was created."""
        ended = account.ended
        if end <= account.customer.created or (ended is not None and start >= ended):
            return None
        return self.world.metering.value(account.customer, meter, start, end, group)

    def _list(self, request: Request, params: Params) -> Response:
        windows = self._windows(params, params["starting_on"], params["ending_before"])
        accounts = self.world.accounts
        if "customer_ids" in params:
            accounts = [
                self.account({"customer_id": id}) for id in dict.fromkeys(params["customer_ids"])
            ]
        meters = [meter for meter in self.world.catalog.meters if meter.archived is None]
        cells = Cells(accounts, meters, windows)
        return _BATCHES.response(request, params, cells, self._batch_json)

    def _batch_json(self, cell: tuple[Account, Meter, tuple[int, int]]) -> Json:
        account, meter, (start, end) = cell
        return {
            "customer_id": account.id,
            "billable_metric_id": meter.id,
            "billable_metric_name": meter.metric.name,
            "start_timestamp": iso_offset(start),
            "end_timestamp": iso_offset(end),
            "value": self._value(account, meter, start, end, {}),
        }

    def _list_groups(self, request: Request, params: Params) -> Response:
        account, meter = self.account(params), self.meter(params["billable_metric_id"])
        if "starting_on" not in params or "ending_before" not in params:
            raise bad_request("starting_on and ending_before must be given")
        windows = self._windows(params, params["starting_on"], params["ending_before"])
        group_by = params.get("group_by", {})
        key, wanted = group_by.get("key"), group_by.get("values")
        if key is not None and key not in meter.keys:
            raise bad_request(f"group_by/key must be a group key of the billable metric: {key}")
        groups: list[dict[str, str]] = [{}]
        if key is not None:
            known = self.world.metering.groups(account.customer, meter, [key])
            groups = [group for group in known if not wanted or group[key] in wanted]

        def write(cell: tuple[tuple[int, int], dict[str, str]]) -> Json:
            (start, end), group = cell
            single = next(iter(group.items())) if len(group) == 1 else (None, None)
            return {
                "starting_on": iso_offset(start),
                "ending_before": iso_offset(end),
                "group_key": single[0],
                "group_value": single[1],
                **({"group": group} if group else {}),
                "value": self._value(account, meter, start, end, group),
            }

        return _GROUPS.response(request, params, Cells(windows, groups), write)

    def _list_metrics(self, request: Request, params: Params) -> Response:
        rows = [
            meter
            for meter in self.world.catalog.meters
            if meter.archived is None or params.get("include_archived")
        ]
        return _METRICS.response(request, params, rows, lambda meter: meter.json())

    def _get_metric(self, request: Request, params: Params) -> Response:
        return data(self.meter(params["billable_metric_id"]).json())
