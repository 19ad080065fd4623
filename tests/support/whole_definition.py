"""A definition with everything that a page can say, and with texts that markup would trip over."""

from __future__ import annotations

from pathlib import Path

from billql.definitions.catalog import Catalog
from billql.docs import facts

PROVIDER = """
billql: 1
title: Acme & <Sons>
description: A cloud that sells {anvils}; see https://acme.example.
version: 1.2.3
documentation: https://docs.acme.example/api
url: https://api.acme.example
auth: {kind: bearer, secret: ACME_TOKEN, help: "Create a token under Settings {API}."}
limits: [{requests: 1200, seconds: 60}, {requests: 10, seconds: 1}, {requests: 5, seconds: 90}]
concurrency: 3
paging:
  pages: {kind: page_number, total: meta.total, size: 50}
  list: {kind: after_id}
  tokens: {kind: cursor_token}
"""

SERVICE = """
billql: 1
description: What <Acme> charges, "and" {why}.
resources:
  invoices:
    description: The invoices | bills of a customer; `invoice_items` has {their} <lines>.
    columns:
      id: {type: text, description: The invoice's identifier.}
      customer: {type: text, description: Who owes it.}
      amount: {type: decimal, description: What is owed., currency: currency}
      cents: {type: integer, description: The same., currency: currency, minor: true}
      currency: {type: text, description: "A code, as in `{\\"currency\\": \\"usd\\"}` | `a < b`."}
      status: {type: text, description: "A *state* of [it](x), _so_ to <say>."}
      created: {type: timestamp, description: When it was issued.}
      due: {type: date, description: When it is due.}
      customer_name: {type: text, description: The customer's name., path: customer.name}
      query: {type: text, description: A search., path: $parameter, hidden: true}
    methods:
      list:
        request: GET /v1/invoices
        documentation: https://docs.acme.example/invoices#list
        description: Gives the {invoices} of a customer.
        parameters:
          customer: {required: true}
          created[gte]: {column: created, operator: ">="}
          created[lte]: {column: created, operator: "<="}
          due_before: {column: due, operator: "<", match: superset, default: today}
          status: {lists: comma, default: [open, paid], null: none}
          expand: {value: customer, when_read: [customer_name]}
        rows: data[]
        paging: pages
        order: [-created, id]
        split_by: created
        window_limit: {column: created, days: 31}
        freshness: {seconds: 7200, unless: {id: preview}}
        expected_rows: 120
        price: {amount: 0.02, currency: EUR}
      get:
        request: GET /v1/invoices/{id}
        description: Gives one invoice.
        parameters: {id: {in: path, required: true}}
        single: true
        missing: empty
    unique: [id]
    examples:
      - question: Which {invoices} are <open>?
        sql: SELECT * FROM acme.billing.invoices WHERE customer = 'a<b' AND status = '{open}'
  invoice_items:
    description: What an invoice bills.
    columns:
      id: {type: text, description: Its identifier.}
    methods:
      list: {request: GET /v1/items, description: Gives all items., rows: "data[]", paging: list}
      search: {request: GET /v1/search, description: Gives some., rows: "data[]", paging: tokens}
      all: {request: GET /v1/all, description: Gives all., rows: "data[]"}
    examples:
      - question: What is billed?
        sql: SELECT * FROM acme.billing.invoice_items
"""


def catalog(folder: Path) -> Catalog:
    (folder / "acme").mkdir()
    (folder / "acme" / "provider.yaml").write_text(PROVIDER)
    (folder / "acme" / "billing.yaml").write_text(SERVICE)
    return Catalog([folder])


def providers(folder: Path) -> list[facts.ProviderFacts]:
    return facts.gather(catalog(folder))
