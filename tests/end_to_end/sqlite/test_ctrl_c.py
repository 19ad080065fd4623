"""Ctrl-C ends a statement within half a second, whatever is in flight."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.paths import TESTS
from support.server import Asked, Serve, Server

PROMPT = 0.5


CTRL_C = """
import sys
from pathlib import Path
from support.shop import opened, select

url, folder, sql = sys.argv[1:]
with opened(url, Path(folder)) as session:
    print("ready", flush=True)
    try:
        select(session, sql)
    except KeyboardInterrupt:
        print("ended", flush=True)
    print(select(session, "SELECT 1"))
"""


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM @balance",
        "SELECT * FROM @things",
        "SELECT * FROM @details WHERE thing_id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)",
    ],
)
def test_ctrl_c(serve: Serve, tmp_path: Path, sql: str) -> None:
    server = serve(Asked.hang)
    with subprocess.Popen(
        [sys.executable, "-c", CTRL_C, server.url, str(tmp_path), sql],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            _interrupt(process, server)
        finally:
            process.kill()


def _interrupt(process: subprocess.Popen[str], server: Server) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    server.until(lambda: server.at_once > 0)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "ended\n"
    assert time.monotonic() - began < PROMPT
    assert process.stdout.readline() == "[(1,)]\n"
    assert process.wait(5) == 0
    assert time.monotonic() - began < 4 * PROMPT
