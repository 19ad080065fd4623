"""One exchange over HTTP: a request is sent and its response read to the end, within limits.

Whatever a server does, an exchange ends: in time, within a size, and with its statement. httpcore
limits the time of each read alone, which a byte a second never exceeds; so the sockets beneath it
check the clock and the statement while they wait. Bodies are decompressed here, within a limit,
and a truncated one is an error. httpx is not used: importing it takes longer than a query of one
request, and its client logs URLs, stores cookies and sends loopback through a proxy.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

import httpcore

from billql.config.settings import Settings
from billql.errors import BadResponse, BadValue
from billql.http._sockets import ExchangeState
from billql.http._transport import FAILURES, NetworkTransport, Transport
from billql.http._wire import encode_request, header_texts
from billql.http.proxies import Proxy
from billql.http.reply import HttpResponse, NoResponse, describe_request, reason_of
from billql.messages import Request
from billql.util.clock import Clock
from billql.util.lock import Lock

if TYPE_CHECKING:
    import httpx

_PIECE = 1 << 20
"""How many bytes of a body are decompressed at once."""

_ERROR_LIMIT = 1 << 20
"""How many bytes of the body of an error are read."""


class NetworkBackend:
    """Sends one request at a time in each thread, over connections that are reused.

    `http_transport` stands in place of the network, beneath the checks of an exchange.
    """

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
        self._http_transport = http_transport
        self._transport: Transport | None = None
        self._timeouts = {
            "connect": settings.connect_timeout,
            "read": settings.read_timeout,
            "write": settings.read_timeout,
            "pool": settings.read_timeout,
        }
        self._lock = Lock()
        self._state = ExchangeState()

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> HttpResponse:
        """Send a request and return its response; raise NoResponse, or Interrupted at `stop`."""
        self._state.stop = stop
        self._state.proxy = self._state.opened = None
        self._state.deadline = self._clock.monotonic() + self._settings.response_timeout
        try:
            encoded = encode_request(request, headers, self._timeouts)
        except ValueError as error:
            raise _unsendable(request, str(error)) from None
        try:
            response = self._opened().handle_request(encoded)
            answered = header_texts(response.headers)
            with closing(response):
                body = self._read(response, answered, request)
        except httpcore.LocalProtocolError:
            raise _unsendable(request, "it has a header that HTTP does not allow") from None
        except httpcore.ProxyError as error:
            raise self._by_proxy(_refused_by(self._state.proxy, error)) from None
        except FAILURES as error:
            raise self._by_proxy(NoResponse(reason_of(error) or "no answer in time")) from None
        except NoResponse as why:
            raise self._by_proxy(why) from None
        proxy = self._state.proxy
        named = None if proxy is None else proxy.name
        return HttpResponse(response.status, answered, body, named)

    def _by_proxy(self, why: NoResponse) -> NoResponse:
        """Return a reason that names the proxy of this thread's exchange, if there is one."""
        proxy = self._state.proxy
        if proxy is None:
            return why
        text = str(why) if proxy.name in str(why) else f"{why}, through {proxy.name}"
        hint = f"Check {proxy.variable}; NO_PROXY names hosts that need no proxy."
        return NoResponse(text, again=why.again, hint=why.hint or hint)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
            elif self._http_transport is not None:
                self._http_transport.close()

    def _read(
        self, response: httpcore.Response, headers: Mapping[str, str], request: Request
    ) -> bytes:
        """Return a whole body; raise BadResponse for one of more bytes than the limit."""
        fine = response.status == 200
        limit = self._settings.body_limit if fine else _ERROR_LIMIT
        pieces: list[bytes] = []
        size = 0
        for piece in _decompressed(response, headers, request):
            size += len(piece)
            if size > limit:
                if not fine:
                    break
                raise BadResponse(
                    f"{describe_request(request)} answered with more than {limit} bytes"
                )
            pieces.append(piece)
        return b"".join(pieces)

    def _opened(self) -> Transport:
        with self._lock:
            if self._transport is None and self._http_transport is not None:
                from billql.http._httpx_transport import HttpxTransport

                self._transport = HttpxTransport(self._http_transport)
            elif self._transport is None:
                self._transport = NetworkTransport(
                    self._environ, self._settings.concurrency, self._clock, self._state
                )
            return self._transport


def _refused_by(proxy: Proxy | None, error: httpcore.ProxyError) -> NoResponse:
    """Return the reason that a proxy refused; one with a status of 400 to 499 refuses for good."""
    # The text is the status and its reason, where the proxy speaks HTTP.
    name = "a proxy" if proxy is None else proxy.name
    return NoResponse(f"{name} refused: {error}", again=not str(error).startswith("4"))


def _unsendable(request: Request, why: str) -> BadValue:
    return BadValue(f"{describe_request(request)} cannot be sent: {why}")


def _decompressed(
    response: httpcore.Response, headers: Mapping[str, str], request: Request
) -> Iterator[bytes]:
    assert isinstance(response.stream, Iterable)
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return iter(response.stream)
    if encoding in ("gzip", "x-gzip"):
        return gunzip(response.stream)
    raise BadResponse(
        f"{describe_request(request)} answered in the encoding {encoding}, which is not supported"
    )


def gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a decompressed body in pieces; raise NoResponse for a truncated or damaged one."""
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
        raise NoResponse(f"its compressed body is damaged ({error})") from None
    if not (whole or unpacker.eof):
        raise NoResponse("its compressed body is truncated")
