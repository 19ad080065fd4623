"""Progress: seen while a statement runs, by people alone, and gone before its rows."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

from billql.output.progress import Progress
from billql.sandbox import Sandbox
from support.server import Asked, Serve
from support.terminal import Terminal

SQL = "SELECT count(*) AS n FROM digitalocean.billing.billing_history"


def test_nothing_of_it_where_nobody_watches() -> None:
    stream = io.StringIO()
    before = threading.active_count()
    with Progress(stream, after=0.0).of(list):
        assert threading.active_count() == before
    assert stream.getvalue() == ""


def account(url: str) -> dict[str, str]:
    return {"BILLQL_DIGITALOCEAN_URL": url, "DIGITALOCEAN_TOKEN": "x"}


def test_a_query_on_a_terminal(environ: dict[str, str], serve: Serve) -> None:
    seen = threading.Event()

    def script(asked: Asked) -> None:
        assert seen.wait(30)
        asked.answer({"billing_history": [], "links": {}, "meta": {"total": 0}})

    server = serve(script)
    with Terminal("query", SQL, environ=environ | account(server.url)) as terminal:
        terminal.reads("digitalocean.billing.billing_history  0 pages  0 rows  1 request")
        seen.set()
        assert terminal.ends() == 0
        assert terminal.text == "n\n─\n0"


def test_a_server_that_fails_is_reported_soon_on_a_terminal(
    environ: dict[str, str], serve: Serve
) -> None:
    # Without a limit of its own, a terminal would show nothing but retries for minutes.
    config = Path(environ["HOME"], "config.toml")
    config.write_text("[settings]\nattempts = 1000\n")
    server = serve(lambda asked: asked.answer({"message": "Oh no"}, 503))
    command = ("query", "--config", str(config), SQL)
    with Terminal(*command, environ=environ | account(server.url)) as terminal:
        terminal.reads("HTTP 503, trying again")
        terminal.reads("Oh no")
        assert terminal.ends() != 0


def test_a_query_in_a_pipe(environ: dict[str, str]) -> None:
    with Sandbox(latency=1.0, until=date(2026, 3, 15)) as sandbox:
        token = {"DIGITALOCEAN_TOKEN": sandbox.tokens["digitalocean"]}
        done = subprocess.run(
            [sys.executable, "-m", "billql", "query", SQL],
            env=environ | account(sandbox.urls["digitalocean"]) | token,
            capture_output=True,
            timeout=60,
            check=True,
        )
    assert done.stdout.startswith(b"n\n")
    assert done.stderr == b""
