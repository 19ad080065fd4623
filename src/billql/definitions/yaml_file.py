"""Reading definition files: to strict structs, which are cached.

The cache is a folder; where there is none, it is this process's memory. What has to read YAML, and
to check what it finds, is imported for a file that the cache does not have: it takes longer to load
than the whole of a cached definition.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from billql._version import __version__
from billql.definitions import cache as files
from billql.definitions.model import Provider, Service
from billql.errors import DefinitionError
from billql.util.struct_errors import MSGSPEC_LOCK

if TYPE_CHECKING:
    from billql.definitions.column_rules import Problem

MAX_BYTES = 4 * 1024 * 1024
"""A definition larger than this is not one that a person wrote."""

_REMEMBERED = 128
"""How many definitions the memory holds; more than come with billql."""

_MOST_REMEMBERED = 128 * 1024
"""How many bytes the text of one of them may have; each costs many times that."""

T = TypeVar("T", bound=msgspec.Struct)


def read_provider(path: Path, cache: Path | None = None) -> Provider:
    """Read a `provider.yaml`; raises DefinitionError."""
    return _read(path, Provider, "", cache, lambda value: ())


def read_service(path: Path, provider: Provider, cache: Path | None = None) -> Service:
    """Read a service's file and check it against its provider; raises DefinitionError."""

    def check(service: Service) -> Iterator[Problem]:
        from billql.definitions.rules import problems

        for name, resource in service.resources.items():
            for place, message in problems(resource, provider):
                yield ("resources", name, *place), message
        yield from _view_problems(service)

    return _read(path, Service, repr(provider), cache, check)


def read_views(path: Path, cache: Path | None = None) -> Service:
    """Read a file of views that belong to no provider; raises DefinitionError."""

    def check(service: Service) -> Iterator[Problem]:
        for name in service.resources:
            yield ("resources", name), "a resource needs a provider"
        yield from _view_problems(service)

    return _read(path, Service, "", cache, check)


def _view_problems(service: Service) -> Iterator[Problem]:
    if service.views or not service.resources:
        from billql.definitions.view_rules import service_problems

        yield from service_problems(service)


def read_document(path: Path, kind: type[T], check: Callable[[T], Iterable[Problem]]) -> T:
    """Read another file of a definition, and check it; raises DefinitionError.

    It is not cached, because what it is checked against is not in its text.
    """
    return _Unread(path, kind, content(path, MAX_BYTES + 1), "", check).read()


def _read(
    path: Path,
    kind: type[T],
    context: str,
    cache: Path | None,
    check: Callable[[T], Iterable[Problem]],
) -> T:
    unread = _Unread(path, kind, content(path, MAX_BYTES + 1), context, check)
    if cache is None:
        short = len(unread.text) <= _MOST_REMEMBERED
        return _remembered(unread) if short else unread.read()
    cached = cache / f"{files.digest(kind.__name__, str(path.absolute()))}.msgpack"
    fingerprint = unread.fingerprint()
    if (found := _recall(cached, fingerprint, kind)) is not None:
        return found
    value = unread.read()
    files.store(cached, fingerprint, msgspec.msgpack.encode(value))
    return value


class _Unread(Generic[T]):
    """The text of a definition that is not parsed yet; equal to another that reads the same."""

    def __init__(
        self,
        path: Path,
        kind: type[T],
        text: bytes,
        context: str,
        check: Callable[[T], Iterable[Problem]],
    ) -> None:
        self.text = text
        self._key = (path, kind, text, context)
        self._check = check

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unread) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def fingerprint(self) -> bytes:
        """Return what no other text, kind, context or state of the rules has."""
        _, kind, text, context = self._key
        parts = (__version__, rules_state(), kind.__name__, context)
        return hashlib.sha256("\0".join(parts).encode() + b"\0" + text).digest()

    def read(self) -> T:
        """Parse and check it; raises DefinitionError."""
        from billql.definitions.yaml_document import YamlDocument

        path, kind, text, _ = self._key
        return YamlDocument(path, text, MAX_BYTES).convert(kind, self._check)


@functools.lru_cache(maxsize=_REMEMBERED)
def _remembered(unread: _Unread[T]) -> T:
    return unread.read()


def content(path: Path, most: int) -> bytes:
    """Read so many bytes at most of a file; raises DefinitionError, as for a pipe or a device."""
    try:
        # Nobody may ever write to a pipe, and some devices have no end.
        if not path.is_file() and path.exists():
            raise DefinitionError(f"{path}: cannot be read: it is not a file")
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise DefinitionError(f"{path}: cannot be read: {error.strerror}") from error


@functools.cache
def rules_state() -> str:
    """Return what is another text once grammar or rules are other ones: their files' times.

    A definition that older rules have accepted is checked again. Empty where billql is no folder.
    """
    here = Path(__file__).parent
    files = sorted((*here.glob("*.py"), *here.glob("*/*.py")))
    return " ".join(f"{file.stat().st_mtime_ns}" for file in files)


def _recall(path: Path, fingerprint: bytes, kind: type[T]) -> T | None:
    found = files.load(path, fingerprint)
    with MSGSPEC_LOCK:
        return None if found is None else msgspec.msgpack.decode(found, type=kind)
