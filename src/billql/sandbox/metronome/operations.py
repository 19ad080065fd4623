"""All operations, by subject."""

from __future__ import annotations

from billql.sandbox.api import Routes
from billql.sandbox.metronome.account_reads import AccountDesk
from billql.sandbox.metronome.accounts import World
from billql.sandbox.metronome.balance_reads import BalanceDesk
from billql.sandbox.metronome.contract_reads import Contracts
from billql.sandbox.metronome.customer_reads import Customers
from billql.sandbox.metronome.desk import Records
from billql.sandbox.metronome.invoice_reads import Invoices
from billql.sandbox.metronome.plan_reads import Plans
from billql.sandbox.metronome.pricing_reads import Pricing
from billql.sandbox.metronome.usage_reads import Usage
from billql.sandbox.story import Story


def all_operations(story: Story) -> Routes:
    """Return the routes of all operations."""
    routes = Routes()
    records = Records(World(story))
    for desk in (
        AccountDesk,
        BalanceDesk,
        Contracts,
        Customers,
        Invoices,
        Plans,
        Pricing,
        Usage,
    ):
        desk(records).add_to(routes)
    return routes
