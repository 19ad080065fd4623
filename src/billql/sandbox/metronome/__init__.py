"""Metronome's sandbox: contracts, balances, usage and invoices.

validation   the fields of a request's query and body
paging       the five ways in which a token of the next page is sent
formats      how timestamps and units are written
catalog    what is metered and sold
accounts     customers, their contracts and plans
metering     usage
balances     commits and credits with their ledgers; `statements` is their JSON
invoices     what is owed, and for which day or hour; `documents` is the PDF
plan_ledger  plans and credit grants
audit_log    what was done in the account
endpoints    what all groups of operations share; each group is in `…_endpoints`
operations   the routes of all groups
api          keys, permissions, errors, headers
"""

from __future__ import annotations

from billql.sandbox.metronome.api import Metronome

__all__ = ["Metronome"]
