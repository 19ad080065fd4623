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

from .statements import Place


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Place]]:
    """Run `billql serve` over the sandbox until the block ends; it shall end well."""
    secret = secrets.token_urlsafe(24)
    environ = {
        **os.environ,
        "HOME": str(folder),
        "BILLQL_HTTP_TOKEN": secret,
        "BILLQL_POSTGRES_PASSWORD": secret,
    }
    environ.pop("COVERAGE_PROCESS_CONFIG", None)
    arguments = ["serve", "--http", "127.0.0.1:0", "--postgres", "127.0.0.1:0", "--sandbox"]
    process = subprocess.Popen(
        [sys.executable, "-m", "billql", *arguments],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        ports = []
        for _ in ("HTTP", "PostgreSQL"):
            line = process.stderr.readline()
            found = re.search(r":(\d+)/", line)
            assert found is not None, line + process.stderr.read()
            ports.append(int(found[1]))
        yield process, Place(ports[0], ports[1], secret)
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
