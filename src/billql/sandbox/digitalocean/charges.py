"""The charges of a resource: its lines on an invoice, at the price of a whole month."""

from __future__ import annotations

from typing import NamedTuple

from billql.sandbox.digitalocean import catalog
from billql.sandbox.digitalocean.fleet import Life


class Charge(NamedTuple):
    """One line, before it is known for how long the resource is used."""

    product: str
    description: str
    cents: int
    sku: str
    group: str = ""
    category: str = "iaas"
    resource_id: str = ""
    resource_uuid: str = ""

    def amount(self, hours: int) -> int:
        """Return the cents for some hours of a month, rounded half up, never above its price."""
        cap = catalog.HOURS_TO_CAP
        return min(self.cents, (2 * self.cents * hours + cap) // (2 * cap))


def charges_of(life: Life) -> list[Charge]:
    """Return the charges of a resource; a reserved IP that is in use has none."""
    match life.kind:
        case "droplet" | "gpu":
            return _of_droplet(life)
        case "volume":
            description = f"{life.name} ({life.amount} GiB)"
            cents = life.amount * catalog.VOLUME_GIB
            return [
                Charge("Volumes", description, cents, "1-DO-BLCK-0002", resource_uuid=life.uuid)
            ]
        case "snapshot":
            return [_of_snapshot(life)]
        case "load_balancer":
            description = f"{life.name} (Small)"
            cents = catalog.LOAD_BALANCER
            sku = "1-DO-LDBL-0001"
            return [Charge("Load Balancers", description, cents, sku, resource_uuid=life.uuid)]
        case "cluster":
            return _of_cluster(life)
        case "database":
            return [_of_database(life)]
        case "app":
            return [_of_app(life)]
        case "reserved_ip" if life.host is None:
            description = f"Unused Floating IP - {life.name}"
            return [Charge("Floating IPs", description, catalog.IDLE_ADDRESS, "1-DO-FLIP-0001")]
        case _:
            return []


def _of_droplet(life: Life) -> list[Charge]:
    size = catalog.SIZES[life.size]
    product = "GPU Droplets" if size.gpu else "Droplets"
    sku = f"1-DO-DROP-{100 + list(catalog.SIZES).index(size.slug):04d}"
    number = str(life.number)
    charges = [
        Charge(product, droplet_description(life.name, size), size.cents, sku, resource_id=number)
    ]
    if life.has_backups:
        cents = size.cents * catalog.BACKUPS_PERCENT // 100
        charges.append(Charge("Backups", life.name, cents, "1-DO-BKUP-0001", resource_id=number))
    return charges


def droplet_description(name: str, size: catalog.Size) -> str:
    """Return the description of a Droplet on invoices."""
    return f"{name} ({size.slug})"


def _of_snapshot(life: Life) -> Charge:
    return Charge(
        "Snapshots",
        f"{life.name} ({life.amount / 100:.2f} GB)",
        (life.amount * catalog.SNAPSHOT_GIB + 50) // 100,
        "1-DO-SNAP-0001",
        resource_id=str(life.number) if life.of_droplet else "",
        resource_uuid="" if life.of_droplet else life.uuid,
    )


def _of_cluster(life: Life) -> list[Charge]:
    return [
        Charge(
            "Kubernetes Clusters",
            f"{pool.nodes} nodes - {pool.size.description}",
            pool.nodes * pool.size.cents,
            f"1-KS-K8SWN-{100 + catalog.NODE_SIZES.index(pool.size):05d}",
            group=life.name,
            resource_uuid=life.uuid,
        )
        for pool in life.pools
    ]


def _of_database(life: Life) -> Charge:
    size = catalog.DATABASE_SIZES[life.size]
    engine = catalog.ENGINES[life.slot % len(catalog.ENGINES)]
    return Charge(
        "Database Clusters",
        f"{engine.description} - {life.amount} x {size.description}",
        life.amount * size.cents,
        f"1-DB-DBAAS-{list(catalog.DATABASE_SIZES).index(size.slug):04d}",
        group=life.name,
        category="paas",
        resource_uuid=life.uuid,
    )


def _of_app(life: Life) -> Charge:
    size = catalog.APP_SIZES[life.size]
    return Charge(
        "App Platform",
        f"{life.name} - {life.amount} x {size.description}",
        life.amount * size.cents,
        f"1-AP-APPS-{list(catalog.APP_SIZES).index(size.slug):04d}",
        category="paas",
        resource_uuid=life.uuid,
    )
