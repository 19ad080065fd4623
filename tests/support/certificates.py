"""Certificates for servers of tests, files that are none, and a request that checks them."""

from __future__ import annotations

import datetime
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billql.config.settings import Settings
from billql.http.exchange import NetworkBackend

from .api_client import get
from .server import Server

DAY = datetime.timedelta(days=1)

SELF_SIGNED = Path(__file__).parent / "self_signed.pem"
"""A certificate for 127.0.0.1 that no list of authorities has, with its key."""


def self_signed(path: Path, *hosts: str) -> Path:
    """Write a certificate for some hosts, which it vouches for itself, and its key."""
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in hosts]), False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def serving(certificate: Path) -> ssl.SSLContext:
    """Give what a server needs to serve with a certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    return tls


def ask(server: Server, environ: dict[str, str]) -> bytes:
    """Return the body of a response, with the certificates of an environment."""
    backend = NetworkBackend(Settings(), environ=environ)
    try:
        return backend.exchange(get(server.url), {}, threading.Event()).body
    finally:
        backend.close()


def no_certificates(folder: Path) -> dict[str, tuple[Path, str]]:
    """Make all that is no file of certificates; return the path of each, and what is said of it."""
    for name in ("empty", "text", "key", "binary"):
        (folder / name).touch()
    (folder / "folder").mkdir()
    (folder / "text").write_text("Hello")
    (folder / "binary").write_bytes(bytes(range(256)))
    pem = SELF_SIGNED.read_text()
    (folder / "key").write_text(pem[: pem.index("-----BEGIN CERTIFICATE")])
    (folder / "cut").write_text(pem[:-100])
    (folder / "loop").symlink_to(folder / "loop")
    return {
        "nothing": (folder / "nothing", "No such file"),
        "below a file": (folder / "text" / "x", "Not a directory"),
        "a folder": (folder / "folder", "Is a directory"),
        "empty": (folder / "empty", "it is empty"),
        "text": (folder / "text", "not a file of certificates in PEM"),
        "a key alone": (folder / "key", "not a file of certificates in PEM"),
        "binary": (folder / "binary", "not a file of certificates in PEM"),
        "cut short": (folder / "cut", "not a file of certificates in PEM"),
        "a loop": (folder / "loop", "symbolic links"),
    }
