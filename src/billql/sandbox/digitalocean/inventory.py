"""The fleet on the last day, in the shapes that the API lists it.

Each list is made when it is first requested, and cached. Fields that no bill is joined with are as
plain as the API's own documentation allows.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Final

from billql.sandbox.api import Json
from billql.sandbox.digitalocean import catalog
from billql.sandbox.digitalocean.catalog import SIZES, region_json
from billql.sandbox.digitalocean.fleet import Fleet, Kind, Life
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, format_timestamp

_IMAGE: Final[Json] = {
    "id": 63663980,
    "name": "24.04 (LTS) x64",
    "type": "base",
    "distribution": "Ubuntu",
    "slug": "ubuntu-24-04-x64",
    "public": True,
    "regions": list(catalog.REGIONS),
    "created_at": "2024-05-15T05:47:50Z",
    "min_disk_size": 7,
    "size_gigabytes": 2.36,
    "description": "",
    "tags": [],
    "status": "available",
    "error_message": "",
}


class Inventory:
    """The resources that live at a timestamp."""

    def __init__(self, fleet: Fleet, now: int) -> None:
        self._fleet = fleet
        self._now = now

    @cached_property
    def droplets(self) -> list[Json]:
        """All Droplets, those of Kubernetes clusters included and those with GPUs not."""
        nodes = [
            self._droplet(node, ("k8s", f"k8s:{cluster.uuid}", "k8s:worker"))
            for cluster in self._alive("cluster")
            for pool in self._fleet.nodes(cluster)
            for node in pool
        ]
        return [self._droplet(life, self._tags(life)) for life in self._alive("droplet")] + nodes

    @cached_property
    def gpu_droplets(self) -> list[Json]:
        """The Droplets with GPUs, which the API lists apart."""
        return [self._droplet(life, ("ml", *self._tags(life)[:1])) for life in self._alive("gpu")]

    @cached_property
    def volumes(self) -> list[Json]:
        """All volumes; each is attached to a Droplet of its region."""
        return [
            {
                "id": life.uuid,
                "region": region_json(life.region),
                "droplet_ids": [self._host(life).number],
                "name": life.name,
                "description": "",
                "size_gigabytes": life.amount,
                "created_at": format_timestamp(life.born),
                "filesystem_type": "ext4",
                "filesystem_label": "",
                "tags": list(self._tags(life)[:1]),
            }
            for life in self._alive("volume")
        ]

    @cached_property
    def snapshots(self) -> list[Json]:
        """All snapshots; what they were made of may be gone by now."""
        return [self._snapshot(life) for life in self._alive("snapshot")]

    @cached_property
    def load_balancers(self) -> list[Json]:
        """All load balancers, each before up to three Droplets of its region."""
        droplets = self._alive("droplet")
        return [self._load_balancer(life, droplets) for life in self._alive("load_balancer")]

    @cached_property
    def clusters(self) -> list[Json]:
        """All Kubernetes clusters."""
        return [self._cluster(life) for life in self._alive("cluster")]

    @cached_property
    def databases(self) -> list[Json]:
        """All database clusters; passwords are left out."""
        return [self._database(life) for life in self._alive("database")]

    @cached_property
    def reserved_ips(self) -> list[Json]:
        """All reserved IPs, with the Droplets that they lead to."""
        droplets = {droplet["id"]: droplet for droplet in self.droplets}
        return [
            {
                "ip": life.name,
                "region": region_json(life.region),
                "droplet": None if life.host is None else droplets[self._host(life).number],
                "locked": False,
                "project_id": self._fleet.projects[life.project].uuid,
            }
            for life in self._alive("reserved_ip")
        ]

    @cached_property
    def projects(self) -> list[Json]:
        """All projects; the first is the default one."""
        return [
            {
                "id": project.uuid,
                "owner_uuid": "99525febec065ca37b2ffe4f852fd2b2581895e7",
                "owner_id": 258992,
                "name": project.name,
                "description": "",
                "purpose": project.purpose,
                "environment": project.environment,
                "is_default": place == 0,
                "created_at": format_timestamp(project.created),
                "updated_at": format_timestamp(project.created + 30 * DAY),
            }
            for place, project in enumerate(self._fleet.projects)
        ]

    def resources(self, project: int) -> list[tuple[str, str, str]]:
        """Return URN, path and time of assignment of what a project owns."""
        kinds: tuple[tuple[Kind, str, str], ...] = (
            ("droplet", "droplet", "droplets"),
            ("gpu", "droplet", "droplets"),
            ("volume", "volume", "volumes"),
            ("load_balancer", "loadbalancer", "load_balancers"),
            ("cluster", "kubernetes", "kubernetes/clusters"),
            ("database", "dbaas", "databases"),
            ("reserved_ip", "floatingip", "reserved_ips"),
        )
        found = []
        for kind, type_, path in kinds:
            for life in self._alive(kind):
                if life.project == project:
                    key = {"droplet": str(life.number), "floatingip": life.name}.get(
                        type_, life.uuid
                    )
                    found.append(
                        (f"do:{type_}:{key}", f"/v2/{path}/{key}", format_timestamp(life.born))
                    )
        return found

    def _alive(self, kind: Kind) -> list[Life]:
        return self._fleet.alive(kind, self._now)

    def _host(self, life: Life) -> Life:
        """Return the Droplet that a volume or an address leads to."""
        return self._fleet.at("droplet", life.host or 0, self._now)

    @cached_property
    def _volume_ids(self) -> dict[int, list[str]]:
        """The volumes of each Droplet."""
        ids: defaultdict[int, list[str]] = defaultdict(list)
        for life in self._alive("volume"):
            ids[self._host(life).number].append(life.uuid)
        return ids

    @cached_property
    def _snapshot_ids(self) -> dict[int, list[int]]:
        """The snapshots of each Droplet."""
        ids: defaultdict[int, list[int]] = defaultdict(list)
        for life in self._alive("snapshot"):
            if life.of_droplet:
                ids[self._original(life).number].append(life.number)
        return ids

    def _original(self, snapshot: Life) -> Life:
        """Return what a snapshot was made of, which may be gone."""
        whose: Kind = "droplet" if snapshot.of_droplet else "volume"
        return self._fleet.at(whose, snapshot.host or 0, snapshot.born)

    def _tags(self, life: Life) -> tuple[str, str]:
        environment = self._fleet.projects[life.project].environment
        stage = {"Production": "env:prod", "Staging": "env:stage"}.get(environment, "env:dev")
        return stage, life.name.split("-")[0]

    def _droplet(self, life: Life, tags: tuple[str, ...]) -> Json:
        size = SIZES[life.size]
        low = life.number
        address = f"164.{90 + (low >> 16) % 100}.{(low >> 8) % 256}.{low % 254 + 1}"
        backups = ["backups"] if life.has_backups else []
        window = {
            "start": format_timestamp(self._now + DAY // 2),
            "end": format_timestamp(self._now + DAY),
        }
        shown: Json = {
            "id": life.number,
            "name": life.name,
            "memory": size.memory,
            "vcpus": size.vcpus,
            "disk": size.disk,
            "disk_info": [{"type": "local", "size": {"amount": size.disk, "unit": "gib"}}],
            "locked": False,
            "status": "active",
            "kernel": None,
            "created_at": format_timestamp(life.born),
            "features": [*backups, "private_networking", "ipv6"],
            "backup_ids": [low + 1] if backups else [],
            "next_backup_window": window if backups else None,
            "snapshot_ids": self._snapshot_ids.get(life.number, []),
            "image": _IMAGE,
            "volume_ids": self._volume_ids.get(life.number, []),
            "size": size.json(),
            "size_slug": size.slug,
            "networks": {
                "v4": [
                    {
                        "ip_address": address,
                        "netmask": "255.255.240.0",
                        "gateway": address.rsplit(".", 1)[0] + ".1",
                        "type": "public",
                    }
                ],
                "v6": [],
            },
            "region": region_json(life.region),
            "tags": list(tags),
            "vpc_uuid": self._network(life.region),
        }
        if size.gpu:
            shown["gpu_info"] = size.gpu.json()
        return shown

    def _network(self, region: str) -> str:
        """Return the VPC of a region."""
        return Rng(self._fleet.seed, "vpc", region).uuid()

    def _snapshot(self, life: Life) -> Json:
        of = self._original(life)
        return {
            "id": str(life.number) if life.of_droplet else life.uuid,
            "name": life.name,
            "created_at": format_timestamp(life.born),
            "regions": [life.region],
            "resource_id": str(of.number) if life.of_droplet else of.uuid,
            "resource_type": of.kind,
            "min_disk_size": SIZES[of.size].disk if life.of_droplet else of.amount,
            "size_gigabytes": life.amount / 100,
            "tags": [],
        }

    def _load_balancer(self, life: Life, droplets: list[Life]) -> Json:
        behind = [droplet.number for droplet in droplets if droplet.region == life.region]
        return {
            "id": life.uuid,
            "name": life.name,
            "ip": f"138.68.{life.slot // 250}.{life.slot % 250 + 1}",
            "size": "lb-small",
            "size_unit": 1,
            "algorithm": "round_robin",
            "status": "active",
            "created_at": format_timestamp(life.born),
            "forwarding_rules": [
                {
                    "entry_protocol": "https",
                    "entry_port": 443,
                    "target_protocol": "http",
                    "target_port": 8080,
                    "certificate_id": "",
                    "tls_passthrough": False,
                }
            ],
            "health_check": {
                "protocol": "http",
                "port": 8080,
                "path": "/",
                "check_interval_seconds": 10,
                "response_timeout_seconds": 5,
                "healthy_threshold": 5,
                "unhealthy_threshold": 3,
            },
            "sticky_sessions": {"type": "none"},
            "region": region_json(life.region),
            "tag": "",
            "droplet_ids": behind[:3],
            "redirect_http_to_https": True,
            "enable_proxy_protocol": False,
            "enable_backend_keepalive": False,
            "vpc_uuid": self._network(life.region),
            "project_id": self._fleet.projects[life.project].uuid,
        }

    def _cluster(self, life: Life) -> Json:
        created = format_timestamp(life.born)
        tags = ["k8s", f"k8s:{life.uuid}"]
        return {
            "id": life.uuid,
            "name": life.name,
            "region": life.region,
            "version": "1.33.1-do.0",
            "cluster_subnet": "10.244.0.0/16",
            "service_subnet": "10.245.0.0/16",
            "vpc_uuid": self._network(life.region),
            "ipv4": f"68.183.{life.slot // 250}.{life.slot % 250 + 1}",
            "endpoint": f"https://{life.uuid}.k8s.ondigitalocean.com",
            "tags": tags,
            "node_pools": [
                {
                    "id": Rng(life.uuid, pool.name).uuid(),
                    "name": pool.name,
                    "size": pool.size.slug,
                    "count": pool.nodes,
                    "tags": [*tags, "k8s:worker"],
                    "labels": None,
                    "taints": [],
                    "auto_scale": False,
                    "min_nodes": 0,
                    "max_nodes": 0,
                    "nodes": [
                        {
                            "id": node.uuid,
                            "name": node.name,
                            "status": {"state": "running"},
                            "droplet_id": str(node.number),
                            "created_at": created,
                            "updated_at": created,
                        }
                        for node in nodes
                    ],
                }
                for pool, nodes in zip(life.pools, self._fleet.nodes(life), strict=True)
            ],
            "maintenance_policy": {"start_time": "00:00", "duration": "4h0m0s", "day": "any"},
            "auto_upgrade": False,
            "status": {"state": "running"},
            "created_at": created,
            "updated_at": created,
            "surge_upgrade": False,
            "registry_enabled": False,
            "ha": False,
        }

    def _database(self, life: Life) -> Json:
        engine = catalog.ENGINES[life.slot % len(catalog.ENGINES)]
        host = f"{life.name}-do-user-6173678-0.db.ondigitalocean.com"
        return {
            "id": life.uuid,
            "name": life.name,
            "engine": engine.slug,
            "version": engine.version,
            "connection": {
                "uri": f"{engine.scheme}://doadmin@{host}:{engine.port}/defaultdb",
                "database": "defaultdb",
                "host": host,
                "port": engine.port,
                "user": "doadmin",
                "ssl": True,
            },
            "users": [{"name": "doadmin", "role": "primary"}],
            "db_names": ["defaultdb"],
            "num_nodes": life.amount,
            "region": life.region,
            "status": "online",
            "created_at": format_timestamp(life.born),
            "maintenance_window": {"day": "saturday", "hour": "08:45:12", "pending": False},
            "size": life.size,
            "tags": list(self._tags(life)[:1]),
            "private_network_uuid": self._network(life.region),
            "project_id": self._fleet.projects[life.project].uuid,
            "storage_size_mib": catalog.DATABASE_SIZES[life.size].storage_mib,
        }
