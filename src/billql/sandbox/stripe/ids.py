"""Ids that depend on a key alone."""

from __future__ import annotations

from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng


def ident(prefix: str, *key: int | str) -> str:
    """Return an id such as 'in_' and 24 letters and digits."""
    return f"{prefix}{Rng(prefix, *key).alphanumeric(24)}"


def account_of(customer: Customer) -> str | None:
    """Return the account id of a customer; one in three has one."""
    return ident("acct_1", customer.stripe_id) if customer.place % 3 == 1 else None
