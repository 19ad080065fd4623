"""The operations about contracts, and the packages that some are made from."""

from __future__ import annotations

from typing import Final

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account, Contract
from billql.sandbox.metronome.contract_terms import AUTHOR, Terms
from billql.sandbox.metronome.endpoints import Endpoints, data, not_found, post
from billql.sandbox.metronome.fields import ARCHIVED, CONTRACT, CUSTOMER, TIMES
from billql.sandbox.metronome.formats import USD, iso_millis, iso_offset
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.validation import (
    Field,
    Params,
    RequestSchema,
    date_time,
    one_of,
    optional,
    required,
    uuid,
)
from billql.sandbox.timestamps import DAY

_PACKAGES: Final = Paging("query", usual=10)


class ContractEndpoints(Endpoints):
    """Contracts and packages."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        filters = {**CUSTOMER, **TIMES, **ARCHIVED}
        apart = [("covering_date", "starting_at")]
        post(routes, "/v2/contracts/list", RequestSchema(body=filters, apart=apart), self._list)
        one = RequestSchema(body={**CONTRACT, "as_of_date": optional(date_time)})
        post(routes, "/v2/contracts/get", one, self._get)
        kinds = {"archive_filter": optional(one_of("ARCHIVED", "NOT_ARCHIVED", "ALL"))}
        post(routes, "/v1/packages/list", _PACKAGES.schema(body=kinds), self._list_packages)
        package: dict[str, Field] = {"package_id": required(uuid)}
        post(routes, "/v1/packages/get", RequestSchema(body=package), self._get_package)

    def _whole(self, account: Account, contract: Contract) -> Json:
        return Terms(account, contract, self.records.balances(account)).json()

    def _list(self, request: Request, params: Params) -> Response:
        """Return the response with all contracts; it has a cursor, which is always null."""
        account = self.account(params)
        rows = [self._whole(account, one) for one in account.contracts if _is_wanted(one, params)]
        return Response.json({"data": rows, "cursor": None})

    def _get(self, request: Request, params: Params) -> Response:
        return data(self._whole(self.account(params), self.contract(params)))

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

    def _get_package(self, request: Request, params: Params) -> Response:
        for package in self._packages():
            if package["id"] == params["package_id"]:
                return data(package)
        raise not_found("Package")


def _is_wanted(contract: Contract, params: Params) -> bool:
    """Return whether a contract passes the filters of a list."""
    day, since, end = params.get("covering_date"), params.get("starting_at"), contract.ends_at
    return (
        (contract.archived is None or params.get("include_archived", False))
        and (day is None or (contract.starts_at <= day and (end is None or day < end)))
        and (since is None or contract.starts_at >= since)
    )
