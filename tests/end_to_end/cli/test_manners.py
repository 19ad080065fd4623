"""The command line does what people expect of one: stdin, logs, what is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.terminal import Terminal

BILLQL = [sys.executable, "-m", "billql"]
SECONDS = 60


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "xterm"}


def run(
    *arguments: str, environ: dict[str, str], stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*BILLQL, *arguments],
        input=stdin,
        capture_output=True,
        env=environ,
        timeout=SECONDS,
        check=False,
    )


# stdin.


def test_sql_is_read_from_a_pipe(environ: dict[str, str]) -> None:
    done = run("query", "--param", "n=5", environ=environ, stdin=b"SELECT :n AS five\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"five\n5\n", b"")


def test_an_empty_pipe_is_an_error(environ: dict[str, str]) -> None:
    done = run("query", environ=environ)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: There is no SQL to run\nhint: ")


def test_a_terminal_is_not_waited_for(environ: dict[str, str]) -> None:
    with Terminal("query", environ=environ) as terminal:
        assert terminal.ends() == 2
        assert "There is no SQL to run" in terminal.text
