"""A pool of httpcore's as a transport of httpx's: its errors become httpx's, wherever they come."""

from __future__ import annotations

from collections.abc import Iterator

import httpcore
import httpx
import pytest

from billql.http._transport import PoolTransport

ERRORS = [
    (httpcore.ConnectError, httpx.TransportError),
    (httpcore.ConnectTimeout, httpx.TransportError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.PoolTimeout, httpx.TransportError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.ReadError, httpx.TransportError),
    (httpcore.ReadTimeout, httpx.TransportError),
    (httpcore.RemoteProtocolError, httpx.TransportError),
    (httpcore.UnsupportedProtocol, httpx.TransportError),
    (httpcore.WriteError, httpx.TransportError),
    (httpcore.WriteTimeout, httpx.TransportError),
]


class Pool(httpcore.ConnectionPool):
    """Answers with pieces, one of which may be an error, or fails at once."""

    def __init__(self, *pieces: bytes | Exception, fails: Exception | None = None) -> None:
        super().__init__()
        self.pieces = pieces
        self.fails = fails
        self.sent: list[httpcore.Request] = []
        self.closed_bodies = 0

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        self.sent.append(request)
        if self.fails is not None:
            raise self.fails
        return httpcore.Response(200, headers=[(b"a", b"1")], content=Body(self))


class Body:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pool.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def close(self) -> None:
        self.pool.closed_bodies += 1


def get() -> httpx.Request:
    return httpx.Request("POST", "https://api.example.com:8443/v1/%C3%BC?a=b%20c", content=b"body")


def test_every_error_of_httpcore_is_listed() -> None:
    bases = {"TimeoutException", "NetworkError", "ProtocolError"}
    # Its own pool catches the last one.
    inner = {"ConnectionNotAvailable"}
    found = {
        name
        for name, value in vars(httpcore).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert found - bases - inner == {one.__name__ for one, _ in ERRORS}


@pytest.mark.parametrize(("raised", "expected"), ERRORS)
def test_an_error_becomes_one_of_httpx(
    raised: type[Exception], expected: type[httpx.TransportError]
) -> None:
    with pytest.raises(expected, match="why") as caught:
        PoolTransport(Pool(fails=raised("why"))).handle_request(get())
    assert isinstance(caught.value.__cause__, raised)
    response = PoolTransport(Pool(b"a", raised("why"))).handle_request(get())
    assert isinstance(response.stream, httpx.SyncByteStream)
    pieces = iter(response.stream)
    assert next(pieces) == b"a"
    with pytest.raises(expected, match="why"):
        next(pieces)


def test_a_request_is_sent_as_it_is_and_its_body_is_closed() -> None:
    pool = Pool(b"a", b"b")
    response = PoolTransport(pool).handle_request(get())
    (sent,) = pool.sent
    assert (sent.method, sent.url.scheme, sent.url.host) == (b"POST", b"https", b"api.example.com")
    assert (sent.url.port, sent.url.target) == (8443, b"/v1/%C3%BC?a=b%20c")
    assert (b"Content-Length", b"4") in sent.headers
    assert isinstance(sent.stream, Iterator | httpx.SyncByteStream)
    assert b"".join(sent.stream) == b"body"
    assert (response.status_code, response.headers["a"]) == (200, "1")
    assert response.read() == b"ab"
    response.close()
    assert pool.closed_bodies == 1
