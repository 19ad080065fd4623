"""A table of a made-up API, to plan and to bind without a network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import yaml

from billql.definitions.catalog import Table
from billql.definitions.model import Provider, Resource
from billql.definitions.rules import problems
from billql.http.credentials import ApiConnection
from billql.planning.binder import BoundPlan, bind, selected_connections
from billql.planning.plan import Constraint, Plan
from billql.planning.planner import choose_plan

from . import acme

NOW = datetime(2025, 2, 10, 12, tzinfo=UTC)

BILLS = """
description: One row for each bill.
columns:
  id: {type: text, description: The id.}
  owner: {type: text, description: Who owes it.}
  state: {type: text, description: Where it stands., values: [open, paid]}
  day: {type: date, description: The day.}
  amount: {type: integer, description: What is owed.}
  lines: {type: json, description: Its lines.}
  region: {type: text, description: The region that was asked for., path: $parameter}
methods:
  list:
    request: GET /bills
    description: Returns the bills.
    parameters:
      owner: {'null': nobody}
      states: {column: state, lists: comma}
      from: {column: day, operator: ">="}
      to: {column: day, operator: "<="}
      region: {default: eu}
      expand: {value: lines, when_read: [lines]}
    rows: data[]
    paging: {kind: page_number, total: total, size: 100}
    order: [-day]
  get:
    request: GET /bills/{id}
    description: Returns one bill.
    parameters:
      id: {in: path, required: true}
      region: {default: eu}
    single: true
    missing: empty
unique: [id]
examples:
  - {question: 'What is owed?', sql: SELECT 1}
"""


def table(definition: str = BILLS, **changes: Any) -> Table:
    """Return a table of Acme's, from the YAML of its resource; `changes` are to its provider."""
    declared = {**yaml.safe_load(acme.PROVIDER), **changes}
    provider = msgspec.convert(declared, Provider)
    resource = msgspec.convert(yaml.safe_load(definition), Resource)
    assert list(problems(resource, provider)) == []
    return Table("acme", "billing", "bills", provider, resource)


def table_of(methods: dict[str, Any], **columns: Any) -> Table:
    """Return a table of Acme's with some methods, by their fields; each has a request of its own.

    Its columns are those of `COLUMNS`, and others.
    """
    resource = {
        "description": "One row for each bill.",
        "columns": {
            name: {"description": "A column.", **column}
            for name, column in {**COLUMNS, **columns}.items()
        },
        "methods": {
            name: {
                "request": "GET /bills" + "".join(_placeholders(fields)),
                "description": "Returns bills.",
                "rows": "" if fields.get("single") else "data[]",
                **fields,
            }
            for name, fields in methods.items()
        },
        "unique": ["id"],
        "examples": [{"question": "What is owed?", "sql": "SELECT 1"}],
    }
    return table(yaml.safe_dump(resource, sort_keys=False))


COLUMNS: dict[str, Any] = {
    "id": {"type": "text"},
    "owner": {"type": "text"},
    "day": {"type": "date"},
    "at": {"type": "timestamp"},
    "amount": {"type": "integer"},
    "lines": {"type": "json"},
}


def _placeholders(fields: dict[str, Any]) -> Iterator[str]:
    """Yield the parts of a path that parameters fill."""
    for name, parameter in fields.get("parameters", {}).items():
        if parameter.get("in") == "path":
            yield f"/{{{name}}}"


def connections(table: Table, *names: str) -> list[ApiConnection]:
    provider = table.provider
    return [
        ApiConnection("acme", provider, provider.url, "token", name, "a test") for name in names
    ]


def bound(
    table: Table,
    *constraints: tuple[Constraint, Any],
    used: frozenset[str] = frozenset({"id"}),
    names: tuple[str, ...] = ("acme",),
) -> BoundPlan:
    """Plan and bind a scan under some constraints with their values."""
    plan = choose_plan(table, [one for one, _ in constraints], used, (), len(names))
    values = values_of(plan, *(value for _, value in constraints))
    selected = selected_connections(plan, values, names)
    return bind(table, plan, values, connections(table, *selected), NOW)


def values_of(plan: Plan, *values: Any) -> tuple[Any, ...]:
    """Return those values of all constraints that SQLite passes to a plan."""
    return tuple(values[number] for number in plan.arguments)


def where(column: str, operator: Any, value: Any) -> tuple[Constraint, Any]:
    """Return a constraint with a value that is known only when the statement runs."""
    return Constraint(column, operator, usable=True), value
