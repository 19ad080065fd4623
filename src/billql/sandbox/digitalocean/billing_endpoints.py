"""The eight billing endpoints."""

from __future__ import annotations

import re
from datetime import date
from http import HTTPStatus
from typing import Final

from billql.sandbox.api import ApiError, Json, Request, Response, Routes
from billql.sandbox.digitalocean.bills import Bill, Bills, dollars
from billql.sandbox.digitalocean.documents import csv_of, file_name, pdf_of
from billql.sandbox.digitalocean.insights import TEAM_URN, Insights
from billql.sandbox.digitalocean.ledger import Ledger
from billql.sandbox.digitalocean.paging import Page, paged

LONGEST_WINDOW: Final = 31
"""Days that a window of insights may have, its first and last included."""

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


class BillingEndpoints:
    """Balance, billing history, invoices and insights."""

    def __init__(self, bills: Bills, ledger: Ledger, insights: Insights) -> None:
        self._bills = bills
        self._ledger = ledger
        self._insights = insights

    def add_to(self, routes: Routes) -> None:
        """Add the endpoints."""
        my = "/v2/customers/my"
        routes.add(f"{my}/balance", self._get_balance)
        routes.add(f"{my}/billing_history", self._list_history)
        routes.add(f"{my}/invoices", self._list_invoices)
        routes.add(f"{my}/invoices/{{invoice_uuid}}", self._list_items)
        routes.add(f"{my}/invoices/{{invoice_uuid}}/summary", self._get_summary)
        routes.add(f"{my}/invoices/{{invoice_uuid}}/csv", self._get_csv)
        routes.add(f"{my}/invoices/{{invoice_uuid}}/pdf", self._get_pdf)
        insights = "/v2/billing/{account_urn}/insights/{start_date}/{end_date}"
        routes.add(insights, self._list_insights)

    def _bill(self, uuid: str) -> Bill:
        bill = self._bills.find(uuid)
        if bill is None:
            raise ApiError(HTTPStatus.NOT_FOUND)
        return bill

    def _get_balance(self, request: Request) -> Response:
        return Response.json(self._ledger.balance())

    def _list_history(self, request: Request) -> Response:
        return Response.json(paged(request, "billing_history", self._ledger.history))

    def _list_invoices(self, request: Request) -> Response:
        rows = [bill.json() for bill in self._bills.all()]
        preview = self._bills.preview.json()
        return Response.json(paged(request, "invoices", rows, invoice_preview=preview))

    def _list_items(self, request: Request, invoice_uuid: str) -> Response:
        return Response.json(paged(request, "invoice_items", self._bill(invoice_uuid).items))

    def _get_summary(self, request: Request, invoice_uuid: str) -> Response:
        bill = self._bill(invoice_uuid)
        invoice = bill.json()
        products = [
            {"name": name, "amount": dollars(cents), "count": str(count)}
            for name, cents, count in bill.products()
        ]
        charges = _part("Product usage charges", bill.section("charge"))
        return Response.json(
            {
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
        )

    def _get_csv(self, request: Request, invoice_uuid: str) -> Response:
        bill = self._bill(invoice_uuid)
        return _file(csv_of(bill), "text/csv", file_name(bill, "csv"))

    def _get_pdf(self, request: Request, invoice_uuid: str) -> Response:
        bill = self._bill(invoice_uuid)
        return _file(pdf_of(bill), "application/pdf", file_name(bill, "pdf"))

    def _list_insights(
        self, request: Request, account_urn: str, start_date: str, end_date: str
    ) -> Response:
        page = Page.of(request)
        if not re.fullmatch(
            r"do:team(group)?:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", account_urn
        ):
            raise ApiError(HTTPStatus.BAD_REQUEST, "account_urn is not a team's or a teamgroup's")
        start, end = _day(start_date, "start_date"), _day(end_date, "end_date")
        if end < start:
            raise ApiError(HTTPStatus.BAD_REQUEST, "end_date must not be before start_date")
        if (end - start).days >= LONGEST_WINDOW:
            message = f"end_date must be within {LONGEST_WINDOW} days of start_date"
            raise ApiError(HTTPStatus.BAD_REQUEST, message)
        if account_urn != TEAM_URN:
            raise ApiError(HTTPStatus.NOT_FOUND)
        first, total = self._insights.window(start, end)
        return Response.json(
            {
                "data_points": self._insights.points(first, page.places(total)),
                "total_items": total,
                "total_pages": page.count(total),
                "current_page": page.number,
            }
        )


def _part(name: str, cents: int) -> Json:
    return {"name": name, "amount": dollars(cents)}


def _file(body: bytes, content_type: str, name: str) -> Response:
    disposition = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, content_type=content_type, headers=disposition)


def _day(text: str, name: str) -> date:
    # fromisoformat() alone would take 20250101 and 2025-W01-1 too.
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ApiError(HTTPStatus.BAD_REQUEST, f"{name} must be a date in YYYY-MM-DD format")
