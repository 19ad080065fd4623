"""Invoices that are restated: on the 6th of the month after theirs, and again on the 14th.

A provider corrects a bill after it was sent, as real ones do. Before the 6th an invoice is as in
any sandbox. From the 6th on, the usage of one resource is billed lower, and some that was forgotten
is added; from the 14th on, a part of a price is credited, and one of several equal items is gone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from billql.sandbox.digitalocean.bills import Bill, Line
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, day_start, month_start

_FIRST: Final = 5 * DAY
_SECOND: Final = 13 * DAY
"""How long after a month's end its invoice is restated."""


def restated(bill: Bill, seed: int, until: date) -> Bill:
    """Return an invoice as it is on a day."""
    passed = day_start(until) - month_start(bill.month + 1)
    rng = Rng(seed, "restated", bill.month)
    lines = list(bill.lines)
    charged = [at for at, line in enumerate(lines) if line.section == "charge" and line.cents > 100]
    if not charged:
        return bill
    if passed >= _FIRST:
        at = charged[rng.below(len(charged))]
        lines[at] = replace(lines[at], cents=lines[at].cents * 9 // 10)
        lines.append(_late(bill, rng))
    if passed >= _SECOND:
        at = charged[rng.below(len(charged))]
        lines.append(_credit(lines[at], bill))
        lines.remove(next(line for line in lines if line.product == "Spaces Subscription"))
    return replace(bill, lines=tuple(lines))


def _late(bill: Bill, rng: Rng) -> Line:
    """Return usage that was forgotten."""
    gib = rng.between(200, 900)
    description = f"Bandwidth overage - {gib} GiB at $0.01/GiB (late usage)"
    return Line(
        "overage",
        "Bandwidth",
        description,
        gib,
        month_start(bill.month),
        month_start(bill.month + 1),
    )


def _credit(line: Line, bill: Bill) -> Line:
    """Return what is given back of an item."""
    description = f"Price adjustment - {line.description}"
    end = month_start(bill.month + 1) - 1
    return Line("credit", "Credits", description, -(line.cents // 20), month_start(bill.month), end)
