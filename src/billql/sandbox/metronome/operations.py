"""All operations, by subject."""

from __future__ import annotations

from billql.sandbox.api import Routes
from billql.sandbox.metronome.account_endpoints import AccountEndpoints
from billql.sandbox.metronome.accounts import World
from billql.sandbox.metronome.balance_endpoints import BalanceEndpoints
from billql.sandbox.metronome.contract_endpoints import ContractEndpoints
from billql.sandbox.metronome.customer_endpoints import CustomerEndpoints
from billql.sandbox.metronome.endpoints import Records
from billql.sandbox.metronome.invoice_endpoints import InvoiceEndpoints
from billql.sandbox.metronome.plan_endpoints import PlanEndpoints
from billql.sandbox.metronome.pricing_endpoints import PricingEndpoints
from billql.sandbox.metronome.usage_endpoints import UsageEndpoints
from billql.sandbox.story import Story


def all_operations(story: Story) -> Routes:
    """Return the routes of all operations."""
    routes = Routes()
    records = Records(World(story))
    for endpoints in (
        AccountEndpoints,
        BalanceEndpoints,
        ContractEndpoints,
        CustomerEndpoints,
        InvoiceEndpoints,
        PlanEndpoints,
        PricingEndpoints,
        UsageEndpoints,
    ):
        endpoints(records).add_to(routes)
    return routes
