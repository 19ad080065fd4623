"""Whose certificates are trusted, in processes with places of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from billql.config.settings import Settings
from billql.http import certificates
from billql.http.exchange import NetworkBackend
from support.api_client import get
from support.certificates import SELF_SIGNED, serving
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


def ask(server: Server, environ: dict[str, str]) -> bytes:
    backend = NetworkBackend(Settings(), environ=environ)
    try:
        return backend.exchange(get(server.url), {}, threading.Event()).body
    finally:
        backend.close()


@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_a_folder_of_certificates(server: Server, hashed: Path, variable: str) -> None:
    assert ask(server, {variable: str(hashed)}) == b"[1]"


def test_several_folders_and_a_file(server: Server, hashed: Path) -> None:
    environ = {"SSL_CERT_FILE": certifi.where(), "SSL_CERT_DIR": f"{hashed}{os.pathsep}"}
    assert ask(server, environ) == b"[1]"
    assert " and SSL_CERT_DIR=" in certificates.context(environ)[1]


def kinds(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    """Give paths of all that is no file of certificates, and what is said of each."""
    for name in ("empty", "text", "key", "binary"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("Hello")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    pem = SELF_SIGNED.read_text()
    (tmp_path / "key").write_text(pem[: pem.index("-----BEGIN CERTIFICATE")])
    (tmp_path / "cut").write_text(pem[:-100])
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    return {
        "nothing": (tmp_path / "nothing", "No such file"),
        "below a file": (tmp_path / "text" / "x", "Not a directory"),
        "a folder": (tmp_path / "folder", "Is a directory"),
        "empty": (tmp_path / "empty", "it is empty"),
        "text": (tmp_path / "text", "not a file of certificates in PEM"),
        "a key alone": (tmp_path / "key", "not a file of certificates in PEM"),
        "binary": (tmp_path / "binary", "not a file of certificates in PEM"),
        "cut short": (tmp_path / "cut", "not a file of certificates in PEM"),
        "a loop": (tmp_path / "loop", "symbolic links"),
    }


def test_the_first_place_of_the_system_that_has_any(tmp_path: Path, hashed: Path) -> None:
    places = [str(path) for path, _ in kinds(tmp_path).values()]
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
