"""Print what the tests cover, by room, and fail below the floor that pyproject.toml states.

`make test` runs this after the tests. Percentages of lines and of branches are apart; the total is
that of both together, which the floor is about. Ends with 2 below the floor, as coverage.py does.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from coverage import Coverage

_PACKAGE = "billql"


def room_of(path: str) -> str:
    """Return the room of a file of the package, or the name of a module that lies in none."""
    parts = PurePath(path).parts
    inside = parts[parts.index(_PACKAGE) + 1 :]
    return inside[0] if len(inside) > 1 else PurePath(inside[0]).stem


def table(files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the lines of a table, a room in each, from the files of coverage.py's JSON report."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for path, file in files.items():
        summary = file["summary"]
        counts = ("covered_lines", "num_statements", "covered_branches", "num_branches")
        for room in (room_of(path), "TOTAL"):
            sums[room] = [a + summary[b] for a, b in zip(sums[room], counts, strict=True)]
    rooms = sorted(room for room, row in sums.items() if row[1] and room != "TOTAL")
    return [
        f"{'room':14} {'lines':>7} {'covered':>8} {'branches':>9} {'covered':>8}",
        *(
            f"{room:14} {lines:7} {_percent(hit, lines)} {branches:9} {_percent(taken, branches)}"
            for room in (*rooms, "TOTAL")
            for hit, lines, taken, branches in [sums[room]]
        ),
    ]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:7.1f}%" if whole else f"{'':8}"


def main() -> int:
    """Combine what was traced, print the table and return the exit code."""
    coverage = Coverage()
    coverage.combine(strict=True)
    coverage.save()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        total = coverage.json_report(outfile=str(report))
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    print("\n".join(["Coverage, by room; the sandbox is left out:", *table(files)]))
    floor = float(str(coverage.get_option("report:fail_under")))
    print(f"Lines and branches together: {total:.1f}%; the floor is {floor:.0f}%.")
    return 2 if total < floor else 0


if __name__ == "__main__":
    sys.exit(main())
