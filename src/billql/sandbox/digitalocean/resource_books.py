"""The books beside billing: what people join their bills with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from billql.sandbox.api import ApiError, Json
from billql.sandbox.books import Book, Query
from billql.sandbox.digitalocean import catalog
from billql.sandbox.digitalocean.insights import TEAM
from billql.sandbox.digitalocean.inventory import Inventory

_ACCOUNT: Final[Json] = {
    "droplet_limit": 500,
    "floating_ip_limit": 50,
    "email": "sammy@example.com",
    "name": "Sammy Shark",
    "uuid": "b6fa89db-f6d9-456c-ace5-f3c78dc9851d",
    "email_verified": True,
    "status": "active",
    "status_message": "",
    "team": {"uuid": TEAM, "name": "My Team"},
}

_REGISTRY: Final[Json] = {
    "tier": {
        "name": "Basic",
        "slug": "basic",
        "included_repositories": 5,
        "included_storage_bytes": 5368709120,
        "allow_storage_overage": True,
        "included_bandwidth_bytes": 5368709120,
        "monthly_price_in_cents": catalog.REGISTRY,
        "storage_overage_price_in_cents": 2,
    },
    "created_at": "2018-01-23T21:19:12Z",
    "updated_at": "2018-11-05T15:53:24Z",
}


class ResourceBooks:
    """The books of account, projects, resources and prices."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        have = self._inventory
        sizes = catalog.APP_SIZES.values()
        return {
            "account.account": Book(lambda _: [_ACCOUNT]),
            "registry.subscription": Book(lambda _: [_REGISTRY]),
            "apps.instance_sizes": Book(lambda _: [size.json() for size in sizes]),
            "droplets.sizes": Book(lambda _: [size.json() for size in catalog.SIZES.values()]),
            "droplets.droplets": Book(self._droplets),
            "volumes.volumes": Book(lambda _: have.volumes),
            "snapshots.snapshots": Book(lambda _: have.snapshots),
            "load_balancers.load_balancers": Book(lambda _: have.load_balancers),
            "kubernetes.clusters": Book(lambda _: have.clusters),
            "databases.databases": Book(self._databases),
            "reserved_ips.reserved_ips": Book(lambda _: have.reserved_ips),
            "projects.projects": Book(lambda _: have.projects),
            "projects.project_resources": Book(self._resources),
        }

    def _droplets(self, query: Query) -> Sequence[Json]:
        """Return the Droplets; those with GPUs are listed only if they are asked for."""
        have = self._inventory
        if "droplet_id" in query.values:
            return have.droplets + have.gpu_droplets
        rows = have.gpu_droplets if query.get("type") == "gpus" else have.droplets
        return _tagged(rows, query)

    def _databases(self, query: Query) -> Sequence[Json] | None:
        # Where no cluster has the tag, the API sends null.
        return _tagged(self._inventory.databases, query) or None

    def _resources(self, query: Query) -> Sequence[Json]:
        """Return what a project owns; the project is known by its id, or as `default`."""
        key = query.values["project_id"]
        for place, project in enumerate(self._inventory.projects):
            if key == project["id"] or (key == "default" and project["is_default"]):
                return [
                    {
                        "urn": urn,
                        "assigned_at": assigned_at,
                        "links": {"self": query.request.origin + path},
                        "status": "ok",
                    }
                    for urn, path, assigned_at in self._inventory.resources(place)
                ]
        raise ApiError(HTTPStatus.NOT_FOUND)


def _tagged(rows: list[Json], query: Query) -> list[Json]:
    tag = query.get("tag_name")
    return [row for row in rows if tag is None or tag in row["tags"]]
