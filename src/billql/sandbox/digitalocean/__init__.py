"""DigitalOcean's sandbox: the billing API, and the neighbours that people join bills with.

catalogue   what can be bought, where and for how much
fleet       what the team runs, at any moment of the story
bills       what it costs, as invoices
documents   an invoice as CSV and PDF
ledger      invoices and payments, and the balance that they leave
insights    what each day cost
inventory   the fleet on the last day, as the API lists it
paging      pages and the links between them
endpoints   the API itself
"""

from __future__ import annotations

from billql.sandbox.digitalocean.endpoints import DigitalOcean

__all__ = ["DigitalOcean"]
