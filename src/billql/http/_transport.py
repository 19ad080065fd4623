"""The network as a transport of httpx's: httpcore's connection pools, proxies and certificates.

httpx's own transport makes its pool itself and takes no sockets from outside, so this one stands on
httpcore, whose pool takes a network backend (https://www.encode.io/httpcore/network-backends/).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import httpcore
import httpx

from billql.errors import Error
from billql.http import certificates, proxies
from billql.http._sockets import ExchangeState, Sockets
from billql.http.proxies import Proxy
from billql.http.reply import NoResponse
from billql.util.clock import Clock
from billql.util.lock import Lock

_KEEPALIVE = 15.0
"""How many seconds a connection without a request stays open."""


class NetworkTransport(httpx.BaseTransport):
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
        self._pools: dict[Proxy | None, PoolTransport] = {}
        self._plain = self._pool()
        self._trust: tuple[ssl.SSLContext, str] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raise InterfaceError for a proxy or certificates that cannot be used."""
        if request.url.scheme == "http":
            return self._plain.handle_request(request)
        proxy = self._state.proxy = proxies.chosen(self._environ, str(request.url))
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
        self, pool: PoolTransport, request: httpx.Request, proxy: Proxy
    ) -> httpx.Response:
        """Send a request through a pool whose SOCKS leaves the socket open when it fails."""
        try:
            return pool.handle_request(request)
        except BaseException as error:
            if self._state.opened is not None:
                self._state.opened.close()
            if isinstance(error, httpx.HTTPError | NoResponse | Error) or not isinstance(
                error, Exception
            ):
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
    ) -> PoolTransport:
        return PoolTransport(
            httpcore.ConnectionPool(
                ssl_context=trusted,
                proxy=proxy,
                max_connections=self._connections,
                max_keepalive_connections=self._connections,
                keepalive_expiry=_KEEPALIVE,
                network_backend=self._sockets,
            )
        )


def _by(proxy: Proxy, trusted: ssl.SSLContext) -> httpcore.Proxy:
    return httpcore.Proxy(
        httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
        auth=(proxy.user.encode(), proxy.password.encode()) if proxy.user else None,
        ssl_context=trusted if proxy.scheme == "https" else None,
    )


class PoolTransport(httpx.BaseTransport):
    """Sends httpx's requests through a pool of httpcore's, and raises httpx's errors."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response, whose body is still to be read."""
        url = request.url
        with _httpx_errors():
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        assert isinstance(response.stream, Iterable)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response, response.stream),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close the connections of the pool."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of a response, in the pieces that arrive."""

    def __init__(self, response: httpcore.Response, pieces: Iterable[bytes]) -> None:
        self._response = response
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            yield from self._pieces

    def close(self) -> None:
        """Return the connection to the pool, or close it if the body was not read to its end."""
        self._response.close()


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise httpx's error for one of httpcore's: of the kinds that exchanges distinguish."""
    try:
        yield
    except httpcore.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error
    except httpcore.ProxyError as error:
        raise httpx.ProxyError(str(error)) from error
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise httpx.TransportError(str(error)) from error
