"""The books of Stripe: the rows of each resource, as far as the definition does not select them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from billql.sandbox.api import Json
from billql.sandbox.books import Body, Book, Query, Rows
from billql.sandbox.stripe import search
from billql.sandbox.stripe.credits import Grant, summary
from billql.sandbox.stripe.ledger import Ledger
from billql.sandbox.stripe.objects import KINDS

Open = Callable[[], Ledger]
"""Returns the ledger, which is made when it is first opened."""


def books_of(ledger: Open) -> Mapping[str, Book]:
    """Return the books by resource."""
    rows: dict[str, Callable[[Query], Rows]] = {
        **{kind.resource: partial(_listed, ledger, name) for name, kind in KINDS.items()},
        "billing.credit_balance_summary": partial(_summary, ledger),
        "billing.credit_note_lines": partial(_lines, ledger, "credit_note"),
        "billing.invoice_lines": partial(_lines, ledger, "invoice"),
        "billing.meter_event_summaries": partial(_counted, ledger),
        "billing.quote_lines": partial(_lines, ledger, "quote"),
        "core.balance": lambda query: Body(ledger().balance),
        "core.customer_balance_transactions": partial(_entries, ledger),
    }
    return {name: Book(read, _SELECTING.get(name, ())) for name, read in rows.items()}


_SELECTING: Final = {
    "billing.meter_event_summaries": ("meter", "customer", "start_time", "end_time")
}
"""The parameters by which rows are chosen here, although columns show them."""


Test = Callable[[Ledger, Json, Any], bool]


def _has_price(ledger: Ledger, row: Json, value: str) -> bool:
    return any(item["price"]["id"] == value for item in row["items"]["data"])


def _of_grant(name: str) -> Test:
    """Return the test of a credit transaction by a member of its grant."""
    return lambda ledger, row, value: (
        ledger["billing.credit_grant"].one(row["credit_grant"])[name] == value
    )


_TESTS: Final[Mapping[tuple[str, str], Test]] = {
    ("balance_transaction", "payout"): lambda ledger, row, value: (
        ledger.paid_out.get(row["id"]) == value
    ),
    ("billing.credit_balance_transaction", "customer"): _of_grant("customer"),
    ("billing.credit_balance_transaction", "customer_account"): _of_grant("customer_account"),
    # All events were delivered: there is no endpoint that could have failed.
    ("event", "delivery_success"): lambda ledger, row, value: bool(value),
    ("invoiceitem", "pending"): lambda ledger, row, value: (row["invoice"] is None) == value,
    ("subscription", "plan"): _has_price,
    ("subscription", "price"): _has_price,
}
"""The tests of rows by what none of their columns shows."""


def _listed(ledger: Open, kind: str, query: Query) -> Sequence[Json]:
    opened = ledger()
    table = opened[kind]
    if "id" in query.values:
        return [table.one(query.values["id"])]
    if "query" in query.values:
        test = search.read(query.values["query"], KINDS[kind].path)
        return [row for row in table if row.get("test_clock") is None and test(row)]
    tests = [
        (_TESTS[kind, name], value)
        for name, value in query.values.items()
        if (kind, name) in _TESTS
    ]
    if kind in ("customer", "quote", "subscription"):
        tests.append((lambda ledger, row, value: not _is_hidden(kind, row, query), None))
    if not tests:
        return table
    return [row for row in table if all(test(opened, row, value) for test, value in tests)]


def _is_hidden(kind: str, row: Json, query: Query) -> bool:
    """Return whether a list leaves a row out that no parameter selects."""
    if kind == "subscription" and "status" not in query.sent and row["status"] == "canceled":
        return True
    selecting = ("test_clock",) if kind == "customer" else ("test_clock", "customer")
    return row["test_clock"] is not None and not any(name in query.values for name in selecting)


def _lines(ledger: Open, owner: str, query: Query) -> Sequence[Json]:
    opened = ledger()
    key = opened[owner].one(query.values[owner])["id"]
    return opened.lines[key]


def _entries(ledger: Open, query: Query) -> Sequence[Json]:
    opened = ledger()
    table = opened.entries[opened["customer"].one(query.values["customer"])["id"]]
    return [table.one(query.values["id"], "transaction")] if "id" in query.values else table


def _counted(ledger: Open, query: Query) -> Sequence[Json]:
    names = ("meter", "customer", "start_time", "end_time", "value_grouping_window")
    return ledger().counted(*(query.get(name) for name in names))


def _summary(ledger: Open, query: Query) -> Body:
    opened = ledger()
    customer = opened.customer(query.get("customer"), query.get("customer_account"))
    grants = [one for one in opened.grants[customer["id"]] if _is_meant(one, query)]
    return Body(
        {
            "object": "billing.credit_balance_summary",
            "balances": summary(grants, opened.now),
            "customer": customer["id"],
            "customer_account": customer["customer_account"],
            "livemode": False,
        }
    )


def _is_meant(grant: Grant, query: Query) -> bool:
    """Return whether a summary is about a grant: one, those for a price, or those for all."""
    if (key := query.get("filter[credit_grant]")) is not None:
        return bool(grant.id == key)
    price = query.get("filter[applicability_scope][prices][0][id]")
    return price in grant.prices if price is not None else not grant.prices
