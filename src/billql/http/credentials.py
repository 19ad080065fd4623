"""Where secrets live: the token and the address for each provider.

A secret stays in a `Connection`, whose repr does not show it. Others know it by its fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from billql.config.file import ConnectionConfig
from billql.definitions.model import Provider
from billql.errors import CredentialMissing
from billql.http import secret_sources
from billql.http.secret_sources import KeyringLookup, keyring_password
from billql.messages import Request
from billql.util.origin import checked
from billql.util.redaction import Redaction


@dataclass(frozen=True, eq=False)
class ApiConnection:
    """One credential for a provider, and the origin that it belongs to."""

    provider_name: str
    provider: Provider
    url: str
    secret: str = field(repr=False)
    name: str
    """What people call it; the provider's name, if they have given it none."""
    source: str
    """Where the secret was found, in words."""
    readdressed: str | None = None
    """What gives the address, in words, if it is not the definition."""

    def between(self, proxy: str | None) -> str | None:
        """Name what stands between billql and the API, if anything does."""
        return " or ".join(one for one in (proxy, self.readdressed) if one) or None

    @cached_property
    def headers(self) -> dict[str, str]:
        """Give the headers that every request to the provider carries."""
        return {**self.provider.headers, **self.provider.auth.headers(self.secret)}

    def headers_for(self, request: Request) -> dict[str, str]:
        """Give the headers of a request; none of its own stands in for the credential's."""
        signature = self.provider.auth.signature(self.secret, request)
        return {**dict(request.headers), **self.headers, **signature}

    @cached_property
    def redact(self) -> Redaction:
        """Take the credential out of a text, in whatever form it may stand there."""
        return Redaction(self.provider.auth.secret_forms(self.secret))

    @cached_property
    def fingerprint(self) -> str:
        """Give a name for the credential that does not give it away."""
        told = f"{self.provider_name}\0{self.url}\0{self.secret}"
        return hashlib.blake2b(told.encode(), digest_size=16, person=b"billql").hexdigest()


class ConnectionInfo(NamedTuple):
    """What people may know of a connection."""

    name: str
    provider_name: str
    url: str
    source: str
    """Where its token is looked for, in words."""
    ready: bool
    """Whether the token is there; a command is not run to find out, and counts as ready."""


class ConnectionResolver:
    """Finds the connections for a provider.

    What was handed over goes first, then the connections that are configured for the provider,
    then the environment variable that its definition names. A provider for which nothing is
    configured has one connection, which goes by the provider's name.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        tokens: Mapping[str, str] | None = None,
        urls: Mapping[str, str] | None = None,
        configured: Mapping[str, ConnectionConfig] | None = None,
        passwords: KeyringLookup = keyring_password,
    ) -> None:
        self._environ = environ
        self._tokens = dict(tokens or {})
        self._urls = dict(urls or {})
        self._configured = dict(configured or {})
        self._passwords = passwords

    def names(self, provider_name: str) -> list[str]:
        """Name the connections for a provider."""
        found = [name for name, one in self._configured.items() if one.provider == provider_name]
        return [provider_name] if provider_name in self._tokens or not found else found

    def connection(self, name: str, provider_name: str, provider: Provider) -> ApiConnection:
        """Give a connection; raises CredentialMissing, or InterfaceError for a wrong address."""
        config = self._config(name, provider_name)
        if config is None:
            secret, source = self._default(provider_name, provider)
        else:
            secret = secret_sources.resolve_secret(name, config, self._environ, self._passwords)
            source = secret_sources.describe(name, config)
        secret = secret.strip()
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            raise CredentialMissing(
                f"The token in {source} has a character that no token has",
                hint="Copy it again; it may have been cut or decorated on the way.",
            )
        url, gives = self._url(name, config, provider_name, provider)
        readdressed = gives if url != origin(provider.url, provider_name) else None
        return ApiConnection(provider_name, provider, url, secret, name, source, readdressed)

    def address(self, name: str, provider_name: str, provider: Provider) -> str:
        """Return the address that a connection asks; raises InterfaceError for one that is none."""
        config = self._config(name, provider_name)
        return self._url(name, config, provider_name, provider)[0]

    def told(self, name: str, provider_name: str, provider: Provider) -> ConnectionInfo:
        """Tell of a connection what is no secret; raises InterfaceError."""
        config = self._config(name, provider_name)
        by_command = config is not None and config.token_command is not None
        return ConnectionInfo(
            name,
            provider_name,
            self._url(name, config, provider_name, provider)[0],
            " and ".join(provider.auth.env_vars())
            if config is None
            else secret_sources.describe(name, config),
            by_command or self._has_token(name, provider_name, provider),
        )

    def _has_token(self, name: str, provider_name: str, provider: Provider) -> bool:
        try:
            self.connection(name, provider_name, provider)
        except CredentialMissing:
            return False
        return True

    def _config(self, name: str, provider_name: str) -> ConnectionConfig | None:
        return None if provider_name in self._tokens else self._configured.get(name)

    def _default(self, name: str, provider: Provider) -> tuple[str, str]:
        auth = provider.auth
        secret = self._tokens.get(name) or auth.from_env(self._environ)
        if not secret.strip():
            missing = [one for one in auth.env_vars() if not self._environ.get(one, "").strip()]
            are = "variable {} is" if len(missing) == 1 else "variables {} are"
            raise CredentialMissing(
                f"There is no token for {provider.title}: the environment "
                f"{are.format(' and '.join(missing))} not set",
                hint=f"{auth.help} Then: export {' '.join(f'{one}=…' for one in missing)}",
            )
        return secret, " and ".join(auth.env_vars()) or "no variable"

    def _url(
        self, name: str, config: ConnectionConfig | None, provider_name: str, provider: Provider
    ) -> tuple[str, str]:
        """Give the address, and in words what gives it."""
        if config is not None and config.url is not None:
            said, gives = config.url, f"the url of the connection {name}"
        elif said := self._urls.get(provider_name, ""):
            gives = "the url that the program has given"
        elif said := self._environ.get(variable := f"BILLQL_{provider_name.upper()}_URL", ""):
            gives = variable
        else:
            said, gives = provider.url, f"the url in the definition of {provider_name}"
        return origin(said, f"{gives[0].upper()}{gives[1:]}"), gives


def origin(url: str, named: str) -> str:
    """Check an origin that a token may go to; raises InterfaceError."""
    return checked(url, named, "a token is sent to it")
