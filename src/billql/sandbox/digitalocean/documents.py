"""An invoice as the files that the API offers: CSV, and a PDF of one page."""

from __future__ import annotations

import csv
import io
from typing import Final

from billql.sandbox.digitalocean.bills import Bill, dollars
from billql.sandbox.pdf import pdf_page
from billql.sandbox.timestamps import format_timestamp, month_label, month_start

CUSTOMER: Final = 6173678
"""The customer's number in the names of files."""

_COLUMNS: Final = (
    "product", "group_description", "description", "hours", "start", "end", "USD",
    "project_name", "category",
)  # fmt: skip
_TIME: Final = "%Y-%m-%d %H:%M:%S +0000"


def file_name(bill: Bill, extension: str) -> str:
    """Return the name under which an invoice is saved."""
    month = format_timestamp(month_start(bill.month), "%Y %b")
    return f"DigitalOcean Invoice {month} ({CUSTOMER}-{bill.invoice_id}).{extension}"


def csv_of(bill: Bill) -> bytes:
    """Write one row for each line; amounts carry the dollar sign."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for line in bill.lines:
        rows.writerow(
            (
                line.product,
                line.group,
                line.description,
                "" if line.hours is None else line.hours,
                format_timestamp(line.start, _TIME),
                format_timestamp(line.end, _TIME),
                f"${dollars(line.cents)}",
                line.project,
                line.category,
            )
        )
    return text.getvalue().encode()


def pdf_of(bill: Bill) -> bytes:
    """Return a PDF with the invoice's number, its products and its amount."""
    lines = [
        "DigitalOcean - a sandbox's invoice, not a real one",
        f"Invoice number: {bill.invoice_id}",
        f"Billing period: {month_label(bill.month)}",
        "",
        *(f"{name} ({count}): ${dollars(cents)}" for name, cents, count in bill.products()),
        "",
        f"Overages: ${dollars(bill.section('overage'))}",
        f"Taxes: ${dollars(bill.section('tax'))}",
        f"Credits & adjustments: ${dollars(bill.section('credit'))}",
        f"Total: ${dollars(bill.cents)}",
    ]
    return pdf_page(lines)
