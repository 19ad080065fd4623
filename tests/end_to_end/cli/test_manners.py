"""The command line does what people expect of one: stdin, logs, what is left out."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from billql.sandbox import Sandbox
from support.commands import account
from support.terminal import Terminal

BILLQL = [sys.executable, "-m", "billql"]
SECONDS = 60


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "xterm"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(until=date(2026, 3, 15)) as running:
        yield running


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


# The log.

LINES = [
    r"\* SELECT count\(\*\) AS n FROM digitalocean.billing.invoices",
    r"\* planned after \d\.\d{3} s",
    r"> GET http://127\.0\.0\.1:\d+/v2/customers/my/invoices\S* \(digitalocean\)",
    r"< 200 in \d\.\d{3} s, [\d,]+ bytes.*: GET http://.*",
    r"\* first row after \d\.\d{3} s",
    r"\* ended after \d\.\d{3} s: \d+ requests?, 24 rows read",
]
SELECT = "SELECT count(*) AS n FROM digitalocean.billing.invoices"


def found(lines: list[str], before: str) -> list[str]:
    """Return which of the lines that a log must have it has, each after its time."""
    wanted = iter(LINES)
    sought, seen = next(wanted, None), []
    for line in lines:
        if sought is not None and re.fullmatch(before + sought, line):
            seen.append(sought)
            sought = next(wanted, None)
    return seen


def test_the_log_shows_phases_and_requests_with_times(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    done = run("query", "-v", SELECT, environ=environ | account(sandbox))
    assert (done.returncode, done.stdout) == (0, b"n\n24\n")
    assert found(done.stderr.decode().splitlines(), r" +\d+\.\d{3} ") == LINES


def test_the_log_goes_to_a_file(environ: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "billql.log"
    for _ in range(2):
        done = run("query", "--log-file", str(path), SELECT, environ=environ | account(sandbox))
        assert (done.returncode, done.stdout, done.stderr) == (0, b"n\n24\n", b"")
    lines = path.read_text().splitlines()
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z "
    assert found(lines[: len(lines) // 2], moment) == LINES
    assert found(lines[len(lines) // 2 :], moment) == LINES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sandbox.tokens["digitalocean"] not in path.read_text()


def test_a_failure_is_logged(environ: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "billql.log"
    done = run("query", "--log-file", str(path), "SELECT 1; SELECT nope", environ=environ)
    assert done.returncode == 3
    assert re.search(r"\* failed after \d\.\d{3} s: .*no such column: nope", path.read_text())
    assert "ended after" in path.read_text().partition("nope")[0]


def test_a_log_that_cannot_be_written(environ: dict[str, str], tmp_path: Path) -> None:
    done = run("query", "--log-file", f"{tmp_path}/no/log", "SELECT 1", environ=environ)
    assert (done.returncode, done.stdout) == (9, b"")
    assert b"/no/log cannot be written: No such file or directory" in done.stderr


# Connections that are left out.


@pytest.fixture
def two_accounts(environ: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user with two connections, `there` and `gone`."""
    config = tmp_path / "config.toml"
    config.write_text(
        "".join(
            f'[connections.{name}]\nprovider = "digitalocean"\ntoken_env = "{name.upper()}"\n'
            f'url = "{sandbox.urls["digitalocean"]}"\n'
            for name in ("there", "gone")
        )
    )
    token = sandbox.tokens["digitalocean"]
    return environ | {"BILLQL_CONFIG": str(config), "THERE": token, "GONE": token}


BY_CONNECTION = (
    "SELECT connection, count(*) AS n FROM digitalocean.billing.invoices GROUP BY connection"
)
SKIP = "--skip-failing-connections"


def test_what_is_left_out_is_seen(two_accounts: dict[str, str]) -> None:
    done = run("query", SKIP, BY_CONNECTION, environ=two_accounts | {"GONE": "wrong"})
    assert done.stdout == b"connection,n,left_out\nthere,24,gone\n"
    assert done.returncode == 10
    assert re.fullmatch(
        r"warning: The connection gone is left out, so the result is not complete: .* answered 401 "
        r"to the connection gone: .*\n",
        done.stderr.decode(),
    )
    done = run("query", BY_CONNECTION, environ=two_accounts | {"GONE": "wrong"})
    assert (done.returncode, done.stdout) == (4, b"")


def test_nothing_is_left_out_of_a_complete_result(two_accounts: dict[str, str]) -> None:
    done = run("query", SKIP, BY_CONNECTION, environ=two_accounts)
    assert done.stdout == b"connection,n,left_out\ngone,24,\nthere,24,\n"
    assert (done.returncode, done.stderr) == (0, b"")


def test_all_connections_cannot_be_left_out(two_accounts: dict[str, str]) -> None:
    environ = two_accounts | {"GONE": "wrong", "THERE": "wrong"}
    done = run("query", SKIP, BY_CONNECTION, environ=environ)
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"error: " in done.stderr


def test_a_table_of_what_is_left_shows_it_in_the_exit_code(two_accounts: dict[str, str]) -> None:
    environ = two_accounts | {"GONE": ""}
    sql = f"CREATE TABLE t AS {BY_CONNECTION}; SELECT n FROM t"
    done = run("query", SKIP, "--stats", "--format", "jsonl", sql, environ=environ)
    assert (done.returncode, done.stdout) == (10, b'{"n":24,"left_out":null}\n')
    assert done.stderr.startswith(b"warning: The connection gone is left out")
    assert json.loads(done.stderr.splitlines()[-1])["scans"][0]["left_out"] == ["gone"]


def test_the_shell_and_charts_show_it_too(two_accounts: dict[str, str]) -> None:
    environ = two_accounts | {"GONE": ""}
    done = run("shell", SKIP, environ=environ, stdin=f"{BY_CONNECTION};".encode())
    assert (done.returncode, done.stdout) == (10, b"connection,n,left_out\nthere,24,gone\n")
    assert done.stderr.startswith(b"warning: The connection gone is left out")
    done = run("chart", SKIP, BY_CONNECTION, environ=environ)
    assert done.returncode == 10
    assert done.stderr.startswith(b"warning: The connection gone is left out")
