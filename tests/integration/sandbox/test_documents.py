"""The CSV and the PDF of an invoice."""

from __future__ import annotations

import csv
import io
import re

from pypdf import PdfReader

from .client import MY, Client

COLUMNS = "product,group_description,description,hours,start,end,USD,project_name,category"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000"


def test_csv(api: Client) -> None:
    invoice = api.invoices()[1]
    assert invoice["invoice_period"] == "2026-02"
    response = api.get(f"{MY}/invoices/{invoice['invoice_uuid']}/csv")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv"
    name = f"DigitalOcean Invoice 2026 Feb (6173678-{invoice['invoice_id']}).csv"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'

    header, *_ = response.text.splitlines()
    assert header == COLUMNS
    rows = list(csv.DictReader(io.StringIO(response.text)))
    items = api.rows(f"{MY}/invoices/{invoice['invoice_uuid']}", "invoice_items")
    assert len(rows) == len(items)
    for row, item in zip(rows, items, strict=True):
        assert row["product"] == item["product"]
        assert row["description"] == item["description"]
        assert row["hours"] == item.get("duration", "")
        assert row["group_description"] == item.get("group_description", "")
        assert row["project_name"] == item.get("project_name", "")
        assert re.fullmatch(TIME, row["start"])
        assert row["end"] == re.sub("[TZ]", " ", item["end_time"]) + "+0000"
        assert row["category"] in ("iaas", "paas")
    (tax,) = (row for row in rows if row["product"] == "Taxes")
    assert tax["hours"] == ""
    assert tax["end"] == "2026-02-28 23:59:59 +0000"


def test_csv_of_a_credit(api: Client) -> None:
    november = next(i for i in api.invoices() if i["invoice_period"] == "2025-11")
    text = api.get(f"{MY}/invoices/{november['invoice_uuid']}/csv").text
    (credit,) = (row for row in csv.DictReader(io.StringIO(text)) if row["product"] == "Credits")
    assert re.fullmatch(r"\$-\d+\.\d\d", credit["USD"])


def test_pdf(api: Client) -> None:
    for invoice in api.invoices()[:3]:
        response = api.get(f"{MY}/invoices/{invoice['invoice_uuid']}/pdf")
        assert response.headers["content-type"] == "application/pdf"
        assert re.fullmatch(
            rf'attachment; filename="DigitalOcean Invoice .*-{invoice["invoice_id"]}\)\.pdf"',
            response.headers["content-disposition"],
        )
        reader = PdfReader(io.BytesIO(response.content), strict=True)
        (page,) = reader.pages
        text = page.extract_text()
        assert f"Total: ${invoice['amount']}" in text
        assert f"Invoice number: {invoice['invoice_id']}" in text
        assert "Credits & adjustments: $" in text
        assert "Droplets (" in text, "parentheses are escaped"


def test_documents_of_the_preview(api: Client) -> None:
    for kind in ("csv", "pdf"):
        assert api.get(f"{MY}/invoices/preview/{kind}").status_code == 200
