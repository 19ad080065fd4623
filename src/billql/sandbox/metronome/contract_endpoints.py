"""The operations about contracts, and the packages that some are made from."""

from __future__ import annotations

from typing import Final

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Contract
from billql.sandbox.metronome.contract_terms import AUTHOR, Terms
from billql.sandbox.metronome.customer_endpoints import scheduled
from billql.sandbox.metronome.endpoints import Endpoints, data, not_found, post
from billql.sandbox.metronome.formats import USD, at, on
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.validation import (
    Asked,
    Field,
    Form,
    flag,
    maybe,
    moment,
    needed,
    one_of,
    table,
    text,
    uuid,
)
from billql.sandbox.timestamps import DAY

_CURSOR: Final = Paging("cursor", usual=20, most=20)
_BODY: Final = Paging("body", usual=25, most=100)
_QUERY: Final = Paging("query")
_PACKAGES: Final = Paging("query", usual=10)

_SCHEDULES: Final = {"commission": ["0.05", "0.08"], "success-manager": ["Ada", "Grace", "Ada"]}
"""What else the company notes of contracts, and how it changes."""


class ContractEndpoints(Endpoints):
    """Contracts, their schedules, and packages."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        customer = {"customer_id": needed(uuid)}
        contract = {**customer, "contract_id": needed(uuid)}
        flags = {"include_balance": maybe(flag), "include_ledgers": maybe(flag)}
        times: dict[str, Field] = {"covering_date": maybe(moment), "starting_at": maybe(moment)}
        filters = {**customer, **times, **flags, "include_archived": maybe(flag)}
        apart = [("covering_date", "starting_at")]
        post(routes, "/v1/contracts/list", _CURSOR.form(body=filters, apart=apart), self._list)
        post(routes, "/v2/contracts/list", Form(body=filters, apart=apart), self._list_whole)
        post(routes, "/v1/contracts/get", Form(body={**contract, **flags}), self._get)
        newer = Form(body={**contract, **flags, "as_of_date": maybe(moment)})
        post(routes, "/v2/contracts/get", newer, self._get)
        post(routes, "/v2/contracts/getEditHistory", Form(body=contract), self._get_edits)
        named = {"schedule_name": maybe(text), "properties": maybe(table(text))}
        form = Form(
            body={
                **contract,
                **named,
                "schedule_name": needed(text),
                "covering_date": maybe(moment),
            }
        )
        post(routes, "/v1/contracts/getNamedSchedule", form, self._get_schedule)
        form = _BODY.form(
            body={
                **customer,
                **named,
                "contract_id": maybe(uuid),
                "covering_date": maybe(moment),
            }
        )
        post(routes, "/v1/contracts/listNamedSchedules", form, self._list_schedules)
        kinds = {"archive_filter": maybe(one_of("ARCHIVED", "NOT_ARCHIVED", "ALL"))}
        post(routes, "/v1/packages/list", _PACKAGES.form(body=kinds), self._list_packages)
        package: dict[str, Field] = {"package_id": needed(uuid)}
        post(routes, "/v1/packages/get", Form(body=package), self._get_package)
        form = _QUERY.form(
            body={**package, **times, "include_archived": maybe(flag)},
            apart=[("covering_date", "starting_at")],
        )
        post(routes, "/v1/packages/listContractsOnPackage", form, self._list_on_package)

    def _terms(self, contract: Contract, asked: Asked) -> Terms:
        account = self.account(asked)
        return Terms(
            account,
            contract,
            self.records.balances(account),
            amount=asked.get("include_balance", False),
            ledger=asked.get("include_ledgers", False),
        )

    def _list(self, request: Request, asked: Asked) -> Response:
        return _CURSOR.answer(
            request,
            asked,
            self._wanted(asked),
            lambda contract: self._terms(contract, asked).first_version(),
        )

    def _list_whole(self, request: Request, asked: Asked) -> Response:
        """Answer with all contracts; the cursor that clients look for leads nowhere."""
        rows = [self._terms(one, asked).second_version() for one in self._wanted(asked)]
        return Response.json({"data": rows, "cursor": None})

    def _wanted(self, asked: Asked) -> list[Contract]:
        return [one for one in self.account(asked).contracts if _is_wanted(one, asked)]

    def _get(self, request: Request, asked: Asked) -> Response:
        terms = self._terms(self.contract(asked), asked)
        if request.path.startswith("/v2"):
            return data(terms.second_version())
        return data(terms.first_version())

    def _get_edits(self, request: Request, asked: Asked) -> Response:
        return data(self._terms(self.contract(asked), asked).edits())

    def _get_schedule(self, request: Request, asked: Asked) -> Response:
        contract = self.contract(asked)
        values = _SCHEDULES.get(asked["schedule_name"])
        if values is None:
            raise not_found("Named schedule")
        return data(scheduled(asked, contract.starts_at, values))

    def _list_schedules(self, request: Request, asked: Asked) -> Response:
        wanted = asked.get("contract_id")
        name = asked.get("schedule_name")
        rows: list[Json] = [
            {
                "contract_id": contract.id,
                "schedule_name": key,
                "segments": scheduled(asked, contract.starts_at, values),
                "properties": {"team": "sales"},
            }
            for contract in self.account(asked).contracts
            for key, values in _SCHEDULES.items()
            if wanted in (None, contract.id)
            and name in (None, key)
            and asked.get("properties", {}).items() <= {("team", "sales")}
        ]
        return _BODY.answer(request, asked, rows, lambda row: row)

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
        catalogue = self.world.catalogue
        months = {"unit": "MONTHS", "value": 12}
        credit: Json = {
            "id": self.world.package_id(f"{key} credit"),
            "name": "Included usage",
            "product": catalogue.product("included").brief(),
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
            "aliases": [{"name": key, "starting_at": at(catalogue.founded // DAY * DAY)}],
            "created_at": on(catalogue.founded + 50 * DAY),
            "created_by": AUTHOR,
            "rate_card_id": catalogue.card("standard").id,
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
            package |= {"archived_at": on(archived), "duration": months}
        return package

    def _list_packages(self, request: Request, asked: Asked) -> Response:
        wanted = asked.get("archive_filter", "NOT_ARCHIVED")
        rows = [
            package
            for package in self._packages()
            if wanted in ("ALL", "ARCHIVED" if "archived_at" in package else "NOT_ARCHIVED")
        ]
        return _PACKAGES.answer(request, asked, rows, lambda row: row)

    def _find_package(self, asked: Asked) -> Json:
        for package in self._packages():
            if package["id"] == asked["package_id"]:
                return package
        raise not_found("Package")

    def _get_package(self, request: Request, asked: Asked) -> Response:
        return data(self._find_package(asked))

    def _list_on_package(self, request: Request, asked: Asked) -> Response:
        id = self._find_package(asked)["id"]
        rows = [
            contract
            for account in self.world.accounts
            for contract in account.contracts
            if contract.package
            and self.world.package_id(contract.package) == id
            and _is_wanted(contract, asked)
        ]

        def write(contract: Contract) -> Json:
            row: Json = {
                "contract_id": contract.id,
                "customer_id": contract.customer.metronome_id,
                "starting_at": at(contract.starts_at),
            }
            if contract.ends_at is not None:
                row["ending_before"] = at(contract.ends_at)
            return row

        return _QUERY.answer(request, asked, rows, write)


def _is_wanted(contract: Contract, asked: Asked) -> bool:
    """Whether a contract passes the filters of a list."""
    day, since, end = asked.get("covering_date"), asked.get("starting_at"), contract.ends_at
    return (
        (contract.archived is None or asked.get("include_archived", False))
        and (day is None or (contract.starts_at <= day and (end is None or day < end)))
        and (since is None or contract.starts_at >= since)
    )
