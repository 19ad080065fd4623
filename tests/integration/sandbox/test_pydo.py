"""DigitalOcean's own client understands every answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pydo
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy

from billql.sandbox import Limits, Sandbox

from .client import MY, TEAM, Client
from .conftest import UNTIL


class PlainHttp(SansIOHTTPPolicy[Any, Any]):
    """Allows the token on a connection without TLS, which is what a sandbox has."""

    def on_request(self, request: Any) -> None:
        request.context.options["enforce_https"] = False


def connect(sandbox: Sandbox) -> Any:
    return pydo.Client(
        token=sandbox.tokens["digitalocean"],
        endpoint=sandbox.urls["digitalocean"],
        per_call_policies=[PlainHttp()],
        retry_total=0,
    )


@pytest.fixture(scope="module")
def client(api: Client) -> Iterator[Any]:
    with connect(api.sandbox) as client:
        yield client


def test_balance(client: Any, api: Client) -> None:
    assert client.balance.get() == api.json(f"{MY}/balance")


def test_billing_history(client: Any) -> None:
    response = client.billing_history.list()
    assert len(response["billing_history"]) == 20
    assert response["links"]["pages"]["next"].endswith("/billing_history?page=2&per_page=20")
    assert response["meta"]["total"] > 40


def test_invoices(client: Any) -> None:
    response = client.invoices.list(per_page=5, page=2)
    assert len(response["invoices"]) == 5
    assert response["invoice_preview"]["invoice_period"] == "2026-03"
    uuid = response["invoices"][0]["invoice_uuid"]
    assert len(client.invoices.get_by_uuid(uuid, per_page=200)["invoice_items"]) > 100
    assert client.invoices.get_summary_by_uuid(uuid)["invoice_uuid"] == uuid
    assert len(client.invoices.get_by_uuid("preview")["invoice_items"]) == 20


def test_invoice_files(client: Any) -> None:
    assert b"".join(client.invoices.get_pdf_by_uuid("preview")).startswith(b"%PDF-1.4")


def test_insights(client: Any) -> None:
    response = client.billing_insights.list(
        account_urn=f"do:team:{TEAM}",
        start_date=date(2025, 1, 1),
        end_date=date(2025, 1, 31),
        per_page=100,
        page=1,
    )
    assert len(response["data_points"]) == 100
    assert response["total_pages"] > 3


def test_invoice_csv(client: Any) -> None:
    """The client takes the CSV for JSON and fails, so the text is taken before it does."""
    taken: list[str] = []
    with pytest.raises(json.JSONDecodeError):
        client.invoices.get_csv_by_uuid(
            "preview",
            raw_response_hook=lambda response: taken.append(response.http_response.text()),
        )
    assert taken[0].startswith("product,group_description,")


def test_account_and_prices(client: Any) -> None:
    assert client.account.get()["account"]["team"]["uuid"] == TEAM
    assert client.registry.get_subscription()["subscription"]["tier"]["slug"] == "basic"
    assert len(client.sizes.list(per_page=200)["sizes"]) > 20
    assert client.apps.list_instance_sizes()["instance_sizes"][0]["usd_per_month"] == "5.00"


def test_projects(client: Any) -> None:
    projects = client.projects.list()["projects"]
    (default,) = (one for one in projects if one["is_default"])
    assert default == client.projects.get(default["id"])["project"]
    resources = client.projects.list_resources(default["id"], per_page=200)["resources"]
    assert resources == client.projects.list_resources_default()["resources"][: len(resources)]


def test_droplets(client: Any) -> None:
    droplets = client.droplets.list(per_page=200)["droplets"]
    assert client.droplets.get(droplets[0]["id"])["droplet"] == droplets[0]
    assert client.droplets.list(name=droplets[5]["name"])["droplets"] == [droplets[5]]
    assert client.droplets.list(tag_name="k8s")["meta"]["total"] >= 9
    assert client.droplets.list(type="gpus")["meta"]["total"] == 2


def test_storage(client: Any) -> None:
    volume = client.volumes.list(per_page=1)["volumes"][0]
    assert client.volumes.get(volume["id"])["volume"] == volume
    assert client.volumes.list(name=volume["name"])["volumes"] == [volume]
    snapshot = client.snapshots.list(resource_type="volume")["snapshots"][0]
    assert client.snapshots.get(snapshot["id"])["snapshot"] == snapshot


def test_networks(client: Any) -> None:
    balancer = client.load_balancers.list()["load_balancers"][0]
    assert client.load_balancers.get(balancer["id"])["load_balancer"] == balancer
    address = client.reserved_ips.list()["reserved_ips"][0]
    assert client.reserved_ips.get(address["ip"])["reserved_ip"] == address


def test_clusters(client: Any) -> None:
    cluster = client.kubernetes.list_clusters()["kubernetes_clusters"][0]
    assert client.kubernetes.get_cluster(cluster["id"])["kubernetes_cluster"] == cluster
    database = client.databases.list_clusters()["databases"][0]
    assert client.databases.get_cluster(database["id"])["database"] == database
    (tag,) = database["tags"]
    assert database in client.databases.list_clusters(tag_name=tag)["databases"]


def test_errors(client: Any) -> None:
    assert client.invoices.get_by_uuid("unknown")["id"] == "not_found"
    with pytest.raises(HttpResponseError) as bad:
        client.invoices.list(per_page=500)
    assert bad.value.status_code == 400
    assert "per_page must be between" in str(bad.value)


def test_refused_token(api: Client) -> None:
    with (
        pydo.Client("other", endpoint=api.url, per_call_policies=[PlainHttp()]) as client,
        pytest.raises(ClientAuthenticationError, match="Unable to authenticate you"),
    ):
        client.balance.get()


def test_limits() -> None:
    sandbox = Sandbox(size="small", until=UNTIL, limits=Limits(per_minute=1))
    with sandbox, connect(sandbox) as client:
        client.balance.get()
        with pytest.raises(HttpResponseError, match="API rate limit exceeded"):
            client.balance.get()
