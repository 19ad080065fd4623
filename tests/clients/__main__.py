"""Run the clients, and print which ran, which failed, and what the machine lacked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from support import charges
from support.paths import TESTS
from support.wire_server import served

from . import duckdb_client, odbc_client

HERE = TESTS / "clients"
SECONDS = 600


class LackError(Exception):
    """What the machine has not."""


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise LackError(name)
    return found


def _run(*command: str, folder: Path, environ: Mapping[str, str] | None = None) -> None:
    """Run a command; raise CalledProcessError with what it printed if it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stdout[-3000:])


def _copied(language: str, folder: Path) -> Path:
    place = folder / language
    shutil.copytree(HERE / language, place)
    return place


def node(port: int, folder: Path) -> None:
    """Run node-postgres: text, parameters, a cursor, a transaction."""
    node, npm = _program("node"), _program("npm")
    place = _copied("node", folder)
    _run(npm, "install", "--silent", "--no-fund", "--no-audit", folder=place)
    _run(node, "client.mjs", str(port), folder=place)


def go(port: int, folder: Path) -> None:
    """Run pgx v5 and lib/pq."""
    go = _program("go")
    place = _copied("go", folder)
    _run(go, "mod", "tidy", folder=place, environ={"GOFLAGS": "-mod=mod"})
    _run(go, "run", ".", str(port), folder=place, environ={"GOFLAGS": "-mod=mod"})


def java(port: int, folder: Path) -> None:
    """Run pgjdbc: DatabaseMetaData, a statement prepared on the server, fetchSize."""
    java, maven = _program("java"), _program("mvn")
    _program("javac")
    place = _copied("java", folder)
    _run(maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib", folder=place)
    _run(java, "-cp", "lib/*", "Client.java", str(port), folder=place)


def odbc(port: int, folder: Path) -> None:
    """Run psqlODBC by pyodbc."""
    lacking = odbc_client.lacking()
    if lacking:
        raise LackError(lacking)
    odbc_client.run(port)


def duckdb(port: int, folder: Path) -> None:
    """Run DuckDB's ATTACH … (TYPE postgres)."""
    lacking = duckdb_client.lacking()
    if lacking:
        raise LackError(lacking)
    duckdb_client.run(port)


CLIENTS: Mapping[str, Callable[[int, Path], None]] = {
    "node-postgres": node,
    "pgx and lib/pq": go,
    "pgjdbc": java,
    "psqlODBC": odbc,
    "DuckDB": duckdb,
}


def main() -> int:
    """Run all clients, or those that the command line names; return 1 if one has failed."""
    chosen = sys.argv[1:] or list(CLIENTS)
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        charges.write(folder / "local.db")
        with served(database=folder / "local.db") as server:
            for client in chosen:
                try:
                    CLIENTS[client](server.address[1], folder)
                    print(f"{client}: ran", flush=True)
                except LackError as error:
                    print(f"{client}: left out, for this machine lacks {error}", flush=True)
                except Exception as error:
                    failed += 1
                    print(f"{client}: FAILED\n{error}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
