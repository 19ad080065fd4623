"""The operations about usage: by customer, metric, window and group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account
from billql.sandbox.metronome.catalogue import Meter
from billql.sandbox.metronome.endpoints import Endpoints, data, get, post
from billql.sandbox.metronome.formats import at, on
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.validation import (
    Asked,
    Form,
    flag,
    many,
    maybe,
    moment,
    needed,
    one_of,
    record,
    table,
    text,
    uuid,
    wrong,
)
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, HOUR, month_at, month_start

_BATCHES: Final = Paging("query", usual=100, most=None)
_GROUPS: Final = Paging("query")
_METRICS: Final = Paging("query")

_SIZES: Final = one_of("HOUR", "DAY", "NONE", shouting=True)
_LENGTHS: Final = {"HOUR": HOUR, "DAY": DAY}

MOST_VALUES: Final = 200
"""Values of a group that may be asked for at once."""


class Cells(Sequence[Any]):
    """What is asked for as a table of customers, metrics and windows, none of it worked out."""

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
    """A metric that is asked for, and what to group it by."""

    meter: Meter
    key: str | None
    values: list[str] | None


class UsageEndpoints(Endpoints):
    """Usage, metrics, and the events behind them."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        group = {"key": needed(text), "values": maybe(many(text, MOST_VALUES))}
        metric = record({"id": needed(uuid), "group_by": maybe(record(group))})
        batch = {
            "starting_on": needed(moment),
            "ending_before": needed(moment),
            "window_size": needed(_SIZES),
            "customer_ids": maybe(many(uuid)),
            "billable_metrics": maybe(many(metric)),
        }
        post(routes, "/v1/usage", _BATCHES.form(body=batch), self._list)
        groups = {
            "customer_id": needed(uuid),
            "billable_metric_id": needed(uuid),
            "window_size": needed(_SIZES),
            "starting_on": maybe(moment),
            "ending_before": maybe(moment),
            "current_period": maybe(flag),
            "group_by": maybe(record(group)),
            "group_key": maybe(many(text)),
            "group_filters": maybe(table(many(text))),
        }
        form = _GROUPS.form(body=groups, apart=[("group_by", "group_key")])
        post(routes, "/v1/usage/groups", form, self._list_groups)
        archived = _METRICS.form({"include_archived": maybe(flag)})
        get(routes, "/v1/billable-metrics", archived, self._list_metrics)
        get(routes, "/v1/billable-metrics/{billable_metric_id}", Form(), self._get_metric)
        search = Form(body={"transactionIds": needed(many(text))})
        post(routes, "/v1/events/search", search, self._search)

    def _windows(self, asked: Asked, start: float, end: float) -> list[tuple[int, int]]:
        """Return the windows from one midnight to another; those of the future are none."""
        if start % DAY or end % DAY:
            raise wrong("starting_on and ending_before must be aligned to UTC midnight")
        if end - start < DAY:
            raise wrong("ending_before must be at least one day after starting_on")
        first, last = int(start), int(end)
        length = _LENGTHS.get(asked["window_size"])
        if length is None:
            return [(first, last)]
        last = min(last, -(-self.now // length) * length)
        return [(one, one + length) for one in range(first, last, length)]

    def _value(
        self, account: Account, meter: Meter, start: int, end: int, group: dict[str, str]
    ) -> int | None:
        """Return what was used; nothing at all is known of the time before a customer came."""
        ended = account.ended
        if end <= account.customer.created or (ended is not None and start >= ended):
            return None
        return self.world.metering.value(account.customer, meter, start, end, group)

    def _queries(self, asked: Asked) -> list[Query]:
        wanted = asked.get("billable_metrics")
        if wanted is None:
            meters = self.world.catalogue.meters
            return [Query(meter, None, None) for meter in meters if meter.archived is None]
        queries = []
        for one in wanted:
            meter, group = self.meter(one["id"]), one.get("group_by", {})
            key = group.get("key")
            if key is not None and key not in meter.keys:
                raise wrong(f"{key} is not a group key of {meter.metric.name}")
            queries.append(Query(meter, key, group.get("values")))
        return queries

    def _list(self, request: Request, asked: Asked) -> Response:
        windows = self._windows(asked, asked["starting_on"], asked["ending_before"])
        accounts = self.world.accounts
        if "customer_ids" in asked:
            accounts = [
                self.account({"customer_id": id}) for id in dict.fromkeys(asked["customer_ids"])
            ]
        cells = Cells(accounts, self._queries(asked), windows)
        return _BATCHES.answer(request, asked, cells, self._batch_json)

    def _batch_json(self, cell: tuple[Account, Query, tuple[int, int]]) -> Json:
        account, query, (start, end) = cell
        row: Json = {
            "customer_id": account.id,
            "billable_metric_id": query.meter.id,
            "billable_metric_name": query.meter.metric.name,
            "start_timestamp": at(start),
            "end_timestamp": at(end),
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

    def _period(self, account: Account, asked: Asked) -> tuple[float, float]:
        start, end = asked.get("starting_on"), asked.get("ending_before")
        if asked.get("current_period"):
            if start is not None or end is not None:
                raise wrong("current_period can not be used together with a time range")
            if account.ended is not None or not (account.plans or account.contracts):
                raise wrong("The customer has no active plan or contract")
            month = month_at(self.now)
            return month_start(month), month_start(month + 1)
        if start is None or end is None:
            raise wrong("starting_on and ending_before must be given, or current_period")
        return start, end

    def _list_groups(self, request: Request, asked: Asked) -> Response:
        account, meter = self.account(asked), self.meter(asked["billable_metric_id"])
        windows = self._windows(asked, *self._period(account, asked))
        keys = asked.get("group_key", [])
        filters = asked.get("group_filters", {})
        if one := asked.get("group_by"):
            keys, filters = [one["key"]], {one["key"]: one.get("values", [])}
        if keys and sorted(keys) not in map(sorted, meter.groupings):
            words = ", ".join(keys)
            raise wrong(f"group_key must be a group key of the billable metric: {words}")
        if filters.keys() - set(keys):
            raise wrong("group_filters must have keys of group_key alone")
        if sum(map(len, filters.values())) > MOST_VALUES:
            raise wrong(f"group_filters must NOT have more than {MOST_VALUES} values")
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
                "starting_on": at(start),
                "ending_before": at(end),
                "group_key": single[0],
                "group_value": single[1],
                **({"group": group} if group else {}),
                "value": self._value(account, meter, start, end, group),
            }

        return _GROUPS.answer(request, asked, Cells(windows, groups), write)

    def _list_metrics(self, request: Request, asked: Asked) -> Response:
        rows = [
            meter
            for meter in self.world.catalogue.meters
            if meter.archived is None or asked.get("include_archived")
        ]
        return _METRICS.answer(request, asked, rows, lambda meter: meter.json())

    def _get_metric(self, request: Request, asked: Asked) -> Response:
        return data(self.meter(asked["billable_metric_id"]).json())

    def _search(self, request: Request, asked: Asked) -> Response:
        """Find events: each hour's usage of a metric came in as one, `alias/metric/unix time`."""
        if len(asked["transactionIds"]) > 100:
            raise wrong("transactionIds must NOT have more than 100 items")
        found = [event for id in asked["transactionIds"] if (event := self._event(id))]
        return Response(orjson.dumps(found))

    def _event(self, id: str) -> Json | None:
        alias, _, rest = id.partition("/")
        key, _, hour = rest.partition("/")
        account = next((a for a in self.world.accounts if a.customer.ingest_alias == alias), None)
        meter = next((m for m in self.world.catalogue.meters if m.metric.key == key), None)
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
            "timestamp": at(start),
            "properties": {meter.summed or "count": units},
            "is_duplicate": False,
            "processed_at": on(start + 60),
            "matched_customer": {"id": account.id, "name": account.customer.name},
            "matched_billable_metrics": [meter.json()],
        }
