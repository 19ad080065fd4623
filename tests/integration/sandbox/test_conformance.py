"""Every answer has the shape that DigitalOcean's own specification states.

`digitalocean_schemas.json` says how it was made. Beyond the specification, its schemas allow no
field that is not listed, so a misspelled field fails too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .client import INSIGHTS, MY, Client

SPECIFICATION = json.loads(Path(__file__).with_name("digitalocean_schemas.json").read_text())

Paths = Callable[[Client], list[str]]


def each(path: str, word: str, key: str = "id") -> Paths:
    """The path of each row of a list."""
    return lambda api: [f"{path}/{row[key]}" for row in api.json(path, per_page=200)[word]]


def each_invoice(end: str) -> Paths:
    return lambda api: [
        f"{MY}/invoices/preview{end}",
        *(f"{MY}/invoices/{invoice['invoice_uuid']}{end}" for invoice in api.invoices()),
    ]


PATHS: dict[str, Paths] = {
    "/v2/account": lambda api: ["/v2/account"],
    "/v2/apps/tiers/instance_sizes": lambda api: ["/v2/apps/tiers/instance_sizes"],
    f"{MY}/balance": lambda api: [f"{MY}/balance"],
    f"{MY}/billing_history": lambda api: [f"{MY}/billing_history{q}" for q in ("", "?page=2")],
    f"{MY}/invoices": lambda api: [f"{MY}/invoices{q}" for q in ("", "?page=2", "?page=9")],
    f"{MY}/invoices/{{invoice_uuid}}": each_invoice(""),
    f"{MY}/invoices/{{invoice_uuid}}/summary": each_invoice("/summary"),
    "/v2/billing/{account_urn}/insights/{start_date}/{end_date}": lambda api: [
        f"{INSIGHTS}/2026-01-01/2026-01-31",
        f"{INSIGHTS}/2026-01-01/2026-01-01?page=99",
    ],
    "/v2/databases": lambda api: ["/v2/databases"],
    "/v2/databases/{database_cluster_uuid}": each("/v2/databases", "databases"),
    "/v2/droplets": lambda api: ["/v2/droplets?per_page=200", "/v2/droplets?type=gpus"],
    "/v2/droplets/{droplet_id}": each("/v2/droplets", "droplets"),
    "/v2/kubernetes/clusters": lambda api: ["/v2/kubernetes/clusters"],
    "/v2/kubernetes/clusters/{cluster_id}": each("/v2/kubernetes/clusters", "kubernetes_clusters"),
    "/v2/load_balancers": lambda api: ["/v2/load_balancers"],
    "/v2/load_balancers/{lb_id}": each("/v2/load_balancers", "load_balancers"),
    "/v2/projects": lambda api: ["/v2/projects", "/v2/projects?per_page=1&page=2"],
    "/v2/projects/default": lambda api: ["/v2/projects/default"],
    "/v2/projects/{project_id}": each("/v2/projects", "projects"),
    "/v2/projects/{project_id}/resources": lambda api: [
        f"{path}/resources?per_page=200" for path in each("/v2/projects", "projects")(api)
    ],
    "/v2/projects/default/resources": lambda api: ["/v2/projects/default/resources"],
    "/v2/registry/subscription": lambda api: ["/v2/registry/subscription"],
    "/v2/reserved_ips": lambda api: ["/v2/reserved_ips"],
    "/v2/reserved_ips/{reserved_ip}": each("/v2/reserved_ips", "reserved_ips", "ip"),
    "/v2/sizes": lambda api: ["/v2/sizes", "/v2/sizes?per_page=5&page=3"],
    "/v2/snapshots": lambda api: ["/v2/snapshots"],
    "/v2/snapshots/{snapshot_id}": each("/v2/snapshots", "snapshots"),
    "/v2/volumes": lambda api: ["/v2/volumes"],
    "/v2/volumes/{volume_id}": each("/v2/volumes", "volumes"),
}


def validator(schema: Any) -> Any:
    return jsonschema.Draft202012Validator(
        {**schema, "$defs": SPECIFICATION["$defs"]}, format_checker=jsonschema.FormatChecker()
    )


def test_every_endpoint_of_the_specification_is_tried() -> None:
    assert set(PATHS) == set(SPECIFICATION["answers"])


@pytest.mark.parametrize("endpoint", PATHS)
@pytest.mark.parametrize("size", ["api", "small_api"])
def test_answer(endpoint: str, size: str, request: pytest.FixtureRequest) -> None:
    api: Client = request.getfixturevalue(size)
    check = validator(SPECIFICATION["answers"][endpoint])
    paths = PATHS[endpoint](api)
    assert paths
    for path in paths:
        check.validate(api.json(path))


@pytest.mark.parametrize(
    "path",
    ["/v2/nowhere", "/v2/droplets/1", "/v2/droplets?page=0", f"{MY}/invoices/unknown/pdf"],
)
def test_error(api: Client, path: str) -> None:
    response = api.get(path)
    assert response.status_code >= 400
    validator(SPECIFICATION["error"]).validate(response.json())


# The specification makes hardly any field of the billing answers required: these are the fields
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
        SPECIFICATION["answers"][f"{MY}/invoices/{{invoice_uuid}}/summary"]["properties"]
    )
