"""A statement that reads much stays small, whether its answers are kept for others or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import TESTS

READ = """
import resource, sys
from pathlib import Path
import httpx
from support.shop import SIZE, opened, select

PAGES, TEXT = 500, "x" * 20_000
UNIT = 1024 if sys.platform == "darwin" else 1

def api(request):
    query = request.url.params
    page = int(query.get("page", int(query.get("after", 0)) + 1))
    items = [{"id": page * SIZE + n, "name": f"{TEXT}{page} {n}"} for n in range(SIZE)]
    after = None if page == PAGES else str(page)
    return httpx.Response(200, json={"items": items, "total": PAGES * SIZE, "next": after})

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // UNIT // 1024

folder, sql = sys.argv[1:]
with opened(api, Path(folder), cache=Path(folder) / "cache", cache_bytes=50 << 20) as session:
    select(session, sql + " LIMIT 1")
    before = peak()
    read = sum(len(row[0]) for row in session.execute(sql.replace("@", "shop.all.")))
    assert read > 500 * SIZE * 20_000, read
    print(peak() - before)
"""


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM @things",
        "SELECT name FROM @events",
        "SELECT name FROM @things UNION ALL SELECT name FROM @things WHERE id = 10",
    ],
)
def test_a_hundred_megabytes_go_through(tmp_path: Path, sql: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path), sql],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) < 40
