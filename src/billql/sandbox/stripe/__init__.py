"""Stripe's sandbox: billing, payments and the catalog, for all that the definition requests.

The story

catalog         products, prices, plans and tax rates
discounts         coupons, promotion codes and discounts
terms             the terms of each subscription, and its periods
invoice_items     what is billed beside the plans
invoice_model     invoices, lines, taxes and credit notes, exact to the minor unit
credits           credit grants, their transactions and the summary
customer_balance  a customer's balance
accounts          everything that happens to a customer, in the order of time
customers, subscriptions, invoices
                  the JSON of these
orders            payments without an invoice
payments          payment intents, charges, payments of invoices
reversals         refunds and disputes
balances          balance transactions, payouts and the balance
quotes, meters, events
clocks            the objects of a test clock, which lists leave out
ledger            all objects, made when one is first requested

The API, beyond what the definition says

objects           where each kind of object is listed, and the members that it has
books             what parameters select by that no column shows
search            the query language of searches
api               keys, permissions, errors
"""

from __future__ import annotations

from billql.sandbox.stripe.api import Stripe

__all__ = ["Stripe"]
