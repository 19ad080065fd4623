"""A disk cache that is full, or that several processes use at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw

from billql.fetching.disk_cache import DiskCache
from billql.fetching.response_cache import ResponseCache
from support.cached_runs import Open, cached
from support.paths import TESTS

FULL = """
import resource, sys
from pathlib import Path
from billql.fetching.response_cache import ResponseCache
from billql.fetching.disk_cache import DiskCache
from support.cached_runs import LIST, read, cached

cache = ResponseCache(disk=DiskCache(Path(sys.argv[1]), 1 << 30))
read(cache, LIST)
limit = Path(sys.argv[1], "responses.db").stat().st_size + 4096
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
read(cache, [b"other"], size=100_000)
assert cached(cache, b"other") == [b"other" + b"." * 100_000]
cache.close()
later = ResponseCache(disk=DiskCache(Path(sys.argv[1]), 1 << 30))
assert (cached(later, LIST[0]), cached(later, b"other")) == (LIST, [])
"""


def test_a_disk_that_is_full(folder: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", FULL, str(folder)],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr


WRITER = """
import sys
from pathlib import Path
from billql.fetching.response_cache import ResponseCache
from billql.fetching.disk_cache import DiskCache
from billql.messages import Response

folder, name, turns = sys.argv[1:]
for turn in range(int(turns)):
    cache = ResponseCache(disk=DiskCache(Path(folder), 1 << 20))
    for number in range(10):
        first = b"%d" % number
        found = cache.lookup(first, 300)
        bodies = [cache.get(number).body for number in found.values()]
        assert len(bodies) in (0, 3) and len({body[:1] for body in bodies}) < 2, bodies
        cache.unpin(found.values())
        keys = [first, first + b"b", first + b"c"]
        numbers = [cache.put(key, Response(name.encode() + key * 2000, "")) for key in keys]
        cache.commit(first, numbers, 300)
        cache.unpin(numbers)
    print(turn, flush=True)
    cache.close()
"""


def writer(folder: Path, name: str, turns: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(turns)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_at_once(folder: Path, begin: Open) -> None:
    writers = [writer(folder, name, 5) for name in "xyz"]
    for one in writers:
        _, told = one.communicate(timeout=60)
        assert one.returncode == 0, told
    assert sorted(path.name for path in folder.iterdir()) == ["responses.db"]
    later = ResponseCache(disk=DiskCache(folder, 1 << 20))
    assert any(cached(later, b"%d" % number) for number in range(10))
    later.close()


def test_a_process_that_is_killed_leaves_it_whole(folder: Path) -> None:
    for _ in range(4):
        one = writer(folder, "x", 1000)
        assert one.stdout is not None
        one.stdout.readline()
        one.kill()
        one.communicate()
    after = writer(folder, "y", 1)
    _, told = after.communicate(timeout=60)
    assert after.returncode == 0, told
    checked = apsw.Connection(str(folder / "responses.db"))
    assert checked.pragma("integrity_check") == "ok"
    checked.close()
    assert not (folder / "responses.db.aside").exists()
