"""Connections: the credential and the URL for each provider.

A secret stays in an `ApiConnection`, whose repr does not show it; others identify it by its
fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    """Its name in the config file, or else the provider's."""
    source: str
    """The source of the secret, in words."""
    readdressed: str | None = None
    """The source of the URL, in words, if it is not the definition."""

    @property
    def key(self) -> tuple[str, str]:
        """Return the provider and the name."""
        return self.provider_name, self.name

    def between(self, proxy: str | None) -> str | None:
        """Return in words what is between billql and the API, or None."""
        return " or ".join(one for one in (proxy, self.readdressed) if one) or None

    @cached_property
    def headers(self) -> dict[str, str]:
        """Return the headers of every request to the provider."""
        return {**self.provider.headers, **self.provider.auth.headers(self.secret)}

    def headers_for(self, request: Request) -> dict[str, str]:
        """Return the headers of a request; its own never replace the credential's.

        A signature is of all that the definition has sent.
        """
        headers = {**dict(request.headers), **self.headers}
        signed = replace(request, headers=tuple(headers.items()))
        return {**headers, **self.provider.auth.signature(self.secret, signed)}

    @cached_property
    def redact(self) -> Redaction:
        """Return what removes the credential from a text, in every form that it may have there."""
        return Redaction(self.provider.auth.secret_forms(self.secret))

    @cached_property
    def fingerprint(self) -> str:
        """Return an identifier of the credential from which it cannot be recovered."""
        identity = f"{self.provider_name}\0{self.url}\0{self.secret}"
        return hashlib.blake2b(identity.encode(), digest_size=16, person=b"billql").hexdigest()


class ConnectionInfo(NamedTuple):
    """The public facts of a connection: no secret."""

    name: str
    provider_name: str
    url: str
    source: str
    """Where its token is looked up, in words."""
    ready: bool
    """Whether there is a token; one from a command counts, and the command is not run."""


class ConnectionResolver:
    """Resolves the connections of a provider.

    Tokens and URLs that are passed have precedence, then the connections that the config file has
    for the provider, then the environment variable that its definition names. A provider for which
    nothing is configured has one connection, with the provider's name.
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
        # Not copied: a sandbox starts a server when its URL is looked up.
        self._tokens = {} if tokens is None else tokens
        self._urls = {} if urls is None else urls
        self._configured = dict(configured or {})
        self._passwords = passwords

    def names(self, provider_name: str) -> list[str]:
        """Return the names of the connections of a provider."""
        found = [name for name, one in self._configured.items() if one.provider == provider_name]
        return [provider_name] if provider_name in self._tokens or not found else found

    def connection(self, name: str, provider_name: str, provider: Provider) -> ApiConnection:
        """Return a connection; raise CredentialMissing, or InterfaceError for an invalid URL."""
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
        url, url_source = self._url(name, config, provider_name, provider)
        readdressed = url_source if url != origin(provider.url, provider_name) else None
        return ApiConnection(provider_name, provider, url, secret, name, source, readdressed)

    def address(self, name: str, provider_name: str, provider: Provider) -> str:
        """Return the URL of a connection; raise InterfaceError for an invalid one."""
        config = self._config(name, provider_name)
        return self._url(name, config, provider_name, provider)[0]

    def info(self, name: str, provider_name: str, provider: Provider) -> ConnectionInfo:
        """Return the public facts of a connection; raise InterfaceError for an invalid URL."""
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
        """Return the URL, and in words where it is from."""
        if config is not None and config.url is not None:
            found, source = config.url, f"the url of the connection {name}"
        elif found := self._urls.get(provider_name, ""):
            source = "the url argument of the program"
        elif found := self._environ.get(variable := url_variable(provider_name), ""):
            source = variable
        else:
            found, source = provider.url, f"the url in the definition of {provider_name}"
        return origin(found, f"{source[0].upper()}{source[1:]}"), source


def url_variable(provider_name: str) -> str:
    """Return the name of the environment variable of another address for a provider."""
    return f"BILLQL_{provider_name.upper()}_URL"


def origin(url: str, named: str) -> str:
    """Return an origin that a token may be sent to; raise InterfaceError for any other URL."""
    return checked(url, named, "a token is sent to it")
