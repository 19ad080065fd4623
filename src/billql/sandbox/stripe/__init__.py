"""Stripe's sandbox: billing, payments and the catalogue, for every GET that people ask.

What happened

catalogue      what is sold: products, prices, plans, coupons, promotion codes, tax rates
rebates        what makes it cheaper: coupons and promotion codes
terms          who subscribes to what
extras         what is billed beside
drafting       how that becomes the lines of invoices, exact to the minor unit
credits        credit grants, what is taken from them, and the summary
purse          a customer's balance
accounts       a customer's life: all that in the order of time
customers, subscriptions
               as the API shows them
invoices       invoices, their lines and items as the API shows them
notes          credit notes
orders         what is paid without an invoice
payments       payment intents, their charges, payments of invoices
reversals      refunds and disputes
balances       balance transactions, payouts and the balance
quotes, meters, events
clocks         what a test clock rehearses, which lists leave out
books          all tables, made when first asked for

How it is asked

parameters     deep objects, and the kinds of value
wording        errors
expanding      ids replaced by objects
filters        which rows a parameter keeps
searching      the query language
resources      which endpoint lists what, with which filters
listing        pages by cursor, objects, searches
endpoints      the API itself
"""

from __future__ import annotations

from billql.sandbox.stripe.endpoints import Stripe

__all__ = ["Stripe"]
