"""Acme: a provider of one service, whose definition and API a test writes itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

import billql

PROVIDER = """\
billql: 1
title: Acme
description: An API for tests.
version: 1.0.0
documentation: https://acme.example/docs
url: https://acme.example
auth: {kind: bearer, secret: ACME_TOKEN, help: Ask Acme.}
"""

BILLING = """\
billql: 1
description: What Acme bills.
resources:
  bills:
    description: One row for each bill.
    columns:
      id: {type: text, description: The id.}
      owner: {type: text, description: Who owes it.}
      amount: {type: integer, description: What is owed., currency: currency, minor: true}
      currency: {type: text, description: The currency., value: USD}
    methods:
      list:
        request: GET /bills
        description: Gives the bills in the order of their ids.
        parameters:
          owner: {}
        rows: data[]
        paging: {kind: after_id, size: 5}
        order: [id]
      get:
        request: GET /bills/{id}
        description: Gives one bill.
        parameters:
          id: {in: path, required: true}
        single: true
        missing: empty
    unique: [id]
    examples:
      - question: What is owed?
        sql: SELECT sum(amount) FROM acme.billing.bills
"""
"""A service with one resource, of bills that have owners."""


def define(root: Path, provider: str = PROVIDER, **services: str) -> None:
    """Write the definitions of Acme into a folder of a root, a file for each service."""
    folder = root / "acme"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "provider.yaml").write_text(provider)
    for name, service in services.items():
        (folder / f"{name}.yaml").write_text(service)


def connect(
    root: Path, api: Callable[[httpx.Request], httpx.Response], **options: Any
) -> billql.Connection:
    """Open a connection to what is defined in a root, whose API is a function."""
    return billql.connect(
        definitions=[root],
        environ={},
        tokens={"acme": "token"},
        http_transport=httpx.MockTransport(api),
        **options,
    )
