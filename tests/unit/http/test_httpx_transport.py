"""A transport of httpx's in place of the network: what it is sent, and what its errors become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import httpcore
import httpx
import pytest

from billql.http._httpx_transport import HttpxTransport
from billql.http._transport import FAILURES
from billql.http._wire import encode_request
from billql.messages import Request

ERRORS: list[tuple[type[httpx.RequestError], type[Exception]]] = [
    (httpx.ConnectError, httpcore.NetworkError),
    (httpx.DecodingError, httpcore.NetworkError),
    (httpx.LocalProtocolError, httpcore.LocalProtocolError),
    (httpx.ProxyError, httpcore.ProxyError),
    (httpx.ReadTimeout, httpcore.NetworkError),
    (httpx.RemoteProtocolError, httpcore.NetworkError),
]


class Body(httpx.SyncByteStream):
    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def close(self) -> None:
        self.closed += 1


def send(answer: Callable[[httpx.Request], httpx.Response]) -> httpcore.Response:
    request = Request("POST", "https://api.example.com:8443/v1/ü", (("a", "b c"),), {"a": 1})
    transport = HttpxTransport(httpx.MockTransport(answer))
    return transport.handle_request(encode_request(request, {"X-Name": "one"}, {"read": 3}))


@pytest.mark.parametrize(("raised", "expected"), ERRORS)
def test_an_error_becomes_one_of_httpcore(
    raised: type[httpx.RequestError], expected: type[Exception]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise raised("why")

    with pytest.raises(expected, match="why") as caught:
        send(fail)
    assert isinstance(caught.value.__cause__, raised)
    stream = send(lambda _: httpx.Response(200, stream=Body(b"a", raised("why")))).stream
    assert isinstance(stream, Iterable)
    pieces = iter(stream)
    assert next(pieces) == b"a"
    with pytest.raises(expected, match="why"):
        next(pieces)


def test_every_error_of_httpcore_is_a_failure() -> None:
    errors = {
        value
        for value in vars(httpcore).values()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    # Its own pool catches the last one.
    assert {one for one in errors if not issubclass(one, FAILURES)} == {
        httpcore.ConnectionNotAvailable
    }


def test_a_request_is_sent_as_it_is_and_its_body_is_closed() -> None:
    body = Body(b"a", b"b")
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201, headers=[("a", "1"), ("a", "2")], stream=body)

    response = send(answer)
    (request,) = sent
    assert str(request.url) == "https://api.example.com:8443/v1/%C3%BC?a=b+c"
    assert (request.method, request.read()) == ("POST", b'{"a":1}')
    assert request.headers["x-name"] == "one"
    assert request.extensions == {"timeout": {"read": 3}}
    assert (response.status, response.headers) == (201, [(b"a", b"1"), (b"a", b"2")])
    assert response.read() == b"ab"
    response.close()
    assert body.closed == 1
