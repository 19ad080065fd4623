"""`python -m bench`: run every measure, print it, and write docs/benchmarks.md.

With names of measures, only these are run, and nothing is written.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from bench import ahead, catalog, commands, growth, measures, report
from bench.api import Api
from bench.measures import Line

_MEASURES = measures.MEASURES | ahead.MEASURES | commands.MEASURES | catalog.MEASURES
DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main(names: list[str]) -> None:
    """Run measures; a target that is missed is told, and is no error."""
    start = time.perf_counter()
    lines: list[Line] = []
    # Parsed definitions are kept for the time of the benchmark, and not beyond it.
    with tempfile.TemporaryDirectory() as cache, Api() as api:
        os.environ["XDG_CACHE_HOME"] = cache
        for name, measure in _MEASURES.items():
            if names and name not in names:
                continue
            for line in measure(api):
                print(f"{'reached' if line.reached else 'MISSED '}  {line.measure}", flush=True)
                print(f"         {line.result}", flush=True)
                lines.append(line)
        grown = []
        for series in growth.SERIES if not names or "growth" in names else ():
            grown.append(growth.measure(api, series))
            print(growth.table(grown[-1]), flush=True)
    print(f"{sum(line.reached for line in lines)} of {len(lines)} targets reached", end=" ")
    print(f"in {time.perf_counter() - start:.0f} s")
    if not names:
        DOCUMENT.write_text(report.text(lines, grown), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
