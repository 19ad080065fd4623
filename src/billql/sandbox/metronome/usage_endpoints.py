"""The operations about usage: by customer, metric, window and group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account
from billql.sandbox.metronome.catalog import Meter
from billql.sandbox.metronome.endpoints import Endpoints, data, get, post
from billql.sandbox.metronome.fields import ANY_PERIOD, ARCHIVED, CUSTOMER, PERIOD
from billql.sandbox.metronome.formats import iso_millis, iso_offset
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.validation import (
    Params,
    RequestSchema,
    array_of,
    bad_request,
    boolean,
    mapping_of,
    object_of,
    one_of,
    optional,
    required,
    text,
    uuid,
)
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, HOUR, month_at, month_start

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


class Query(NamedTuple):
    """A requested metric, and the keys that it is grouped by."""

    meter: Meter
    key: str | None
    values: list[str] | None


class UsageEndpoints(Endpoints):
    """Usage, metrics, and the events behind them."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        group = {"key": required(text), "values": optional(array_of(text, MOST_VALUES))}
        metric = object_of({"id": required(uuid), "group_by": optional(object_of(group))})
        batch = {
            **PERIOD,
            "window_size": required(_SIZES),
            "customer_ids": optional(array_of(uuid)),
            "billable_metrics": optional(array_of(metric)),
        }
        post(routes, "/v1/usage", _BATCHES.schema(body=batch), self._list)
        groups = {
            **CUSTOMER,
            "billable_metric_id": required(uuid),
            "window_size": required(_SIZES),
            **ANY_PERIOD,
            "current_period": optional(boolean),
            "group_by": optional(object_of(group)),
            "group_key": optional(array_of(text)),
            "group_filters": optional(mapping_of(array_of(text))),
        }
        schema = _GROUPS.schema(body=groups, apart=[("group_by", "group_key")])
        post(routes, "/v1/usage/groups", schema, self._list_groups)
        archived = _METRICS.schema(ARCHIVED)
        get(routes, "/v1/billable-metrics", archived, self._list_metrics)
        get(routes, "/v1/billable-metrics/{billable_metric_id}", RequestSchema(), self._get_metric)
        search = RequestSchema(body={"transactionIds": required(array_of(text))})
        post(routes, "/v1/events/search", search, self._search)

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

    def _queries(self, params: Params) -> list[Query]:
        wanted = params.get("billable_metrics")
        if wanted is None:
            meters = self.world.catalog.meters
            return [Query(meter, None, None) for meter in meters if meter.archived is None]
        queries = []
        for one in wanted:
            meter, group = self.meter(one["id"]), one.get("group_by", {})
            key = group.get("key")
            if key is not None and key not in meter.keys:
                raise bad_request(f"{key} is not a group key of {meter.metric.name}")
            queries.append(Query(meter, key, group.get("values")))
        return queries

    def _list(self, request: Request, params: Params) -> Response:
        windows = self._windows(params, params["starting_on"], params["ending_before"])
        accounts = self.world.accounts
        if "customer_ids" in params:
            accounts = [
                self.account({"customer_id": id}) for id in dict.fromkeys(params["customer_ids"])
            ]
        cells = Cells(accounts, self._queries(params), windows)
        return _BATCHES.response(request, params, cells, self._batch_json)

    def _batch_json(self, cell: tuple[Account, Query, tuple[int, int]]) -> Json:
        account, query, (start, end) = cell
        row: Json = {
            "customer_id": account.id,
            "billable_metric_id": query.meter.id,
            "billable_metric_name": query.meter.metric.name,
            "start_timestamp": iso_offset(start),
            "end_timestamp": iso_offset(end),
            "value": self._value(account, query.meter, start, end, {}),
        }
        if query.key is not None:
            key = query.key
            known = self.world.metering.groups(account.customer, query.meter, [key])
            values = [group[key] for group in known]
            row["groups"] = {
                value: self._value(account, query.meter, start, end, {key: value})
                if value in values
                else None
                for value in (query.values or values[:MOST_VALUES])
            }
        return row

    def _period(self, account: Account, params: Params) -> tuple[float, float]:
        start, end = params.get("starting_on"), params.get("ending_before")
        if params.get("current_period"):
            if start is not None or end is not None:
                raise bad_request("current_period can not be used together with a time range")
            if account.ended is not None or not (account.plans or account.contracts):
                raise bad_request("The customer has no active plan or contract")
            month = month_at(self.now)
            return month_start(month), month_start(month + 1)
        if start is None or end is None:
            raise bad_request("starting_on and ending_before must be given, or current_period")
        return start, end

    def _list_groups(self, request: Request, params: Params) -> Response:
        account, meter = self.account(params), self.meter(params["billable_metric_id"])
        windows = self._windows(params, *self._period(account, params))
        keys = params.get("group_key", [])
        filters = params.get("group_filters", {})
        if one := params.get("group_by"):
            keys, filters = [one["key"]], {one["key"]: one.get("values", [])}
        if keys and sorted(keys) not in map(sorted, meter.groupings):
            names = ", ".join(keys)
            raise bad_request(f"group_key must be a group key of the billable metric: {names}")
        if filters.keys() - set(keys):
            raise bad_request("group_filters must have keys of group_key alone")
        if sum(map(len, filters.values())) > MOST_VALUES:
            raise bad_request(f"group_filters must NOT have more than {MOST_VALUES} values")
        groups: list[dict[str, str]] = [{}]
        if keys:
            known = self.world.metering.groups(account.customer, meter, keys)
            groups = [
                group
                for group in known
                if all(
                    not filters.get(key) or value in filters[key] for key, value in group.items()
                )
            ]

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

    def _search(self, request: Request, params: Params) -> Response:
        """Return events: each hour's usage of a metric is one, `alias/metric/unix time`."""
        if len(params["transactionIds"]) > 100:
            raise bad_request("transactionIds must NOT have more than 100 items")
        found = [event for id in params["transactionIds"] if (event := self._event(id))]
        return Response(orjson.dumps(found))

    def _event(self, id: str) -> Json | None:
        alias, _, rest = id.partition("/")
        key, _, hour = rest.partition("/")
        account = next((a for a in self.world.accounts if a.customer.ingest_alias == alias), None)
        meter = next((m for m in self.world.catalog.meters if m.metric.key == key), None)
        if account is None or meter is None or not hour.isdigit() or int(hour) % HOUR:
            return None
        start = int(hour)
        units = self._value(account, meter, start, start + HOUR, {})
        if not units:
            return None
        return {
            "id": Rng("event", id).uuid(),
            "transaction_id": id,
            "customer_id": alias,
            "event_type": key,
            "timestamp": iso_offset(start),
            "properties": {meter.summed or "count": units},
            "is_duplicate": False,
            "processed_at": iso_millis(start + 60),
            "matched_customer": {"id": account.id, "name": account.customer.name},
            "matched_billable_metrics": [meter.json()],
        }
