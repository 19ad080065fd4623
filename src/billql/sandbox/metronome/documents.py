"""An invoice as a PDF."""

from __future__ import annotations

from billql.sandbox.api import Json
from billql.sandbox.metronome.formats import USD
from billql.sandbox.pdf import pdf_page


def pdf_of(invoice: Json) -> bytes:
    """Return a PDF with an invoice's line items and its total."""

    def amount(total: int, unit: Json) -> str:
        return f"${total / 100:,.2f}" if unit["id"] == USD.id else f"{total:,} {unit['name']}"

    lines = [
        f"{line['name']} ({line['quantity']:,}): {amount(line['total'], line['credit_type'])}"
        if "quantity" in line
        else f"{line['name']}: {amount(line['total'], line['credit_type'])}"
        for line in invoice["line_items"][:40]
    ]
    return pdf_page(
        [
            "Metronome - a sandbox's invoice, not a real one",
            f"Invoice: {invoice['id']} ({invoice['status']})",
            f"Period: {invoice.get('start_timestamp', 'none')}",
            "",
            *lines,
            "",
            f"Total: {amount(invoice['total'], invoice['credit_type'])}",
        ]
    )
