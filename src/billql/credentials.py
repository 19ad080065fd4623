"""Where secrets live: the token and the address for each provider.

A secret stays in a `Connection`, whose repr does not show it. Others know it by its fingerprint.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from billql.definition import Provider
from billql.errors import CredentialMissing, InterfaceError


@dataclass(frozen=True)
class Connection:
    """One credential for a provider, and the origin that it belongs to."""

    provider_name: str
    provider: Provider
    url: str
    secret: str = field(repr=False)

    @cached_property
    def headers(self) -> dict[str, str]:
        """Give the headers that every request to the provider carries."""
        return {**self.provider.headers, **self.provider.auth.headers(self.secret)}

    @cached_property
    def fingerprint(self) -> str:
        """Give a name for the credential that does not give it away."""
        told = f"{self.provider_name}\0{self.url}\0{self.secret}"
        return hashlib.blake2b(told.encode(), digest_size=16, person=b"billql").hexdigest()


class Credentials:
    """Finds the connection for a provider: what was handed over first, then the environment."""

    def __init__(
        self,
        environ: Mapping[str, str],
        tokens: Mapping[str, str] | None = None,
        urls: Mapping[str, str] | None = None,
    ) -> None:
        self._environ = environ
        self._tokens = dict(tokens or {})
        self._urls = dict(urls or {})

    def connection(self, name: str, provider: Provider) -> Connection:
        """Give the connection; raises CredentialMissing."""
        variable = provider.auth.secret
        secret = (self._tokens.get(name) or self._environ.get(variable, "")).strip()
        if not secret:
            raise CredentialMissing(
                f"There is no token for {provider.title}: the environment variable {variable} "
                "is not set",
                hint=f"{provider.auth.help} Then: export {variable}=…",
            )
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            raise CredentialMissing(
                f"The token in {variable} has a character that no token has",
                hint="Copy it again; it may have been cut or decorated on the way.",
            )
        return Connection(name, provider, self._url(name, provider), secret)

    def _url(self, name: str, provider: Provider) -> str:
        variable = f"BILLQL_{name.upper()}_URL"
        url = self._urls.get(name) or self._environ.get(variable) or provider.url
        return origin(url, variable)


def origin(url: str, named: str) -> str:
    """Check an origin that a token may go to: HTTPS, or plain HTTP on this machine alone."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    # What readers of addresses disagree about, none of them shall see.
    plain = url.isascii() and url.isprintable() and not set(url) & set(" @?#%\\")
    if not (parts.scheme and host and plain):
        raise InterfaceError(
            f"{named} is not the address of a server",
            hint="Give a scheme and a host, like https://api.example.com.",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise InterfaceError(
            f"{named} must be an https:// address, because a token is sent to it",
            hint="Plain http is for this machine alone: 127.0.0.1, ::1 and localhost.",
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
