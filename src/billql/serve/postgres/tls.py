"""The certificate and the key of a server."""

from __future__ import annotations

import os
import ssl

from billql.errors import Inaccessible, InterfaceError


def context(
    certificate: str | os.PathLike[str], key: str | os.PathLike[str] | None
) -> ssl.SSLContext:
    """Return what a server encrypts with; raise Inaccessible or InterfaceError for bad files."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # PostgreSQL's clients name the protocol since version 17, and others do not.
    made.set_alpn_protocols(["postgresql"])
    try:
        made.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise InterfaceError(
            f"{os.fspath(certificate)} and its key cannot be used: {error.reason or error}",
            hint="Name a certificate and the private key that belongs to it, in PEM.",
        ) from error
    except OSError as error:
        path = error.filename or os.fspath(certificate)
        raise Inaccessible(f"{path}: {error.strerror}", hint="Check the path.") from error
    return made
