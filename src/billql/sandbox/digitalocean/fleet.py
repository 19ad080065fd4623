"""The resources that the team runs, at any time of the story.

The fleet has a fixed number of slots of each kind. In a slot one resource follows another: the
times depend on the slot alone, so what lives at a timestamp is computed and not stored, and it
does not depend on the period that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from billql.sandbox.digitalocean import catalog
from billql.sandbox.digitalocean.catalog import Size
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, HOUR

Kind = Literal[
    "droplet", "gpu", "volume", "snapshot", "load_balancer", "cluster", "database",
    "reserved_ip", "app", "node",
]  # fmt: skip


class _Habit(NamedTuple):
    """The number of a kind at scale 8, and the days that one lives."""

    number: int
    days: tuple[int, int]


HABITS: Final[dict[Kind, _Habit]] = {
    "droplet": _Habit(40, (20, 700)),
    "gpu": _Habit(2, (5, 40)),
    "volume": _Habit(16, (90, 900)),
    "snapshot": _Habit(16, (15, 365)),
    "load_balancer": _Habit(4, (200, 1200)),
    "cluster": _Habit(3, (300, 1500)),
    "database": _Habit(4, (200, 1200)),
    "reserved_ip": _Habit(8, (100, 900)),
    "app": _Habit(4, (100, 900)),
}

_LANES: Final[dict[Kind, int]] = {"droplet": 0, "gpu": 2000, "node": 2200, "snapshot": 0}
_RUNNER_LANE: Final = 4000
_ROLES: Final = ("web", "api", "worker", "cache", "queue", "batch", "proxy", "search")
_PROJECTS: Final = (
    ("Default", "Just trying out DigitalOcean", "Development"),
    ("storefront", "Website or blog", "Production"),
    ("data-platform", "Machine learning / Data processing", "Production"),
    ("staging", "Operational / Developer tooling", "Staging"),
    ("internal-tools", "Operational / Developer tooling", "Production"),
    ("mobile-backend", "Mobile Application", "Production"),
    ("research", "Class project / Educational purposes", "Development"),
)


class Project(NamedTuple):
    """A project; it owns resources from the beginning to the end."""

    uuid: str
    name: str
    purpose: str
    environment: str
    created: int


class Pool(NamedTuple):
    """A node pool of a Kubernetes cluster."""

    name: str
    size: Size
    nodes: int


@dataclass(frozen=True, slots=True)
class Life:
    """One resource, from its creation until another takes its place in the slot."""

    kind: Kind
    slot: int
    born: int
    died: int
    number: int
    """The id of a Droplet or of a Droplet's snapshot."""
    uuid: str
    """The id of anything else."""
    name: str
    region: str
    project: int
    size: str = ""
    """The slug of its size."""
    amount: int = 1
    """Nodes of a database, containers of an app, GiB of a volume, 10 MB of a snapshot."""
    host: int | None = None
    """The slot of the Droplet or volume that it belongs to."""
    pools: tuple[Pool, ...] = ()

    @property
    def has_backups(self) -> bool:
        """Whether it is a Droplet that is backed up."""
        return self.kind == "droplet" and self.slot % 3 == 0

    @property
    def of_droplet(self) -> bool:
        """Whether it is a snapshot of a Droplet; the others are of volumes."""
        return self.kind == "snapshot" and self.slot % 2 == 0


def number_at(timestamp: int, lane: int) -> int:
    """Return the id of a resource by the hour of its creation; lanes make it unique."""
    return (timestamp // HOUR - 350_000) * 5000 + lane


def runner_number(timestamp: int, place: int) -> int:
    """Return the id of a short-lived Droplet, which has no slot."""
    return number_at(timestamp, _RUNNER_LANE + place % 900)


class Fleet:
    """All slots of a seed and a scale."""

    def __init__(self, seed: int, scale: int) -> None:
        self.seed = seed
        self.scale = scale
        self._lives: dict[tuple[Kind, int, int], Life] = {}
        self._rhythms: dict[tuple[Kind, int], tuple[int, int]] = {}
        self.projects = [self._project(place) for place in range(3 + scale // 2)]

    def slots(self, kind: Kind) -> int:
        """Return how many slots there are of a kind."""
        return max(1, HABITS[kind].number * self.scale // 8)

    def at(self, kind: Kind, slot: int, timestamp: int) -> Life:
        """Return what lives in a slot at a timestamp."""
        return self._life(kind, slot, self._generation(kind, slot, timestamp))

    def alive(self, kind: Kind, timestamp: int) -> list[Life]:
        """Return all of a kind that live at a timestamp."""
        return [self.at(kind, slot, timestamp) for slot in range(self.slots(kind))]

    def during(self, start: int, end: int) -> Iterator[Life]:
        """Yield what lives between two timestamps, in the order of kinds, slots and time."""
        for kind in HABITS:
            for slot in range(self.slots(kind)):
                generation = self._generation(kind, slot, start)
                while (life := self._life(kind, slot, generation)).born < end:
                    yield life
                    generation += 1

    def nodes(self, cluster: Life) -> list[list[Life]]:
        """Return the Droplets of each of a cluster's pools."""
        numbers = iter(range(8))
        return [
            [self._node(cluster, pool, next(numbers)) for _ in range(pool.nodes)]
            for pool in cluster.pools
        ]

    def _project(self, place: int) -> Project:
        rng = Rng(self.seed, "project", place)
        name, purpose, environment = (
            _PROJECTS[place]
            if place < len(_PROJECTS)
            else (f"customer-{place:03d}", "Service or API", "Production")
        )
        return Project(rng.uuid(), name, purpose, environment, 1_500_000_000 + place * 9 * DAY)

    def _rhythm(self, kind: Kind, slot: int) -> tuple[int, int]:
        """Return how long a life lasts in a slot, and when one of them began."""
        rhythm = self._rhythms.get((kind, slot))
        if rhythm is None:
            rng = Rng(self.seed, kind, slot, "rhythm")
            period = rng.between(*HABITS[kind].days) * DAY
            rhythm = self._rhythms[kind, slot] = (period, rng.below(period))
        return rhythm

    def _born(self, kind: Kind, slot: int, generation: int) -> int:
        period, phase = self._rhythm(kind, slot)
        delay = Rng(self.seed, kind, slot, generation, "born").below(period // 8)
        return phase + generation * period + delay

    def _generation(self, kind: Kind, slot: int, timestamp: int) -> int:
        period, phase = self._rhythm(kind, slot)
        generation = (timestamp - phase) // period
        return generation if self._born(kind, slot, generation) <= timestamp else generation - 1

    def _region(self, kind: Kind, slot: int) -> str:
        return Rng(self.seed, kind, slot, "region").pick(list(catalog.REGIONS))

    def _life(self, kind: Kind, slot: int, generation: int) -> Life:
        life = self._lives.get((kind, slot, generation))
        if life is None:
            life = self._lives[kind, slot, generation] = self._make(kind, slot, generation)
        return life

    def _make(self, kind: Kind, slot: int, generation: int) -> Life:
        rng = Rng(self.seed, kind, slot, generation)
        born = self._born(kind, slot, generation)
        place = Rng(self.seed, kind, slot, "place")
        region = self._region(kind, slot)
        project = place.below(len(self.projects))
        role = place.pick(_ROLES)
        name = f"{role}-{slot + 1:02d}"
        size, amount, host = "", 1, None
        pools: tuple[Pool, ...] = ()
        match kind:
            case "droplet":
                size = rng.pick(catalog.DROPLET_SIZES).slug
            case "gpu":
                name = f"ml-gpu-{slot + 1:02d}"
                size = rng.pick(catalog.GPU_SIZES).slug
            case "volume":
                host = place.below(self.slots("droplet"))
                region = self._region("droplet", host)
                name = f"volume-{region}-{slot + 1:02d}"
                amount = rng.pick((10, 50, 100, 250, 500))
            case "snapshot":
                whose: Kind = "droplet" if slot % 2 == 0 else "volume"
                host = place.below(self.slots(whose))
                of = self.at(whose, host, born)
                region, project = of.region, of.project
                name = f"{of.name}-{born}{rng.below(1000):03d}"
                amount = rng.between(10, 6000)
            case "load_balancer":
                name = f"{role}-lb-{slot + 1:02d}"
            case "cluster":
                name = f"{role}-k8s-{slot + 1:02d}"
                pools = tuple(
                    Pool(f"pool-{rng.hex(5)}", rng.pick(catalog.NODE_SIZES), nodes)
                    for nodes in rng.pick(((3,), (2, 2), (3, 4), (4, 1)))
                )
            case "database":
                name = f"db-{catalog.REGIONS[region].split()[0].lower()}-{slot + 1:02d}"
                size = rng.pick(list(catalog.DATABASE_SIZES))
                amount = rng.between(1, 3)
            case "reserved_ip":
                name = f"137.{184 + slot // 250}.{generation % 256}.{slot % 250 + 1}"
                if slot % 2:
                    host = place.below(self.slots("droplet"))
                    region = self._region("droplet", host)
            case "app":
                name = f"{role}-app-{slot + 1:02d}"
                size = rng.pick(list(catalog.APP_SIZES)[:8])
                amount = rng.between(1, 3)
            case "node":
                raise ValueError("nodes live in their cluster, not in slots")
        return Life(
            kind=kind,
            slot=slot,
            born=born,
            died=self._born(kind, slot, generation + 1),
            number=number_at(born, _LANES.get(kind, 0) + slot),
            uuid=Rng(self.seed, kind, slot, generation, "uuid").uuid(),
            name=name,
            region=region,
            project=project,
            size=size,
            amount=amount,
            host=host,
            pools=pools,
        )

    def _node(self, cluster: Life, pool: Pool, place: int) -> Life:
        rng = Rng(self.seed, cluster.uuid, place)
        return Life(
            kind="node",
            slot=cluster.slot,
            born=cluster.born,
            died=cluster.died,
            number=number_at(cluster.born, _LANES["node"] + cluster.slot * 8 + place),
            uuid=rng.uuid(),
            name=f"{pool.name}-{rng.hex(5)}",
            region=cluster.region,
            project=cluster.project,
            size=pool.size.slug,
        )
