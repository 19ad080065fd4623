"""Invoices, their lines, invoice items and credit notes, as the API shows them."""

from __future__ import annotations

from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.stripe.customers import address_of
from billql.sandbox.stripe.ids import ident, record, whose
from billql.sandbox.stripe.invoice_model import CreditNote, Invoice, InvoiceItem, Line

EMBEDDED: Final = 10
"""Rows of a list within another object; the rest is read from the list's own URL."""


def embedded(rows: list[Json], url: str) -> Json:
    """Return a list within another object."""
    return {
        "object": "list",
        "data": rows[:EMBEDDED],
        "has_more": len(rows) > EMBEDDED,
        "url": url,
    }


def _pricing(owner: Line | InvoiceItem) -> Json | None:
    price = owner.price
    if price is None:
        return None
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def invoice_item_json(invoice_item: InvoiceItem) -> Json:
    """Return an invoice item as the API does: its timestamp is called `date`."""
    parent = None
    if invoice_item.terms is not None:
        details = {
            "subscription": invoice_item.terms.id,
            "subscription_item": invoice_item.item.id if invoice_item.item else None,
        }
        parent = {"subscription_details": details, "type": "subscription_details"}
    return {
        "id": invoice_item.id,
        "amount": invoice_item.amount,
        "currency": invoice_item.currency,
        **whose(invoice_item.customer),
        "date": invoice_item.timestamp,
        "description": invoice_item.description,
        "discountable": invoice_item.discountable,
        "discounts": [],
        "frozen_fields": [],
        "invoice": invoice_item.invoice,
        "invoicing_rules": [],
        "metadata": invoice_item.metadata,
        "net_amount": None if invoice_item.discountable else invoice_item.amount,
        "parent": parent,
        "period": {"end": invoice_item.end, "start": invoice_item.start},
        "pricing": _pricing(invoice_item),
        "proration": invoice_item.item is not None,
        "quantity": invoice_item.quantity,
        "quantity_decimal": str(invoice_item.quantity),
        "tax_rates": [],
    }


def line_json(line: Line, invoice: Invoice) -> Json:
    """Return a line as the API does; its amount is without discounts, credits and tax on top."""
    return {
        "id": line.id,
        "amount": line.amount,
        "currency": invoice.currency,
        "description": line.description,
        "discount_amounts": [
            {"amount": amount, "discount": discount} for discount, amount in line.discounts
        ],
        "discountable": line.invoice_item is None or line.invoice_item.discountable,
        "discounts": [],
        "invoice": invoice.id,
        "parent": _parent(line),
        "period": {"end": line.end, "start": line.start},
        "pretax_credit_amounts": _before_tax(line),
        "pricing": _pricing(line),
        "quantity": line.quantity,
        "quantity_decimal": str(line.quantity),
        "subscription": line.terms.id if line.terms else None,
        "subtotal": line.amount,
        "taxes": [line.tax.json()] if line.tax else [],
    }


def _parent(line: Line) -> Json:
    of_plan = line.invoice_item is None and line.item is not None
    kind = "subscription_item_details" if of_plan else "invoice_item_details"
    details: Json = {
        "invoice_item": line.invoice_item.id if line.invoice_item else None,
        "proration": line.invoice_item is not None and line.invoice_item.item is not None,
        "proration_details": {"credited_items": None},
        "subscription": line.terms.id if line.terms else None,
    }
    if of_plan and line.item is not None:
        details["subscription_item"] = line.item.id
    names = "invoice_item_details subscription_item_details type"
    return record(names, **{kind: details, "type": kind})


def _before_tax(line: Line) -> list[Json]:
    return [
        {"amount": amount, "discount": discount, "type": "discount"}
        for discount, amount in line.discounts
    ] + [
        {
            "amount": amount,
            "credit_balance_transaction": entry,
            "type": "credit_balance_transaction",
        }
        for entry, amount in line.credits
    ]


def invoice_json(invoice: Invoice, lines: list[Json], account: str, now: int) -> Json:
    """Return an invoice as the API does."""
    customer, settlement = invoice.customer, invoice.settlement
    status = invoice.status(now)
    final = settlement.finalized if settlement.finalized <= now else None
    due, paid = invoice.due(now), settlement.paid(now)
    discounted = sum(amount for line in invoice.lines for _, amount in line.discounts)
    taxes = invoice.taxes
    tries = [] if invoice.sent else settlement.tried(now)
    later = [attempt.timestamp for attempt in settlement.attempts if attempt.timestamp > now]
    page = f"https://invoice.stripe.com/i/{account}/test_{invoice.id[3:]}"
    return {
        "id": invoice.id,
        "account_country": "US",
        "account_name": "Shark & Sons",
        "amount_due": due,
        "amount_overpaid": 0,
        "amount_paid": paid,
        "amount_paid_off_stripe": 0,
        "amount_remaining": due - paid,
        "amount_shipping": 0,
        "attempt_count": len(tries),
        "attempted": bool(tries) or status == "paid",
        "auto_advance": invoice.advancing and status in ("draft", "open"),
        "automatic_tax": record("disabled_reason enabled liability provider status", enabled=False),
        "automatically_finalizes_at": (
            settlement.finalized if status == "draft" and invoice.advancing else None
        ),
        "billing_reason": invoice.reason,
        "collection_method": "send_invoice" if invoice.sent else "charge_automatically",
        "created": invoice.created,
        "currency": invoice.currency,
        **whose(customer),
        "customer_address": address_of(customer) if customer.plan != "lead" else None,
        "customer_email": customer.email,
        "customer_name": customer.name,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [invoice.terms.tax] if invoice.terms and invoice.terms.tax else [],
        "description": invoice.description,
        "discounts": [invoice.discount] if invoice.discount else [],
        "due_date": settlement.due if final else None,
        "effective_at": final,
        "ending_balance": invoice.ending if final else None,
        "hosted_invoice_url": page if final else None,
        "invoice_pdf": f"{page}/pdf" if final else None,
        "issuer": {"type": "self"},
        "lines": embedded(lines, f"/v1/invoices/{invoice.id}/lines"),
        "metadata": invoice.metadata,
        "next_payment_attempt": (
            later[0] if later and not invoice.sent and status in ("draft", "open") else None
        ),
        "number": invoice.number,
        "parent": _origin(invoice),
        "payment_settings": record("default_mandate payment_method_options payment_method_types"),
        "period_end": invoice.period[1],
        "period_start": invoice.period[0],
        "post_payment_credit_notes_amount": sum(
            note.total for note in invoice.notes if note.kind != "pre-payment" and note.counts(now)
        ),
        "pre_payment_credit_notes_amount": invoice.credited(now),
        "starting_balance": invoice.starting,
        "status": status,
        "status_transitions": {
            "finalized_at": final,
            "marked_uncollectible_at": (
                settlement.abandoned if status == "uncollectible" else None
            ),
            "paid_at": settlement.paid_at(now) if status == "paid" else None,
            "voided_at": settlement.voided if status == "void" else None,
        },
        "subtotal": invoice.subtotal,
        "subtotal_excluding_tax": invoice.subtotal - sum(tax.amount - tax.added for tax in taxes),
        "total": invoice.total,
        "total_discount_amounts": (
            [{"amount": discounted, "discount": invoice.discount}] if invoice.discount else []
        ),
        "total_excluding_tax": invoice.total - sum(tax.amount for tax in taxes),
        "total_pretax_credit_amounts": [
            each for line in invoice.lines for each in _before_tax(line)
        ],
        "total_taxes": [tax.json() for tax in taxes],
        "webhooks_delivered_at": invoice.created,
    }


def _origin(invoice: Invoice) -> Json | None:
    if invoice.terms is None:
        return None
    details = {
        "metadata": {"plan": invoice.customer.plan},
        "subscription": invoice.terms.id,
    }
    return {
        "quote_details": None,
        "subscription_details": details,
        "type": "subscription_details",
    }


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
