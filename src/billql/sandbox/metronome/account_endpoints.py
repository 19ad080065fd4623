"""The operations about the account itself: alerts and audit logs."""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account
from billql.sandbox.metronome.audit_log import AuditLog, Event
from billql.sandbox.metronome.endpoints import Endpoints, data, get, not_found, post
from billql.sandbox.metronome.fields import ANY_PERIOD, CUSTOMER
from billql.sandbox.metronome.formats import CREDITS, USD, Unit, iso_millis
from billql.sandbox.metronome.paging import MOST, USUAL, Paging, read_token, write_token
from billql.sandbox.metronome.validation import (
    Params,
    RequestSchema,
    array_of,
    bad_request,
    one_of,
    optional,
    required,
    text,
    uuid,
)
from billql.sandbox.model import METRICS
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import month_at, month_start

_ALERTS: Final = Paging("query", usual=5, most=None)
_LOGS: Final = Paging("query")


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


class AccountEndpoints(Endpoints):
    """Alerts and audit logs."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        statuses = one_of("ENABLED", "DISABLED", "ARCHIVED", any_case=True)
        listed = {**CUSTOMER, "alert_statuses": optional(array_of(statuses))}
        post(routes, "/v1/customer-alerts/list", _ALERTS.schema(body=listed), self._list_alerts)
        one = {**CUSTOMER, "alert_id": required(uuid)}
        post(routes, "/v1/customer-alerts/get", RequestSchema(body=one), self._get_alert)
        logs = {
            **ANY_PERIOD,
            "sort": optional(one_of("date_asc", "date_desc")),
            "resource_id": optional(text),
            "resource_type": optional(text),
        }
        apart = [("next_page", "starting_on"), ("next_page", "ending_before")]
        get(routes, "/v1/auditLogs", _LOGS.schema(logs, apart=apart), self._list_logs)

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
        opened = self.world.story.opened
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
        return Rng(self.world.story.seed, "metronome", "alert", alert.key).uuid()

    def _reached(self, account: Account, alert: Alert) -> bool:
        """Return whether a customer has reached a threshold by now."""
        month = month_at(self.now)
        balances = self.records.balances(account)
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
                    for one in self.records.invoices(account)
                    if one.status == "DRAFT" and one.type == "USAGE"
                ]
                return max(drafts, default=0) >= alert.threshold
            case "calls":
                used = self.world.story.usage.units(
                    account.customer, METRICS[0], month_start(month), self.now
                )
                return used >= alert.threshold
            case "seats":
                used_by_seat = (
                    self.world.metering.prompts(
                        account.customer, seat, month_start(month), self.now
                    )
                    for seat in account.seats
                )
                return any(prompts >= 500 - alert.threshold for prompts in used_by_seat)
            case _:
                grants = self.records.plan_ledger(account).grants
                return sum(one.left for one in grants if one.unit is CREDITS) <= alert.threshold

    def _list_alerts(self, request: Request, params: Params) -> Response:
        account, wanted = self.account(params), params.get("alert_statuses", ["ENABLED"])
        rows = [one for one in self._alerts(account) if one.status.upper() in wanted]
        return _ALERTS.response(request, params, rows, lambda row: self._alert_json(account, row))

    def _get_alert(self, request: Request, params: Params) -> Response:
        account = self.account(params)
        for alert in self._alerts(account):
            if self._alert_id(alert) == params["alert_id"]:
                return data(self._alert_json(account, alert))
        raise not_found("Alert")

    @cached_property
    def _events(self) -> list[Event]:
        return AuditLog(self.records).events()

    def _list_logs(self, request: Request, params: Params) -> Response:
        """Return the response with a page of the logs.

        Unlike in other lists there is always a token, for later logs: the end is a page without
        rows. The token holds the parameters of the first request, and the times must not be sent
        with it.
        """
        if ("resource_id" in params) != ("resource_type" in params):
            raise bad_request("resource_id and resource_type must be given together")
        filters, first = params, 0
        if token := params.get("next_page"):
            filters, first = read_token(token)
            if not isinstance(filters, dict) or not isinstance(first, int):
                raise bad_request("The token of the next page is not valid")
        rows = [event for event in self._events if _logged(event, filters)]
        if filters.get("sort") == "date_desc":
            rows.reverse()
        shown = rows[first : first + min(params.get("limit", USUAL), MOST)]
        repeated = {name: filters[name] for name in filters if name not in ("next_page", "limit")}
        return Response.json(
            {
                "data": [event.json() for event in shown],
                "next_page": write_token(repeated, first + len(shown)),
            }
        )


def _logged(event: Event, params: Params) -> bool:
    since, before = params.get("starting_on"), params.get("ending_before")
    return (
        (since is None or event.timestamp >= since)
        and (before is None or event.timestamp < before)
        and params.get("resource_id") in (None, event.resource)
        and params.get("resource_type") in (None, event.type)
    )
