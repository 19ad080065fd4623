"""The operations about contracts, and the packages that some are made from."""

from __future__ import annotations

from typing import Final

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Contract
from billql.sandbox.metronome.contract_terms import AUTHOR, Terms
from billql.sandbox.metronome.customer_endpoints import scheduled
from billql.sandbox.metronome.endpoints import Endpoints, data, not_found, post
from billql.sandbox.metronome.fields import ARCHIVED, CONTRACT, COVERING, CUSTOMER, SCHEDULE, TIMES
from billql.sandbox.metronome.formats import USD, iso_millis, iso_offset
from billql.sandbox.metronome.paging import BY_CURSOR, BY_QUERY, Paging
from billql.sandbox.metronome.validation import (
    Field,
    Params,
    RequestSchema,
    boolean,
    date_time,
    mapping_of,
    one_of,
    optional,
    required,
    text,
    uuid,
)
from billql.sandbox.timestamps import DAY

_BODY: Final = Paging("body", usual=25, most=100)
_PACKAGES: Final = Paging("query", usual=10)

_SCHEDULES: Final = {"commission": ["0.05", "0.08"], "success-manager": ["Ada", "Grace", "Ada"]}
"""Named schedules of contracts, and their values over time."""


class ContractEndpoints(Endpoints):
    """Contracts, their schedules, and packages."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        flags = {"include_balance": optional(boolean), "include_ledgers": optional(boolean)}
        filters = {**CUSTOMER, **TIMES, **flags, **ARCHIVED}
        apart = [("covering_date", "starting_at")]
        post(routes, "/v1/contracts/list", BY_CURSOR.schema(body=filters, apart=apart), self._list)
        post(
            routes, "/v2/contracts/list", RequestSchema(body=filters, apart=apart), self._list_whole
        )
        post(routes, "/v1/contracts/get", RequestSchema(body={**CONTRACT, **flags}), self._get)
        newer = RequestSchema(body={**CONTRACT, **flags, "as_of_date": optional(date_time)})
        post(routes, "/v2/contracts/get", newer, self._get)
        post(routes, "/v2/contracts/getEditHistory", RequestSchema(body=CONTRACT), self._get_edits)
        named = {"schedule_name": optional(text), "properties": optional(mapping_of(text))}
        schema = RequestSchema(
            body={
                **CONTRACT,
                **named,
                **SCHEDULE,
            }
        )
        post(routes, "/v1/contracts/getNamedSchedule", schema, self._get_schedule)
        schema = _BODY.schema(
            body={
                **CUSTOMER,
                **named,
                "contract_id": optional(uuid),
                **COVERING,
            }
        )
        post(routes, "/v1/contracts/listNamedSchedules", schema, self._list_schedules)
        kinds = {"archive_filter": optional(one_of("ARCHIVED", "NOT_ARCHIVED", "ALL"))}
        post(routes, "/v1/packages/list", _PACKAGES.schema(body=kinds), self._list_packages)
        package: dict[str, Field] = {"package_id": required(uuid)}
        post(routes, "/v1/packages/get", RequestSchema(body=package), self._get_package)
        schema = BY_QUERY.schema(
            body={**package, **TIMES, **ARCHIVED},
            apart=[("covering_date", "starting_at")],
        )
        post(routes, "/v1/packages/listContractsOnPackage", schema, self._list_on_package)

    def _terms(self, contract: Contract, params: Params) -> Terms:
        account = self.account(params)
        return Terms(
            account,
            contract,
            self.records.balances(account),
            amount=params.get("include_balance", False),
            ledger=params.get("include_ledgers", False),
        )

    def _list(self, request: Request, params: Params) -> Response:
        return BY_CURSOR.response(
            request,
            params,
            self._wanted(params),
            lambda contract: self._terms(contract, params).first_version(),
        )

    def _list_whole(self, request: Request, params: Params) -> Response:
        """Return the response with all contracts; it has a cursor, which is always null."""
        rows = [self._terms(one, params).second_version() for one in self._wanted(params)]
        return Response.json({"data": rows, "cursor": None})

    def _wanted(self, params: Params) -> list[Contract]:
        return [one for one in self.account(params).contracts if _is_wanted(one, params)]

    def _get(self, request: Request, params: Params) -> Response:
        terms = self._terms(self.contract(params), params)
        if request.path.startswith("/v2"):
            return data(terms.second_version())
        return data(terms.first_version())

    def _get_edits(self, request: Request, params: Params) -> Response:
        return data(self._terms(self.contract(params), params).edits())

    def _get_schedule(self, request: Request, params: Params) -> Response:
        contract = self.contract(params)
        values = _SCHEDULES.get(params["schedule_name"])
        if values is None:
            raise not_found("Named schedule")
        return data(scheduled(params, contract.starts_at, values))

    def _list_schedules(self, request: Request, params: Params) -> Response:
        wanted = params.get("contract_id")
        name = params.get("schedule_name")
        rows: list[Json] = [
            {
                "contract_id": contract.id,
                "schedule_name": key,
                "segments": scheduled(params, contract.starts_at, values),
                "properties": {"team": "sales"},
            }
            for contract in self.account(params).contracts
            for key, values in _SCHEDULES.items()
            if wanted in (None, contract.id)
            and name in (None, key)
            and params.get("properties", {}).items() <= {("team", "sales")}
        ]
        return _BODY.response(request, params, rows, lambda row: row)

    def _packages(self) -> list[Json]:
        made = []
        for key, name, archived in (
            ("team", "Team", None),
            ("starter", "Starter", None),
            ("team-2", "Team (old)", self.world.story.opened - 30 * DAY),
        ):
            made.append(self._package(key, name, archived))
        return made

    def _package(self, key: str, name: str, archived: int | None) -> Json:
        catalog = self.world.catalog
        months = {"unit": "MONTHS", "value": 12}
        credit: Json = {
            "id": self.world.package_id(f"{key} credit"),
            "name": "Included usage",
            "product": catalog.product("included").brief(),
            "access_amount": {"credit_type_id": USD.id, "unit_price": 5000, "quantity": 1},
            "commit_duration": {"value": 1, "unit": "PERIODS"},
            "starting_at_offset": {"unit": "MONTHS", "value": 1},
            "recurrence_frequency": "MONTHLY",
            "priority": 10,
            "rate_type": "LIST_RATE",
            "applicable_product_tags": ["usage"],
        }
        package: Json = {
            "id": self.world.package_id(key),
            "name": name,
            "contract_name": "Monthly",
            "aliases": [{"name": key, "starting_at": iso_offset(catalog.founded // DAY * DAY)}],
            "created_at": iso_millis(catalog.founded + 50 * DAY),
            "created_by": AUTHOR,
            "rate_card_id": catalog.card("standard").id,
            "usage_statement_schedule": {"frequency": "MONTHLY", "day": "FIRST_OF_MONTH"},
            "billing_provider": "stripe",
            "delivery_method": "direct_to_billing_provider",
            "net_payment_terms_days": 0,
            "commits": [],
            "credits": [],
            "overrides": [],
            "scheduled_charges": [],
            "recurring_commits": [],
            "recurring_credits": [credit] if key != "starter" else [],
            "subscriptions": [],
        }
        if archived is not None:
            package |= {"archived_at": iso_millis(archived), "duration": months}
        return package

    def _list_packages(self, request: Request, params: Params) -> Response:
        wanted = params.get("archive_filter", "NOT_ARCHIVED")
        rows = [
            package
            for package in self._packages()
            if wanted in ("ALL", "ARCHIVED" if "archived_at" in package else "NOT_ARCHIVED")
        ]
        return _PACKAGES.response(request, params, rows, lambda row: row)

    def _find_package(self, params: Params) -> Json:
        for package in self._packages():
            if package["id"] == params["package_id"]:
                return package
        raise not_found("Package")

    def _get_package(self, request: Request, params: Params) -> Response:
        return data(self._find_package(params))

    def _list_on_package(self, request: Request, params: Params) -> Response:
        id = self._find_package(params)["id"]
        rows = [
            contract
            for account in self.world.accounts
            for contract in account.contracts
            if contract.package
            and self.world.package_id(contract.package) == id
            and _is_wanted(contract, params)
        ]

        def write(contract: Contract) -> Json:
            row: Json = {
                "contract_id": contract.id,
                "customer_id": contract.customer.metronome_id,
                "starting_at": iso_offset(contract.starts_at),
            }
            if contract.ends_at is not None:
                row["ending_before"] = iso_offset(contract.ends_at)
            return row

        return BY_QUERY.response(request, params, rows, write)


def _is_wanted(contract: Contract, params: Params) -> bool:
    """Return whether a contract passes the filters of a list."""
    day, since, end = params.get("covering_date"), params.get("starting_at"), contract.ends_at
    return (
        (contract.archived is None or params.get("include_archived", False))
        and (day is None or (contract.starts_at <= day and (end is None or day < end)))
        and (since is None or contract.starts_at >= since)
    )
