"""A server of PostgreSQL's protocol from what a user wants: who may connect, and how safely.

Loopback without a password is a choice that a user makes. Off loopback, a server has a password and
TLS, and accepts no connection in plain text.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from billql.errors import InterfaceError
from billql.serve.address import Address
from billql.serve.context import ServerContext
from billql.serve.postgres import scram, tls
from billql.serve.postgres.login import Access
from billql.serve.postgres.server import PostgresServer


@dataclass(frozen=True)
class Opening:
    """Where a server listens and who may connect, checked."""

    address: Address
    access: Access
    clients: int

    @classmethod
    def checked(
        cls,
        address: Address,
        user: str,
        password: str | None,
        *,
        password_env: str = "",
        is_anonymous: bool = False,
        certificate: str | os.PathLike[str] | None = None,
        key: str | os.PathLike[str] | None = None,
        clients: int = 50,
    ) -> Opening:
        """Return it; raise InterfaceError for what is not safe, or files of no use."""
        if password is None and not is_anonymous:
            raise InterfaceError(
                "A server of PostgreSQL's protocol needs a password",
                hint=f"Set {password_env}, name a file with --password-file, or write --anonymous "
                "to let everybody on this machine connect.",
            )
        if password == "":
            raise InterfaceError("The password is empty", hint="Write 12 characters or more.")
        if not address.is_loopback and password is None:
            raise InterfaceError(
                f"{address} can be reached from other machines, and --anonymous lets everybody "
                "connect",
                hint="Set a password, or listen at 127.0.0.1.",
            )
        if not address.is_loopback and certificate is None:
            raise InterfaceError(
                f"{address} can be reached from other machines, and there is no certificate for "
                "TLS",
                hint="Name one with --tls-certificate and --tls-key, or listen at 127.0.0.1.",
            )
        encryption = None if certificate is None else tls.context(certificate, key)
        verifier = None if password is None else scram.verifier(password)
        access = Access(user, verifier, encryption, needs_tls=not address.is_loopback)
        return cls(address, access, clients)

    def open(self, context: ServerContext) -> PostgresServer:
        """Return a server that is bound; raise InterfaceError if the address cannot be used."""
        return PostgresServer(self.address, self.access, context, self.clients)
