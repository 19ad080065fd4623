"""`billql shell` where stdin is no terminal: it runs what stdin has."""

from __future__ import annotations

import re
import subprocess
import sys


def run(script: bytes, environ: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "billql", "shell"]
    return subprocess.run(
        command, input=script, env=environ, capture_output=True, timeout=60, check=False
    )


def test_a_script(environ: dict[str, str]) -> None:
    done = run("SELECT 'ä' AS a;\n.mode jsonl\nSELECT 2\nAS b".encode(), environ)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == 'a\nä\n{"b":2}\n'


def test_it_ends_at_the_first_error(environ: dict[str, str]) -> None:
    done = run(b"SELECT 1 AS a;\nSELEC;\nSELECT 2 AS a;\n", environ)
    assert (done.returncode, done.stdout) == (3, b"a\n1\n")
    assert re.match(b"error: .*SELEC.*\n  SELEC;\n  \\^\n", done.stderr)
    assert run(b".tabels\n", environ).returncode == 2


def test_it_ends_at_quit(environ: dict[str, str]) -> None:
    assert run(b".quit\nSELEC;\n", environ).returncode == 0


def test_what_is_no_text(environ: dict[str, str]) -> None:
    done = run(b"SELECT '\xff';\n", environ)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: stdin is not text in UTF-8: ")
