"""The books about customers: who they are, what they are metered by, what each day costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from billql.sandbox.api import Json
from billql.sandbox.books import Book, Lazy, Query
from billql.sandbox.metronome.accounts import Account, PlanTerm
from billql.sandbox.metronome.catalog import Product
from billql.sandbox.metronome.formats import CREDITS, USD, Unit, iso_offset
from billql.sandbox.metronome.plan_ledger import plan_id, plan_name
from billql.sandbox.metronome.records import Records, window
from billql.sandbox.timestamps import DAY, month_start


class CustomerBooks:
    """Customers, their metrics, plans and costs."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._world = records.world

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        return {
            "customers.customers": Book(self._customers),
            "customers.costs": Book(self._costs, selects=("starting_on", "ending_before")),
            "customers.plans": Book(self._plans),
            "customers.billable_metrics": Book(self._metrics),
        }

    def _customers(self, query: Query) -> Sequence[Json]:
        """Return the customers that are active, or those that are not, or the requested one."""
        if "customer_id" in query.values:
            return [self._records.account(query).json()]
        is_archived, alias = query.get("only_archived", False), query.get("ingest_alias")
        found = [
            account
            for account in self._world.accounts
            if (account.archived is not None) == is_archived and alias in (None, *account.aliases)
        ]
        return Lazy(found, Account.json)

    def _metrics(self, query: Query) -> Sequence[Json]:
        """Return the metrics, or those of a customer."""
        meters = self._world.catalog.meters
        if "billable_metric_id" in query.values:
            return [meter.json() for meter in meters]
        known = [one for one in meters if one.archived is None or query.get("include_archived")]
        if "customer_id" not in query.values:
            return [meter.json() for meter in known]
        metrics = self._records.account(query).customer.metrics
        is_used = query.get("on_current_plan")
        return [meter.json() for meter in known if not is_used or meter.metric in metrics]

    def _costs(self, query: Query) -> Sequence[Json]:
        start, end = window(query)
        account = self._records.account(query)
        first = int(max(start, account.customer.created)) // DAY * DAY
        last = min(end, self._records.now, account.ended or self._records.now)
        days = range(first, max(first, -int(-last // DAY) * DAY), DAY)
        return Lazy(days, lambda day: self._cost_json(account, day))

    def _cost_json(self, account: Account, day: int) -> Json:
        costs: dict[str, Json] = {}
        for unit, product, group, cost in self._costs_of(account, day):
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

    def _costs_of(
        self, account: Account, day: int
    ) -> Iterator[tuple[Unit, Product, dict[str, str], int]]:
        """Yield what a day costs: in dollars on a contract, in credits on a plan."""
        catalog, metering, customer = self._world.catalog, self._world.metering, account.customer
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

    def _plans(self, query: Query) -> Sequence[Json]:
        return [self._plan_json(term) for term in self._records.account(query).plans]

    def _plan_json(self, term: PlanTerm) -> Json:
        return {
            "id": term.id,
            "plan_id": plan_id(self._world.story.seed, term.plan),
            "plan_name": plan_name(term.plan),
            "plan_description": "Metered here, billed elsewhere",
            "starting_on": iso_offset(month_start(term.first)),
            **({} if term.end is None else {"ending_before": iso_offset(month_start(term.end))}),
            "net_payment_terms_days": 0,
            "custom_fields": {},
        }
