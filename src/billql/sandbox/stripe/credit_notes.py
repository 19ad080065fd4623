"""Credit notes and their lines, as the API shows them."""

from __future__ import annotations

from billql.sandbox.api import Json
from billql.sandbox.stripe.ids import ident, whose
from billql.sandbox.stripe.invoice_model import CreditNote
from billql.sandbox.stripe.invoices import embedded


def refund_of(note: CreditNote) -> str:
    """Return the id of the refund that pays a credit note out."""
    return ident("re_1", note.id)


def credit_note_line_json(note: CreditNote) -> Json:
    """Return the one line of a credit note."""
    return {
        "id": ident("cnli_1", note.id),
        "amount": note.base,
        "description": note.line.description,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": note.line.id,
        "pretax_credit_amounts": [],
        "tax_rates": [note.tax.rate] if note.tax else [],
        "taxes": [note.tax.json()] if note.tax else [],
        "type": "invoice_line_item",
    }


def credit_note_json(note: CreditNote, lines: list[Json], now: int) -> Json:
    """Return a credit note as the API does."""
    invoice = note.invoice
    tax = note.tax.amount if note.tax else 0
    before = note.kind == "pre-payment"
    void = note.voided is not None and note.voided <= now
    return {
        "id": note.id,
        "amount": note.total,
        "amount_shipping": 0,
        "created": note.created,
        "currency": invoice.currency,
        **whose(invoice.customer),
        "customer_balance_transaction": note.balance_entry,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": note.created,
        "invoice": invoice.id,
        "lines": embedded(lines, f"/v1/credit_notes/{note.id}/lines"),
        "memo": "With our apologies" if note.kind == "balance" else None,
        "number": note.number,
        "out_of_band_amount": note.total if note.kind == "out of band" else None,
        "pdf": f"https://pay.stripe.com/credit_notes/test/{note.id}/pdf",
        "post_payment_amount": 0 if before else note.total,
        "pre_payment_amount": note.total if before else 0,
        "pretax_credit_amounts": [],
        "reason": "order_change" if before else "product_unsatisfactory",
        "refunds": (
            [{"amount_refunded": note.total, "refund": refund_of(note), "type": "refund"}]
            if note.kind == "refund"
            else []
        ),
        "status": "void" if void else "issued",
        "subtotal": note.base,
        "subtotal_excluding_tax": note.base - (tax - (note.tax.added if note.tax else 0)),
        "total": note.total,
        "total_excluding_tax": note.total - tax,
        "total_taxes": [note.tax.json()] if note.tax else [],
        "type": "pre_payment" if before else "post_payment",
        "voided_at": note.voided if void else None,
    }
