"""A registry on a real web server: only what was signed is installed, whatever the server does."""

from __future__ import annotations

import gzip
import random
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from billql.errors import BadResponse, ConnectionFailed, Error, InterfaceError
from billql.registry import RegistryError, naming
from billql.registry.package import PACKAGE_LIMIT
from billql.registry.source import Source, opened
from support.certificates import SELF_SIGNED
from support.registry.making import World
from support.server import Asked, Serve, Server, head


class Shelf:
    """Serves the files of a registry, some of them changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.changed: dict[str, bytes] = {}

    def __call__(self, asked: Asked) -> None:
        name = asked.path.removeprefix("/registry/")
        path = self._root / name
        if name in self.changed:
            asked.answer(self.changed[name])
        elif path.is_file():
            asked.answer(path.read_bytes())
        else:
            asked.answer("Not here", 404)


@pytest.fixture
def shelf(world: World) -> Shelf:
    return Shelf(world.built)


@pytest.fixture
def server(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve over TLS, with a certificate that is trusted as a company's own would be."""
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(SELF_SIGNED)
    with Server(shelf, tls) as server:
        yield server


@pytest.fixture
def source(server: Server) -> Iterator[Source]:
    with opened(f"{server.url}/registry/") as source:
        yield source


def test_only_the_untouched_one_installs(
    world: World, shelf: Shelf, source: Source, server: Server
) -> None:
    """A definition is edited, built, served, and tampered with on its way.

    That is at every byte of the index, which holds the signature too, and at a hundred bytes of
    the package.
    """
    world.release("1.0.0")
    assert world.registry(source).pull("acme").new
    world.release("1.1.0")
    rng = random.Random(20260315)
    index = (world.built / naming.INDEX).read_bytes()
    path = naming.package_path("acme", "1.1.0")
    package = (world.built / path).read_bytes()
    everywhere = range(len(index))
    somewhere = rng.sample(range(len(package)), 100)
    tampered = [(naming.INDEX, index, position) for position in everywhere]
    tampered += [(path, package, position) for position in somewhere]
    for name, content, position in tampered:
        changed = bytearray(content)
        changed[position] ^= rng.randrange(1, 256)
        shelf.changed = {name: bytes(changed)}
        with pytest.raises(RegistryError):
            world.registry(source).pull("acme")
        assert world.store.versions("acme") == ["1.0.0"]
    assert world.sound() == ["1.0.0"]
    shelf.changed = {}
    pulled = world.registry(source).pull("acme")
    assert (pulled.version, pulled.new, pulled.in_use) == ("1.1.0", True, True)
    assert world.sound() == ["1.0.0", "1.1.0"]
    assert len(server.asked) == 2 + len(everywhere) + 2 * len(somewhere) + 2
    assert server.connections == 1


def refused(world: World, source: Source) -> Error:
    """Pull what must be refused; nothing is installed."""
    with pytest.raises(Error) as caught:
        world.registry(source).pull("acme")
    assert world.store.providers() == []
    return caught.value


def test_what_is_served_is_the_folder(world: World, source: Source, server: Server) -> None:
    world.release("1.0.0")
    (listed,) = world.registry(source).versions()
    assert listed.source == f"{server.url}/registry"
    world.registry(source).pull("acme")
    assert server.targets[-2:] == ["/registry/index.json", "/registry/acme/1.0.0.tar"]
    assert {*server.asked[0].headers} == {"host", "user-agent", "accept", "accept-encoding"}


def test_what_is_not_there(world: World, source: Source) -> None:
    error = refused(world, source)
    assert "index.json returned status 404" in error.message
    world.release("1.0.0")
    (world.built / "acme" / "1.0.0.tar").unlink()
    assert "1.0.0.tar returned status 404" in refused(world, source).message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "address", ["https://evil.example.com/index.json", "http://127.0.0.1:1/", "/elsewhere"]
)
def test_redirects_are_not_followed(
    world: World, server: Server, source: Source, status: int, address: str
) -> None:
    server.script = lambda asked: asked.answer("", status, {"location": address})
    error = refused(world, source)
    assert isinstance(error, RegistryError)
    assert f"redirects to {address}, and redirects are not followed" in error.message
    assert len(server.asked) == 1


def test_an_index_without_an_end(world: World, server: Server, source: Source) -> None:
    def flood(asked: Asked) -> None:
        asked.send(head(200, {"connection": "close"}))
        while True:
            asked.send(b" " * (1 << 20))

    server.script = flood
    error = refused(world, source)
    assert isinstance(error, BadResponse)
    assert f"more than {PACKAGE_LIMIT} bytes" in error.message


def test_an_index_that_is_too_large(world: World, shelf: Shelf, source: Source) -> None:
    shelf.changed = {naming.INDEX: b" " * (5 << 20)}
    assert "larger than 4194304 bytes" in refused(world, source).message


@pytest.mark.parametrize("name", ["index.json", "acme/1.0.0.tar"])
def test_a_bomb(world: World, shelf: Shelf, server: Server, source: Source, name: str) -> None:
    """A little that HTTP's own packing makes a lot of."""
    world.release("1.0.0")
    bomb = gzip.compress(bytes(2 * PACKAGE_LIMIT))

    def script(asked: Asked) -> None:
        if asked.path.endswith(name):
            asked.answer(bomb, 200, {"content-encoding": "gzip"})
        else:
            shelf(asked)

    server.script = script
    assert f"more than {PACKAGE_LIMIT} bytes" in refused(world, source).message


@pytest.mark.parametrize("name", ["index.json", "acme/1.0.0.tar"])
def test_a_download_that_breaks_off(
    world: World, shelf: Shelf, server: Server, source: Source, name: str
) -> None:
    world.release("1.0.0")
    content = (world.built / name).read_bytes()

    def script(asked: Asked) -> None:
        if asked.path.endswith(name):
            asked.send(head(200, {"content-length": str(len(content))}) + content[:-1])
            asked.end()
        else:
            shelf(asked)

    server.script = script
    error = refused(world, source)
    assert isinstance(error, ConnectionFailed)
    assert "could not be fetched" in error.message
    # And one that its length does not give away.
    shelf.changed = {name: content[:-1]}
    server.script = shelf
    assert isinstance(refused(world, source), RegistryError)


def test_a_server_that_nobody_vouches_for(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.release("1.0.0")
    monkeypatch.delenv("SSL_CERT_FILE")
    with opened(server.url) as source:
        error = refused(world, source)
    assert isinstance(error, ConnectionFailed)
    assert "certificate verify failed" in error.message
    assert server.asked == []


def test_plain_http_on_this_machine(world: World, serve: Serve) -> None:
    world.release("1.0.0")
    server = serve(Shelf(world.built))
    with opened(f"{server.url}/registry") as source:
        assert world.registry(source).pull("acme").new


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("http://example.com/registry", "must be an https:// address"),
        ("ftp://example.com/registry", "must be an https:// address"),
        ("http://127.0.0.1.example.com", "must be an https:// address"),
        ("https://", "not the address of a server"),
        ("https://me:word@example.com", "not the address of a server"),
        ("https://example.com/?a=b", "not the address of a server"),
        ("https://example.com/#a", "not the address of a server"),
        ("https://example.com:port/", "not the address of a server"),
        ("https://exämple.com", "not the address of a server"),
        ("https://[::1", "not the address of a server"),
        ("https://example.com/a b", "not the address of a server"),
    ],
)
def test_what_is_not_an_address(place: str, problem: str) -> None:
    with pytest.raises(InterfaceError, match=problem), opened(place):
        pass
