"""The books of billing: balance, history, invoices with all their forms, and insights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from billql.sandbox.api import ApiError, Json
from billql.sandbox.books import Book, File, Query
from billql.sandbox.digitalocean.bills import Bill, Bills, dollars
from billql.sandbox.digitalocean.documents import csv_of, file_name, pdf_of
from billql.sandbox.digitalocean.insights import TEAM_URN, Insights
from billql.sandbox.digitalocean.ledger import Ledger

_CUSTOMER: Final[Json] = {
    "user_name": "Sammy Shark",
    "user_billing_address": {
        "address_line1": "101 Shark Row",
        "city": "Atlantis",
        "region": "OC",
        "postal_code": "12345",
        "country_iso2_code": "US",
        "created_at": "2019-09-03T16:34:46.000+00:00",
        "updated_at": "2019-09-03T16:34:46.000+00:00",
    },
    "user_company": "Shark & Sons",
    "user_email": "sammy@example.com",
}


class BillingBooks:
    """The books of one team's bills."""

    def __init__(self, bills: Bills, ledger: Ledger, insights: Insights) -> None:
        self._bills = bills
        self._ledger = ledger
        self._insights = insights

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        return {
            "billing.balances": Book(lambda _: [self._ledger.balance()]),
            "billing.billing_history": Book(lambda _: self._ledger.history),
            "billing.invoices": Book(lambda _: [bill.json() for bill in self._bills.all()]),
            "billing.invoice_preview": Book(lambda _: [self._bills.preview.json()]),
            "billing.invoice_items": Book(lambda query: self._bill(query).items),
            "billing.invoice_summary": Book(lambda query: [_summary(self._bill(query))]),
            "billing.invoice_csv": Book(self._csv),
            "billing.invoice_pdf": Book(self._pdf),
            "billing.insights": Book(self._points, selects=("start_date", "end_date")),
        }

    def _bill(self, query: Query) -> Bill:
        bill = self._bills.find(query.values["invoice_uuid"])
        if bill is None:
            raise ApiError(HTTPStatus.NOT_FOUND)
        return bill

    def _csv(self, query: Query) -> File:
        bill = self._bill(query)
        return File(csv_of(bill), "text/csv", file_name(bill, "csv"))

    def _pdf(self, query: Query) -> File:
        bill = self._bill(query)
        return File(pdf_of(bill), "application/pdf", file_name(bill, "pdf"))

    def _points(self, query: Query) -> Sequence[Json]:
        if query.values["account_urn"] != TEAM_URN:
            raise ApiError(HTTPStatus.NOT_FOUND)
        return self._insights.window(query.values["start_date"], query.values["end_date"])


def _summary(bill: Bill) -> Json:
    invoice = bill.json()
    products = [
        {"name": name, "amount": dollars(cents), "count": str(count)}
        for name, cents, count in bill.products()
    ]
    charges = _part("Product usage charges", bill.section("charge"))
    return {
        "invoice_uuid": bill.uuid,
        "invoice_id": bill.invoice_id,
        "billing_period": invoice["invoice_period"],
        "amount": invoice["amount"],
        **_CUSTOMER,
        "product_charges": charges | {"items": products},
        "overages": _part("Overages", bill.section("overage")),
        "taxes": _part("Taxes", bill.section("tax")),
        "credits_and_adjustments": _part("Credits & adjustments", bill.section("credit")),
    }


def _part(name: str, cents: int) -> Json:
    return {"name": name, "amount": dollars(cents)}
