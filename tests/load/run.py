"""Runs many clients at once, and reads the memory of the server meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .clients import SCHEMAS, Client, Findings, asking
from .server import memory, serving
from .statements import expectations

_GROWTH = 1.1
"""How much of it is noise: the allocator keeps what busy moments have needed."""
_READINGS = 30


@dataclass
class Report:
    """What a run has found."""

    clients: int
    seconds: float
    findings: Findings
    memory: Sequence[float] = field(default_factory=list)
    """MiB, at equal intervals."""

    @property
    def growth(self) -> float:
        """Return the memory of the last third of the run, as a part of that of the second."""
        third = len(self.memory) // 3
        return max(self.memory[-third:]) / max(self.memory[third : 2 * third])

    @property
    def is_sound(self) -> bool:
        """Return whether no row was lost or crossed, and memory stayed flat."""
        return not self.findings.faults and self.growth <= _GROWTH

    def lines(self) -> Iterator[str]:
        """Yield what people read."""
        found = self.findings
        yield f"{self.clients} clients, {self.seconds:.0f} s over HTTP and PostgreSQL's protocol"
        yield (
            f"{found.responses:,} responses, {found.rows:,} rows checked, {found.vanished:,} "
            f"clients vanished, {found.busy:,} statements refused as busy"
        )
        readings = " ".join(f"{one:.0f}" for one in self.memory)
        yield f"memory: {readings} MiB, growth {self.growth:.2f}"
        yield f"{len(found.faults)} faults"
        yield from found.faults[:20]


def run(clients: int, seconds: float, folder: Path) -> Report:
    """Run so many clients for so many seconds."""
    findings = Findings()
    readings: list[float] = []
    protocols = tuple(SCHEMAS)
    with serving(folder) as (process, place):
        expected = {}
        for protocol, schema in SCHEMAS.items():
            with asking(protocol, place) as ask:
                expected[protocol] = expectations(ask, schema)
        end = time.monotonic() + seconds
        threads = []
        for number in range(1, clients + 1):
            protocol = protocols[number % len(protocols)]
            client = Client(number, protocol, place, expected[protocol])
            threads.append(
                threading.Thread(target=client.run, args=(lambda: time.monotonic() > end, findings))
            )
        for thread in threads:
            thread.start()
        for _ in range(_READINGS):
            time.sleep(seconds / _READINGS)
            readings.append(memory(process))
        for thread in threads:
            thread.join()
    return Report(clients, seconds, findings, readings)
