"""The network: httpcore's connection pools, proxies and certificates.

A pool takes the sockets of its network backend (https://www.encode.io/httpcore/network-backends/).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Protocol

import httpcore

from billql.errors import Error
from billql.http import certificates, proxies
from billql.http._sockets import ExchangeState, Sockets
from billql.http.proxies import Proxy
from billql.http.reply import NoResponse
from billql.util.clock import Clock
from billql.util.lock import Lock

_KEEPALIVE = 15.0
"""How many seconds a connection without a request stays open."""


FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)
"""Every error of httpcore's that a caller may see; they have no base in common."""


class Transport(Protocol):
    """What sends a request, and returns its response with the body still to be read.

    It raises one of `FAILURES`, or billql's errors.
    """

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request."""

    def close(self) -> None:
        """Close the connections."""


class NetworkTransport:
    """Sends requests over connections that it keeps, through the proxy that the environment names.

    Certificates are read for the first HTTPS request: plain http, which is for this machine alone,
    does not depend on what the environment has of them.
    """

    def __init__(
        self, environ: Mapping[str, str], connections: int, clock: Clock, state: ExchangeState
    ) -> None:
        self._environ = environ
        self._connections = connections
        self._state = state
        self._sockets = Sockets(clock, state)
        self._lock = Lock()
        self._pools: dict[Proxy | None, httpcore.ConnectionPool] = {}
        self._plain = self._pool()
        self._trust: tuple[ssl.SSLContext, str] | None = None

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request; raise InterfaceError for a proxy or certificates that cannot be used."""
        if request.url.scheme == b"http":
            return self._plain.handle_request(request)
        proxy = self._state.proxy = proxies.chosen(self._environ, _origin(request.url))
        with self._lock:
            if self._trust is None:
                self._trust = certificates.context(self._environ)
            trusted, self._state.trusted = self._trust
            if proxy not in self._pools:
                self._pools[proxy] = self._pool(trusted, proxy and _by(proxy, trusted))
            pool = self._pools[proxy]
        if proxy is not None and proxy.is_socks:
            return self._by_socks(pool, request, proxy)
        return pool.handle_request(request)

    def _by_socks(
        self, pool: httpcore.ConnectionPool, request: httpcore.Request, proxy: Proxy
    ) -> httpcore.Response:
        """Send a request through a pool whose SOCKS leaves the socket open when it fails."""
        try:
            return pool.handle_request(request)
        except BaseException as error:
            if self._state.opened is not None:
                self._state.opened.close()
            expected = (*FAILURES, NoResponse, Error)
            if isinstance(error, expected) or not isinstance(error, Exception):
                raise
            # A response that is not SOCKS makes it fail in many ways.
            raise NoResponse(f"{proxy.name} does not speak SOCKS", again=False) from None

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for pool in (self._plain, *self._pools.values()):
                pool.close()

    def _pool(
        self, trusted: ssl.SSLContext | None = None, proxy: httpcore.Proxy | None = None
    ) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=trusted,
            proxy=proxy,
            max_connections=self._connections,
            max_keepalive_connections=self._connections,
            keepalive_expiry=_KEEPALIVE,
            network_backend=self._sockets,
        )


def _origin(url: httpcore.URL) -> str:
    host = url.host.decode()
    port = "" if url.port is None else f":{url.port}"
    return f"{url.scheme.decode()}://{f'[{host}]' if ':' in host else host}{port}"


def _by(proxy: Proxy, trusted: ssl.SSLContext) -> httpcore.Proxy:
    return httpcore.Proxy(
        httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
        auth=(proxy.user.encode(), proxy.password.encode()) if proxy.user else None,
        ssl_context=trusted if proxy.scheme == "https" else None,
    )
