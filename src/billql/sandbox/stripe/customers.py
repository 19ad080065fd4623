"""Customers and their balances, as the API shows them."""

from __future__ import annotations

from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.model import Customer
from billql.sandbox.rng import Rng
from billql.sandbox.stripe.accounts import Account
from billql.sandbox.stripe.customer_balance import Entry
from billql.sandbox.stripe.ids import account_of, ident, record, whose

_ADDRESSES: Final = {
    "usd": ("New York", "US", "350 Fifth Avenue", "10118", "NY"),
    "eur": ("Berlin", "DE", "Unter den Linden 1", "10117", None),
    "jpy": ("Tokyo", "JP", "1-1 Marunouchi", "100-0005", None),
    "kwd": ("Kuwait City", "KW", "Gulf Road 1", "13001", None),
}


def address_of(customer: Customer) -> Json:
    """Return a customer's address."""
    city, country, street, code, state = _ADDRESSES[customer.currency]
    return {
        "city": city,
        "country": country,
        "line1": street,
        "line2": None,
        "postal_code": code,
        "state": state,
    }


def payment_method(customer: Customer | None, suffix: str = "") -> str:
    """Return the id of what a customer pays with."""
    return ident("pm_1", customer.stripe_id if customer else suffix)


def customer_json(account: Account, now: int) -> Json:
    """Return a customer as the API does."""
    customer = account.customer
    metadata = {"plan": customer.plan, "ingest_alias": customer.ingest_alias}
    if customer.biller == "metronome":
        metadata["metronome_id"] = customer.metronome_id
    if customer.project is not None:
        metadata["digitalocean_project"] = customer.project.name
        metadata["digitalocean_project_id"] = customer.project.uuid
    pays = customer.plan != "lead"
    return {
        "id": customer.stripe_id,
        "address": address_of(customer) if pays else None,
        "balance": account.balance.amount,
        "business_name": customer.name,
        "created": customer.created,
        "currency": customer.currency if account.invoices else None,
        "customer_account": account_of(customer),
        "delinquent": any(
            invoice.status(now) == "open" and invoice.settlement.tried(now) and not invoice.sent
            for invoice in account.invoices
        ),
        "description": None if customer.place % 3 else f"On {customer.plan}",
        "email": customer.email,
        "invoice_prefix": account.prefix,
        "invoice_settings": record(
            "custom_fields default_payment_method footer rendering_options",
            default_payment_method=payment_method(customer) if pays else None,
        ),
        "metadata": metadata,
        "name": customer.name,
        "next_invoice_sequence": account.finalized + 1,
        "phone": f"+1555{Rng('phone', customer.stripe_id).below(10**7):07d}" if pays else None,
        "preferred_locales": ["de"] if customer.currency == "eur" else [],
        "tax_exempt": "none",
    }


def cash_balance_of(customer: Json) -> Json:
    """Return the money that a customer has transferred ahead: none."""
    return {
        "object": "cash_balance",
        "available": None,
        "customer": customer["id"],
        "customer_account": customer["customer_account"],
        "livemode": False,
        "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
    }


def tax_of(customer: Json) -> Json:
    """Return where a customer is taxed, by their address."""
    address = customer["address"]
    place = None
    if address is not None:
        place = {
            "country": address["country"],
            "source": "billing_address",
            "state": address["state"],
        }
    return {
        "automatic_tax": "unrecognized_location" if place is None else "not_collecting",
        "ip_address": None,
        "location": place,
        "provider": "stripe",
    }


def entry_json(customer: Customer, entry: Entry) -> Json:
    """Return a change of a customer's balance as the API does."""
    return {
        "id": entry.id,
        "amount": entry.amount,
        "created": entry.timestamp,
        "credit_note": entry.note,
        "currency": customer.currency,
        **whose(customer),
        "description": entry.description,
        "ending_balance": entry.ending,
        "invoice": entry.invoice,
        "type": entry.type,
    }
