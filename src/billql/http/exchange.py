"""One request over HTTP, and what came back: the one module that speaks HTTP.

Whatever a server does, an exchange ends: in time, within a size, and with its statement. httpx
bounds each read alone, and a byte a second keeps to that bound for ever; so the sockets beneath it
look at the clock and at the statement while they wait. Bodies are unpacked here, because httpx does
it without a bound and takes a packed body that was cut short for a whole one. httpx's client is
left out: it logs addresses with their query, keeps cookies and sends loopback through a proxy.
"""

from __future__ import annotations

import os
import re
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple, Protocol

import httpcore
import httpx

from billql._version import __version__
from billql.config.settings import Settings
from billql.errors import BadAnswer, BadValue, Error, Interrupted
from billql.http import certificates, proxies
from billql.http.proxies import Proxy
from billql.messages import Request
from billql.util.clock import Clock

TICK = 0.1
"""Seconds between looks at whether the statement has ended, while a server is silent."""

_PIECE = 1 << 20
"""How much of a body is unpacked at once."""

_ERROR_LIMIT = 1 << 20
"""How much is read of the body of an error."""


class Reply(NamedTuple):
    """What a server said, whatever its status; `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    proxy: str | None = None
    """The proxy through which it came, in words."""


class NoReply(Exception):  # noqa: N818 - it says what happened
    """No whole reply came: its text says why, `again` whether another try may do better.

    `hint` says what to do about it, where that is known here.
    """

    def __init__(self, reason: str, *, again: bool = True, hint: str | None = None) -> None:
        super().__init__(reason)
        self.again = again
        self.hint = hint


def told(request: Request) -> str:
    """Name a request without its query, which people may have put anything into."""
    return f"{request.method} {request.url}"


class Exchanges(Protocol):
    """What a request goes through: the wire, or something that stands in for it."""

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> Reply:
        """Send a request and give what comes back, until `stop` is set; raises NoReply."""

    def close(self) -> None:
        """Close what is open."""


class Wire:
    """Sends one request at a time for each thread, over connections that it keeps."""

    def __init__(
        self,
        settings: Settings,
        http_transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._environ = os.environ if environ is None else environ
        self._clock = clock or Clock()
        self._http = http_transport
        self._lock = threading.Lock()
        self._errand = _Errand()

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> Reply:
        """Send a request and read what comes back, until `stop` is set; raises NoReply."""
        self._errand.stop = stop
        self._errand.proxy = self._errand.opened = None
        self._errand.deadline = self._clock.monotonic() + self._settings.answer_timeout
        try:
            response = self._transport().handle_request(self._written(request, headers))
            with closing(response):
                body = self._read(response, request)
        except httpx.LocalProtocolError:
            raise _unsendable(request, "it has a header that HTTP does not allow") from None
        except httpx.ProxyError as error:
            raise self._by_proxy(_refused(error, self._errand.proxy)) from None
        except httpx.HTTPError as error:
            raise self._by_proxy(NoReply(_reason(error) or "no answer in time")) from None
        except NoReply as why:
            raise self._by_proxy(why) from None
        proxy = self._errand.proxy
        named = None if proxy is None else proxy.name
        return Reply(response.status_code, dict(response.headers), body, named)

    def _by_proxy(self, why: NoReply) -> NoReply:
        """Name the proxy that the exchange of this thread went through, if it did."""
        proxy = self._errand.proxy
        if proxy is None:
            return why
        text = str(why) if proxy.name in str(why) else f"{why}, through {proxy.name}"
        hint = f"Check {proxy.variable}; what needs no proxy can be named in NO_PROXY."
        return NoReply(text, again=why.again, hint=why.hint or hint)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._http is not None:
                self._http.close()

    def _written(self, request: Request, headers: Mapping[str, str]) -> httpx.Request:
        settings = self._settings
        try:
            return httpx.Request(
                request.method,
                request.url,
                params=request.query or None,
                content=request.content,
                headers={
                    **({} if request.body is None else {"Content-Type": "application/json"}),
                    "User-Agent": f"billql/{__version__}",
                    "Accept": "*/*",
                    "Accept-Encoding": "gzip",
                    **headers,
                },
                extensions={
                    "timeout": {
                        "connect": settings.connect_timeout,
                        "read": settings.read_timeout,
                        "write": settings.read_timeout,
                        "pool": settings.read_timeout,
                    }
                },
            )
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise _unsendable(request, str(error)) from None

    def _read(self, response: httpx.Response, request: Request) -> bytes:
        """Read a body in pieces, so that one that never ends, or unpacks to one, is noticed."""
        fine = response.status_code == 200
        limit = self._settings.body_limit if fine else _ERROR_LIMIT
        pieces: list[bytes] = []
        size = 0
        for piece in _unpacked(response, request):
            size += len(piece)
            if size > limit:
                if not fine:
                    break
                raise BadAnswer(f"{told(request)} answered with more than {limit} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    def _transport(self) -> httpx.BaseTransport:
        with self._lock:
            if self._http is None:
                self._http = _Network(
                    self._environ, self._settings.concurrency, self._clock, self._errand
                )
            return self._http


def _reason(error: Exception) -> str:
    """Give the words of an error of the system's without its number."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error))


def _refused(error: httpx.ProxyError, proxy: Proxy | None) -> NoReply:
    """Say that a proxy goes no further; a status of 400 to 499 says so for good."""
    # The text is the status and its reason, where the proxy speaks HTTP.
    name = "a proxy" if proxy is None else proxy.name
    return NoReply(f"{name} refused: {error}", again=not str(error).startswith("4"))


def _unsendable(request: Request, why: str) -> BadValue:
    return BadValue(f"{told(request)} cannot be sent: {why}")


def _unpacked(response: httpx.Response, request: Request) -> Iterator[bytes]:
    assert isinstance(response.stream, httpx.SyncByteStream)
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return iter(response.stream)
    if encoding in ("gzip", "x-gzip"):
        return gunzip(response.stream)
    raise BadAnswer(f"{told(request)} answered in the encoding {encoding}, unasked")


def gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack a body a little at a time; raises NoReply if it is cut short or broken."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    whole = True
    try:
        for piece in pieces:
            packed = piece
            while packed:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
                yield unpacker.decompress(packed, _PIECE)
                packed = unpacker.unused_data or unpacker.unconsumed_tail
                whole = unpacker.eof
        yield unpacker.flush()
    except zlib.error as error:
        raise NoReply(f"its packed body is broken ({error})") from None
    if not (whole or unpacker.eof):
        raise NoReply("its packed body was cut short")


# Sockets ----------------------------------------------------------------------------------------


class _Errand(threading.local):
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
        self, environ: Mapping[str, str], connections: int, clock: Clock, errand: _Errand
    ) -> None:
        self._environ = environ
        self._connections = connections
        self._errand = errand
        self._sockets = _Sockets(clock, errand)
        self._lock = threading.Lock()
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
            if isinstance(error, httpx.HTTPError | NoReply | Error) or not isinstance(
                error, Exception
            ):
                raise
            # An answer that is something else makes it fail in many ways.
            raise NoReply(f"{proxy.name} does not speak SOCKS", again=False) from None

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

    def __init__(self, clock: Clock, errand: _Errand) -> None:
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
        raise NoReply(why if proxy is None else f"{proxy.name} cannot be reached: {why}")


class _Socket(httpcore.NetworkStream):
    """A connection that gives up when the time is over or the statement has ended.

    A read that names no timeout, as those that speak SOCKS do, has that of connecting.
    """

    def __init__(
        self, stream: httpcore.NetworkStream, clock: Clock, errand: _Errand, timeout: float
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
                raise NoReply("the answer did not come to its end in time")
            if moment >= silent_until:
                raise NoReply(f"nothing came for {timeout:g} seconds")
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
                raise NoReply(_reason(error)) from None
            hint = (
                f"It was checked against {self._errand.trusted}; name the certificate of an "
                "authority of your own in SSL_CERT_FILE."
            )
            raise NoReply(_reason(error), again=False, hint=hint) from None
        return _Socket(stream, self._clock, self._errand, self._timeout)
