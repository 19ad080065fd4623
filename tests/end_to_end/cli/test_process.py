"""The command line as a process: pipes, terminals, signals, full disks."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from billql.sandbox import Sandbox
from support.tracing import inherited

BILLQL = [sys.executable, "-m", "billql"]
BALANCES = "SELECT * FROM digitalocean.billing.balances"
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT {} FROM c"
SECONDS = 120
"""After that long, a process that should have ended is given up; a request takes longer to."""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "TERM": "xterm",
        **inherited(),
    }


def run(*arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*BILLQL, *arguments], capture_output=True, env=environ, timeout=SECONDS, check=False
    )


def in_terminal(
    *arguments: str, environ: dict[str, str], columns: int = 80
) -> tuple[int, str, str]:
    """Run with stdout on one terminal and stderr on another; return the code and both texts."""
    ours: list[int] = []
    theirs: list[int] = []
    texts = [b"", b""]

    def read(number: int) -> None:
        while True:
            try:
                piece = os.read(ours[number], 4096)
            except OSError:  # Linux: the last writer has closed it
                return
            if not piece:
                return
            texts[number] += piece

    for _ in texts:
        one, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        ours.append(one)
        theirs.append(other)
    process = subprocess.Popen(
        [*BILLQL, *arguments], stdout=theirs[0], stderr=theirs[1], env=environ
    )
    for other in theirs:
        os.close(other)
    readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()
    code = process.wait(SECONDS)
    for reader in readers:
        reader.join(SECONDS)
    for one in ours:
        os.close(one)
    out, err = (text.decode().replace("\r\n", "\n") for text in texts)
    return code, out, err


@contextmanager
def started(*arguments: str, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*BILLQL, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def silent_server() -> Iterator[tuple[str, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        yield f"http://127.0.0.1:{server.getsockname()[1]}", server


# Pipes and terminals.


def test_both_ways_to_start(environ: dict[str, str]) -> None:
    script = Path(sys.executable).parent / "billql"
    done = subprocess.run([script, "query", "SELECT 1 AS a"], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"a\n1\n", b"")
    assert run("query", "SELECT 1 AS a", environ=environ).stdout == b"a\n1\n"


def test_output_is_utf_8_whatever_the_locale(environ: dict[str, str]) -> None:
    environ |= {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert run("query", "SELECT char(228) AS a", environ=environ).stdout == "a\nä\n".encode()


def test_a_table_is_the_format_on_a_terminal(environ: dict[str, str]) -> None:
    code, out, err = in_terminal("query", "SELECT 1 AS a, NULL AS b", environ=environ)
    assert (code, err) == (0, "")
    assert out == "\x1b[1ma  b\x1b[0m\n─  ────\n1  \x1b[2mNULL\x1b[0m\n"


@pytest.mark.parametrize("plain", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_switched_off(environ: dict[str, str], plain: dict[str, str]) -> None:
    code, out, err = in_terminal("query", "SELECT 1 AS a; SELEC", environ=environ | plain)
    assert (code, out) == (3, "a\n─\n1\n")
    assert err == 'error: near "SELEC": syntax error\n  SELECT 1 AS a; SELEC\n' + " " * 17 + "^\n"


def test_errors_have_colour_on_a_terminal(environ: dict[str, str]) -> None:
    code, out, err = in_terminal("query", environ=environ)
    assert (code, out) == (2, "")
    assert err.startswith("\x1b[1;31merror:\x1b[0m There is no SQL to run\n\x1b[36mhint:\x1b[0m ")


def test_a_table_fits_the_terminal(environ: dict[str, str]) -> None:
    sql = "SELECT 123456789 AS n, hex(zeroblob(100)) AS text"
    _, out, _ = in_terminal("query", sql, environ=environ | {"NO_COLOR": "1"}, columns=40)
    assert out.splitlines()[2] == "123456789  " + "0" * 28 + "…"
    wide = environ | {"NO_COLOR": "1", "COLUMNS": "60"}
    _, out, _ = in_terminal("query", sql, environ=wide, columns=40)
    assert out.splitlines()[2] == "123456789  " + "0" * 48 + "…"
    piped = run("query", "--format", "table", sql, environ=environ).stdout
    assert b"0" * 200 in piped


def test_a_row_that_does_not_fit_is_vertical(environ: dict[str, str]) -> None:
    sql = "SELECT 'one ' || value AS a, value AS b, NULL AS c FROM json_each('[123456789, 2]')"
    plain = environ | {"NO_COLOR": "1"}
    _, out, _ = in_terminal("query", sql, environ=plain, columns=20)
    assert out == "a = one 123456789\nb = 123456789\nc = NULL\n\na = one 2\nb = 2\nc = NULL\n"
    _, out, _ = in_terminal("query", sql, environ=plain, columns=29)
    assert out.splitlines()[2].split() == ["one", "1234567…", "123456789", "NULL"]


def test_bytes_are_nothing_for_a_terminal(environ: dict[str, str]) -> None:
    code, out, err = in_terminal(
        "query", "--format", "parquet", "SELECT 1", environ=environ | {"NO_COLOR": "1"}
    )
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "error: The format parquet cannot be shown on a terminal",
        "hint: Write it to a file: --output bill.parquet",
    ]


def test_a_chart_fits_the_terminal(environ: dict[str, str]) -> None:
    sql = "SELECT 'a', 1 UNION ALL SELECT 'b', 2"
    code, out, err = in_terminal("chart", "--title", "Ours", sql, environ=environ, columns=40)
    assert (code, err) == (0, "")
    title, *bars, _ = out.splitlines()
    assert title == "\x1b[1mOurs\x1b[0m"
    assert [bar.count("█") for bar in bars] == [18, 35]
    assert all("\x1b[38;5;33m█" in bar for bar in bars)


def test_a_reader_that_leaves(environ: dict[str, str]) -> None:
    with started("query", ENDLESS.format("x"), environ=environ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"x\n"
        process.stdout.close()
        assert process.wait(SECONDS) == 141
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("sql", ["SELECT 1", ENDLESS.format("x")])
def test_a_full_disk(environ: dict[str, str], sql: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*BILLQL, "query", sql],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environ,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 9
    assert done.stderr == b"error: The output cannot be written: No space left on device\n"


def test_a_closed_stdout(environ: dict[str, str]) -> None:
    shell = ["/bin/sh", "-c", 'exec "$@" >&-', "sh"]
    done = subprocess.run(
        [*shell, *BILLQL, "query", "SELECT 1"],
        stderr=subprocess.PIPE,
        env=environ,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        9,
        b"error: The output cannot be written: not writable\n",
    )


def test_a_closed_stderr(environ: dict[str, str]) -> None:
    shell = ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh"]
    done = subprocess.run(
        [*shell, *BILLQL, "query", "SELECT 1 AS a; SELEC"],
        stdout=subprocess.PIPE,
        env=environ,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, b"a\n1\n")


# Signals.


def test_ctrl_c_while_the_server_is_silent(environ: dict[str, str]) -> None:
    with silent_server() as (url, server):
        environ |= {"BILLQL_DIGITALOCEAN_URL": url, "DIGITALOCEAN_TOKEN": "x"}
        with started("query", "--stats", BALANCES, environ=environ) as process:
            client, _ = server.accept()
            with client:
                client.settimeout(SECONDS)
                assert client.recv(4096)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (130, b"")
    (stats,) = err.splitlines()
    assert json.loads(stats)["scans"][0]["requests"] == 1


def test_ctrl_c_while_sqlite_computes(environ: dict[str, str]) -> None:
    script = f"SELECT 'begun' AS a; {ENDLESS.format('count(*)')}"
    with started("query", script, environ=environ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == [b"a\n", b"begun\n"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_ctrl_c_while_input_is_awaited(environ: dict[str, str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with (
        started("query", "-f", str(tmp_path / "fifo"), environ=environ) as process,
        (tmp_path / "fifo").open("wb"),  # which opens when the other side does
    ):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (130, b"", b"")


# The sandbox.


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_sandbox_in_the_foreground(environ: dict[str, str], end: signal.Signals) -> None:
    arguments = ["digitalocean", "--seed", "3", "--size", "small", "--until", "2026-03-15"]
    arguments += ["--latency", "0.01"]
    with (
        Sandbox(seed=3, size="small", until=date(2026, 3, 15)) as other,
        started("sandbox", *arguments, environ=environ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == b"The sandbox is ready; press Ctrl-C to stop it.\n"
        lines = [process.stdout.readline().decode() for _ in range(2)]
        exported = dict(line.strip().removeprefix("export ").split("=", 1) for line in lines)
        assert exported["BILLQL_DIGITALOCEAN_URL"].startswith("http://127.0.0.1:")
        assert exported["DIGITALOCEAN_TOKEN"] == other.tokens["digitalocean"]
        sql = "SELECT amount FROM digitalocean.billing.invoices"
        served = run("query", sql, environ=environ | exported)
        there = exported | {"BILLQL_DIGITALOCEAN_URL": other.urls["digitalocean"]}
        assert run("query", sql, environ=environ | there).stdout == served.stdout
        assert len(served.stdout.splitlines()) == 25
        process.send_signal(end)
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (0, b"", b"")


def test_a_port_that_is_taken(environ: dict[str, str]) -> None:
    with silent_server() as (url, _):
        port = url.rpartition(":")[2]
        done = run("sandbox", "--port", port, environ=environ)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(f"error: Port {port} cannot be used: ".encode())
