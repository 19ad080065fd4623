"""A process of its own for what is measured by the process: its processor time, its memory.

`python -m bench.child ADDRESS WORK` does a piece of work, once on a list of one row, so that
everything is loaded, and then as often as it is told, and prints what each time took.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
MIB = 1024 * 1024


class Taken(NamedTuple):
    """What a piece of work took."""

    cpu: float
    seconds: float
    peak: int
    """The most memory, in bytes, that the process has held so far."""


def _work(name: str) -> Callable[[str], object]:
    """Find a piece of work, and load what it needs and nothing else."""
    if name == "hand":
        from bench import by_hand

        return by_hand.records
    if name.startswith("shillelagh"):
        from bench import by_shillelagh

        instant = name.partition(" ")[2]
        return lambda url: by_shillelagh.records(url, instant)
    from bench import by_billql

    if name == "csv":
        return lambda url: by_billql.write_csv(url, by_billql.RECORDS, os.devnull)
    return lambda url: by_billql.ask(url, by_billql.RECORDS)


def run(url: str, work: str, *records: int) -> list[Taken]:
    """Do the work in a process of its own, on lists of so many rows one after the other."""
    return [Taken(*taken) for taken in printed_by("bench.child", url, work, *map(str, records))]


def printed_by(module: str, *arguments: str) -> Any:
    """Return what a module prints as JSON, in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def peak() -> int:
    """Return the most memory that this process has held; the kernel's other figure, ru_maxrss,
    also counts what the process held that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        scale = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None, "Linux reports it"
    return int(found[1]) * 1024


def _measured(work: Callable[[str], object], url: str) -> Taken:
    cpu, moment = time.process_time(), time.perf_counter()
    result: Any = work(url)
    taken = Taken(time.process_time() - cpu, time.perf_counter() - moment, peak())
    del result
    return taken


def _main(url: str, work: str, *records: str) -> None:
    import httpx

    def set_up(count: int) -> None:
        httpx.get(f"{url}/control", params={"records": count}, timeout=60).raise_for_status()

    done = _work(work)
    set_up(1)
    done(url)
    taken = []
    for count in map(int, records):
        set_up(count)
        taken.append(_measured(done, url))
    print(json.dumps(taken))


if __name__ == "__main__":
    _main(*sys.argv[1:])
