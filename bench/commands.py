"""Whole commands beside scripts: processor time from the start of a process to its end.

`billql query` writes the same rows to stdout as `bench/script.py`, and `SELECT 1` stands beside
`import apsw`. Python's start is part of all.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

import pyarrow as pa

from bench import by_billql
from bench.api import TOKEN, Api
from bench.measures import ROUNDS, Line

_CONFIG = """\
[connections.bench]
provider = "bench"
url = "{url}"
token_env = "BENCH_TOKEN"
"""


SHORT_ROUNDS = 40
"""Of what takes less than a second: what else the machine does is a large part of each."""


def commands(api: Api) -> Iterator[Line]:
    """Measure whole processes: many rows in three formats, one request, and none."""
    api.set_up(records=100_000, latency=0)
    for name in ("csv", "jsonl", "arrow"):
        yield compare(
            api,
            f"100,000 rows × 11 columns to {name}, the whole command",
            1.8,
            ROUNDS,
            query(by_billql.RECORDS, "--format", name),
            name,
        )
    yield compare(
        api,
        "a query of one request, the whole command",
        1.2,
        SHORT_ROUNDS,
        query("SELECT * FROM bench.lists.customers"),
        "short",
    )
    target = 3.0
    ours, theirs = _alternate(
        query("SELECT 1"), [sys.executable, "-c", "import apsw"], _environ(), SHORT_ROUNDS
    )
    yield Line(
        "`SELECT 1`, the whole command",
        f"{ours / theirs:.2f} × the processor time of `import apsw` ({ours * 1000:.0f} ms to "
        f"{theirs * 1000:.0f} ms)",
        f"≤ {target:g} × `import apsw`",
        ours / theirs <= target,
    )


def query(sql: str, *options: str) -> list[str]:
    """Return a command of billql's, but for its config file."""
    billql = str(Path(sys.executable).with_name("billql"))
    return [billql, "query", "--definitions", str(by_billql.DEFINITIONS), *options, sql]


def compare(
    api: Api, measure: str, target: float, rounds: int, command: Sequence[str], script: str
) -> Line:
    """Run a command and a script in turns, and compare them."""
    by_hand = [sys.executable, str(Path(__file__).with_name("script.py")), script, api.url, TOKEN]
    environ = _environ()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.toml")
        config.write_text(_CONFIG.format(url=api.url), encoding="utf-8")
        asked = [*command, "--config", str(config)]
        # The first run of billql also compiles the definitions, once for all commands.
        found = {_rows(one, environ) for one in (asked, by_hand)}
        assert len(found) == 1, f"{measure}: they found {found} rows"
        ours, theirs = _alternate(asked, by_hand, environ, rounds)
    return Line(
        measure,
        f"{ours / theirs:.2f} × the script's processor time ({ours:.2f} s to {theirs:.2f} s)",
        f"≤ {target} × the script with httpx and orjson",
        ours / theirs <= target,
    )


def _environ() -> dict[str, str]:
    """Return the environment of a command, in which Python keeps the bytecode of modules."""
    passed = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**passed, "BENCH_TOKEN": TOKEN}


def _alternate(
    ours: Sequence[str], theirs: Sequence[str], environ: Mapping[str, str], rounds: int
) -> tuple[float, float]:
    """Run two commands in turns; return the medians of their processor time, in seconds."""
    taken = [(_seconds(ours, environ), _seconds(theirs, environ)) for _ in range(rounds)]
    return median(one for one, _ in taken), median(other for _, other in taken)


def _rows(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Return how many rows a command writes."""
    output = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True).stdout
    if output.startswith(b"ARROW"):
        return pa.ipc.open_file(output).read_all().num_rows
    return output.count(b"\n") - (not output.startswith(b"{"))  # CSV has a line of names


def _seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Return the processor time of a process, in the system and out of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


MEASURES: dict[str, Callable[[Api], Iterator[Line]]] = {commands.__name__: commands}
