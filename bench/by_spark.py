"""How much Spark reads in a second: `make spark-pace`, for the plan in docs/spark.md.

Each account is a connection of the benchmark's API, at no latency, and so a task; what is read is
written as Parquet. The config file has many more. Processor time is that of Java and of the tasks'
processes together.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.api import TOKEN, Api
from bench.by_billql import DEFINITIONS

ACCOUNTS = 8
"""So many of the connections are read."""
CONNECTIONS = 10_000
LINES = 100_000
THREADS = 2

_CONNECTION = """\
[connections.account_{number}]
provider = "bench"
url = "{url}"
token_env = "BILLQL_BENCH_TOKEN"
"""


def main() -> None:
    """Read all accounts twice, the first time to warm up, and print what the second time took."""
    from pyspark.sql import SparkSession

    from billql.integrations import spark
    from billql.integrations.spark.source import Source

    os.environ.update(PYSPARK_PYTHON=sys.executable, BILLQL_BENCH_TOKEN=TOKEN)
    with tempfile.TemporaryDirectory() as name, Api() as api:
        folder = Path(name)
        config = folder / "billql.toml"
        config.write_text(
            "".join(_CONNECTION.format(number=one, url=api.url) for one in range(CONNECTIONS))
        )
        session = (
            SparkSession.builder.master(f"local[{THREADS}]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .getOrCreate()
        )
        spark.register(session)
        options = {
            "table": "bench.lists.records",
            "config": str(config),
            "definitions": str(DEFINITIONS),
        }
        begun = time.process_time()
        source = Source(options)
        tasks = len(source.reader(source.schema()).partitions())
        planned = time.process_time() - begun
        names = ",".join(f"account_{one}" for one in range(ACCOUNTS))
        reader = session.read.format("billql").options(connections=names, **options)
        java = next(one for one in _descendants(os.getpid()) if _program(one) == "java")
        for run in ("first", "second"):
            api.set_up(records=LINES)
            begun, used = time.perf_counter(), _processor_seconds(java)
            target = folder / run
            reader.load().write.parquet(str(target))
            taken, used = time.perf_counter() - begun, _processor_seconds(java) - used
            asked = api.asked()
        space = sum(path.stat().st_size for path in target.rglob("*.parquet"))
        memory = max(_peak_memory(one) for one in _descendants(java) if one != java)
        session.stop()
    lines = ACCOUNTS * LINES
    print(f"{ACCOUNTS} accounts of {LINES:,} lines, {THREADS} tasks at once: {taken:.1f} s")
    print(f"processor: {used:.1f} s, {lines / used:,.0f} lines a second")
    print(f"requests: {asked:,}, {lines / asked:.0f} lines each")
    print(f"planning: {planned:.1f} s of the driver's processor for {tasks:,} tasks")
    print(f"Parquet: {space / lines:.0f} bytes a line")
    print(f"memory of a task's process: {memory / 1e6:.0f} MB at most")


def _descendants(process: int) -> Iterator[int]:
    """Yield a process and all below it."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _descendants(int(child))


def _program(process: int) -> str:
    """Return the name of what a process runs."""
    return Path(f"/proc/{process}/comm").read_text().strip()


def _processor_seconds(process: int) -> float:
    """Return the processor time of a process and all below it, those that ended included."""
    ticks = 0
    for one in _descendants(process):
        fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _peak_memory(process: int) -> int:
    """Return the most memory that a process had, in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
