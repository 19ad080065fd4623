"""Metronome's sandbox: contracts, balances, usage and invoices, as its API tells of them.

asking      the fields of a request
paging      five ways to hand over the next page
wording     how moments and units are written
catalogue   what is metered and sold
accounts    customers, their contracts and plans
metering    what was used
balances    commits and credits with their ledgers, `statements` how they are shown
invoices    what is owed, and when it came about, `documents` the same as PDF
plan_books  the older world of plans and credit grants
auditing    what was done in the account
desk        what the groups of operations share, the groups being called `…_reads`
operations  all of them
endpoints   the API itself
"""

from __future__ import annotations

from billql.sandbox.metronome.endpoints import Metronome

__all__ = ["Metronome"]
