"""The server in a process of its own, and its memory."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .clients import Address


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Address]]:
    """Run `billql serve` over the sandbox until the block ends; it shall end well."""
    token = secrets.token_urlsafe(24)
    environ = {**os.environ, "HOME": str(folder), "BILLQL_HTTP_TOKEN": token}
    environ.pop("COVERAGE_PROCESS_CONFIG", None)
    arguments = ["serve", "--http", "127.0.0.1:0", "--sandbox"]
    process = subprocess.Popen(
        [sys.executable, "-m", "billql", *arguments],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r":(\d+)/", line)
        assert found is not None, line + process.stderr.read()
        yield process, Address(int(found[1]), token)
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def memory(process: subprocess.Popen[str]) -> float:
    """Return how many MiB a process holds; Linux alone says it."""
    text = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) / 1024
