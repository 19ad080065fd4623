"""An invoice as the files that the API offers: CSV, and a PDF of one page."""

from __future__ import annotations

import csv
import io
from typing import Final

from billql.sandbox.digitalocean.bills import Bill, dollars
from billql.sandbox.moments import month_label, month_start, written

CUSTOMER: Final = 6173678
"""The customer's number in the names of files."""

_COLUMNS: Final = (
    "product", "group_description", "description", "hours", "start", "end", "USD",
    "project_name", "category",
)  # fmt: skip
_TIME: Final = "%Y-%m-%d %H:%M:%S +0000"


def file_name(bill: Bill, extension: str) -> str:
    """Return the name under which an invoice is saved."""
    month = written(month_start(bill.month), "%Y %b")
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
                written(line.start, _TIME),
                written(line.end, _TIME),
                f"${dollars(line.cents)}",
                line.project,
                line.category,
            )
        )
    return text.getvalue().encode()


def pdf_of(bill: Bill) -> bytes:
    """Print the invoice's number, its products and its amount."""
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
    return _pdf_page(lines)


def _pdf_page(lines: list[str]) -> bytes:
    """Set lines of text on one US Letter page, in the plainest PDF that readers open."""
    shown = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
    content = f"BT /F1 11 Tf 14 TL 72 720 Td {shown} ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    document = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(document)
    document += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    document += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    document += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    document += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(document)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
