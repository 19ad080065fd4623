"""The books about the account itself: alerts and audit logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.books import Book, Lazy, Query
from billql.sandbox.metronome.accounts import Account
from billql.sandbox.metronome.audit_log import AuditLog, Event
from billql.sandbox.metronome.formats import CREDITS, USD, Unit, iso_millis
from billql.sandbox.metronome.records import Records
from billql.sandbox.model import METRICS
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import month_at, month_start


class Alert(NamedTuple):
    """A threshold that customers are watched by."""

    key: str
    name: str
    type: str
    threshold: int
    unit: Unit | None
    status: str = "enabled"


_THRESHOLDS: Final = (
    Alert(
        "balance",
        "Balance is low",
        "low_remaining_contract_credit_and_commit_balance_reached",
        50_000,
        USD,
    ),
    Alert("spend", "Much is spent", "spend_threshold_reached", 500_000, USD),
    Alert("invoice", "Invoice is large", "invoice_total_reached", 250_000, USD),
    Alert("calls", "Many API calls", "usage_threshold_reached", 1_000_000, None),
    Alert("zero", "Balance is used up", "low_remaining_commit_balance_reached", 0, USD),
    Alert("seats", "A seat's prompts run out", "low_remaining_seat_balance_reached", 50, CREDITS),
    Alert("credits", "Credits are low", "low_credit_balance_reached", 1000, CREDITS),
    Alert("paused", "Any spend at all", "spend_threshold_reached", 1, USD, "disabled"),
    Alert("old", "Much was spent", "spend_threshold_reached", 100_000, USD, "archived"),
)


class AccountBooks:
    """Alerts and audit logs."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._world = records.world

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        times = ("starting_on", "ending_before")
        return {
            "account.alerts": Book(self._watching, usual=5),
            "account.audit_logs": Book(self._logs, selects=times),
        }

    def _watching(self, query: Query) -> Sequence[Json]:
        """Return the alerts of a customer with the requested statuses; any, if one is requested."""
        account, wanted = self._records.account(query), query.get("alert_statuses", ["ENABLED"])
        known = {status.upper() for status in wanted}
        return [
            self._alert_json(account, one)
            for one in self._alerts(account)
            if one.status.upper() in known or "alert_id" in query.values
        ]

    @cached_property
    def _events(self) -> list[Event]:
        return AuditLog(self._records).events()

    def _logs(self, query: Query) -> Sequence[Json]:
        """Return what happened in a time, the latest first."""
        since, before = query.get("starting_on"), query.get("ending_before")
        found = [
            event
            for event in reversed(self._events)
            if (since is None or event.timestamp >= since)
            and (before is None or event.timestamp < before)
        ]
        return Lazy(found, Event.json)

    def _alerts(self, account: Account) -> list[Alert]:
        """Return the alerts that watch a customer."""
        known = {"calls", "paused", "old"}
        if account.billed_here:
            known |= {"balance", "spend", "invoice", "zero"}
        if account.plans:
            known |= {"credits"}
        if account.customer.plan == "enterprise" and account.billed_here:
            known |= {"seats"}
        return [alert for alert in _THRESHOLDS if alert.key in known]

    def _alert_json(self, account: Account, alert: Alert) -> Json:
        opened = self._world.story.opened
        shown: Json = {
            "id": self._alert_id(alert),
            "name": alert.name,
            "type": alert.type,
            "status": alert.status,
            "threshold": alert.threshold,
            "updated_at": iso_millis(max(opened, account.customer.created)),
            "uniqueness_key": f"alert-{alert.key}",
        }
        if alert.unit is not None:
            shown["credit_type"] = alert.unit.json()
        if alert.key == "invoice":
            shown["invoice_types_filter"] = ["USAGE"]
        if alert.key == "seats":
            shown["seat_filter"] = {"seat_group_key": "user_id"}
        if alert.key == "credits":
            shown["credit_grant_type_filters"] = ["included", "trial"]
        if "low_remaining" in alert.type:
            shown["access_type"] = "SPEND"
        status = None
        if alert.status != "archived":
            status = "in_alarm" if self._reached(account, alert) else "ok"
        return {"customer_status": status, "triggered_by": None, "alert": shown}

    def _alert_id(self, alert: Alert) -> str:
        return Rng(self._world.story.seed, "metronome", "alert", alert.key).uuid()

    def _reached(self, account: Account, alert: Alert) -> bool:
        """Return whether a customer has reached a threshold by now."""
        month = month_at(self._records.now)
        balances = self._records.balances(account)
        match alert.key:
            case "balance" | "zero":
                commits = alert.key == "zero"
                left = sum(
                    one.amount
                    for one in balances
                    if one.unit is USD and not (commits and one.kind == "CREDIT")
                )
                return left <= alert.threshold
            case "spend" | "paused" | "invoice":
                drafts = [
                    one.json()["total"]
                    for one in self._records.invoices(account)
                    if one.status == "DRAFT" and one.type == "USAGE"
                ]
                return max(drafts, default=0) >= alert.threshold
            case "calls":
                used = self._world.story.usage.units(
                    account.customer, METRICS[0], month_start(month), self._records.now
                )
                return used >= alert.threshold
            case "seats":
                used_by_seat = (
                    self._world.metering.prompts(
                        account.customer, seat, month_start(month), self._records.now
                    )
                    for seat in account.seats
                )
                return any(prompts >= 500 - alert.threshold for prompts in used_by_seat)
            case _:
                grants = self._records.plan_ledger(account).grants
                return sum(one.left for one in grants if one.unit is CREDITS) <= alert.threshold
