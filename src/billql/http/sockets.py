"""Sockets that keep to a deadline and to the end of their statement, beneath httpcore's pool."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpcore
import httpx

from billql.errors import Error, Interrupted
from billql.http import certificates, proxies
from billql.http.proxies import Proxy
from billql.http.reply import TICK, NoResponse, _reason
from billql.util.clock import Clock
from billql.util.lock import Lock


def _refused(error: httpx.ProxyError, proxy: Proxy | None) -> NoResponse:
    """Say that a proxy goes no further; a status of 400 to 499 says so for good."""
    # The text is the status and its reason, where the proxy speaks HTTP.
    name = "a proxy" if proxy is None else proxy.name
    return NoResponse(f"{name} refused: {error}", again=not str(error).startswith("4"))


# Sockets ----------------------------------------------------------------------------------------


class _ThreadDeadline(threading.local):
    """What the exchange of this thread must keep to, for the sockets that serve it.

    `proxy` is the one that it goes through, `trusted` says whose certificates are believed, and
    `opened` is the socket that was opened for it, if one was.
    """

    deadline: float = 0.0
    stop: threading.Event
    proxy: Proxy | None = None
    trusted: str = ""
    opened: _Socket | None = None


class _Network(httpx.BaseTransport):
    """The network itself: connections, the environment's proxy, and sockets that give up.

    Certificates are read when HTTPS is first spoken: what the environment says of them is of no
    concern to a server on this machine.
    """

    def __init__(
        self, environ: Mapping[str, str], connections: int, clock: Clock, errand: _ThreadDeadline
    ) -> None:
        self._environ = environ
        self._connections = connections
        self._errand = errand
        self._sockets = _Sockets(clock, errand)
        self._lock = Lock()
        self._pools: dict[Proxy | None, _Pool] = {}
        self._plain = self._pool()
        self._trust: tuple[ssl.SSLContext, str] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raises InterfaceError for a proxy or certificates that are none."""
        if request.url.scheme == "http":
            return self._plain.handle_request(request)
        proxy = self._errand.proxy = proxies.chosen(self._environ, str(request.url))
        with self._lock:
            if self._trust is None:
                self._trust = certificates.context(self._environ)
            trusted, self._errand.trusted = self._trust
            if proxy not in self._pools:
                self._pools[proxy] = self._pool(trusted, proxy and _by(proxy, trusted))
            pool = self._pools[proxy]
        if proxy is not None and proxy.is_socks:
            return self._by_socks(pool, request, proxy)
        return pool.handle_request(request)

    def _by_socks(self, pool: _Pool, request: httpx.Request, proxy: Proxy) -> httpx.Response:
        """Send a request through a pool whose SOCKS leaves open what fails."""
        try:
            return pool.handle_request(request)
        except BaseException as error:
            if self._errand.opened is not None:
                self._errand.opened.close()
            if isinstance(error, httpx.HTTPError | NoResponse | Error) or not isinstance(
                error, Exception
            ):
                raise
            # An answer that is something else makes it fail in many ways.
            raise NoResponse(f"{proxy.name} does not speak SOCKS", again=False) from None

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for pool in (self._plain, *self._pools.values()):
                pool.close()

    def _pool(
        self, trusted: ssl.SSLContext | None = None, proxy: httpcore.Proxy | None = None
    ) -> _Pool:
        return _Pool(
            httpcore.ConnectionPool(
                ssl_context=trusted,
                proxy=proxy,
                max_connections=self._connections,
                max_keepalive_connections=self._connections,
                keepalive_expiry=15.0,
                network_backend=self._sockets,
            )
        )


def _by(proxy: Proxy, trusted: ssl.SSLContext) -> httpcore.Proxy:
    return httpcore.Proxy(
        httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
        auth=(proxy.user.encode(), proxy.password.encode()) if proxy.user else None,
        ssl_context=trusted if proxy.scheme == "https" else None,
    )


class _Pool(httpx.HTTPTransport):
    """httpx's transport over a pool of our own, which httpx offers no other way to hand over."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool


class _Sockets(httpcore.SyncBackend):
    """Opens connections."""

    def __init__(self, clock: Clock, errand: _ThreadDeadline) -> None:
        self._clock = clock
        self._errand = errand

    def connect_tcp(self, *arguments: Any, **named: Any) -> httpcore.NetworkStream:
        """Connect to a server, or to the proxy that leads to it."""
        try:
            stream = super().connect_tcp(*arguments, **named)
            opened = _Socket(stream, self._clock, self._errand, named["timeout"])
            self._errand.opened = opened
            return opened
        except httpcore.ConnectTimeout:
            why = f"nobody answered within {named['timeout']:g} seconds"
        except httpcore.ConnectError as error:
            why = _reason(error)
        proxy = self._errand.proxy
        raise NoResponse(why if proxy is None else f"{proxy.name} cannot be reached: {why}")


class _Socket(httpcore.NetworkStream):
    """A connection that gives up when the time is over or the statement has ended.

    A read that names no timeout, as those that speak SOCKS do, has that of connecting.
    """

    def __init__(
        self, stream: httpcore.NetworkStream, clock: Clock, errand: _ThreadDeadline, timeout: float
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._errand = errand
        self._timeout = timeout

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write a request."""
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """Tell httpcore about the connection."""
        return self._stream.get_extra_info(info)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what comes next; raises NoReply or Interrupted."""
        monotonic: Callable[[], float] = self._clock.monotonic
        timeout = self._timeout if timeout is None else timeout
        silent_until = monotonic() + timeout
        while not self._errand.stop.is_set():
            moment = monotonic()
            if moment >= self._errand.deadline:
                raise NoResponse("the answer did not come to its end in time")
            if moment >= silent_until:
                raise NoResponse(f"nothing came for {timeout:g} seconds")
            left = min(silent_until, self._errand.deadline) - moment
            try:
                return self._stream.read(max_bytes, min(left, TICK))
            except httpcore.ReadTimeout:
                continue
        raise Interrupted

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Go over to TLS; a certificate that is not trusted will not be a second later either."""
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectError as error:
            if not isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise NoResponse(_reason(error)) from None
            hint = (
                f"It was checked against {self._errand.trusted}; name the certificate of an "
                "authority of your own in SSL_CERT_FILE."
            )
            raise NoResponse(_reason(error), again=False, hint=hint) from None
        return _Socket(stream, self._clock, self._errand, self._timeout)
