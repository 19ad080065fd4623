"""What all groups of endpoints share: how they are added, and the objects they look up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from billql.sandbox.api import ApiError, Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account, Contract, World
from billql.sandbox.metronome.balances import Balance, Balances
from billql.sandbox.metronome.catalog import Meter
from billql.sandbox.metronome.invoices import Invoice
from billql.sandbox.metronome.plan_ledger import PlanInvoice, PlanLedger
from billql.sandbox.metronome.validation import Params, RequestSchema, uuid

Handler = Callable[[Request, Params], Response]

AnyInvoice = Invoice | PlanInvoice
"""An invoice of either world."""


def not_found(what: str) -> ApiError:
    """Return an error with status 404, for an id that does not exist."""
    return ApiError(HTTPStatus.NOT_FOUND, f"{what} not found")


class Records:
    """A cache of what customers have; computing it takes a while."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._balances: dict[str, list[Balance]] = {}
        self._invoices: dict[str, list[AnyInvoice]] = {}
        self._plan_ledgers: dict[str, PlanLedger] = {}

    def balances(self, account: Account) -> list[Balance]:
        """Return all commits and credits of a customer, oldest first."""
        if account.id not in self._balances:
            self._balances[account.id] = Balances(account).all()
        return self._balances[account.id]

    def invoices(self, account: Account) -> list[AnyInvoice]:
        """Return all invoices of a customer, in the order that they are issued."""
        if account.id not in self._invoices:
            made: list[AnyInvoice] = [Invoice(account, bill) for bill in account.bills]
            made += self.plan_ledger(account).invoices
            self._invoices[account.id] = sorted(made, key=lambda one: (one.issued, one.id))
        return self._invoices[account.id]

    def plan_ledger(self, account: Account) -> PlanLedger:
        """Return the grants and invoices of a customer that is on plans."""
        if account.id not in self._plan_ledgers:
            self._plan_ledgers[account.id] = PlanLedger(account)
        return self._plan_ledgers[account.id]


class Endpoints:
    """A group of endpoints."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.world = records.world
        self.now = records.world.now

    def account(self, params: Params) -> Account:
        """Return the customer of `customer_id`."""
        account = self.world.account(params["customer_id"])
        if account is None:
            raise not_found("Customer")
        return account

    def contract(self, params: Params) -> Contract:
        """Return the contract of `contract_id`, which must be the customer's."""
        for contract in self.account(params).contracts:
            if contract.id == params["contract_id"]:
                return contract
        raise not_found("Contract")

    def meter(self, id: str) -> Meter:
        """Return a billable metric."""
        for meter in self.world.catalog.meters:
            if meter.id == id:
                return meter
        raise not_found("Billable metric")


def get(routes: Routes, path: str, schema: RequestSchema, handler: Handler) -> None:
    """Add an operation whose parameters are in the path and the query."""
    routes.add(path, partial(_handle, schema, handler))


def post(routes: Routes, path: str, schema: RequestSchema, handler: Handler) -> None:
    """Add an operation with parameters in the body; a page token may be in the query."""
    routes.add(path, partial(_handle, schema, handler), method="POST")


def _handle(schema: RequestSchema, handler: Handler, request: Request, **path: str) -> Response:
    ids = {name: uuid(name, value) for name, value in path.items() if name.endswith("_id")}
    return handler(request, {**schema.read(request), **path, **ids})


def data(value: Json | list[Any]) -> Response:
    """Return the response with what is not paged."""
    return Response.json({"data": value})
