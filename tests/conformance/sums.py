"""Whether the rows of each invoice add up to it, exactly, beside what the APIs respond."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from billql.dbapi.connection import Connection

Sums = Mapping[str, Decimal]
_METRONOME = "metronome.customers.customers c JOIN metronome.invoices.invoices i"


def of_rows(rows: Iterable[Mapping[str, Any]]) -> Sums:
    """Return what is billed by each invoice of exported rows."""
    found = defaultdict[str, Decimal](Decimal)
    for row in rows:
        found[row["InvoiceId"]] += Decimal(str(row["BilledCost"]))
    return found


def of_digitalocean(connection: Connection) -> Sums:
    """Return the amount of each closed month's invoice."""
    sql = "SELECT invoice_id, amount FROM digitalocean.billing.invoices"
    return {id: Decimal(str(amount)) for id, amount in connection.execute(sql)}


def of_stripe(connection: Connection) -> tuple[Sums, Counter[str]]:
    """Return the total of each invoice in units of its currency, and how many each currency has.

    Those of credit notes are negative, and counted as such.
    """
    from billql.util.iso_4217 import BY_DIGITS

    digits = {code: count or 0 for count, codes in BY_DIGITS.items() for code in codes.split()}
    sql = (
        "SELECT id, total, upper(currency), upper(currency) FROM stripe.billing.invoices "
        "WHERE status IN ('paid', 'open', 'uncollectible') "
        "UNION ALL SELECT id, -total, upper(currency), 'credit notes' "
        "FROM stripe.billing.credit_notes WHERE status = 'issued'"
    )
    found = connection.execute(sql).fetchall()
    sums = {id: Decimal(total).scaleb(-digits[currency]) for id, total, currency, _ in found}
    return sums, Counter(kind for *_, kind in found)


def of_metronome(connection: Connection) -> Sums:
    """Return the total of each finalized invoice in dollars."""
    sql = (
        f"SELECT i.id, i.total FROM {_METRONOME} ON i.customer_id = c.id "
        "WHERE i.status = 'FINALIZED' AND i.total_usd IS NOT NULL"
    )
    return {id: Decimal(str(total)) / 100 for id, total in connection.execute(sql)}


def differing(billed: Sums, invoiced: Sums) -> list[str]:
    """Return the invoices whose rows do not add up to them, or that one side does not have."""
    return sorted(
        id
        for id in billed.keys() | invoiced.keys()
        if billed.get(id, Decimal(0)) != invoiced.get(id, Decimal(0)) or id not in invoiced
    )


def of_units(connection: Connection) -> tuple[Counter[str], list[str]]:
    """Return how many invoices Metronome has, and those that do not add up, in their own units.

    These are all of them, drafts and void ones too.
    """
    import json

    counts, wrong = Counter[str](), []
    sql = (
        "SELECT i.id, i.total, i.total_usd IS NOT NULL, i.plan_id IS NOT NULL, i.line_items, "
        f"i.invoice_adjustments FROM {_METRONOME} ON i.customer_id = c.id"
    )
    for id, total, in_dollars, of_plan, lines, adjustments in connection.execute(sql):
        counts["in dollars"] += in_dollars
        counts["of plans"] += of_plan
        parts = [
            line["total"]
            for line in json.loads(lines)
            if line.get("applied_commit_or_credit", {}).get("type") != "POSTPAID"
        ]
        parts += [one["total"] for one in json.loads(adjustments or "[]")]
        if sum((Decimal(str(part)) for part in parts), Decimal()) != Decimal(str(total)):
            wrong.append(id)
    return counts, wrong
