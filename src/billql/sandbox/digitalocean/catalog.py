"""DigitalOcean's products, regions and prices; prices are in cents."""

from __future__ import annotations

from typing import Final, NamedTuple

from billql.sandbox.api import Json

HOURS_TO_CAP: Final = 672
"""After 28 days a month costs no more, and an hour costs this part of the month."""

VOLUME_GIB: Final = 10
SNAPSHOT_GIB: Final = 6
LOAD_BALANCER: Final = 1200
IDLE_ADDRESS: Final = 500
SPACES: Final = 500
REGISTRY: Final = 500
BACKUPS_PERCENT: Final = 20

REGIONS: Final = {
    "nyc1": "New York 1",
    "nyc3": "New York 3",
    "sfo3": "San Francisco 3",
    "ams3": "Amsterdam 3",
    "fra1": "Frankfurt 1",
    "lon1": "London 1",
    "sgp1": "Singapore 1",
    "tor1": "Toronto 1",
    "blr1": "Bangalore 1",
    "syd1": "Sydney 1",
}

FEATURES: Final = ("backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer")


class Gpu(NamedTuple):
    """The graphics processors of a size."""

    number: int
    model: str
    vram_gib: int

    def json(self) -> Json:
        """Return `gpu_info`."""
        vram = {"amount": self.vram_gib, "unit": "gib"}
        return {"count": self.number, "model": self.model, "vram": vram}


class Size(NamedTuple):
    """A size of Droplet."""

    slug: str
    memory: int
    vcpus: int
    disk: int
    transfer: float
    cents: int
    family: str
    gpu: Gpu | None = None

    @property
    def description(self) -> str:
        """The size in words, as invoices call the nodes of a cluster."""
        return f"{self.memory // 1024} GB / {self.vcpus} vCPU / {self.disk} GB SSD"

    def json(self) -> Json:
        """Return the size as the API does."""
        shown: Json = {
            "slug": self.slug,
            "memory": self.memory,
            "vcpus": self.vcpus,
            "disk": self.disk,
            "transfer": self.transfer,
            "price_monthly": self.cents / 100,
            "price_hourly": round(self.cents / 100 / HOURS_TO_CAP, 5),
            "regions": list(REGIONS),
            "available": True,
            "description": self.family,
            "disk_info": [{"type": "local", "size": {"amount": self.disk, "unit": "gib"}}],
        }
        if self.gpu:
            shown["gpu_info"] = self.gpu.json()
        return shown


_BASIC, _AMD, _INTEL = "Basic", "Basic AMD", "Basic Intel"
_GENERAL, _CPU, _MEMORY = "General Purpose", "CPU-Optimized", "Memory-Optimized"

SIZES: Final = {
    size.slug: size
    for size in (
        Size("s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, 400, _BASIC),
        Size("s-1vcpu-1gb", 1024, 1, 25, 1.0, 600, _BASIC),
        Size("s-1vcpu-1gb-amd", 1024, 1, 25, 1.0, 700, _AMD),
        Size("s-1vcpu-1gb-intel", 1024, 1, 25, 1.0, 700, _INTEL),
        Size("s-1vcpu-2gb", 2048, 1, 50, 2.0, 1200, _BASIC),
        Size("s-1vcpu-2gb-amd", 2048, 1, 50, 2.0, 1400, _AMD),
        Size("s-1vcpu-2gb-intel", 2048, 1, 50, 2.0, 1400, _INTEL),
        Size("s-2vcpu-2gb", 2048, 2, 60, 3.0, 1800, _BASIC),
        Size("s-2vcpu-2gb-amd", 2048, 2, 60, 3.0, 2100, _AMD),
        Size("s-2vcpu-4gb", 4096, 2, 80, 4.0, 2400, _BASIC),
        Size("s-2vcpu-4gb-amd", 4096, 2, 80, 4.0, 2800, _AMD),
        Size("s-2vcpu-4gb-intel", 4096, 2, 80, 4.0, 2800, _INTEL),
        Size("s-4vcpu-8gb", 8192, 4, 160, 5.0, 4800, _BASIC),
        Size("s-4vcpu-8gb-amd", 8192, 4, 160, 5.0, 5600, _AMD),
        Size("s-8vcpu-16gb", 16384, 8, 320, 6.0, 9600, _BASIC),
        Size("c-2", 4096, 2, 25, 4.0, 4200, _CPU),
        Size("c-4", 8192, 4, 50, 5.0, 8400, _CPU),
        Size("c-8", 16384, 8, 100, 6.0, 16800, _CPU),
        Size("g-2vcpu-8gb", 8192, 2, 25, 4.0, 6300, _GENERAL),
        Size("g-4vcpu-16gb", 16384, 4, 50, 5.0, 12600, _GENERAL),
        Size("g-8vcpu-32gb", 32768, 8, 100, 6.0, 25200, _GENERAL),
        Size("m-2vcpu-16gb", 16384, 2, 50, 4.0, 8400, _MEMORY),
        Size("m-4vcpu-32gb", 32768, 4, 100, 6.0, 16800, _MEMORY),
        Size("so-2vcpu-16gb", 16384, 2, 300, 4.0, 13100, "Storage-Optimized"),
        Size(
            "gpu-4000adax1-20gb", 32768, 8, 500, 10.0, 51072, "RTX 4000 Ada GPU - 1X",
            Gpu(1, "nvidia_rtx4000_ada", 20),
        ),
        Size(
            "gpu-l40sx1-48gb", 65536, 8, 500, 10.0, 105504, "L40S GPU - 1X",
            Gpu(1, "nvidia_l40s", 48),
        ),
        Size(
            "gpu-h100x1-80gb", 245760, 20, 720, 15.0, 227808, "H100 GPU - 1X",
            Gpu(1, "nvidia_h100", 80),
        ),
    )
}  # fmt: skip

DROPLET_SIZES: Final = tuple(size for size in SIZES.values() if not size.gpu and size.cents < 9000)
NODE_SIZES: Final = tuple(SIZES[slug] for slug in ("s-2vcpu-4gb", "s-4vcpu-8gb", "g-2vcpu-8gb"))
GPU_SIZES: Final = tuple(size for size in SIZES.values() if size.gpu and size.cents < 200_000)
RUNNER_SIZES: Final = tuple(SIZES[slug] for slug in ("s-2vcpu-4gb", "c-4", "s-8vcpu-16gb"))


class DatabaseSize(NamedTuple):
    """A size of database node."""

    slug: str
    description: str
    cents: int
    storage_mib: int


DATABASE_SIZES: Final = {
    size.slug: size
    for size in (
        DatabaseSize("db-s-1vcpu-1gb", "1 GB / 1 vCPU / 10 GB", 1515, 10240),
        DatabaseSize("db-s-1vcpu-2gb", "2 GB / 1 vCPU / 30 GB", 3045, 30720),
        DatabaseSize("db-s-2vcpu-4gb", "4 GB / 2 vCPU / 60 GB", 6090, 61440),
        DatabaseSize("db-s-4vcpu-8gb", "8 GB / 4 vCPU / 140 GB", 12210, 143360),
    )
}


class Engine(NamedTuple):
    """A database engine."""

    slug: str
    version: str
    description: str
    scheme: str
    port: int


ENGINES: Final = (
    Engine("pg", "17", "PostgreSQL", "postgresql", 25060),
    Engine("mysql", "8", "MySQL", "mysql", 25060),
    Engine("valkey", "8", "Valkey", "rediss", 25061),
    Engine("mongodb", "8.0", "MongoDB", "mongodb+srv", 27017),
)


class AppSize(NamedTuple):
    """An instance size of the App Platform."""

    slug: str
    dedicated: bool
    cpus: int
    memory_mib: int
    cents: int
    bandwidth_gib: int

    @property
    def description(self) -> str:
        """The size's name."""
        memory = f"{self.memory_mib / 1024:g}GB" + (" Fixed" if "fixed" in self.slug else "")
        return f"{'Dedicated' if self.dedicated else 'Shared'} {self.cpus}VCPU {memory}"

    def json(self) -> Json:
        """Return the size as the API does: numbers are text, and what is false is not there."""
        professional = self.dedicated or self.cents >= 1200
        shown: Json = {
            "name": self.description,
            "slug": self.slug,
            "cpu_type": "DEDICATED" if self.dedicated else "SHARED",
            "cpus": str(self.cpus),
            "memory_bytes": str(self.memory_mib << 20),
            "usd_per_month": f"{self.cents // 100}.{self.cents % 100:02d}",
            "usd_per_second": f"{self.cents / 100 / (HOURS_TO_CAP * 3600):.12f}",
            "tier_slug": "professional" if professional else "basic",
            "bandwidth_allowance_gib": str(self.bandwidth_gib),
        }
        if not professional:
            shown["single_instance_only"] = True
        if self.dedicated:
            shown["scalable"] = True
        return shown


APP_SIZES: Final = {
    size.slug: size
    for size in (
        AppSize("apps-s-1vcpu-0.5gb", False, 1, 512, 500, 50),
        AppSize("apps-s-1vcpu-1gb-fixed", False, 1, 1024, 1000, 100),
        AppSize("apps-s-1vcpu-1gb", False, 1, 1024, 1200, 150),
        AppSize("apps-s-1vcpu-2gb", False, 1, 2048, 2500, 200),
        AppSize("apps-s-2vcpu-4gb", False, 2, 4096, 5000, 250),
        AppSize("apps-d-1vcpu-0.5gb", True, 1, 512, 2900, 100),
        AppSize("apps-d-1vcpu-1gb", True, 1, 1024, 3400, 200),
        AppSize("apps-d-1vcpu-2gb", True, 1, 2048, 3900, 300),
        AppSize("apps-d-2vcpu-4gb", True, 2, 4096, 7800, 500),
        AppSize("apps-d-4vcpu-8gb", True, 4, 8192, 15600, 700),
        AppSize("apps-d-8vcpu-32gb", True, 8, 32768, 39200, 900),
    )
}


def region_json(slug: str) -> Json:
    """Return a region as the API embeds it."""
    return {
        "name": REGIONS[slug],
        "slug": slug,
        "features": list(FEATURES),
        "available": True,
        "sizes": list(SIZES),
    }
