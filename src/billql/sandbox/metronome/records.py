"""What customers have: their balances, invoices and plans, each of which is computed once."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from billql.sandbox.api import ApiError
from billql.sandbox.books import Query
from billql.sandbox.metronome.accounts import Account, Contract, World
from billql.sandbox.metronome.balances import Balance, Balances
from billql.sandbox.metronome.invoices import Invoice
from billql.sandbox.metronome.plan_ledger import PlanInvoice, PlanLedger

AnyInvoice = Invoice | PlanInvoice
"""An invoice of either world."""


def not_found(what: str) -> ApiError:
    """Return an error with status 404, for an id that does not exist."""
    return ApiError(HTTPStatus.NOT_FOUND, f"{what} not found")


def bad_request(message: str) -> ApiError:
    """Return an error with status 400."""
    return ApiError(HTTPStatus.BAD_REQUEST, message)


class Records:
    """A cache of what customers have; computing it takes a while."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = world.now
        self._balances: dict[str, list[Balance]] = {}
        self._invoices: dict[str, list[AnyInvoice]] = {}
        self._plan_ledgers: dict[str, PlanLedger] = {}

    def account(self, query: Query) -> Account:
        """Return the customer that a request is about."""
        return self.of_id(query.values["customer_id"])

    def of_id(self, id: str) -> Account:
        """Return a customer by its id."""
        account = self.world.account(id)
        if account is None:
            raise not_found("Customer")
        return account

    def accounts(self, query: Query) -> list[Account]:
        """Return the customers that a request lists, all if it lists none."""
        ids: Iterable[str] | None = query.get("customer_ids")
        return self.world.accounts if ids is None else [self.of_id(id) for id in dict.fromkeys(ids)]

    def contract(self, query: Query) -> Contract:
        """Return the contract that a request is about, which must be the customer's."""
        for contract in self.account(query).contracts:
            if contract.id == query.values["contract_id"]:
                return contract
        raise not_found("Contract")

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


def window(query: Query) -> tuple[float, float]:
    """Return the time that a request is about, from `starting_on` until `ending_before`."""
    if "ending_before" not in query.values:
        raise bad_request("ending_before is required")
    start, end = query.values["starting_on"], query.values["ending_before"]
    if end <= start:
        raise bad_request("ending_before must be after starting_on")
    return start, end
