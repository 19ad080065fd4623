"""`billql serve` as a process: where it says that it is, its config file, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.tracing import inherited

TOKEN = "planted-secret-of-the-server"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of somebody who has nothing yet."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "HOME": str(folder), **inherited(), **more}


@contextmanager
def serving(
    folder: Path, *arguments: str, **more: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a server, and yield it with the line that says where it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "billql", "serve", *arguments],
        env=environment(folder, **more),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        yield process, process.stderr.readline()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def ask(url: str, token: str, sql: str) -> Any:
    """Return the answer to a statement."""
    request = urllib.request.Request(
        f"{url}v1/query",
        sql.encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())


def test_a_new_token_is_shown_once(tmp_path: Path) -> None:
    with serving(tmp_path, "--http", "127.0.0.1:0", "--sandbox") as (process, line):
        found = re.fullmatch(
            r"HTTP: (http://127\.0\.0\.1:\d+/)#token=(\S{43}) \(new token\); .*\n", line
        )
        assert found is not None, line
        sql = "SELECT count(*) AS n FROM digitalocean.billing.invoices"
        answer = ask(found[1], found[2], sql)
        assert answer["rows"] == [{"n": 24}]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_the_config_file_says_what_is_served(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        "[serve]\nmax_rows = 3\n[serve.http]\naddress = '127.0.0.1:0'\ntoken_env = 'ASK_TOKEN'\n"
    )
    with serving(tmp_path, "--config", str(config), ASK_TOKEN=TOKEN) as (process, line):
        assert "token in ASK_TOKEN" in line
        assert TOKEN not in line
        url = line.split()[1]
        assert len(ask(url, TOKEN, "VALUES (1), (2), (3)")["rows"]) == 3
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(url, TOKEN, "VALUES (1), (2), (3), (4)")
        assert caught.value.code == 422
        caught.value.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
