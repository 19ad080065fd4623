"""DigitalOcean's sandbox: the billing API, and the resources that people join bills with.

catalog         what can be bought, where and for how much
fleet           what the team runs, at any time of the story
charges         what a resource costs
bills           the invoices
documents           an invoice as CSV and PDF
ledger              invoices and payments, and the balance
insights        the cost of each day
inventory       the JSON of the fleet on the last day
paging          pages and the links between them
billing_books   the books of billing
resource_books  the books of resources
api             the token, errors, headers
"""

from __future__ import annotations

from billql.sandbox.digitalocean.api import DigitalOcean

__all__ = ["DigitalOcean"]
