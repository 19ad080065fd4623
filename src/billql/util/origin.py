"""Addresses of servers: HTTPS, or plain HTTP on this machine alone."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from billql.errors import InterfaceError


def checked(url: str, named: str, because: str = "") -> str:
    """Return an address without a slash at its end, if it is valid; it has no query.

    Raise InterfaceError otherwise, which calls the address `named` and does not show it: people put
    passwords into addresses. `because` is the reason why it must be HTTPS.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    # Parsers of addresses disagree about these characters.
    plain = url.isascii() and url.isprintable() and not set(url) & set(" @?#%\\")
    if not (parts.scheme and host and plain):
        raise InterfaceError(
            f"{named} is not the address of a server",
            hint="Write a scheme and a host, like https://api.example.com.",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise InterfaceError(
            f"{named} must be an https:// address{because and ', because '}{because}",
            hint="Plain http is for this machine alone: 127.0.0.1, ::1 and localhost.",
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
