"""The operations of the older world: plans, their charges and customers, and credit grants."""

from __future__ import annotations

from typing import Final

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account
from billql.sandbox.metronome.endpoints import Endpoints, data, get, not_found, post
from billql.sandbox.metronome.formats import CREDITS, USD, Unit, iso_offset
from billql.sandbox.metronome.paging import BY_QUERY, Paging
from billql.sandbox.metronome.plan_ledger import (
    INCLUDED,
    CreditGrant,
    Entry,
    PlanLedger,
    plan_id,
    plan_name,
)
from billql.sandbox.metronome.validation import (
    Params,
    RequestSchema,
    array_of,
    date_time,
    optional,
    uuid,
)
from billql.sandbox.model import Plan

_ENTRIES: Final = Paging("query", usual=10, most=None)


class PlanEndpoints(Endpoints):
    """Plans and credit grants."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        get(routes, "/v1/plans", BY_QUERY.schema(), self._list)
        one = "/v1/planDetails/{plan_id}"
        get(routes, one, RequestSchema(), self._get)
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
            "starting_on": optional(date_time),
        }
        schema = _ENTRIES.schema(body=entries)
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
    end = ledger.period_end

    def balance(timestamp: float, entries: list[Entry]) -> Json:
        return {
            "effective_at": iso_offset(int(timestamp)),
            "excluding_pending": sum(one.amount for one in entries if not one.pending),
            "including_pending": sum(one.amount for one in entries),
        }

    earlier = [one for one in entries if one.timestamp < start]
    by_then = [one for one in entries if one.timestamp <= end]
    shown = [one for one in by_then if one.timestamp >= start]
    return {
        "credit_type": unit.json(),
        "starting_balance": balance(start, earlier),
        "entries": [one.json() for one in shown if not one.pending],
        "pending_entries": [one.json() for one in shown if one.pending],
        "ending_balance": balance(end, by_then),
    }
