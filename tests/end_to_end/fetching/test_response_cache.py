"""What a response cache holds of a large statement does not make the process large."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KIB = 1024


SPILL = """
import resource, sys
from billql.fetching.response_cache import ResponseCache
from billql.messages import Response

UNIT = 1024 if sys.platform == "darwin" else 1

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // UNIT

cache = ResponseCache()
body = b"x" * 500_000
numbers = [cache.put(b"first", Response(body, ""))]
before = peak()
numbers += [cache.put(b"%d" % n, Response(body + b"%d" % n, "")) for n in range(300)]
cache.commit(b"first", numbers, 300)
assert all(len(cache.get(number).body) >= 500_000 for number in numbers)
print(peak() - before)
cache.close()
"""


def test_a_large_statement_keeps_the_process_small(tmp_path: Path) -> None:
    """150 MB of responses go to a temporary file, which is gone afterwards."""
    told = subprocess.run(
        [sys.executable, "-c", SPILL],
        env={**os.environ, "SQLITE_TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(told.stdout) < 32 * KIB
    assert list(tmp_path.iterdir()) == []
