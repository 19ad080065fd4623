"""What many objects have: ids that depend on a key alone, customers, members that are null."""

from __future__ import annotations

from typing import Any

from billql.sandbox.api import Json
from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng


def ident(prefix: str, *key: int | str) -> str:
    """Return an id such as 'in_' and 24 letters and digits."""
    return f"{prefix}{Rng(prefix, *key).alphanumeric(24)}"


def account_of(customer: Customer) -> str | None:
    """Return the account id of a customer; one in three has one."""
    return ident("acct_1", customer.stripe_id) if customer.place % 3 == 1 else None


def whose(customer: Customer | None) -> Json:
    """Return the members that name a customer."""
    if customer is None:
        return {"customer": None, "customer_account": None}
    return {"customer": customer.stripe_id, "customer_account": account_of(customer)}


def record(names: str, **values: Any) -> Json:
    """Return an object with some members, of which those without a value are null."""
    return {name: values.get(name) for name in names.split()}
