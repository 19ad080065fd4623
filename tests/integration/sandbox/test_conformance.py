"""The responses have the members that DigitalOcean's own examples have.

`definitions/test_vendor_documents` holds every response against the document.
"""

from __future__ import annotations

import pytest

from contracts.document import document

from .client import INSIGHTS, MY, Client

DOCUMENT = document("digitalocean")


@pytest.mark.parametrize(
    "path", ["/v2/droplets/1", "/v2/droplets?page=0", f"{MY}/invoices/unknown/pdf"]
)
def test_error(api: Client, path: str) -> None:
    response = api.get(path)
    assert response.status_code >= 400
    operation, _ = DOCUMENT.find("GET", path.partition("?")[0])
    error = DOCUMENT.validator({"$ref": "#/components/schemas/error"})
    assert error.is_valid(response.json()), operation.request


# The document makes hardly any field of the billing answers required: these are the fields
# that its examples have.

ITEM = {"product", "description", "amount", "start_time", "end_time"}
ITEM_AT_TIMES = {
    "resource_uuid",
    "resource_id",
    "group_description",
    "duration",
    "duration_unit",
    "project_name",
}
INVOICE = {"invoice_uuid", "invoice_id", "amount", "invoice_period"}


def test_fields_of_invoices(api: Client) -> None:
    response = api.json(f"{MY}/invoices")
    assert set(response["invoice_preview"]) == INVOICE | {"updated_at"}
    assert all(set(invoice) == INVOICE for invoice in response["invoices"])


def test_fields_of_invoice_items_come_and_go(api: Client) -> None:
    uuid = api.invoices()[1]["invoice_uuid"]
    items = api.rows(f"{MY}/invoices/{uuid}", "invoice_items")
    assert set.intersection(*(set(item) for item in items)) == ITEM
    assert set.union(*(set(item) for item in items)) == ITEM | ITEM_AT_TIMES
    assert all("" not in item.values() for item in items)


def test_fields_of_the_rest(api: Client) -> None:
    assert set(api.json(f"{MY}/balance")) == {
        "month_to_date_balance",
        "account_balance",
        "month_to_date_usage",
        "generated_at",
    }
    history = api.json(f"{MY}/billing_history", per_page=200)["billing_history"]
    for entry in history:
        invoice = {"invoice_id", "invoice_uuid"} if entry["type"] == "Invoice" else set()
        assert set(entry) == {"description", "amount", "date", "type"} | invoice
    for point in api.json(f"{INSIGHTS}/2026-01-01/2026-01-31")["data_points"]:
        assert len(point) == 7
    summary = api.json(f"{MY}/invoices/preview/summary")
    assert set(summary) == set(
        DOCUMENT.data["components"]["schemas"]["invoice_summary"]["properties"]
    )
