"""The tables that bills are joined with: their filters, and that the joins find something."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .client import MY, TEAM, Client

RESOURCES = {
    "/v2/droplets": "droplets",
    "/v2/volumes": "volumes",
    "/v2/snapshots": "snapshots",
    "/v2/load_balancers": "load_balancers",
    "/v2/kubernetes/clusters": "kubernetes_clusters",
    "/v2/databases": "databases",
    "/v2/projects": "projects",
    "/v2/reserved_ips": "reserved_ips",
}


def all_items(api: Client) -> list[Any]:
    """The items of the preview and of the last invoice: everything alive has been billed."""
    uuids = ["preview", api.invoices()[1]["invoice_uuid"]]
    return [item for uuid in uuids for item in api.rows(f"{MY}/invoices/{uuid}", "invoice_items")]


def listed(api: Client, path: str, **query: str) -> list[Any]:
    if path == "/v2/databases":
        rows: list[Any] = api.json(path, **query)["databases"]
        return rows
    return api.rows(path, RESOURCES[path], **query)


def test_account(api: Client) -> None:
    assert api.json("/v2/account")["account"]["team"]["uuid"] == TEAM


@pytest.mark.parametrize("path", RESOURCES)
def test_one_is_as_listed(api: Client, path: str) -> None:
    rows = listed(api, path)
    assert rows
    for row in rows:
        (one,) = api.json(f"{path}/{row.get('id') or row['ip']}").values()
        assert one == row


@pytest.mark.parametrize("path", RESOURCES)
def test_ids_are_unique(api: Client, path: str) -> None:
    rows = listed(api, path)
    assert len({row.get("id") or row["ip"] for row in rows}) == len(rows)
    if "name" in rows[0]:
        assert len({row["name"] for row in rows}) == len(rows)


@pytest.mark.parametrize("path", [*RESOURCES, "/v2/projects/unknown/resources"])
def test_unknown(api: Client, path: str) -> None:
    response = api.get(path if path.endswith("resources") else f"{path}/12345")
    assert response.status_code == 404
    assert response.json()["id"] == "not_found"


def test_items_lead_to_droplets(api: Client) -> None:
    billed = {item["resource_id"] for item in all_items(api) if "resource_id" in item}
    droplets = listed(api, "/v2/droplets") + listed(api, "/v2/droplets", type="gpus")
    own = {str(d["id"]) for d in droplets if "k8s" not in d["tags"]}
    assert len(own) == 42
    assert own <= billed, "every living Droplet is on a bill"
    assert billed - own, "some that were billed are gone"


@pytest.mark.parametrize(
    ("path", "product"),
    [
        ("/v2/volumes", "Volumes"),
        ("/v2/load_balancers", "Load Balancers"),
        ("/v2/kubernetes/clusters", "Kubernetes Clusters"),
        ("/v2/databases", "Database Clusters"),
    ],
)
def test_items_lead_to_other_resources(api: Client, path: str, product: str) -> None:
    billed = {item["resource_uuid"] for item in all_items(api) if item["product"] == product}
    assert {row["id"] for row in listed(api, path)} <= billed


def test_items_lead_to_snapshots(api: Client) -> None:
    items = [item for item in all_items(api) if item["product"] == "Snapshots"]
    billed = {item.get("resource_id") or item["resource_uuid"] for item in items}
    assert {row["id"] for row in listed(api, "/v2/snapshots")} <= billed


def test_items_lead_to_projects(api: Client) -> None:
    named = {item["project_name"] for item in all_items(api) if "project_name" in item}
    assert len(named) > 3
    assert named <= {project["name"] for project in listed(api, "/v2/projects")}


def test_a_droplet_costs_what_its_size_costs(api: Client) -> None:
    sizes = {size["slug"]: size for size in api.rows("/v2/sizes", "sizes")}
    assert len(sizes) > 20
    droplets = {str(droplet["id"]): droplet for droplet in listed(api, "/v2/droplets")}
    for droplet in droplets.values():
        assert droplet["size"] == sizes[droplet["size_slug"]]
    uuid = api.invoices()[1]["invoice_uuid"]
    whole_month = [
        item
        for item in api.rows(f"{MY}/invoices/{uuid}", "invoice_items")
        if item["product"] == "Droplets" and item["duration"] == "672"
    ]
    assert len(whole_month) > 30
    compared = 0
    for item in whole_month:
        if item["resource_id"] in droplets:
            price = droplets[item["resource_id"]]["size"]["price_monthly"]
            assert Decimal(item["amount"]) == Decimal(str(price))
            compared += 1
    assert compared > 20


def test_prices(api: Client) -> None:
    for size in api.rows("/v2/sizes", "sizes"):
        assert isinstance(size["price_monthly"], float)
        assert size["price_hourly"] == pytest.approx(size["price_monthly"] / 672, abs=1e-5)
    for size in api.json("/v2/apps/tiers/instance_sizes")["instance_sizes"]:
        assert size["usd_per_month"] == f"{Decimal(size['usd_per_month']):.2f}"
    tier = api.json("/v2/registry/subscription")["subscription"]["tier"]
    (registry,) = {
        i["amount"] for i in all_items(api)[-20:] if i["product"] == "Container Registry"
    }
    assert Decimal(registry) * 100 == tier["monthly_price_in_cents"]


def test_projects_own_what_exists(api: Client) -> None:
    urns = []
    for project in listed(api, "/v2/projects"):
        for resource in api.rows(f"/v2/projects/{project['id']}/resources", "resources"):
            urns.append(resource["urn"])
            assert resource["links"]["self"].startswith(api.url)
            assert api.get(resource["links"]["self"]).status_code == 200
    assert len(urns) == len(set(urns))
    droplets = listed(api, "/v2/droplets") + listed(api, "/v2/droplets", type="gpus")
    own = {f"do:droplet:{d['id']}" for d in droplets if "k8s" not in d["tags"]}
    assert own == {urn for urn in urns if urn.startswith("do:droplet:")}
    for path, word in [
        ("/v2/volumes", "volume"),
        ("/v2/load_balancers", "loadbalancer"),
        ("/v2/kubernetes/clusters", "kubernetes"),
        ("/v2/databases", "dbaas"),
    ]:
        assert {f"do:{word}:{row['id']}" for row in listed(api, path)} <= set(urns)


def test_resources_of_a_project_agree_with_items(api: Client) -> None:
    owner = {
        resource["urn"]: project["name"]
        for project in listed(api, "/v2/projects")
        for resource in api.rows(f"/v2/projects/{project['id']}/resources", "resources")
    }
    found = [
        (owner[f"do:droplet:{item['resource_id']}"], item["project_name"])
        for item in all_items(api)
        if f"do:droplet:{item.get('resource_id')}" in owner
    ]
    assert len(found) > 50
    assert all(theirs == ours for theirs, ours in found)


def test_default_project(api: Client) -> None:
    (default,) = (p for p in listed(api, "/v2/projects") if p["is_default"])
    assert api.rows("/v2/projects/default/resources", "resources") == api.rows(
        f"/v2/projects/{default['id']}/resources", "resources"
    )


def test_what_hangs_together(api: Client) -> None:
    droplets = {droplet["id"]: droplet for droplet in listed(api, "/v2/droplets")}
    for volume in listed(api, "/v2/volumes"):
        (number,) = volume["droplet_ids"]
        assert volume["id"] in droplets[number]["volume_ids"]
        assert volume["region"] == droplets[number]["region"]
    for address in listed(api, "/v2/reserved_ips"):
        droplet = address["droplet"]
        assert droplet is None or droplet == droplets[droplet["id"]]
    snapshots = {row["id"]: row for row in listed(api, "/v2/snapshots")}
    for droplet in droplets.values():
        for number in droplet["snapshot_ids"]:
            assert snapshots[str(number)]["resource_id"] == str(droplet["id"])
    nodes = [
        node
        for cluster in listed(api, "/v2/kubernetes/clusters")
        for pool in cluster["node_pools"]
        for node in pool["nodes"]
        if pool["count"] == len(pool["nodes"])
    ]
    assert len(nodes) >= 9
    for node in nodes:
        assert droplets[int(node["droplet_id"])]["name"] == node["name"]


class TestFilters:
    def test_droplets_by_tag(self, api: Client) -> None:
        rows = listed(api, "/v2/droplets")
        for tag in ("env:prod", "web", "k8s", "nothing"):
            assert listed(api, "/v2/droplets", tag_name=tag) == [
                row for row in rows if tag in row["tags"]
            ]
        assert 0 < len(listed(api, "/v2/droplets", tag_name="env:prod")) < len(rows)

    def test_droplets_by_name_in_whatever_case(self, api: Client) -> None:
        row = listed(api, "/v2/droplets")[3]
        for name in (row["name"], row["name"].upper()):
            assert listed(api, "/v2/droplets", name=name) == [row]
        assert listed(api, "/v2/droplets", name=row["name"][:-1]) == []

    def test_droplets_by_type(self, api: Client) -> None:
        plain = listed(api, "/v2/droplets")
        gpus = listed(api, "/v2/droplets", type="gpus")
        assert listed(api, "/v2/droplets", type="droplets") == plain
        assert len(gpus) == 2
        assert all("gpu_info" in row for row in gpus)
        assert not {row["id"] for row in gpus} & {row["id"] for row in plain}
        assert listed(api, "/v2/droplets", type="gpus", name=gpus[0]["name"]) == gpus[:1]

    @pytest.mark.parametrize(
        "query", ["tag_name=a&name=b", "tag_name=a&type=droplets", "type=other"]
    )
    def test_refused_for_droplets(self, api: Client, query: str) -> None:
        response = api.get(f"/v2/droplets?{query}")
        assert response.status_code == 400
        assert response.json()["id"] == "bad_request"

    def test_volumes(self, api: Client) -> None:
        rows = listed(api, "/v2/volumes")
        assert listed(api, "/v2/volumes", name=rows[0]["name"]) == rows[:1]
        assert listed(api, "/v2/volumes", name="nobody's") == []

    def test_snapshots(self, api: Client) -> None:
        rows = listed(api, "/v2/snapshots")
        for kind in ("droplet", "volume"):
            assert listed(api, "/v2/snapshots", resource_type=kind) == [
                row for row in rows if row["resource_type"] == kind
            ]
        assert api.get("/v2/snapshots?resource_type=other").status_code == 400

    def test_databases(self, api: Client) -> None:
        rows = listed(api, "/v2/databases")
        for tag in ("env:prod", "env:stage", "env:dev", "nothing"):
            # Where there is none, the API says null.
            expected = [row for row in rows if tag in row["tags"]] or None
            assert listed(api, "/v2/databases", tag_name=tag) == expected
