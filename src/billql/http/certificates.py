"""Which certificate authorities prove that a server is who it says, and whence they are known.

What the environment names goes first, in the order of `VARIABLES`: then nothing else is read. Else
it is the system's store, which is where a company puts an authority of its own, and where there is
none, as in a small container, the one that comes with certifi.

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
"""OpenSSL's own variables, and those by which people configure requests and curl."""

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""How OpenSSL finds a certificate in a folder (https://docs.openssl.org/master/man1/openssl-rehash/)."""

_PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # older ones
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # BSD, Arch
)
"""Where systems have their certificates, for an OpenSSL that was built for another one."""


class Source(NamedTuple):
    """A file of certificates, or a folder; `variable` is what names it, if anything does."""

    path: str
    is_folder: bool = False
    variable: str | None = None

    def __str__(self) -> str:
        """Say where the certificates are, and why there."""
        return self.path if self.variable is None else f"{self.variable}={self.path}"


def context(environ: Mapping[str, str]) -> tuple[ssl.SSLContext, str]:
    """Make the context for connections, and tell in words whose certificates it trusts.

    Raises InterfaceError, which names the variable, for what cannot be read.
    """
    if named := _named(environ):
        return _read(named), f"the certificates of {' and '.join(map(str, named))}"
    if sys.platform in ("darwin", "win32"):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "the system's certificates"
    # What OpenSSL was built with; the variables that it would read have had their say.
    built = ssl.get_default_verify_paths()
    return first_of((built.openssl_cafile, built.openssl_capath, *_PLACES))


def first_of(places: Iterable[str]) -> tuple[ssl.SSLContext, str]:
    """Make a context of the first place that has certificates, else of certifi's."""
    for place in places:
        with suppress(InterfaceError):
            made = _read([Source(place, Path(place).is_dir())])
            return made, f"the system's certificates, {place}"
    import certifi

    return _read([Source(certifi.where())]), "certifi's certificates, for the system has none"


def _named(environ: Mapping[str, str]) -> list[Source]:
    """Give what the environment names; a variable that is set but empty names nothing."""
    file, folder, *others = VARIABLES
    named = [Source(environ[file], variable=file)] if environ.get(file) else []
    folders = environ.get(folder, "").split(os.pathsep)
    named += [Source(one, is_folder=True, variable=folder) for one in folders if one]
    if named:
        return named
    variable = next((name for name in others if environ.get(name)), None)
    if variable is None:
        return []
    path = environ[variable]
    return [Source(path, os.path.isdir(path), variable)]  # noqa: PTH112 - it never raises


def _read(sources: Iterable[Source]) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Who names a certificate trusts it, even if another one has signed it.
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


def _add(made: ssl.SSLContext, source: Source) -> None:
    if not source.is_folder:
        with Path(source.path).open("rb"):  # OpenSSL says less of what is wrong
            made.load_verify_locations(cafile=source.path)
    elif any(_HASHED.fullmatch(name) for name in os.listdir(source.path)):  # noqa: PTH208
        made.load_verify_locations(capath=source.path)
    else:
        raise _unreadable(source, "no certificate in it has the name that openssl rehash gives")


def _unreadable(source: Source, why: str) -> InterfaceError:
    return InterfaceError(
        f"The certificates of {source} cannot be read: {why}",
        hint=f"Name a file of certificates in PEM, or unset {source.variable} to use the system's.",
    )
