"""Whose certificates are trusted, in processes with places of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from billql.http import certificates
from support.certificates import SELF_SIGNED, ask, no_certificates, serving
from support.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(lambda asked: asked.answer([1]), serving(SELF_SIGNED)) as server:
        yield server


@pytest.fixture
def hashed(tmp_path: Path) -> Path:
    """Make a folder of certificates as OpenSSL looks for them."""
    folder = tmp_path / "hashed"
    folder.mkdir()
    for name in ("12345678.0", f"{hash_of(SELF_SIGNED)}.0"):
        shutil.copy(SELF_SIGNED, folder / name)
    return folder


def hash_of(path: Path) -> str:
    """Give the name by which OpenSSL looks for a certificate."""
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_a_folder_of_certificates(server: Server, hashed: Path, variable: str) -> None:
    assert ask(server, {variable: str(hashed)}) == b"[1]"


def test_several_folders_and_a_file(server: Server, hashed: Path) -> None:
    environ = {"SSL_CERT_FILE": certifi.where(), "SSL_CERT_DIR": f"{hashed}{os.pathsep}"}
    assert ask(server, environ) == b"[1]"
    assert " and SSL_CERT_DIR=" in certificates.context(environ)[1]


def test_the_first_place_of_the_system_that_has_any(tmp_path: Path, hashed: Path) -> None:
    places = [str(path) for path, _ in no_certificates(tmp_path).values()]
    made, name = certificates.first_of([*places, str(SELF_SIGNED), certifi.where()])
    assert name == f"the system's certificates, {SELF_SIGNED}"
    assert [one["subject"] for one in made.get_ca_certs()] == [((("commonName", "localhost"),),)]
    assert (
        certificates.first_of([*places, str(hashed)])[1] == f"the system's certificates, {hashed}"
    )


def test_keys_are_written_nowhere(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "keys"
    for path in (log, tmp_path / "no" / "folder"):
        environ = {"SSL_CERT_FILE": str(SELF_SIGNED), "SSLKEYLOGFILE": str(path)}
        code = (
            "import sys, threading; from billql.http.exchange import NetworkBackend; "
            "from billql.config.settings import Settings; from billql.messages import Request; "
            "backend = NetworkBackend(Settings()); "
            "print(backend.exchange(Request('GET', sys.argv[1]), {}, threading.Event()))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, server.url],
            env={**os.environ, **environ},
            capture_output=True,
            check=True,
        )
        assert b"[1]" in done.stdout
    assert not log.exists()
