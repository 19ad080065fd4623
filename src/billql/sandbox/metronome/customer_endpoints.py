"""The operations about customers: who they are, what they are metered by, what each day costs."""

from __future__ import annotations

from collections.abc import Iterator

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account, PlanTerm
from billql.sandbox.metronome.catalog import Meter, Product
from billql.sandbox.metronome.endpoints import Endpoints, data, get
from billql.sandbox.metronome.fields import ARCHIVED, PERIOD
from billql.sandbox.metronome.formats import CREDITS, USD, Unit, iso_offset
from billql.sandbox.metronome.paging import BY_QUERY
from billql.sandbox.metronome.plan_ledger import plan_id, plan_name
from billql.sandbox.metronome.validation import (
    Params,
    RequestSchema,
    array_of,
    bad_request,
    boolean,
    optional,
    text,
)
from billql.sandbox.timestamps import DAY, month_start


class CustomerEndpoints(Endpoints):
    """Customers, their metrics, plans and costs."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        filters = {
            "ingest_alias": optional(text),
            "salesforce_account_ids": optional(array_of(text, 100)),
            "only_archived": optional(boolean),
        }
        get(routes, "/v1/customers", BY_QUERY.schema(filters), self._list)
        one = "/v1/customers/{customer_id}"
        get(routes, one, RequestSchema(), self._get)
        metrics = {**ARCHIVED, "on_current_plan": optional(boolean)}
        get(routes, f"{one}/billable-metrics", BY_QUERY.schema(metrics), self._list_metrics)
        get(routes, f"{one}/costs", BY_QUERY.schema(PERIOD), self._list_costs)
        get(routes, f"{one}/plans", BY_QUERY.schema(), self._list_plans)

    def _list(self, request: Request, params: Params) -> Response:
        archived = params.get("only_archived", False)
        rows = []
        for account in self.world.accounts:
            row = account.json()
            sold = row["customer_config"]["salesforce_account_id"]
            if (
                (account.archived is not None) == archived
                and params.get("ingest_alias") in (None, *row["ingest_aliases"])
                and sold in params.get("salesforce_account_ids", [sold])
            ):
                rows.append(row)
        return BY_QUERY.response(request, params, rows, lambda row: row)

    def _get(self, request: Request, params: Params) -> Response:
        return data(self.account(params).json())

    def _list_metrics(self, request: Request, params: Params) -> Response:
        account = self.account(params)
        rows = [
            meter
            for meter in self.world.catalog.meters
            if (meter.archived is None or params.get("include_archived"))
            and (not params.get("on_current_plan") or meter.metric in account.customer.metrics)
        ]
        return BY_QUERY.response(request, params, rows, _metric_json)

    def _list_costs(self, request: Request, params: Params) -> Response:
        account = self.account(params)
        start, end = params["starting_on"], params["ending_before"]
        if end <= start:
            raise bad_request("ending_before must be after starting_on")
        first = int(max(start, account.customer.created)) // DAY * DAY
        last = min(end, self.now, account.ended or self.now)
        days = range(first, max(first, -int(-last // DAY) * DAY), DAY)
        return BY_QUERY.response(request, params, days, lambda day: self._cost_json(account, day))

    def _cost_json(self, account: Account, day: int) -> Json:
        costs: dict[str, Json] = {}
        for unit, product, group, cost in self._costs(account, day):
            part = costs.setdefault(
                unit.id, {"name": unit.name, "cost": 0, "line_item_breakdown": []}
            )
            part["cost"] += cost
            if cost:
                line: Json = {"name": product.name, "cost": cost}
                if group:
                    ((line["group_key"], line["group_value"]),) = group.items()
                part["line_item_breakdown"].append(line)
        return {
            "start_timestamp": iso_offset(day),
            "end_timestamp": iso_offset(day + DAY),
            "credit_types": costs,
        }

    def _costs(
        self, account: Account, day: int
    ) -> Iterator[tuple[Unit, Product, dict[str, str], int]]:
        """Yield what a day costs: in dollars on a contract, in credits on a plan."""
        catalog, metering, customer = self.world.catalog, self.world.metering, account.customer
        for metric in customer.metrics if account.billed_here or account.plans else ():
            product = catalog.product(metric.key)
            assert product.meter is not None
            keys = [*product.presented, *product.priced] if account.billed_here else []
            groups = metering.groups(customer, product.meter, keys) if keys else [{}]
            for group in groups:
                lots = metering.lots(customer, product.meter, day, day + DAY, group)
                yield USD if account.billed_here else CREDITS, product, group, lots
        for seat in account.seats:
            prompts = metering.prompts(customer, seat, day, day + DAY)
            yield CREDITS, catalog.product("prompts"), {"user_id": seat.id}, prompts

    def _list_plans(self, request: Request, params: Params) -> Response:
        rows = self.account(params).plans
        return BY_QUERY.response(request, params, rows, self._plan_json)

    def _plan_json(self, term: PlanTerm) -> Json:
        return {
            "id": term.id,
            "plan_id": plan_id(self.world.story.seed, term.plan),
            "plan_name": plan_name(term.plan),
            "plan_description": "Metered here, billed elsewhere",
            "starting_on": iso_offset(month_start(term.first)),
            **({} if term.end is None else {"ending_before": iso_offset(month_start(term.end))}),
            "net_payment_terms_days": 0,
            "custom_fields": {},
        }


def _metric_json(meter: Meter) -> Json:
    shown = meter.json()
    return shown | {
        "aggregate": meter.aggregation.lower(),
        "aggregate_keys": [meter.summed] if meter.summed else [],
        "group_by": list(meter.keys),
    }
