"""Where a server listens: `HOST:PORT`, and whether others than this machine can reach it."""

from __future__ import annotations

import ipaddress
import socket
from typing import NamedTuple

from billql.errors import InterfaceError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
"""The names of this machine for itself."""


class Address(NamedTuple):
    """A host and a port; port 0 stands for any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address that a text names; raise InterfaceError if it names none."""
        host, colon, port = text.rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        is_port = port.isascii() and port.isdecimal() and int(port) <= 65535
        if not (colon and bare and is_port) or (":" in bare and bare == host):
            raise InterfaceError(
                f"{text!r} is no address", hint="Write it as HOST:PORT, such as 127.0.0.1:8080."
            )
        return cls(bare.lower(), int(port))

    @property
    def is_loopback(self) -> bool:
        """Return whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def bind(self) -> socket.socket:
        """Return a socket that is bound to it; raise InterfaceError."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
            family, kind, protocol, _, place = found[0]
            made = socket.socket(family, kind, protocol)
            try:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                made.bind(place)
            except BaseException:
                made.close()
                raise
            return made
        except OSError as error:
            raise InterfaceError(
                f"{self} cannot be listened on: {error.strerror}",
                hint="Choose another port, or 0 for any free one.",
            ) from error

    def __str__(self) -> str:
        """Return it as URLs have it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
