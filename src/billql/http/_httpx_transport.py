"""A transport of httpx's, such as a program passes in place of the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpcore
import httpx


class HttpxTransport:
    """Sends httpcore's requests by a transport of httpx's, and raises httpcore's errors."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request and return its response, whose body is still to be read."""
        url = request.url
        assert isinstance(request.stream, Iterable)
        with _httpcore_errors():
            response = self._transport.handle_request(
                httpx.Request(
                    request.method.decode(),
                    httpx.URL(
                        scheme=url.scheme.decode(),
                        host=url.host.decode(),
                        port=url.port,
                        raw_path=url.target,
                    ),
                    headers=request.headers,
                    content=b"".join(request.stream),
                    extensions=request.extensions,
                )
            )
        return httpcore.Response(
            response.status_code, headers=response.headers.raw, content=_Body(response)
        )

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()


class _Body:
    """The body of a response, in the pieces that arrive."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._response.stream, httpx.SyncByteStream)
        with _httpcore_errors():
            yield from self._response.stream

    def close(self) -> None:
        """Close the response."""
        self._response.close()


@contextmanager
def _httpcore_errors() -> Iterator[None]:
    """Raise httpcore's error for one of httpx's: of the kinds that exchanges distinguish."""
    try:
        yield
    except httpx.LocalProtocolError as error:
        raise httpcore.LocalProtocolError(str(error)) from error
    except httpx.ProxyError as error:
        raise httpcore.ProxyError(str(error)) from error
    except httpx.HTTPError as error:
        raise httpcore.NetworkError(str(error)) from error
