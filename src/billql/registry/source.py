"""The sources of a registry: a folder, or a web server with HTTPS.

A server is not trusted: the index is signed, and has the checksums of the packages. HTTPS hides
which files are requested, and redirects are not followed, so that the origin of files is known.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from billql.config.settings import Settings
from billql.errors import BadResponse, ConnectionFailed
from billql.registry import RegistryError
from billql.registry.index import INDEX_LIMIT
from billql.registry.package import PACKAGE_LIMIT
from billql.util import origin

if TYPE_CHECKING:
    from billql.http.exchange import NetworkBackend

_SETTINGS = Settings(
    read_timeout=30.0, response_timeout=120.0, body_limit=max(INDEX_LIMIT, PACKAGE_LIMIT)
)


class Source(Protocol):
    """A source of a registry."""

    name: str
    """Its folder or address, as messages show it."""
    signed: bool
    """Whether its index must be signed and must not go back to an older one; it need not for what
    ships with billql, because an older billql ships older packages."""

    def read(self, path: str, limit: int) -> bytes:
        """Return a file of the registry, of at most `limit` bytes.

        Raise RegistryError, ConnectionFailed or BadResponse.
        """


class Folder:
    """A registry in a folder."""

    signed = True

    def __init__(self, root: Path) -> None:
        self.name = str(root.resolve())
        self._root = root

    def read(self, path: str, limit: int) -> bytes:
        """Read a file."""
        try:
            with (self._root / path).open("rb") as file:
                return _bounded(file.read(limit + 1), limit, f"{self._root / path}")
        except OSError as error:
            raise RegistryError(
                f"{self._root / path} cannot be read: {error.strerror}",
                hint="A registry is a folder that billql registry build has made.",
            ) from error


class Server:
    """A registry on a web server."""

    signed = True

    def __init__(self, url: str, backend: NetworkBackend) -> None:
        self.name = url
        self._backend = backend

    def read(self, path: str, limit: int) -> bytes:
        """Fetch a file."""
        from billql.http.reply import NoResponse
        from billql.messages import Request

        url = f"{self.name}/{path}"
        try:
            reply = self._backend.exchange(Request("GET", url), {}, threading.Event())
        except NoResponse as why:
            raise ConnectionFailed(
                f"{url} could not be fetched: {why}",
                hint=why.hint or "Check the network, and the address.",
            ) from None
        if 300 <= reply.status < 400:
            raise RegistryError(
                f"{url} redirects to {reply.headers.get('location', 'elsewhere')}, "
                "and redirects are not followed",
                hint="Use the registry's own address.",
            )
        if reply.status != 200:
            raise RegistryError(
                f"{url} returned status {reply.status}",
                hint="The address is that of the folder with the registry's index.json.",
            )
        return _bounded(reply.body, limit, url)


@contextmanager
def opened(place: str) -> Iterator[Source]:
    """Open the registry at an address or in a folder; raise InterfaceError for a bad address."""
    if "://" not in place:
        yield Folder(Path(place))
        return
    url = origin.checked(place, "The registry's address")
    from billql.http.exchange import NetworkBackend

    backend = NetworkBackend(_SETTINGS)
    try:
        yield Server(url, backend)
    finally:
        backend.close()


def _bounded(content: bytes, limit: int, name: str) -> bytes:
    if len(content) > limit:
        raise BadResponse(f"{name} is larger than {limit} bytes")
    return content
