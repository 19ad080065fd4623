"""The endpoints beside billing: what people join their bills with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from billql.sandbox.api import ApiError, Handler, Json, Request, Response, Routes
from billql.sandbox.digitalocean import catalog
from billql.sandbox.digitalocean.insights import TEAM
from billql.sandbox.digitalocean.inventory import Inventory
from billql.sandbox.digitalocean.paging import paged

Rows = Callable[[], Sequence[Json]]
"""A function that makes a list when it is requested."""

_VOLUME_REGIONS: Final = (
    "ams1", "ams2", "ams3", "blr1", "fra1", "lon1", "nyc1", "nyc2", "nyc3",
    "sfo1", "sfo2", "sfo3", "sgp1", "tor1", "syd1",
)  # fmt: skip
"""The regions by which volumes can be filtered."""

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


class ResourceEndpoints:
    """Account, projects, resources and prices."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def add_to(self, routes: Routes) -> None:
        """Add the endpoints."""
        have = self._inventory
        routes.add("/v2/account", lambda request: Response.json({"account": _ACCOUNT}))
        routes.add(
            "/v2/registry/subscription",
            lambda request: Response.json({"subscription": _REGISTRY}),
        )
        routes.add("/v2/apps/tiers/instance_sizes", _list_app_sizes)
        routes.add("/v2/sizes", _lister("sizes", _sizes))
        routes.add("/v2/droplets", self._list_droplets)
        routes.add("/v2/droplets/{id}", _getter("droplet", lambda: _all_droplets(have)))
        routes.add("/v2/volumes", _lister("volumes", lambda: have.volumes, _filter_volumes))
        routes.add("/v2/volumes/{id}", _getter("volume", lambda: have.volumes))
        routes.add("/v2/snapshots", _lister("snapshots", lambda: have.snapshots, _filter_snapshots))
        routes.add("/v2/snapshots/{id}", _getter("snapshot", lambda: have.snapshots))
        routes.add("/v2/load_balancers", _lister("load_balancers", lambda: have.load_balancers))
        routes.add("/v2/load_balancers/{id}", _getter("load_balancer", lambda: have.load_balancers))
        clusters = "/v2/kubernetes/clusters"
        routes.add(clusters, _lister("kubernetes_clusters", lambda: have.clusters))
        routes.add(f"{clusters}/{{id}}", _getter("kubernetes_cluster", lambda: have.clusters))
        routes.add("/v2/databases", self._list_databases)
        routes.add("/v2/databases/{id}", _getter("database", lambda: have.databases))
        routes.add("/v2/reserved_ips", _lister("reserved_ips", lambda: have.reserved_ips))
        routes.add("/v2/reserved_ips/{ip}", _getter("reserved_ip", lambda: have.reserved_ips))
        routes.add("/v2/projects", _lister("projects", lambda: have.projects))
        routes.add("/v2/projects/{id}", self._get_project)
        routes.add("/v2/projects/{id}/resources", self._list_resources)

    def _list_droplets(self, request: Request) -> Response:
        tag, name, type_ = (request.query.get(member) for member in ("tag_name", "name", "type"))
        if tag is not None and (name is not None or type_ is not None):
            message = "tag_name can not be combined with name or type"
            raise ApiError(HTTPStatus.BAD_REQUEST, message)
        if type_ not in (None, "droplets", "gpus"):
            raise ApiError(HTTPStatus.BAD_REQUEST, "type must be droplets or gpus")
        have = self._inventory
        rows = [
            row
            for row in (have.gpu_droplets if type_ == "gpus" else have.droplets)
            if (tag is None or tag in row["tags"])
            and (name is None or name.lower() == row["name"].lower())
        ]
        return _list(request, "droplets", rows)

    def _list_databases(self, request: Request) -> Response:
        tag = request.query.get("tag_name")
        rows = [row for row in self._inventory.databases if tag is None or tag in row["tags"]]
        # Where there is none, the API sends null.
        return Response.json({"databases": rows or None})

    def _get_project(self, request: Request, id: str) -> Response:
        return Response.json({"project": self._inventory.projects[self._project_place(id)]})

    def _list_resources(self, request: Request, id: str) -> Response:
        rows = [
            {
                "urn": urn,
                "assigned_at": assigned_at,
                "links": {"self": request.origin + path},
                "status": "ok",
            }
            for urn, path, assigned_at in self._inventory.resources(self._project_place(id))
        ]
        return _list(request, "resources", rows)

    def _project_place(self, key: str) -> int:
        """Return the project of a UUID or of 'default'."""
        for place, project in enumerate(self._inventory.projects):
            if key == project["id"] or (key == "default" and project["is_default"]):
                return place
        raise ApiError(HTTPStatus.NOT_FOUND)


def _list(request: Request, member: str, rows: Sequence[Json]) -> Response:
    """Return a page; `links` is an empty object where billing leaves it out."""
    body = paged(request, member, rows)
    body.setdefault("links", {})
    return Response.json(body)


def _lister(
    member: str,
    rows: Rows,
    matches: Callable[[Request, Json], bool] | None = None,
) -> Handler:
    """Return the endpoint of a list, with the filters that it has."""

    def handle(request: Request) -> Response:
        shown = rows()
        if matches is not None:
            shown = [row for row in shown if matches(request, row)]
        return _list(request, member, shown)

    return handle


def _getter(member: str, rows: Rows) -> Handler:
    """Return the endpoint of one row; the path's parameter is called as the row's key is."""

    def handle(request: Request, **key: str) -> Response:
        ((name, value),) = key.items()
        for row in rows():
            if str(row[name]) == value:
                return Response.json({member: row})
        raise ApiError(HTTPStatus.NOT_FOUND)

    return handle


def _all_droplets(inventory: Inventory) -> list[Json]:
    return inventory.droplets + inventory.gpu_droplets


def _sizes() -> list[Json]:
    return [size.json() for size in catalog.SIZES.values()]


def _list_app_sizes(request: Request) -> Response:
    return Response.json({"instance_sizes": [size.json() for size in catalog.APP_SIZES.values()]})


def _filter_volumes(request: Request, volume: Json) -> bool:
    name, region = request.query.get("name"), request.query.get("region")
    if region is not None and region not in _VOLUME_REGIONS:
        raise ApiError(HTTPStatus.BAD_REQUEST, "region must be the slug of a region with volumes")
    return name in (None, volume["name"]) and region in (None, volume["region"]["slug"])


def _filter_snapshots(request: Request, snapshot: Json) -> bool:
    wanted = request.query.get("resource_type")
    if wanted not in (None, "droplet", "volume"):
        raise ApiError(HTTPStatus.BAD_REQUEST, "resource_type must be droplet or volume")
    return wanted in (None, snapshot["resource_type"])
