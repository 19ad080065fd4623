"""The books of the older world: plans and credit grants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billql.sandbox.api import Json
from billql.sandbox.books import Book, Lazy, Query
from billql.sandbox.metronome.accounts import Account
from billql.sandbox.metronome.formats import CREDITS, USD, Unit, iso_offset
from billql.sandbox.metronome.plan_ledger import INCLUDED, Entry, PlanLedger, plan_id, plan_name
from billql.sandbox.metronome.records import Records
from billql.sandbox.model import Plan


class PlanBooks:
    """Plans and credit grants."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._seed = records.world.story.seed

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        grants = ("customer_ids", "credit_grant_ids", "effective_before", "not_expiring_before")
        ledger = ("customer_ids", "credit_type_ids", "starting_on")
        return {
            "pricing.plans": Book(self._plans),
            "credits.grants": Book(self._grants, selects=grants),
            "credits.ledger": Book(self._entries, selects=ledger, usual=10),
        }

    def _plans(self, query: Query) -> Sequence[Json]:
        """Return the plans, in short where they are listed."""
        shown = self._whole if "plan_id" in query.values else self._brief
        return [shown(plan) for plan in INCLUDED]

    def _brief(self, plan: Plan) -> Json:
        return {
            "id": plan_id(self._seed, plan),
            "name": plan_name(plan),
            "description": "Metered here, billed elsewhere",
            "custom_fields": {},
        }

    def _whole(self, plan: Plan) -> Json:
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
        more = {"credit_grants": [included], "minimums": [], "overage_rates": [overage]}
        return self._brief(plan) | more

    def _grants(self, query: Query) -> Sequence[Json]:
        ids, before = query.get("credit_grant_ids"), query.get("effective_before")
        after = query.get("not_expiring_before")
        found = [
            (ledger, grant)
            for ledger in map(self._records.plan_ledger, self._records.accounts(query))
            for grant in ledger.grants
            if (ids is None or grant.id in ids)
            and (before is None or grant.start < before)
            and (after is None or grant.end >= after)
        ]
        return Lazy(found, lambda row: row[0].grant_json(row[1]))

    def _entries(self, query: Query) -> Sequence[Json]:
        """Return the ledgers of customers; of those that are on plans, if none are listed."""
        found = [
            account
            for account in self._records.accounts(query)
            if account.plans or "customer_ids" in query.values
        ]
        return Lazy(found, lambda account: self._entries_json(account, query))

    def _entries_json(self, account: Account, query: Query) -> Json:
        ledger = self._records.plan_ledger(account)
        units = dict.fromkeys(grant.unit for grant in ledger.grants)
        wanted = query.get("credit_type_ids")
        ledgers = [
            _ledger_json(ledger, unit, query)
            for unit in units
            if wanted is None or unit.id in wanted
        ]
        return {"customer_id": account.id, "ledgers": ledgers}


def _ledger_json(ledger: PlanLedger, unit: Unit, query: Query) -> Json:
    """Return what happened to a unit's credits in a time, and what they were before and after."""
    entries = ledger.entries(unit)
    start = query.get("starting_on", entries[0].timestamp)
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
