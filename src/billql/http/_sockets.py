"""Sockets that keep to a deadline and to the end of their statement, beneath httpcore's pool."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from typing import Any

import httpcore

from billql.errors import Interrupted
from billql.http.proxies import Proxy
from billql.http.reply import TICK, NoResponse, reason_of
from billql.util.clock import Clock


class ExchangeState(threading.local):
    """The state of this thread's exchange: its limits, and what its sockets report."""

    deadline: float = 0.0
    """The monotonic time, in seconds, at which it must have ended."""
    stop: threading.Event
    """Set when its statement ends."""
    proxy: Proxy | None = None
    """Its proxy, if it has one."""
    trusted: str = ""
    """Whose certificates are trusted, in words."""
    opened: httpcore.NetworkStream | None = None
    """The connection that was opened for it, if one was."""


class Sockets(httpcore.SyncBackend):
    """Opens connections for httpcore's pools."""

    def __init__(self, clock: Clock, state: ExchangeState) -> None:
        self._clock = clock
        self._state = state

    def connect_tcp(self, *arguments: Any, **named: Any) -> httpcore.NetworkStream:
        """Connect to a server, or to the proxy that leads to it; raise NoResponse."""
        try:
            stream = super().connect_tcp(*arguments, **named)
            opened = _Socket(stream, self._clock, self._state, named["timeout"])
            self._state.opened = opened
            return opened
        except httpcore.ConnectTimeout:
            why = f"no connection within {named['timeout']:g} seconds"
        except httpcore.ConnectError as error:
            why = reason_of(error)
        proxy = self._state.proxy
        raise NoResponse(why if proxy is None else f"{proxy.name} cannot be reached: {why}")


class _Socket(httpcore.NetworkStream):
    """A connection whose reads end at the deadline or with the statement.

    A read without a timeout, as in SOCKS, has that of connecting.
    """

    def __init__(
        self, stream: httpcore.NetworkStream, clock: Clock, state: ExchangeState, timeout: float
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._state = state
        self._timeout = timeout

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write a request."""
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks about the connection."""
        return self._stream.get_extra_info(info)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes; raise NoResponse or Interrupted."""
        monotonic: Callable[[], float] = self._clock.monotonic
        timeout = self._timeout if timeout is None else timeout
        silent_until = monotonic() + timeout
        while not self._state.stop.is_set():
            moment = monotonic()
            if moment >= self._state.deadline:
                raise NoResponse("the response did not end in time")
            if moment >= silent_until:
                raise NoResponse(f"nothing was received for {timeout:g} seconds")
            left = min(silent_until, self._state.deadline) - moment
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
        """Go over to TLS; raise NoResponse, with no retry for a certificate that is not trusted."""
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectError as error:
            if not isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise NoResponse(reason_of(error)) from None
            hint = (
                f"It was checked against {self._state.trusted}; name the certificate of an "
                "authority of your own in SSL_CERT_FILE."
            )
            raise NoResponse(reason_of(error), again=False, hint=hint) from None
        return _Socket(stream, self._clock, self._state, self._timeout)
