"""The certificate authorities that are trusted: of the environment, the system or certifi.

Those that the environment names have precedence, in the order of `VARIABLES`: then no others are
read. Otherwise the system's store counts, where a company installs an authority of its own, and
where there is none, as in a small container, certifi's.

A context is made by hand, because `ssl.create_default_context` would write the keys of all
connections to the file that SSLKEYLOGFILE names, and refuses, from Python 3.13 on, authorities that
miss an extension, as those of many companies' proxies do.
"""

from __future__ import annotations

import os
import re
import ssl
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from billql.errors import InterfaceError

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""OpenSSL's own variables, and those of requests and curl."""

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""The names under which OpenSSL looks for a certificate in a folder (https://docs.openssl.org/master/man1/openssl-rehash/)."""

_PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # older ones
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # BSD, Arch
)
"""Where systems store certificates, for an OpenSSL that was built for another system."""


class CertificateSource(NamedTuple):
    """A file of certificates, or a folder; `variable` names it, if one does."""

    path: str
    is_folder: bool = False
    variable: str | None = None

    def __str__(self) -> str:
        """Return the path, after the variable that names it."""
        return self.path if self.variable is None else f"{self.variable}={self.path}"


def context(environ: Mapping[str, str]) -> tuple[ssl.SSLContext, str]:
    """Return the context of connections, and in words whose certificates it trusts.

    Raise InterfaceError, which names the variable, for certificates that cannot be read.
    """
    if named := _named(environ):
        return _read(named), f"the certificates of {' and '.join(map(str, named))}"
    if sys.platform in ("darwin", "win32"):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "the system's certificates"
    # The paths that OpenSSL was built with; its variables were read above.
    built = ssl.get_default_verify_paths()
    return first_of((built.openssl_cafile, built.openssl_capath, *_PLACES))


def first_of(places: Iterable[str]) -> tuple[ssl.SSLContext, str]:
    """Return a context of the first place that has certificates, or of certifi's."""
    for place in places:
        with suppress(InterfaceError):
            made = _read([CertificateSource(place, Path(place).is_dir())])
            return made, f"the system's certificates, {place}"
    import certifi

    return _read(
        [CertificateSource(certifi.where())]
    ), "certifi's certificates, for the system has none"


def _named(environ: Mapping[str, str]) -> list[CertificateSource]:
    """Return what the environment names; a variable that is set but empty names nothing."""
    file, folder, *others = VARIABLES
    named = [CertificateSource(environ[file], variable=file)] if environ.get(file) else []
    folders = environ.get(folder, "").split(os.pathsep)
    named += [CertificateSource(one, is_folder=True, variable=folder) for one in folders if one]
    if named:
        return named
    variable = next((name for name in others if environ.get(name)), None)
    if variable is None:
        return []
    path = environ[variable]
    return [CertificateSource(path, os.path.isdir(path), variable)]  # noqa: PTH112 - it never raises


def _read(sources: Iterable[CertificateSource]) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A certificate that is named is trusted, even if another one has signed it.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for source in sources:
        try:
            _add(made, source)
        except ssl.SSLError:
            empty = Path(source.path).stat().st_size == 0
            why = "it is empty" if empty else "it is not a file of certificates in PEM"
            raise _unreadable(source, why) from None
        except OSError as error:
            raise _unreadable(source, error.strerror or str(error)) from None
    return made


def _add(made: ssl.SSLContext, source: CertificateSource) -> None:
    if not source.is_folder:
        with Path(source.path).open("rb"):  # OpenSSL's error does not show the reason
            made.load_verify_locations(cafile=source.path)
    elif any(_HASHED.fullmatch(name) for name in os.listdir(source.path)):  # noqa: PTH208
        made.load_verify_locations(capath=source.path)
    else:
        raise _unreadable(source, "no certificate in it has a name as openssl rehash makes it")


def _unreadable(source: CertificateSource, why: str) -> InterfaceError:
    return InterfaceError(
        f"The certificates of {source} cannot be read: {why}",
        hint=f"Name a file of certificates in PEM, or unset {source.variable} to use the system's.",
    )
