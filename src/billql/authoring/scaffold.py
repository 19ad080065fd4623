"""A new provider: a folder with two valid files, whose comments explain what to change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from billql.errors import InterfaceError

_PROVIDER = """\
# What all resources of the API share. `billql schema` prints a JSON Schema, with which an editor
# completes and checks this file and those of the services beside it.
billql: 1
title: {title}
description: What {title} is, in a sentence.
version: 0.1.0
documentation: https://docs.{host}/api
url: https://api.{host}             # where requests go, and the token; nowhere else
auth:
  kind: bearer
  secret: {variable}
  help: Create a token in the settings of your {title} account.
# limits: [{{requests: 250, seconds: 60}}]     # the rate limit of the API
errors:
  message: message                   # the path of the message in error bodies
paging:
  pages: {{kind: page_number, total: meta.total}}
"""

_SERVICE = """\
billql: 1
description: What {title} charges.
resources:
  invoices:
    description: The invoices of the account, one for each month.
    columns:
      id:
        type: text
        description: The identifier of the invoice.
      customer_name:
        type: text
        description: Who owes it.
        path: customer.name          # where the API has it, if not under the column's name
      amount:
        type: decimal                # money is a decimal, or an integer with `minor: true`
        description: What is owed.
        currency: currency           # the column beside it
      currency:
        type: text
        description: The currency of the amount.
      created_at:
        type: timestamp
        description: When it was issued.
    methods:
      list:
        request: GET /v1/invoices
        description: Lists the invoices.
        parameters:
          # `WHERE created_at >= …` becomes ?since=…; SQLite checks the rows again.
          since: {{column: created_at, operator: ">=", match: superset}}
        rows: invoices[]             # the path of the rows in the response
        paging: pages
      get:
        request: GET /v1/invoices/{{id}}
        description: Returns one invoice.
        parameters:
          id: {{in: path, required: true}}
        rows: invoice
        missing: empty               # a 404 means that there is no such invoice
        single: true
    unique: [id]
    examples:
      - question: What was invoiced this year?
        sql: |
          SELECT i.id, i.amount, i.currency
          FROM {name}.billing.invoices i
          WHERE i.created_at >= date('now', 'start of year')
          ORDER BY i.created_at DESC
"""


def checked(name: str) -> str:
    """Return a provider's name; raise InterfaceError if SQL could not use it."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InterfaceError(
            f"{name!r} is not a valid name of a provider",
            hint="Use lower-case letters, digits and underscores, as in acme_cloud.",
        )
    return name


def files(name: str) -> Mapping[str, str]:
    """Return the files of a new provider: texts by name."""
    values = {
        "name": checked(name),
        "title": name.replace("_", " ").title(),
        "host": f"{name.replace('_', '-')}.example",
        "variable": f"{name.upper()}_TOKEN",
    }
    return {
        "provider.yaml": _PROVIDER.format(**values),
        "billing.yaml": _SERVICE.format(**values),
    }


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write a provider's files into a folder; raise InterfaceError if it is not empty."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InterfaceError(
                f"{folder} is not empty, and its files are not overwritten",
                hint="Choose another name, or another --folder.",
            )
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InterfaceError(f"{folder} cannot be written: {error.strerror}") from error
