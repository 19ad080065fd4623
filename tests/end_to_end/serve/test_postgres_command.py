"""`billql serve --postgres`: beside HTTP in one process, with a password, until SIGTERM."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from support.tracing import inherited


@contextmanager
def running(*arguments: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the command, and yield it with the lines in which it announces its servers."""
    command = [sys.executable, "-m", "billql", "serve", "--sandbox", *arguments]
    inner = {**os.environ, **inherited(), **environ}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=inner)
    assert process.stderr is not None
    timer = threading.Timer(120, process.kill)
    timer.start()
    try:
        count = arguments.count("--http") + arguments.count("--postgres")
        yield process, [process.stderr.readline() for _ in range(count)]
    finally:
        process.terminate()
        process.communicate()
        timer.cancel()


def place(line: str) -> tuple[str, str]:
    """Return the host and the port of PostgreSQL's server from its line."""
    found = re.fullmatch(r"PostgreSQL: postgresql://billql@([\d.]+):(\d+)/billql; .*\n", line)
    assert found is not None, line
    return found[1], found[2]


def test_both_protocols_are_served_by_one_process_until_it_is_ended(tmp_path: Path) -> None:
    secret = tmp_path / "password.txt"
    secret.write_text("open sesame\n")
    arguments = (
        "--http",
        "127.0.0.1:0",
        "--postgres",
        "127.0.0.1:0",
        "--password-file",
        str(secret),
    )
    with running(*arguments, BILLQL_HTTP_TOKEN="token of the test") as (process, (http, postgres)):
        host, port = place(postgres)
        wanted = f"host={host} port={port} user=billql dbname=billql"
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(wanted, password="open barley")
        url = re.search(r"http://[\d.:]+", http)
        assert url is not None
        assert httpx.get(f"{url[0]}/healthz").status_code == 200
        with psycopg.connect(wanted, password="open sesame") as connection:
            found = connection.execute("SELECT count(*) FROM digitalocean_billing.invoices")
            assert (found.fetchone() or (0,))[0] > 2
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--postgres", "127.0.0.1:0"), "needs a password"),
        (("--postgres", "0.0.0.0:0", "--anonymous"), "other machines"),
        (("--postgres", "nowhere"), "no address"),
    ],
)
def test_what_is_unsafe_ends_at_once_with_a_hint(arguments: tuple[str, ...], why: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BILLQL_")}
    done = subprocess.run(
        [sys.executable, "-m", "billql", "serve", "--sandbox", *arguments],
        capture_output=True, text=True, check=False, env=environ, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert why in done.stderr
    assert "hint:" in done.stderr
