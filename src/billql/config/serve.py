"""The part of the config file that `billql serve` reads.

[serve]
statements = 8

[serve.http]
address = "127.0.0.1:8080"
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

_Count = Annotated[int, Meta(gt=0)]
_Seconds = Annotated[float, Meta(ge=0)]


class HttpConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A server over HTTP; the options of `billql serve` override it."""

    address: str | None = None
    """Where it listens, HOST:PORT (default: no server over HTTP)."""
    token_env: str = "BILLQL_HTTP_TOKEN"
    """The environment variable that holds the bearer token of its clients."""
    anonymous: bool = False
    """Whether anybody on this machine may ask without a token."""
    hosts: tuple[str, ...] = ()
    """More names by which clients call it, without ports."""
    tls_certificate: str | None = None
    """A file with a certificate and its chain, in PEM."""
    tls_key: str | None = None
    """A file with the certificate's key, in PEM."""
    behind_proxy: bool = False
    """Whether a proxy before it speaks TLS, so that plain HTTP may leave this machine."""


class McpConfig(HttpConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A server of agents; the options of `billql serve` override it."""

    token_env: str = "BILLQL_MCP_TOKEN"
    """The environment variable that holds the bearer token of its clients."""


class PostgresConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A server of PostgreSQL's protocol; the options of `billql serve` override it."""

    address: str | None = None
    """Where it listens, HOST:PORT (default: no server of PostgreSQL's protocol)."""
    user: str = "billql"
    """The user that clients name."""
    password_env: str = "BILLQL_POSTGRES_PASSWORD"
    """The environment variable that holds the password of its clients."""
    anonymous: bool = False
    """Whether anybody on this machine may connect without a password."""
    clients: _Count = 50
    """How many clients may be connected at once."""
    tls_certificate: str | None = None
    """A file with a certificate and its chain, in PEM."""
    tls_key: str | None = None
    """A file with the certificate's key, in PEM."""


class ServeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all servers of a process share; the options of `billql serve` override it."""

    statements: _Count = 8
    """How many statements of clients run at once."""
    waiting: _Count = 100
    """How many more may wait."""
    max_rows: _Count = 100_000
    """How many rows a statement may read from APIs, and how many it may return."""
    timeout: Annotated[float, Meta(gt=0)] = 300.0
    """How many seconds a statement may take."""
    max_requests: _Count = 1_000
    """How many requests a statement may send."""
    grace: _Seconds = 10.0
    """How many seconds statements under way have when the process shall end."""
    http: HttpConfig = HttpConfig()
    """The server over HTTP: `[serve.http]`."""
    mcp: McpConfig = McpConfig()
    """The server of agents over HTTP: `[serve.mcp]`."""
    postgres: PostgresConfig = PostgresConfig()
    """The server of PostgreSQL's protocol: `[serve.postgres]`."""
