"""A PostgreSQL server of the tests' own, which ends with them.

PostgreSQL refuses to run as root, so root runs it as another user.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from prepare import find_postgres

USER = "billql"
"""The same as that of billql's own server, so that owners of tables are alike."""


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; skip the test if there is none."""
    found = find_postgres()
    if found is None:
        pytest.skip("there is no PostgreSQL; run tests/prepare.py as root")
    return str(Path(found).parent / name)


def as_user(command: Sequence[str]) -> list[str]:
    """Return a command as root runs it for a user without rights."""
    if os.geteuid() != 0:
        return list(command)
    setpriv = shutil.which("setpriv") or "setpriv"
    return [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", *command]


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@contextmanager
def running() -> Iterator[str]:
    """Yield how to connect to a new server, which is ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        data = home / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(data, 65534, 65534)
        subprocess.run(
            as_user(
                [
                    program("initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-N",
                    "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
                ]
            ),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )  # fmt: skip
        port = free_port()
        options = {
            "port": str(port), "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(data),
            "fsync": "off", "shared_buffers": "16MB", "timezone": "UTC", "jit": "off",
            "autovacuum": "off", "max_connections": "20",
        }  # fmt: skip
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            as_user([program("postgres"), "-D", str(data), *flags]),
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        where = f"host=127.0.0.1 port={port} user={USER} dbname=postgres"
        try:
            _wait(where, server)
            with psycopg.connect(where, autocommit=True) as made:
                made.execute("CREATE DATABASE billql")
            yield where.replace("dbname=postgres", "dbname=billql")
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(where: str, server: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            psycopg.connect(where, connect_timeout=10).close()
            return
        except psycopg.OperationalError:
            assert server.poll() is None, "PostgreSQL has ended"
            with_pause()


def with_pause() -> None:
    """Wait a moment for a server that is starting."""
    import time

    time.sleep(0.05)
