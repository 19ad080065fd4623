"""The registry: what was changed by a byte is not installed, and any bytes are read or refused."""

from __future__ import annotations

import json
from datetime import date
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from billql.registry import RegistryError, naming
from billql.registry.index import Index, decode, encode, release_of
from billql.registry.package import pack, unpack
from billql.registry.signing import PrivateKey, named_key, unseal

from .drawing import JSON, changed, edited, edited_bytes
from .prop import Property

FILES = {"provider.yaml": b"billql: 1\n", "billing.yaml": b"", "core.yaml": b"x" * 600}


@cache
def _key() -> PrivateKey:
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))


@cache
def _index() -> bytes:
    providers = {"acme": {"1.0.0": release_of(pack(FILES))}}
    return encode(Index(billql=1, issued=1, expires=date(2027, 3, 31), providers=providers))


@st.composite
def blocks(draw: DrawFn) -> bytes:
    """Draw a package of which blocks were moved, and some bytes of them changed."""
    right = pack(FILES)
    size = 512
    pieces = [right[at : at + size] for at in range(0, len(right), size)][:8]
    moved = draw(edited(pieces, st.sampled_from((bytes(size), b"\xff" * size, b"x" * 100)), 3))
    found = bytearray(b"".join(moved) + draw(st.sampled_from((right[4096:], b""))))
    for _ in range(draw(st.integers(0, 4))):
        if found:
            found[draw(st.integers(0, len(found) - 1))] = draw(st.integers(0, 255))
    return bytes(found)


def unpacks_or_refuses(data: bytes) -> None:
    """A package holds plain files with plain names, and is laid out in the one way there is."""
    try:
        files = unpack(data)
    except RegistryError:
        return
    assert pack(files) == data
    assert all(naming.is_file(name) for name in files)


def sealed() -> SearchStrategy[bytes]:
    """Draw a signed index that was changed, or was not."""
    right = _key().seal(_index())
    other = changed(json.loads(right), JSON).map(lambda data: json.dumps(data).encode())
    return edited_bytes(right) | other


def opens_or_refuses(data: bytes) -> None:
    """What opens is the text that was sealed, to the byte."""
    try:
        named_key(data)
        opened = unseal(data, {_key().public})
    except RegistryError:
        return
    assert opened.text == _index()


def is_index_or_refused(data: bytes) -> None:
    """Any bytes are an index, or are refused."""
    try:
        index = decode(data)
    except RegistryError:
        return
    assert decode(encode(index)) == index


PROPERTIES = (
    Property("packages", blocks(), unpacks_or_refuses, 100),
    Property("seals", sealed(), opens_or_refuses, 100),
    Property(
        "indexes",
        edited_bytes(_index())
        | changed(json.loads(_index()), JSON).map(lambda data: json.dumps(data).encode()),
        is_index_or_refused,
        100,
    ),
)
