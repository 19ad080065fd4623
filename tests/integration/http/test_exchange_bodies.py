"""Bodies: how large they may be, and how they come packed."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.errors import BadResponse
from billql.http.exchange import gunzip
from billql.http.reply import NoResponse
from support.exchanging import broken, exchange
from support.server import Asked, Script, Serve, head

MIB = 1 << 20


# Size.


def test_a_body_may_be_as_large_as_the_limit(serve: Serve) -> None:
    server = serve(lambda asked: asked.answer(b"x" * 1000))
    assert len(exchange(server, body_limit=1000).body) == 1000
    with pytest.raises(BadResponse, match=r"answered with more than 999 bytes"):
        exchange(server, body_limit=999)


def test_a_body_without_end(serve: Serve) -> None:
    def script(asked: Asked) -> None:
        asked.send(head(200, {"transfer-encoding": "chunked"}))
        while True:
            asked.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with pytest.raises(BadResponse, match="answered with more than"):
        exchange(serve(script), body_limit=4 * MIB)


def test_of_an_error_only_the_beginning_is_read(serve: Serve) -> None:
    server = serve(lambda asked: asked.answer(b"x" * (8 * MIB), 400))
    reply = exchange(server, body_limit=10)
    assert reply.status == 400
    assert len(reply.body) <= MIB


# Packed.


def packed(data: bytes, encoding: str = "gzip") -> Script:
    return lambda asked: asked.answer(data, headers={"content-encoding": encoding})


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", " gzip "])
def test_a_packed_body(serve: Serve, encoding: str) -> None:
    data = b"a,b\r\n" * 500_000
    assert exchange(serve(packed(gzip.compress(data), encoding))).body == data


def test_a_packed_body_of_several_members(serve: Serve) -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert exchange(serve(packed(data))).body == b"one two"


@pytest.mark.parametrize("encoding", ["identity", ""])
def test_a_body_that_is_not_packed(serve: Serve, encoding: str) -> None:
    assert exchange(serve(packed(b"plain", encoding))).body == b"plain"


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "wat"])
def test_a_body_packed_in_a_way_that_nobody_asked_for(serve: Serve, encoding: str) -> None:
    with pytest.raises(BadResponse, match=f"in the encoding {encoding}, which is not supported"):
        exchange(serve(packed(b"what", encoding)))


@pytest.mark.parametrize("kept", [1, 10, 20, -8, -1])
def test_a_packed_body_that_was_cut_short(serve: Serve, kept: int) -> None:
    """The length is right, so only the packing tells that a part is missing."""
    data = gzip.compress(b"".join(b"%d,line\n" % i for i in range(12)), mtime=0)
    assert broken(serve(packed(data[:kept]))) == "its compressed body is truncated"


def test_a_packed_body_that_is_damaged(serve: Serve) -> None:
    data = bytearray(gzip.compress(b"".join(b"%d" % i for i in range(1000))))
    data[len(data) // 2] ^= 0xFF
    assert broken(serve(packed(bytes(data)))).startswith("its compressed body is damaged")
    assert broken(serve(packed(b"not packed at all"))).startswith("its compressed body is damaged")


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b"\0" * MIB) for _ in range(size)) + packer.flush()


def test_a_bomb_is_not_unpacked(serve: Serve) -> None:
    server = serve(packed(bomb(256)))
    tracemalloc.start()
    try:
        with pytest.raises(BadResponse, match="answered with more than"):
            exchange(server, body_limit=4 * MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * MIB


@given(st.lists(st.binary(max_size=2000), max_size=4), st.integers(1, 64))
def test_gunzip(members: list[bytes], step: int) -> None:
    data = b"".join(gzip.compress(member) for member in members)
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    assert b"".join(gunzip(pieces)) == b"".join(members)
    if len(data) > 1:
        with pytest.raises(NoResponse):
            list(gunzip([data[:-1]]))
