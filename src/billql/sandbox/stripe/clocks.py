"""A test clock: a simulation of the future, which lists leave out unless filtered by it.

https://docs.stripe.com/billing/testing/test-clocks
"""

from __future__ import annotations

import json
from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.stripe.ids import ident

CLOCK: Final = ident("clock_1", "rehearsal")
CUSTOMER: Final = ident("cus_", CLOCK)[:18]
"""The only customer on it."""


def rehearsing(customer: Json) -> Json:
    """Return the customer on the clock, who is otherwise like another one."""
    return customer | {
        "id": CUSTOMER,
        "business_name": "Rehearsal",
        "customer_account": None,
        "email": "rehearsal@example.com",
        "name": "Rehearsal",
        "test_clock": CLOCK,
    }


def rehearsed(row: Json) -> Json:
    """Return a copy of a subscription or quote that is on the clock, with ids of its own."""
    text = json.dumps(row)
    for part in (row, *row.get("items", {}).get("data", ())):
        prefix, _, rest = part["id"].partition("_")
        text = text.replace(part["id"], f"{prefix}_{ident('', CLOCK, rest)[: len(rest)]}")
    copy: Json = json.loads(text)
    return copy | {"customer": CUSTOMER, "customer_account": None, "test_clock": CLOCK}
