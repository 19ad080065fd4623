"""What a service's document was compiled to: its resources, of which nobody reads more than needed.

A list of resources needs names and descriptions, a search of columns their names, and a statement
the one resource that it names. So these lie side by side in one file, each resource packed by
itself. The file is billql's own, and states all that it was made of: what is in it is not checked
again.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from billql.definitions import cache as files
from billql.definitions.model import Provider, Resource
from billql.definitions.sources import ResolvedResource, ResourceSummary
from billql.definitions.unchecked import unchecked
from billql.errors import NotSupportedError
from billql.util.struct_errors import MSGSPEC_LOCK

_LEVEL = 3
"""How hard zlib tries; six saves a tenth of the bytes, and takes half as long again."""

_SHARED = 8192
"""How many bytes the resources of a service have in common at most: the end of the first one, as
zlib's dictionary, which makes all others a third of what they are by themselves."""


class Packed(msgspec.Struct, array_like=True, frozen=True):
    """A resource: what lists show of it, and the rest."""

    name: str
    description: str
    refusal: str | None
    """Why it cannot be read, as the message of an error; None if it can."""
    columns: str
    """The names of its columns, one a line."""
    content: bytes
    """A `_Content`, compressed; empty if it is no table at all."""
    is_listed: bool


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    resource: Resource
    provider: Provider
    unsupported_methods: dict[str, str]


class CompiledService(msgspec.Struct, array_like=True, frozen=True, dict=True):
    """The resources of a service, in the order of the document."""

    shared: bytes
    """What they have in common, compressed."""
    packed: list[Packed]

    @functools.cached_property
    def _by_name(self) -> dict[str, Packed]:
        return {one.name: one for one in self.packed}

    @functools.cached_property
    def _dictionary(self) -> bytes:
        return zlib.decompress(self.shared)

    def names(self) -> list[str]:
        """Return the names of the resources that are listed, in the order of the document."""
        return [one.name for one in self.packed if one.is_listed]

    def summaries(self) -> list[ResourceSummary]:
        """Return what is known of these without reading them."""
        return [_summary(one) for one in self.packed if one.is_listed]

    def find(self, name: str) -> ResolvedResource:
        """Read a resource; raises KeyError, and NotSupportedError for what is no table."""
        packed = self._by_name[name]
        if not packed.content:
            raise NotSupportedError(str(packed.refusal))
        content = zlib.decompressobj(zdict=self._dictionary).decompress(packed.content)
        with MSGSPEC_LOCK:
            found = _decoder().decode(content)
        return ResolvedResource(found.resource, found.provider, found.unsupported_methods)


def _summary(packed: Packed) -> ResourceSummary:
    columns = tuple(packed.columns.split("\n")) if packed.columns else ()
    return ResourceSummary(packed.name, packed.description, packed.refusal, columns)


@functools.cache
def _decoder() -> msgspec.msgpack.Decoder[_Content]:
    return msgspec.msgpack.Decoder(unchecked(_Content))


class Compiler:
    """Compiles the resources of a service one after the other."""

    def __init__(self) -> None:
        self._packed: list[Packed] = []
        self._shared = b""

    def add(
        self, name: str, place: str, find: Callable[[], ResolvedResource], *, is_listed: bool
    ) -> None:
        """Add the resource that `find` reads, and whose whole name is `place`."""
        try:
            found = find()
        except NotSupportedError as error:
            why = error.message
            self._packed.append(Packed(name, f"{why}.", why, "", b"", is_listed))
            return
        refusal = found.refusal(place)
        about = found.resource.description if refusal is None else f"{refusal}."
        columns = "\n".join(found.resource.columns) if refusal is None else ""
        content = self._pack(found)
        self._packed.append(Packed(name, about, refusal, columns, content, is_listed))

    def _pack(self, found: ResolvedResource) -> bytes:
        content = msgspec.msgpack.encode(
            _Content(
                resource=found.resource,
                provider=found.provider,
                unsupported_methods=dict(found.unsupported_methods),
            )
        )
        self._shared = self._shared or content[-_SHARED:]
        packer = zlib.compressobj(_LEVEL, zdict=self._shared)
        return packer.compress(content) + packer.flush()

    def compiled(self) -> CompiledService:
        """Return the service."""
        return CompiledService(zlib.compress(self._shared, _LEVEL), self._packed)


def load(path: Path, fingerprint: bytes) -> CompiledService | None:
    """Return what a file has; None if there is none, or it is made of something else."""
    found = files.load(path, fingerprint)
    with MSGSPEC_LOCK:
        return None if found is None else msgspec.msgpack.decode(found, type=CompiledService)


def store(path: Path, fingerprint: bytes, service: CompiledService) -> None:
    """Write a file, unless its folder cannot be written."""
    files.store(path, fingerprint, msgspec.msgpack.encode(service))
