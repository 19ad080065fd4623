"""Servers whose certificates do not hold, asked by the real command line."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billql.errors import Exit
from support.server import Asked, Server

from .case import Broken, Case, Outcome

PROMISE = "certificates"
TOKEN = "tok_tls_93b2"
BALANCE = {
    "month_to_date_balance": "1.00",
    "account_balance": "2.00",
    "month_to_date_usage": "3.00",
    "generated_at": "2026-03-15T06:31:50Z",
}
DAY = datetime.timedelta(days=1)


class Flaw(NamedTuple):
    """A certificate, and whether it is to be trusted."""

    name: str
    host: str = "127.0.0.1"
    begins: datetime.timedelta = -DAY
    ends: datetime.timedelta = DAY
    by_itself: bool = False
    words: str = "certificate verify failed"


SOUND = Flaw("a sound certificate")
FLAWS = (
    Flaw("a certificate for another address", host="127.0.0.2"),
    Flaw("a certificate for a name", host="api.digitalocean.com"),
    Flaw("a certificate that has expired", begins=-2 * DAY, ends=-DAY),
    Flaw("a certificate of tomorrow", begins=DAY, ends=2 * DAY),
    Flaw("a certificate that it signed itself", by_itself=True),
    Flaw("no TLS at all", words="got no answer"),
)


def cases() -> Iterator[Case]:
    """Give a case for each flaw, and one for none."""
    yield Case(PROMISE, SOUND.name, lambda: _ask(SOUND))
    for number, flaw in enumerate(FLAWS):
        yield Case(PROMISE, flaw.name, _runner(flaw), quick=number in (0, 2))


def _runner(flaw: Flaw) -> Callable[[], Outcome]:
    return lambda: _ask(flaw)


def _ask(flaw: Flaw) -> Outcome:
    with tempfile.TemporaryDirectory() as name, _serving(flaw, Path(name)) as (server, trusted):
        url = server.url.replace("http://", "https://")
        config = Path(name) / "config.toml"
        config.write_text("[settings]\nattempts = 2\nconnect_timeout = 3\n")
        done = subprocess.run(
            [sys.executable, "-m", "billql", "query", "--format", "csv",
             "SELECT account_balance FROM digitalocean.billing.balances"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": name,
                "BILLQL_CONFIG": str(config),
                "SSL_CERT_FILE": str(trusted),
                "DIGITALOCEAN_TOKEN": TOKEN,
                "BILLQL_DIGITALOCEAN_URL": url,
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        asked = [one for one in server.asked if "authorization" in one.headers]
    said = done.stdout + done.stderr
    if TOKEN in said:
        raise Broken("a token in what was said")
    if flaw is SOUND:
        if done.stdout != "account_balance\n2.0\n":
            raise Broken(f"not the answer: {said}")
        return "right"
    if asked:
        raise Broken("a token went to a server that is not to be trusted")
    if done.returncode != Exit.NETWORK or done.stdout or flaw.words not in done.stderr:
        raise Broken(f"ended with {done.returncode}, and said: {said}")
    return "clear error"


@contextmanager
def _serving(flaw: Flaw, folder: Path) -> Iterator[tuple[Server, Path]]:
    """Serve with a certificate; gives the file of the authority that is trusted."""
    authority, authority_key = _certificate("authority", None, SOUND)
    trusted = folder / "authority.pem"
    trusted.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    signer = None if flaw.by_itself else (authority, authority_key)
    own, key = _certificate(flaw.host, signer, flaw)
    chain = folder / "server.pem"
    chain.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + own.public_bytes(serialization.Encoding.PEM)
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    with Server(_answer, None if "no TLS" in flaw.name else tls) as server:
        yield server, trusted


def _answer(asked: Asked) -> None:
    asked.answer(BALANCE)


def _certificate(
    host: str, signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None, flaw: Flaw
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signer is None else signer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + flaw.begins)
        .not_valid_after(now + flaw.ends)
        .add_extension(x509.BasicConstraints(ca=host == "authority", path_length=None), True)
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), False)
    )
    return builder.sign(key if signer is None else signer[1], hashes.SHA256()), key


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
