"""The operations of the older world: plans, their charges and customers, and credit grants."""

from __future__ import annotations

from typing import Final

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account, PlanTerm
from billql.sandbox.metronome.endpoints import Endpoints, data, get, not_found, post
from billql.sandbox.metronome.fields import ANY_PERIOD
from billql.sandbox.metronome.formats import CREDITS, USD, Unit, iso_offset
from billql.sandbox.metronome.paging import BY_QUERY, Paging
from billql.sandbox.metronome.plan_ledger import (
    INCLUDED,
    CreditGrant,
    Entry,
    PlanLedger,
    charge_id,
    plan_id,
    plan_name,
)
from billql.sandbox.metronome.validation import (
    Params,
    RequestSchema,
    array_of,
    bad_request,
    date_time,
    one_of,
    optional,
    uuid,
)
from billql.sandbox.model import METRICS, Metric, Plan
from billql.sandbox.timestamps import month_start

_ENTRIES: Final = Paging("query", usual=10, most=None)

_STATUSES: Final = ("all", "active", "ended", "upcoming")


class PlanEndpoints(Endpoints):
    """Plans and credit grants."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        get(routes, "/v1/plans", BY_QUERY.schema(), self._list)
        one = "/v1/planDetails/{plan_id}"
        get(routes, one, RequestSchema(), self._get)
        get(routes, f"{one}/charges", BY_QUERY.schema(), self._list_charges)
        status = BY_QUERY.schema({"status": optional(array_of(one_of(*_STATUSES)))})
        get(routes, f"{one}/customers", status, self._list_customers)
        grants = {
            "customer_ids": optional(array_of(uuid)),
            "credit_type_ids": optional(array_of(uuid)),
            "credit_grant_ids": optional(array_of(uuid)),
            "effective_before": optional(date_time),
            "not_expiring_before": optional(date_time),
        }
        apart = [("credit_grant_ids", "customer_ids"), ("credit_grant_ids", "credit_type_ids")]
        schema = BY_QUERY.schema(body=grants, apart=apart)
        post(routes, "/v1/credits/listGrants", schema, self._list_grants)
        entries = {
            "customer_ids": optional(array_of(uuid)),
            "credit_type_ids": optional(array_of(uuid)),
            **ANY_PERIOD,
        }
        schema = _ENTRIES.schema({"sort": optional(one_of("asc", "desc"))}, entries)
        post(routes, "/v1/credits/listEntries", schema, self._list_entries)

    def _brief(self, plan: Plan) -> Json:
        return {
            "id": plan_id(self.world.story.seed, plan),
            "name": plan_name(plan),
            "description": "Metered here, billed elsewhere",
            "custom_fields": {},
        }

    def _list(self, request: Request, params: Params) -> Response:
        return BY_QUERY.response(request, params, list(INCLUDED), self._brief)

    def _plan(self, params: Params) -> Plan:
        for plan in INCLUDED:
            if plan_id(self.world.story.seed, plan) == params["plan_id"]:
                return plan
        raise not_found("Plan")

    def _get(self, request: Request, params: Params) -> Response:
        plan = self._plan(params)
        included: Json = {
            "name": "Included",
            "amount_granted": INCLUDED[plan],
            "amount_granted_credit_type": CREDITS.json(),
            "amount_paid": 0,
            "amount_paid_credit_type": USD.json(),
            "effective_duration": 1,
            "recurrence_interval": 1,
            "priority": "1",
            "send_invoice": False,
            "reason": "Part of the plan",
        }
        overage: Json = {
            "credit_type": CREDITS.json(),
            "fiat_credit_type": USD.json(),
            "start_period": 0,
            "to_fiat_conversion_factor": 0,
        }
        return data(
            self._brief(plan)
            | {"credit_grants": [included], "minimums": [], "overage_rates": [overage]}
        )

    def _list_charges(self, request: Request, params: Params) -> Response:
        plan = self._plan(params)

        def write(metric: Metric) -> Json:
            product = self.world.catalog.product(metric.key)
            return {
                "id": charge_id(self.world.story.seed, plan, metric),
                "name": metric.name,
                "charge_type": "usage",
                "credit_type": CREDITS.json(),
                "product_id": product.id,
                "product_name": product.name,
                "prices": [{"tier": 0, "value": 1}],
                "unit_conversion": {"division_factor": metric.lot},
                "start_period": 0,
                "tier_reset_frequency": 1,
                "custom_fields": {},
            }

        return BY_QUERY.response(request, params, METRICS, write)

    def _standing(self, term: PlanTerm) -> str:
        return "active" if term.end is None or month_start(term.end) > self.now else "ended"

    def _list_customers(self, request: Request, params: Params) -> Response:
        plan, wanted = self._plan(params), params.get("status", ["active"])
        rows = [
            (account, term)
            for account in self.world.accounts
            for term in account.plans
            if term.plan == plan and ("all" in wanted or self._standing(term) in wanted)
        ]

        def write(row: tuple[Account, PlanTerm]) -> Json:
            account, term = row
            details = self._brief(term.plan) | {
                "customer_plan_id": term.id,
                "starting_on": iso_offset(month_start(term.first)),
            }
            if term.end is not None:
                details["ending_before"] = iso_offset(month_start(term.end))
            return {"customer_details": account.json(), "plan_details": details}

        return BY_QUERY.response(request, params, rows, write)

    def _asked_for(self, params: Params) -> list[Account]:
        ids = params.get("customer_ids")
        if ids is None:
            return self.world.accounts
        return [self.account({"customer_id": id}) for id in dict.fromkeys(ids)]

    def _list_grants(self, request: Request, params: Params) -> Response:
        ids, units = params.get("credit_grant_ids"), params.get("credit_type_ids")
        before, after = params.get("effective_before"), params.get("not_expiring_before")
        rows = [
            (ledger, grant)
            for account in self._asked_for(params)
            for ledger in [self.records.plan_ledger(account)]
            for grant in ledger.grants
            if (ids is None or grant.id in ids)
            and (units is None or grant.unit.id in units)
            and (before is None or grant.start < before)
            and (after is None or grant.end >= after)
        ]

        def write(row: tuple[PlanLedger, CreditGrant]) -> Json:
            ledger, grant = row
            return ledger.grant_json(grant)

        return BY_QUERY.response(request, params, rows, write)

    def _list_entries(self, request: Request, params: Params) -> Response:
        before = params.get("ending_before")
        if before is not None and before > self.now:
            raise bad_request("ending_before must not be in the future")
        rows = [
            (account, self.records.plan_ledger(account))
            for account in self._asked_for(params)
            if account.plans or "customer_ids" in params
        ]

        def write(row: tuple[Account, PlanLedger]) -> Json:
            account, ledger = row
            units = list(dict.fromkeys(grant.unit for grant in ledger.grants))
            wanted = params.get("credit_type_ids")
            ledgers = [
                _ledger_json(ledger, unit, params)
                for unit in units
                if wanted is None or unit.id in wanted
            ]
            return {"customer_id": account.id, "ledgers": ledgers}

        return _ENTRIES.response(request, params, rows, write)


def _ledger_json(ledger: PlanLedger, unit: Unit, params: Params) -> Json:
    """Return what happened to a unit's credits in a time, and what they were before and after."""
    entries = ledger.entries(unit)
    start = params.get("starting_on", entries[0].timestamp)
    end = params.get("ending_before", ledger.period_end + 1)

    def balance(timestamp: float, entries: list[Entry]) -> Json:
        return {
            "effective_at": iso_offset(int(timestamp)),
            "excluding_pending": sum(one.amount for one in entries if not one.pending),
            "including_pending": sum(one.amount for one in entries),
        }

    earlier = [one for one in entries if one.timestamp < start]
    by_then = [one for one in entries if one.timestamp < end]
    shown = [one for one in by_then if one.timestamp >= start]
    if "sort" in params and params["sort"] == "desc":
        shown.reverse()
    return {
        "credit_type": unit.json(),
        "starting_balance": balance(start, earlier),
        "entries": [one.json() for one in shown if not one.pending],
        "pending_entries": [one.json() for one in shown if one.pending],
        "ending_balance": balance(params.get("ending_before", ledger.period_end), by_then),
    }
