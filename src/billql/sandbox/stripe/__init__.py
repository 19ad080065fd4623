"""Stripe's sandbox: billing, payments and the catalog, for every GET that clients send.

The data

catalog         products, prices, plans and tax rates
discounts         coupons, promotion codes and discounts
terms             the terms of each subscription, and its periods
invoice_items     what is billed beside the plans
invoice_model     invoices, lines, taxes and credit notes, exact to the minor unit
credits           credit grants, their transactions and the summary
customer_balance  a customer's balance
accounts          everything that happens to a customer, in the order of time
customers, subscriptions, invoices, credit_notes
                  the JSON of these
orders            payments without an invoice
payments          payment intents, charges, payments of invoices
reversals         refunds and disputes
balances          balance transactions, payouts and the balance
quotes, meters, events
clocks            the objects of a test clock, which lists leave out
ledger            all tables, made when one is first requested

The API

parameters        nested parameters, and the types of their values
errors            the error objects
expansion         ids replaced by objects
filters           the rows that a parameter selects
search            the query language of searches
resources         the path, filters and search fields of each list
endpoints         lists by cursor, single objects, searches
api               keys, permissions, headers
"""

from __future__ import annotations

from billql.sandbox.stripe.api import Stripe

__all__ = ["Stripe"]
